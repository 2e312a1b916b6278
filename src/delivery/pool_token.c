/* The access token that the links of a pool log in with. */
#include "base/error.h"
#include "delivery/pool_parts.h"
#include "net/loop.h"

static void on_token(void *context, const struct mes_token_outcome *outcome)
{
    struct mes_pool *pool = context;
    const struct mes_verdict_input facts = {
        .step = MES_STEP_AUTH, .cause = outcome->cause, .text = mes_str_of(outcome->text)};
    /* As long as connections that logged in before carry mails, no further one is needed. */
    if (!outcome->is_good && pool->ready_count > 0)
        mes_pool_want_no_more_links(pool);
    else if (!outcome->is_good)
        mes_pool_charge(pool, &facts, NULL, mes_loop_now(pool->loop));
    mes_pool_plan(pool);
}

bool mes_pool_has_access(struct mes_pool *pool)
{
    struct mes_token *token = pool->state->token;
    if (token == NULL || mes_token_access(token) != NULL)
        return true;
    if (pool->token_wait.place != NULL)
        return false;
    pool->token_wait = (struct mes_token_wait){.on_done = on_token, .context = pool};
    mes_token_want(token, &pool->token_wait);
    return false;
}

int mes_pool_copy_access(struct mes_pool_link *mine, struct mes_smtp_options *smtp, struct mes_error *error)
{
    const struct mes_token *token = mine->pool->state->token;
    if (token == NULL)
        return 0;
    mine->access = mes_secret_new(mes_secret_reveal(mes_token_access(token)));
    smtp->token = mine->access;
    return mine->access != NULL ? 0 : mes_fail_nomem(error);
}

/* It may have run out earlier than was said, or a person has changed a password: the next one is tried once.
 */
bool mes_pool_renews_access(struct mes_pool *pool, const struct mes_pool_link *mine,
                            const struct mes_link_end *end)
{
    if (mine->access == NULL || !mes_link_end_is_token_refused(end))
        return false;
    mes_token_refuse(pool->state->token, mine->access);
    pool->has_renewed_token = !pool->has_renewed_token;
    return pool->has_renewed_token;
}
