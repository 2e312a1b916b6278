/* Logging in (RFC 4954): which mechanism, and what to answer. Knows nothing of lines and replies. */
#ifndef MES_SMTP_AUTH_H
#define MES_SMTP_AUTH_H

#include "base/buf.h"
#include "smtp/session.h"

enum { MES_SMTP_AUTH_ROUNDS = 5 }; /* most challenges of one login */

struct mes_smtp_auth {
    enum mes_smtp_mechanism mechanism;
    unsigned rounds;             /* challenges answered so far */
    unsigned refused;            /* MES_SMTP_OFFERS_ bits of what the relay offered and then did not know */
    bool has_said_first;         /* the initial response is out, with AUTH or behind it */
    bool is_secured;             /* by TLS */
    enum mes_smtp_cause failure; /* why there is no answer */
    struct mes_buf answer;       /* to the last challenge, until it is put out; secret */
    bool has_told_why;           /* the relay refuses the token: what it says about it stands in `why` */
    struct mes_buf why;
};

void mes_smtp_auth_init(struct mes_smtp_auth *auth);
void mes_smtp_auth_fini(struct mes_smtp_auth *auth);

/* The best mechanism that the relay offers, that it has not refused yet, and that the options allow and have
 * a password or token for; AUTO when there is none, with `failure` set to NO_AUTH. The order, best first:
 * - with a token OAUTHBEARER, then XOAUTH2;
 * - under TLS PLAIN, then LOGIN: one round trip, and the relay need not keep the password in clear; CRAM-MD5
 *   is the last, as many relays that offer it cannot do it. In clear it is the other way round. */
enum mes_smtp_mechanism mes_smtp_auth_choose(struct mes_smtp_auth *auth,
                                             const struct mes_smtp_options *options, unsigned offered);

/* Begins with the mechanism that was chosen. */
void mes_smtp_auth_begin(struct mes_smtp_auth *auth);
/* Has it something to say before it is asked (RFC 4954 section 4)? */
bool mes_smtp_auth_has_initial(const struct mes_smtp_auth *auth);
/* Both write a line in base64, the first behind AUTH, the second into `answer`. False, with `failure` set and
 * nothing added: what we have to show cannot be said by this mechanism; the challenge (base64, as the reply
 * has it) makes no sense or comes once too often; memory is used up. */
bool mes_smtp_auth_add_initial(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                               struct mes_buf *out) MES_MUST_USE;
bool mes_smtp_auth_answer(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                          struct mes_str challenge) MES_MUST_USE;

#endif
