/* Who gets which mail: how many connections there may be, and how the mails are spread over them. */
#include "delivery/pool_parts.h"
#include "net/loop.h"

/* What is to be had of connections now. */
static unsigned most_links(const struct mes_pool *pool)
{
    uint32_t most = mes_account_state_most_connections(pool->state, mes_pool_wall_now(pool));
    if (pool->most_links < most && mes_loop_now(pool->loop) < pool->most_links_until)
        most = pool->most_links;
    return most;
}

/* The one that has the fewest mails of those that take one; NULL when none does. */
static struct mes_pool_link *emptiest(const struct mes_pool *pool)
{
    struct mes_pool_link *best = NULL;
    for (struct mes_pool_link *at = pool->links; at != NULL; at = at->next)
        if (mes_link_takes(at->link) && (best == NULL || mes_link_held(at->link) < mes_link_held(best->link)))
            best = at;
    return best;
}

bool mes_pool_may_take(struct mes_pool *pool, const struct mes_pool_link *mine)
{
    unsigned held = mes_link_held(mine->link);
    if (held == 0)
        return true;
    if (mes_link_held(emptiest(pool)->link) < held) {
        mes_pool_plan(pool);
        return false;
    }
    if (held < mes_link_flow(mine->link))
        return true;
    unsigned most = most_links(pool);
    return most <= pool->ready_count || pool->queue.count > most - pool->ready_count;
}

bool mes_pool_may_open_link(const struct mes_pool *pool)
{
    unsigned most = pool->ready_count > 0 ? most_links(pool) : 1;
    /* What is being set up will take a mail of its own. */
    unsigned setting_up = pool->link_count - pool->ready_count;
    return pool->link_count < most && pool->queue.count > setting_up;
}

/* Each turn gives at least one mail away, or it was the last: offering may end a link, and with it its entry
 * of the list. */
void mes_pool_offer_all(struct mes_pool *pool)
{
    size_t count = SIZE_MAX;
    while (pool->queue.count > 0 && pool->queue.count < count) {
        struct mes_pool_link *at = emptiest(pool);
        count = pool->queue.count;
        if (at != NULL)
            mes_link_offer(at->link);
    }
}
