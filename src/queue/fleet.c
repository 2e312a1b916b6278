#include "queue/fleet.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/capture.h"
#include "delivery/memory_ram.h"
#include "delivery/pool.h"
#include "net/loop.h"

enum { MES_FLEET_KEY_SPACE = MES_MEMORY_KEY_SPACE + 80 };

/* ---- memory ---- */

static const char *prefixed(char out[MES_FLEET_KEY_SPACE], const struct mes_fleet_memory *memory,
                            const char *key)
{
    if (memory->company[0] == '\0')
        return key;
    (void)snprintf(out, MES_FLEET_KEY_SPACE, "%s:%s", memory->company, key);
    return out;
}

static bool memory_load(void *context, const char *key, char *value, size_t size)
{
    const struct mes_fleet_memory *memory = context;
    char whole[MES_FLEET_KEY_SPACE];
    return memory->below.load(memory->below.context, prefixed(whole, memory, key), value, size);
}

static void memory_note(void *context, const char *key, const char *value)
{
    const struct mes_fleet_memory *memory = context;
    char whole[MES_FLEET_KEY_SPACE];
    memory->below.note(memory->below.context, prefixed(whole, memory, key), value);
}

/* ---- opening and closing ---- */

static int open_account(struct mes_fleet *fleet, size_t index, const struct mes_fleet_host *host,
                        struct mes_error *error)
{
    struct mes_account_state *state = &fleet->accounts[index];
    const struct mes_account *settings = mes_account_list_at(fleet->list, index);
    int code = mes_account_state_init(state, settings, &fleet->memory, error);
    if (code != 0)
        return code;
    fleet->count++;
    if (settings->transport != MES_ACCOUNT_TRANSPORT_CAPTURE) {
        code = mes_account_state_take_token(state, host->tokens, error);
        if (code != 0)
            return code;
        return mes_pool_new(state, host->loop, host->events, &state->transport, error);
    }
    const struct mes_capture_options options = {.state = state,
                                                .loop = host->loop,
                                                .on_captured = host->on_captured,
                                                .context = host->events->context};
    return mes_capture_new(&options, host->events, &state->transport, error);
}

static int open_accounts(struct mes_fleet *fleet, const struct mes_fleet_host *host, struct mes_error *error)
{
    size_t count = mes_account_list_count(fleet->list);
    int code = 0;
    fleet->accounts = mes_alloc(count * sizeof *fleet->accounts);
    fleet->checked_at = mes_alloc(count * sizeof *fleet->checked_at);
    fleet->is_proved = mes_alloc(count * sizeof *fleet->is_proved);
    if (fleet->accounts == NULL || fleet->checked_at == NULL || fleet->is_proved == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < count && code == 0; i++)
        code = open_account(fleet, i, host, error);
    return code;
}

int mes_fleet_new(struct mes_roster *roster, const struct mes_roster_entry *entry,
                  const struct mes_fleet_host *host, struct mes_fleet **fleet_out, struct mes_error *error)
{
    struct mes_fleet *fleet = mes_alloc(sizeof *fleet);
    *fleet_out = NULL;
    if (fleet == NULL)
        return mes_fail_nomem(error);
    (void)snprintf(fleet->company, sizeof fleet->company, "%s", entry->company);
    (void)snprintf(fleet->prefixed.company, sizeof fleet->prefixed.company, "%s", entry->company);
    fleet->prefixed.below = *host->memory;
    fleet->memory =
        (struct mes_memory){.load = memory_load, .note = memory_note, .context = &fleet->prefixed};
    fleet->roster = mes_roster_hold(roster);
    fleet->list = entry->list;
    int code = open_accounts(fleet, host, error);
    if (code != 0) {
        mes_fleet_free(&fleet);
        return code;
    }
    fleet->failover = (struct mes_failover){
        .accounts = fleet->accounts,
        .clock = mes_loop_clock(host->loop),
        .any = mes_account_list_globals(entry->list)->failover_on == MES_FAILOVER_ON_ANY,
    };
    *fleet_out = fleet;
    return 0;
}

