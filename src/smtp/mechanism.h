/* The ways to log in (RFC 4422, SASL mechanisms) as numbers, bits and words. */
#ifndef MES_SMTP_MECHANISM_H
#define MES_SMTP_MECHANISM_H

#include "base/str.h"

enum mes_smtp_mechanism {
    MES_SMTP_MECHANISM_AUTO, /* none in particular */
#define MECHANISM(name, word) MES_SMTP_MECHANISM_##name,
#include "smtp/mechanisms.def"
#undef MECHANISM
    MES_SMTP_MECHANISM_COUNT
};

/* What a relay offers. */
enum {
#define MECHANISM(name, word) MES_SMTP_OFFERS_##name = 1 << MES_SMTP_MECHANISM_##name,
#include "smtp/mechanisms.def"
#undef MECHANISM
};

/* Its MES_SMTP_OFFERS_ bit; 0 for AUTO. */
unsigned mes_smtp_mechanism_bit(enum mes_smtp_mechanism mechanism);
/* "PLAIN"; "" for AUTO. */
const char *mes_smtp_mechanism_word(enum mes_smtp_mechanism mechanism);
/* Whatever its case; AUTO when the word is none that we know. */
enum mes_smtp_mechanism mes_smtp_mechanism_find(struct mes_str word);
/* Does it show an access token, and no password? */
bool mes_smtp_mechanism_has_token(enum mes_smtp_mechanism mechanism);
/* SCRAM, and SCRAM that is bound to its TLS (-PLUS). */
bool mes_smtp_mechanism_is_scram(enum mes_smtp_mechanism mechanism);
bool mes_smtp_mechanism_is_bound(enum mes_smtp_mechanism mechanism);

#endif
