/* What the mechanisms share, and their places in the table of auth.c. */
#ifndef MES_SMTP_AUTH_PARTS_H
#define MES_SMTP_AUTH_PARTS_H

#include "smtp/auth.h"

/* A buffer for something secret: all its memory is taken at once, so that no copy is left behind by growing.
 * False: no memory. */
bool mes_smtp_scratch_init(struct mes_buf *scratch, size_t size) MES_MUST_USE;
void mes_smtp_scratch_fini(struct mes_buf *scratch);
/* Appends the bytes in base64, in the same way. */
void mes_smtp_scratch_add_base64(struct mes_buf *out, struct mes_str bytes);

/* For `return mes_smtp_auth_fail(…)`. */
bool mes_smtp_auth_fail(struct mes_smtp_auth *auth, enum mes_smtp_cause cause);

/* Each appends the text that it is about, or fails; `challenge` is still in base64. An answer for the first
 * time comes when the initial response did not fit behind AUTH. */
#define INITIAL(name)                                                                                        \
    bool mes_smtp_auth_initial_##name(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,    \
                                      struct mes_buf *out)
#define ANSWER(name)                                                                                         \
    bool mes_smtp_auth_answer_##name(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,     \
                                     struct mes_str challenge, struct mes_buf *out)
INITIAL(plain);
ANSWER(login);
ANSWER(cram_md5);
INITIAL(scram);
ANSWER(scram);
INITIAL(xoauth2);
INITIAL(oauthbearer);
ANSWER(token);

#endif
