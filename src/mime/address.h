/* Mail addresses: the one strict parser for header and envelope. */
#ifndef MES_MIME_ADDRESS_H
#define MES_MIME_ADDRESS_H

#include "base/arena.h"
#include "base/error.h"

/* Each text ends with NUL and belongs to the arena it was parsed into. */
struct mes_address {
    const char *name; /* display name, "" when there is none */
    const char *spec; /* local@domain for envelope and header: domain in A-labels, quotes only where needed */
    const char *shown;   /* local@domain for people: the domain as it was written */
    size_t local_size;   /* of the local part with its quotes; `spec` and `shown` have the same one */
    bool needs_smtputf8; /* the local part is not ASCII */
};

/* Exactly one address: `a@x`, `<a@x>`, `Name <a@x>`, `"Name" <a@x>`. Local part as RFC 5321 4.1.2 has it,
 * quoted ones too, UTF-8 as in RFC 6531; domain: LDH labels, an IDN (to A-labels, UTS 46 non-transitional) or
 * an IPv4 literal
 * `[192.0.2.1]`. Full-width letters, digits, `＠`, `．`, `－` and `＿`, and `。` in the domain, are put right
 * and reported by a notice. Comments, groups, routes, encoded words, controls, a leading '-' and lengths
 * above RFC 5321's are refused with MES_E_INPUT: the sentence names the address, the column (in characters,
 * from 1), what is wrong and what to write. `notices` may be NULL. Linear time. */
int mes_mime_address_parse(struct mes_str text, struct mes_arena *arena, const struct mes_notices *notices,
                           struct mes_address *address_out, struct mes_error *error) MES_MUST_USE;

/* Called for each item of a list, in order. Return 0 to go on; anything else ends the walk and is returned.
 */
struct mes_address_sink {
    int (*on_address)(void *context, const struct mes_address *address);
    int (*on_bad)(void *context, const struct mes_error *error);
    void *context;
    const struct mes_notices *notices; /* of full-width characters; may be NULL */
    size_t most;                       /* items; 0: MES_LIMIT_LIST */
};

/* A list separated by `;` `,` `；` `，` `、`, outside quotes and angle brackets; empty items are
 * skipped. Columns count from the start of `text`. More than `most` items (0: MES_LIMIT_LIST): MES_E_LIMIT.
 * Otherwise fails only as the sink wishes, or with MES_E_NOMEM. Linear time. */
int mes_mime_address_list(struct mes_str text, struct mes_arena *arena, const struct mes_address_sink *sink,
                          struct mes_error *error) MES_MUST_USE;

#endif
