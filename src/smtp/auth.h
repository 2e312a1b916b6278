/* Logging in (RFC 4954): which mechanism, and what to answer. Knows nothing of lines and replies. */
#ifndef MES_SMTP_AUTH_H
#define MES_SMTP_AUTH_H

#include "base/buf.h"
#include "smtp/scram.h"
#include "smtp/session.h"

enum { MES_SMTP_AUTH_ROUNDS = 5 }; /* most challenges of one login */

struct mes_smtp_auth {
    enum mes_smtp_mechanism mechanism;
    bool is_secured;                 /* by TLS */
    struct mes_smtp_binding binding; /* to that TLS; its type is "" where there is none */
    unsigned offered;                /* MES_SMTP_OFFERS_ bits of the relay */
    unsigned refused;                /* of these, what it then did not know, or found too weak */

    unsigned rounds;     /* challenges answered so far */
    bool has_said_first; /* the initial response is out, with AUTH or behind it */
    bool is_working;     /* the answer takes more time: mes_smtp_auth_work */
    bool has_told_why;
    struct mes_buf why;          /* what the relay told about a refusal before its reply */
    struct mes_buf answer;       /* to the last challenge, until it is put out; secret */
    enum mes_smtp_cause failure; /* why there is no answer */
    struct mes_smtp_scram scram;
};

void mes_smtp_auth_init(struct mes_smtp_auth *auth);
void mes_smtp_auth_fini(struct mes_smtp_auth *auth);

/* The best of the mechanisms that the relay offers (`offered`), that it has not refused yet, and that the
 * options allow and have a password or token for; AUTO when there is none, with `failure` set to NO_AUTH, or
 * to AUTH_TOO_WEAK when only the minimum stands in the way. The order, best first:
 * - with a token OAUTHBEARER, then XOAUTH2;
 * - SCRAM: what is bound to the TLS, where there is a binding, before what is not, SHA-256 before SHA-1;
 * - under TLS PLAIN, then LOGIN: one round trip, and the relay need not keep the password in clear; CRAM-MD5
 *   is the last, as many relays that offer it cannot do it. In clear it is the other way round. */
enum mes_smtp_mechanism mes_smtp_auth_choose(struct mes_smtp_auth *auth,
                                             const struct mes_smtp_options *options);
/* The relay said that it does not know the mechanism, or (`is_weak`) that it is too weak: then weaker ones,
 * and what hands the password over in the same way, are out of question as well. */
void mes_smtp_auth_refuse(struct mes_smtp_auth *auth, bool is_weak);

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
/* `is_working`: goes on with the answer for some milliseconds. False as above. */
bool mes_smtp_auth_work(struct mes_smtp_auth *auth, const struct mes_smtp_options *options) MES_MUST_USE;
/* May the relay say now that all is well? Not before it has proved itself, where the mechanism wants that. */
bool mes_smtp_auth_may_end(const struct mes_smtp_auth *auth);

#endif
