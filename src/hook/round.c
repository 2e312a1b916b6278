#include <string.h>

#include "base/error.h"
#include "hook/deliverer_parts.h"
#include "store/webhook.h"

/* A webhook that may be told something. */
struct candidate {
    int64_t id;
    const char *url;
    bool is_failing;
    struct candidate *next;
};

/* The rows are collected first, since a list may not be read while another one is. */
struct collection {
    struct mes_hook_round *round;
    struct candidate *first, **last;
    size_t count;
    bool has_failed;
};

static struct mes_hook_lane *lane_of(struct mes_hook_round *round, int64_t webhook)
{
    for (size_t i = 0; i < round->lane_count; i++)
        if (round->lanes[i].webhook == webhook)
            return &round->lanes[i];
    return NULL;
}

static bool collect(void *context, const struct mes_store_webhook *webhook)
{
    struct collection *all = context;
    struct mes_hook_lane *lane = lane_of(all->round, webhook->id);
    if (webhook->state != MES_STORE_WEBHOOK_ACTIVE)
        return true;
    if (lane != NULL)
        all->round->is_known[lane - all->round->lanes] = true;
    struct candidate *candidate = mes_arena_alloc(&all->round->arena, sizeof *candidate);
    all->has_failed = candidate == NULL;
    if (candidate == NULL)
        return false;
    candidate->id = webhook->id;
    candidate->url = mes_arena_copy(&all->round->arena, mes_str_of(webhook->url));
    candidate->is_failing = webhook->failing_since != 0;
    all->has_failed = candidate->url == NULL;
    *all->last = candidate;
    all->last = &candidate->next;
    all->count++;
    return !all->has_failed;
}

static void note_next(struct mes_hook_round *round, int64_t at)
{
    if (at != 0 && (round->next_at == 0 || at < round->next_at))
        round->next_at = at;
}

/* How many more may be under way to it at once. A rest counts as long as the webhook fails: it ends at once
 * when a person has resumed it. */
static unsigned room_of(struct mes_hook_round *round, const struct candidate *candidate)
{
    const struct mes_hook_lane *lane = lane_of(round, candidate->id);
    unsigned most = MES_HOOK_AT_ONCE;
    if (lane == NULL)
        return most;
    if (candidate->is_failing && lane->rest_until > round->now) {
        note_next(round, lane->rest_until);
        return 0;
    }
    if (candidate->is_failing && lane->failures >= MES_HOOK_PATIENCE)
        most = 1;
    return lane->in_flight < most ? most - lane->in_flight : 0;
}

struct taking {
    struct mes_hook_round *round;
    const struct candidate *candidate;
    unsigned count;
    bool has_failed;
};

static bool take(void *context, const struct mes_store_webhook_event *event)
{
    struct taking *taking = context;
    struct mes_arena *arena = &taking->round->arena;
    struct mes_hook_parcel *parcel = mes_arena_alloc(arena, sizeof *parcel);
    if (parcel != NULL) {
        *parcel = (struct mes_hook_parcel){.event = event->id,
                                           .webhook = event->webhook,
                                           .attempts = event->attempts,
                                           .type = mes_arena_copy(arena, mes_str_of(event->event)),
                                           .url = taking->candidate->url,
                                           .body = {mes_arena_copy(arena, event->body), event->body.size}};
    }
    taking->has_failed = parcel == NULL || parcel->type == NULL || parcel->body.data == NULL;
    if (taking->has_failed)
        return false;
    *taking->round->last = parcel;
    taking->round->last = &parcel->next;
    taking->count++;
    return true;
}

static int lease(struct mes_store *store, const struct mes_hook_round *round,
                 const struct mes_hook_parcel *parcel, struct mes_error *error)
{
    int code = 0;
    for (; code == 0 && parcel != NULL; parcel = parcel->next)
        code = mes_store_webhook_event_postpone(store, parcel->event, parcel->attempts,
                                                round->now + MES_HOOK_LEASE_MS, error);
    return code;
}

static int take_due(struct mes_hook_round *round, const struct candidate *candidate, struct mes_store *store,
                    struct mes_error *error)
{
    unsigned room = room_of(round, candidate);
    struct taking taking = {.round = round, .candidate = candidate};
    struct mes_hook_parcel **begin = round->last;
    int64_t next = 0;
    const struct mes_store_webhook_due due = {
        .webhook = candidate->id, .now = round->now, .limit = room < round->room ? room : round->room};
    if (due.limit == 0)
        return 0;
    int code = mes_store_webhook_event_due(mes_store_reads(store), due, take, &taking, error);
    if (code == 0 && taking.has_failed)
        code = mes_fail_nomem(error);
    if (code == 0)
        code = lease(store, round, *begin, error);
    round->room -= taking.count;
    if (code == 0 && taking.count < due.limit)
        code = mes_store_webhook_event_next(mes_store_reads(store), candidate->id, &next, error);
    note_next(round, next);
    return code;
}

int mes_hook_round_run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_hook_round *round = (struct mes_hook_round *)command;
    struct collection all = {.round = round, .last = &all.first};
    int code = mes_store_webhook_list(mes_store_reads(store), NULL, collect, &all, error);
    if (code == 0 && all.has_failed)
        code = mes_fail_nomem(error);
    if (code != 0 || all.count == 0)
        return code;
    /* A ring: the first of this round is another one than that of the last. */
    *all.last = all.first;
    const struct candidate *candidate = all.first;
    for (size_t i = round->turn % all.count; i > 0; i--)
        candidate = candidate->next;
    for (size_t i = 0; code == 0 && i < all.count; i++, candidate = candidate->next)
        code = take_due(round, candidate, store, error);
    return code;
}
