/* What the relay bears: learned on one connection, used by all, remembered. */
#include "delivery/pool_parts.h"
#include "delivery/relay_memory.h"

static struct mes_relay_key relay_key(const struct mes_pool *pool, struct mes_link *link)
{
    const struct mes_account *settings = pool->state->settings;
    return (struct mes_relay_key){settings->host, (unsigned)settings->port,
                                  mes_smtp_session_keywords(mes_link_session(link))};
}

static void remember(struct mes_pool *pool, struct mes_link *link, enum mes_smtp_relay relay,
                     const char *reason)
{
    struct mes_relay_key key = relay_key(pool, link);
    mes_relay_memory_note(pool->state->memory, &key, relay, reason, mes_pool_wall_now(pool));
    for (struct mes_pool_link *at = pool->links; at != NULL; at = at->next)
        if (at->link != NULL && mes_link_is_ready(at->link))
            mes_smtp_session_set_relay(mes_link_session(at->link), relay);
}

enum mes_smtp_relay mes_pool_relay_for(struct mes_pool_link *mine, struct mes_link *link)
{
    struct mes_pool *pool = mine->pool;
    struct mes_relay_key key = relay_key(pool, link);
    enum mes_smtp_relay relay = mes_relay_memory_load(pool->state->memory, &key, mes_pool_wall_now(pool));
    if (relay != MES_SMTP_RELAY_UNKNOWN)
        return relay;
    if (pool->x_trial != NULL && pool->x_trial != mine)
        return MES_SMTP_RELAY_P;
    pool->x_trial = mine;
    return MES_SMTP_RELAY_UNKNOWN;
}

void mes_pool_learn(struct mes_pool *pool, struct mes_link *link, enum mes_smtp_fact fact)
{
    switch (fact) {
    case MES_SMTP_FACT_P_WORKS:
        break;
    case MES_SMTP_FACT_X_WORKS:
        remember(pool, link, MES_SMTP_RELAY_X, "worked");
        break;
    case MES_SMTP_FACT_X_REFUSED:
        remember(pool, link, MES_SMTP_RELAY_P, "refused a MAIL sent with the body before");
        break;
    case MES_SMTP_FACT_X_CUT:
        if (++pool->x_cuts >= 2)
            remember(pool, link, MES_SMTP_RELAY_P, "cut the connection twice after such a MAIL");
        break;
    case MES_SMTP_FACT_P_BROKEN:
        remember(pool, link, MES_SMTP_RELAY_LOCK_STEP, "offers PIPELINING and cannot do it");
        break;
    }
}
