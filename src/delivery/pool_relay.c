/* What the relay bears: learned on one connection, used by all, remembered. */
#include "delivery/pool_parts.h"
#include "delivery/relay_memory.h"

static struct mes_relay_key relay_key(const struct mes_pool *pool, struct mes_link *link)
{
    const struct mes_account *settings = pool->state->settings;
    return (struct mes_relay_key){settings->host, (unsigned)settings->port,
                                  mes_smtp_session_keywords(mes_link_session(link))};
}

/* X and B are tried on one connection, while the others go on as before. Where each doubt needs a person, one
 * message at a time has its dot unanswered. */
static enum mes_smtp_relay share_of(struct mes_pool_link *mine, enum mes_smtp_relay relay)
{
    struct mes_pool *pool = mine->pool;
    bool is_careful = pool->state->settings->on_doubt == MES_ON_DOUBT_HOLD;
    bool is_trial = relay == MES_SMTP_RELAY_UNKNOWN || relay == MES_SMTP_RELAY_X;
    if (is_careful && (relay == MES_SMTP_RELAY_X || relay == MES_SMTP_RELAY_B))
        return MES_SMTP_RELAY_B_SLOW;
    if (!is_trial)
        return relay;
    if (pool->trial == NULL)
        pool->trial = mine;
    if (pool->trial == mine)
        return relay;
    return relay == MES_SMTP_RELAY_X ? MES_SMTP_RELAY_B_SLOW : MES_SMTP_RELAY_P;
}

static void remember(struct mes_pool *pool, struct mes_link *link, enum mes_smtp_relay relay,
                     const char *reason)
{
    struct mes_relay_key key = relay_key(pool, link);
    mes_relay_memory_note(pool->state->memory, &key, relay, reason, mes_pool_wall_now(pool));
    for (struct mes_pool_link *at = pool->links; at != NULL; at = at->next)
        if (at->link != NULL && mes_link_is_ready(at->link))
            mes_smtp_session_set_relay(mes_link_session(at->link), share_of(at, relay));
}

enum mes_smtp_relay mes_pool_relay_for(struct mes_pool_link *mine, struct mes_link *link)
{
    struct mes_pool *pool = mine->pool;
    struct mes_relay_key key = relay_key(pool, link);
    return share_of(mine, mes_relay_memory_load(pool->state->memory, &key, mes_pool_wall_now(pool)));
}

/* That B is known to work, or not to, says more than that X does. */
static bool knows_of_b(const struct mes_pool *pool, struct mes_link *link)
{
    struct mes_relay_key key = relay_key(pool, link);
    enum mes_smtp_relay relay = mes_relay_memory_load(pool->state->memory, &key, mes_pool_wall_now(pool));
    return relay == MES_SMTP_RELAY_B || relay == MES_SMTP_RELAY_B_SLOW || relay == MES_SMTP_RELAY_B_REFUSED;
}

void mes_pool_learn(struct mes_pool *pool, struct mes_link *link, enum mes_smtp_fact fact)
{
    switch (fact) {
    case MES_SMTP_FACT_P_WORKS:
        break;
    case MES_SMTP_FACT_X_WORKS:
        if (!knows_of_b(pool, link))
            remember(pool, link, MES_SMTP_RELAY_X, "worked");
        break;
    case MES_SMTP_FACT_X_REFUSED:
        remember(pool, link, MES_SMTP_RELAY_P, "refused a MAIL sent with the body before");
        break;
    case MES_SMTP_FACT_X_CUT:
        if (++pool->x_cuts >= 2)
            remember(pool, link, MES_SMTP_RELAY_P, "cut the connection twice after such a MAIL");
        break;
    case MES_SMTP_FACT_B_WORKS:
        if (pool->smtp.pace == MES_SMTP_PACE_AUTO) /* else nothing was compared */
            remember(pool, link, MES_SMTP_RELAY_B, "worked, and faster than X");
        break;
    case MES_SMTP_FACT_B_SLOW:
        remember(pool, link, MES_SMTP_RELAY_B_SLOW, "took BDAT, no faster than X");
        break;
    case MES_SMTP_FACT_B_REFUSED:
        remember(pool, link, MES_SMTP_RELAY_B_REFUSED, "offers CHUNKING and refused BDAT");
        break;
    case MES_SMTP_FACT_B_CUT:
        if (++pool->b_cuts >= 2)
            remember(pool, link, MES_SMTP_RELAY_B_REFUSED, "cut the connection twice with BDAT unanswered");
        break;
    case MES_SMTP_FACT_P_BROKEN:
        remember(pool, link, MES_SMTP_RELAY_LOCK_STEP, "offers PIPELINING and cannot do it");
        break;
    }
}
