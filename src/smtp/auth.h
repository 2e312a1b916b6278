/* Logging in (RFC 4954): which mechanism, and what to answer. Knows nothing of lines and replies. */
#ifndef MES_SMTP_AUTH_H
#define MES_SMTP_AUTH_H

#include "base/buf.h"
#include "base/secret.h"
#include "smtp/session.h"

enum { MES_SMTP_AUTH_ROUNDS = 5 }; /* most challenges of one login */

struct mes_smtp_auth {
    enum mes_smtp_mechanism mechanism;
    unsigned rounds;  /* challenges answered so far */
    unsigned refused; /* MES_SMTP_OFFERS_ bits of what the relay offered and then did not know */
};

/* The best mechanism that is offered, not refused yet, and the wanted one unless that is AUTO; AUTO when
 * there is none. Under TLS PLAIN comes first: one round trip, and the relay need not keep the password in
 * clear; CRAM-MD5 is the last, as many relays that offer it cannot do it. In clear it is the other way round.
 */
enum mes_smtp_mechanism mes_smtp_auth_choose(const struct mes_smtp_auth *auth, unsigned offered,
                                             enum mes_smtp_mechanism wanted, bool is_secured);
/* MES_SMTP_OFFERS_ bit of a mechanism. */
unsigned mes_smtp_auth_bit(enum mes_smtp_mechanism mechanism);
/* "PLAIN" */
const char *mes_smtp_auth_name(enum mes_smtp_mechanism mechanism);

/* Appends the initial response in base64; only PLAIN has one, for the others nothing is added. */
void mes_smtp_auth_add_initial(const struct mes_smtp_auth *auth, struct mes_str user,
                               const struct mes_secret *secret, struct mes_buf *out);
/* Appends the answer to `challenge` (base64, as the reply has it). False, with nothing added, when the
 * challenge makes no sense, comes once too often, or memory is used up. */
bool mes_smtp_auth_add_answer(struct mes_smtp_auth *auth, struct mes_str challenge, struct mes_str user,
                              const struct mes_secret *secret, struct mes_buf *out) MES_MUST_USE;

#endif
