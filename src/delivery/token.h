/* Access tokens (OAuth 2.0): an account's is got by its refresh token when it is needed, kept until shortly
 * before it ends, and shared by all who log in to that account. Loop thread. */
#ifndef MES_DELIVERY_TOKEN_H
#define MES_DELIVERY_TOKEN_H

#include "account/account.h"
#include "delivery/verdict.h"

struct mes_loop;
struct mes_token;
struct mes_tokens;

enum { MES_TOKEN_TEXT = 512 };

struct mes_tokens_options {
    struct mes_loop *loop;
    const char *name_servers; /* NULL: the system's */
    /* What a person should know: a new refresh token could not be kept. May be NULL. */
    void (*on_notice)(void *context, const char *account, const struct mes_error *notice);
    void *context;
};

/* All tokens of a loop. Copies the options, but for the loop and the names. */
int mes_tokens_new(const struct mes_tokens_options *options, struct mes_tokens **tokens_out,
                   struct mes_error *error) MES_MUST_USE;
/* Every token was dropped before. A NULL inside is allowed. */
void mes_tokens_free(struct mes_tokens **tokens);

/* The token of an account that uses one. Who asks for the same authorization (server, client, user, place of
 * the refresh token) shares it: after the settings were read again what was got by the old ones is still
 * good, unless the refresh token is another one. The account need not outlive it. */
int mes_tokens_take(struct mes_tokens *tokens, const struct mes_account *account,
                    struct mes_token **token_out, struct mes_error *error) MES_MUST_USE;
/* The last one frees it, and waits where a new refresh token is just being written. A NULL inside is allowed.
 */
void mes_token_drop(struct mes_token **token);

/* What came of a request. Valid during the call. */
struct mes_token_outcome {
    bool is_good;         /* mes_token_access has it */
    enum mes_cause cause; /* else: one of MES_CAUSE_TOKEN_…, or INTERNAL */
    const char *text;     /* one line in English, without secrets; "" when it is good */
};

/* Who waits for a token; belongs to whoever waits. */
struct mes_token_wait {
    struct mes_token_wait *next, **place; /* the token's own; `place` NULL: waits for nothing */
    /* Once, from mes_loop_step; may ask again, or drop the token. */
    void (*on_done)(void *context, const struct mes_token_outcome *outcome);
    void *context;
};

/* What can be logged in with now; NULL: ask for it. Valid until the loop turns: copy it. */
const struct mes_secret *mes_token_access(const struct mes_token *token);
/* The refresh token in force, which may be newer than the settings'. NULL: none. */
const struct mes_secret *mes_token_refresh(const struct mes_token *token);

/* Gets one, if none is good: one request to the server for all who wait. RFC 6749 section 6; 10 s, 64 KiB, no
 * redirects. A new refresh token is kept where the old one was before anybody is told. */
void mes_token_want(struct mes_token *token, struct mes_token_wait *wait);
/* Waits no longer; what is under way goes on. Who does not wait may call it too. */
void mes_token_leave(struct mes_token_wait *wait);

/* The relay did not take it: it is not handed out again. One that is not in force any more is nobody's fault.
 */
void mes_token_refuse(struct mes_token *token, const struct mes_secret *access);

#endif
