/* The part of an address behind the @. */
#ifndef MES_MIME_DOMAIN_H
#define MES_MIME_DOMAIN_H

#include "base/arena.h"
#include "base/error.h"

/* What is wrong with a domain: a sentence of the address_ family (0: nothing), where, and a word about it. */
struct mes_domain_fault {
    int sentence;
    size_t offset;      /* bytes from the start of the domain */
    const char *detail; /* for {3}; static or in the arena, "" for none */
};

/* Checks `domain` (letters, digits and '-' in labels, an IDN, or an IPv4 literal) and puts it into A-labels
 * (UTS 46 non-transitional; ASCII keeps its case) in the arena. MES_E_INPUT fills only `fault_out`. */
int mes_mime_domain_parse(struct mes_str domain, struct mes_arena *arena, const char **ascii_out,
                          struct mes_domain_fault *fault_out) MES_MUST_USE;

/* The same for a domain that stands alone, with the error in words. */
int mes_mime_domain_to_ascii(struct mes_str domain, struct mes_arena *arena, const char **ascii_out,
                             struct mes_error *error) MES_MUST_USE;

#endif