void mes_fleet_free(struct mes_fleet **place)
{
    struct mes_fleet *fleet = *place;
    if (fleet == NULL)
        return;
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->accounts[i].transport != NULL)
            fleet->accounts[i].transport->face->free(&fleet->accounts[i].transport);
        mes_account_state_fini(&fleet->accounts[i]);
    }
    mes_free(fleet->accounts);
    mes_free(fleet->checked_at);
    mes_free(fleet->is_proved);
    mes_roster_drop(&fleet->roster);
    mes_free(fleet);
    *place = NULL;
}

/* ---- choosing ---- */

size_t mes_fleet_find(const struct mes_fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->count; i++)
        if (mes_str_eq_nocase(mes_str_of(fleet->accounts[i].settings->identity), mes_str_of(name)))
            return i;
    return SIZE_MAX;
}

static bool is_candidate(const struct mes_fleet *fleet, const struct mes_queue_mail *mail, size_t index)
{
    const struct mes_account *account = fleet->accounts[index].settings;
    const struct mes_queue_batch *batch = mail->batch;
    const char *from = mes_compose_job_wishes(batch->compiled)->from_address;
    bool requires_from =
        from[0] != '\0' && mes_account_list_globals(fleet->list)->from_policy == MES_FROM_POLICY_REQUIRE;
    bool is_named = mes_str_eq_nocase(mes_str_of(account->identity), mes_str_of(batch->account));
    /* Bytes that may have been delivered never go out through another account. */
    if (mail->progress.doubts > 0 &&
        !mes_str_eq_nocase(mes_str_of(account->identity), mes_str_of(mail->progress.keeper)))
        return false;
    if (batch->account[0] != '\0' && !is_named)
        return false;
    return mes_router_is_candidate(account, batch->lane == MES_LANE_BULK, requires_from ? from : NULL);
}

bool *mes_fleet_candidates(const struct mes_fleet *fleet, const struct mes_queue_mail *mail,
                           struct mes_arena *arena, bool *has_any_out)
{
    bool *flags = mes_arena_alloc(arena, fleet->count * sizeof *flags + 1);
    *has_any_out = false;
    for (size_t i = 0; flags != NULL && i < fleet->count; i++) {
        flags[i] = is_candidate(fleet, mail, i);
        *has_any_out = *has_any_out || flags[i];
    }
    return flags;
}

static bool is_asked(const struct mes_fleet *fleet, const struct mes_fleet_question *question, size_t index)
{
    if (question->is_candidate != NULL)
        return question->is_candidate[index];
    return mes_router_is_candidate(fleet->accounts[index].settings, question->lane == MES_LANE_BULK, NULL);
}

int64_t mes_fleet_ready_at(const struct mes_fleet *fleet, const struct mes_fleet_question *question,
                           bool *is_illness_out)
{
    int64_t first = INT64_MAX;
    *is_illness_out = true;
    for (size_t i = 0; i < fleet->count; i++) {
        bool is_illness = false;
        if (!is_asked(fleet, question, i))
            continue;
        int64_t ready =
            mes_account_state_ready_at(&fleet->accounts[i], question->recipients,
                                       question->lane == MES_LANE_BULK, question->now, &is_illness);
        if (ready == 0)
            return 0;
        if (ready < first)
            first = ready;
        *is_illness_out = *is_illness_out && is_illness;
    }
    return first;
}

static void note_illness(struct mes_fleet_gate *gate, bool is_ill, int64_t now)
{
    bool was_ill = atomic_load(&gate->ill_until) == INT64_MAX;
    if (is_ill && !was_ill) {
        atomic_store(&gate->ill_since, now);
        atomic_store(&gate->ill_until, INT64_MAX);
    } else if (!is_ill && was_ill) {
        atomic_store(&gate->ill_until, now);
    }
}

bool mes_fleet_update_gates(struct mes_fleet *fleet, int64_t now)
{
    bool has_opened = false;
    for (int lane = 0; lane < MES_LANE_COUNT; lane++) {
        bool is_illness = false;
        struct mes_fleet_gate *gate = &fleet->gates[lane];
        const struct mes_fleet_question question = {
            .recipients = 1, .lane = (enum mes_queue_lane)lane, .now = now};
        int64_t until = mes_fleet_ready_at(fleet, &question, &is_illness);
        note_illness(gate, until != 0 && is_illness, now);
        has_opened = has_opened || until < atomic_load(&gate->until);
        atomic_store(&gate->until, until);
    }
    return has_opened;
}
