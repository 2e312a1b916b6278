/* The carrier's accounts as people see them and order them about. */
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "delivery/probe.h"
#include "queue/carrier_parts.h"

/* ---- news ---- */

struct mes_carrier_health mes_carrier_health_of(const struct mes_fleet *fleet, size_t account)
{
    const struct mes_health *health = &fleet->accounts[account].health;
    return (struct mes_carrier_health){.is_resting = health->rest != MES_REST_NONE,
                                       .is_alarmed = health->alarmed};
}

void mes_carrier_tell_health(struct mes_carrier *carrier, struct mes_fleet *fleet, size_t account,
                             struct mes_carrier_health before)
{
    const struct mes_health *health = &fleet->accounts[account].health;
    const char *name = fleet->accounts[account].settings->identity;
    struct mes_carrier_health after = mes_carrier_health_of(fleet, account);
    bool is_alarm = after.is_alarmed && !before.is_alarmed;
    if (after.is_resting == before.is_resting && !is_alarm)
        return;
    if (after.is_resting)
        mes_log(carrier->log, MES_LOG_WARNING, "account.resting", MES_LOG_TEXT("company", fleet->company),
                MES_LOG_TEXT("account", name),
                health->until != INT64_MAX ? MES_LOG_TIME("until", health->until)
                                           : MES_LOG_TEXT("until", "its settings change"),
                MES_LOG_TEXT("advice", health->advice));
    else
        mes_log(carrier->log, MES_LOG_INFO, "account.recovered", MES_LOG_TEXT("company", fleet->company),
                MES_LOG_TEXT("account", name));
    const struct mes_carrier_account_news news = {
        .company = fleet->company,
        .account = name,
        .until = after.is_resting ? health->until : 0,
        .advice_id = health->advice,
        .is_alarm = is_alarm,
    };
    if (carrier->listener.on_account != NULL)
        carrier->listener.on_account(carrier->listener.context, &news);
}

void mes_carrier_note_sent(struct mes_carrier *carrier, const struct mes_queue_mail *mail, size_t account)
{
    struct mes_fleet *fleet = mail->fleet;
    const struct mes_carrier_listener *listener = &carrier->listener;
    const char *name = fleet->accounts[account].settings->identity;
    bool is_chosen = mail->batch->account[0] != '\0';
    bool is_first = !is_chosen && account == mes_carrier_first_candidate(mail);
    bool is_news = !fleet->is_proved[account] || (is_first && !fleet->is_first_proved);
    fleet->is_proved[account] = true;
    fleet->is_first_proved = fleet->is_first_proved || is_first;
    if (is_news && listener->on_proved != NULL)
        listener->on_proved(listener->context, fleet->company, name, is_first);
    if (fleet->missed != account + 1)
        return;
    fleet->missed = 0;
    if (listener->on_fallback != NULL)
        listener->on_fallback(listener->context, fleet->company, name, false);
}

void mes_carrier_update_gates(struct mes_carrier *carrier, struct mes_fleet *fleet)
{
    bool has_opened = mes_fleet_update_gates(fleet, mes_clock_wall(mes_loop_clock(carrier->loop)));
    bool is_down = true;
    if (has_opened && carrier->courier != NULL)
        mes_courier_nudge(carrier->courier);
    for (size_t i = 0; i < fleet->count; i++)
        is_down = is_down && fleet->accounts[i].health.rest != MES_REST_NONE;
    if (is_down == fleet->was_all_down)
        return;
    fleet->was_all_down = is_down;
    if (carrier->listener.on_all_down != NULL)
        carrier->listener.on_all_down(carrier->listener.context, fleet->company, is_down);
}

static void look_at_clock(struct mes_carrier_request *request, struct mes_carrier *carrier)
{
    (void)request;
    if (carrier == NULL)
        return;
    atomic_store(&carrier->is_clock_asked, false);
    for (struct mes_fleet *fleet = carrier->fleets; fleet != NULL; fleet = fleet->next)
        mes_carrier_update_gates(carrier, fleet);
}

void mes_carrier_look_at_clock(struct mes_carrier *carrier)
{
    if (atomic_exchange(&carrier->is_clock_asked, true))
        return;
    carrier->clock_request.run = look_at_clock;
    mes_carrier_post(carrier, &carrier->clock_request);
}

/* ---- looking ---- */

static int64_t used(const struct mes_limit *limit, int window, int64_t now)
{
    static const int64_t slots_ms[MES_LIMIT_WINDOWS] = {5 * 1000, 5 * 60 * 1000, 60 * 60 * 1000};
    static const int64_t spans_ms[MES_LIMIT_WINDOWS] = {60 * 1000, 60 * 60 * 1000, 24 * 60 * 60 * 1000};
    int64_t newest = now / slots_ms[window], oldest = newest - spans_ms[window] / slots_ms[window], sum = 0;
    const struct mes_limit_window *counts = &limit->windows[window];
    for (int64_t slot = oldest; slot <= newest; slot++)
        if (slot <= counts->newest && slot > counts->newest - MES_LIMIT_SLOTS)
            sum += counts->counts[slot % MES_LIMIT_SLOTS];
    return sum;
}

static void show(const struct mes_carrier *carrier, const struct mes_fleet *fleet, size_t index,
                 void (*each)(void *context, const struct mes_carrier_account *account), void *context)
{
    const struct mes_account_state *state = &fleet->accounts[index];
    int64_t now = mes_clock_wall(mes_loop_clock(carrier->loop));
    bool is_resting = state->health.rest != MES_REST_NONE;
    int64_t quota = mes_limit_ready_at(&state->limit, &state->rules, 1, false, now);
    const struct mes_carrier_account account = {
        .company = fleet->company,
        .name = state->settings->identity,
        .is_resting = is_resting,
        .until = is_resting ? state->health.until : 0,
        .advice_id = is_resting ? state->health.advice : "",
        .checked_at = fleet->checked_at[index],
        .is_quota_used = quota != 0,
        .quota_until = quota,
        .used_minute = used(&state->limit, MES_LIMIT_MINUTE, now),
        .used_hour = used(&state->limit, MES_LIMIT_HOUR, now),
        .used_day =
            state->rules.zone != NULL ? state->limit.day_count : used(&state->limit, MES_LIMIT_DAY, now),
        .per_minute = state->rules.per_minute,
        .per_hour = state->rules.per_hour,
        .per_day = state->rules.per_day,
    };
    each(context, &account);
}

static bool serves(const struct mes_carrier *carrier, const struct mes_fleet *fleet, const char *company)
{
    return !fleet->is_retired && (company == NULL || fleet == mes_carrier_fleet(carrier, company));
}

void mes_carrier_each_account(struct mes_carrier *carrier, const char *company,
                              void (*each)(void *context, const struct mes_carrier_account *account),
                              void *context)
{
    for (struct mes_fleet *fleet = carrier->fleets; fleet != NULL; fleet = fleet->next)
        for (size_t i = 0; serves(carrier, fleet, company) && i < fleet->count; i++)
            show(carrier, fleet, i, each, context);
}

/* ---- ordering ---- */

static void settle_order(struct mes_carrier *carrier, struct mes_fleet *fleet, size_t account,
                         struct mes_carrier_health before)
{
    struct mes_account_state *state = &fleet->accounts[account];
    mes_account_state_keep_health(state);
    mes_carrier_tell_health(carrier, fleet, account, before);
    mes_carrier_update_gates(carrier, fleet);
    mes_timer_start(carrier->timer, 0);
}

bool mes_carrier_rest(struct mes_carrier *carrier, const char *company, const char *name)
{
    struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    size_t number = fleet != NULL ? mes_fleet_find(fleet, name) : SIZE_MAX;
    if (number == SIZE_MAX)
        return false;
    struct mes_carrier_health before = mes_carrier_health_of(fleet, number);
    struct mes_health *health = &fleet->accounts[number].health;
    health->rest = MES_REST_CHANGE;
    health->until = INT64_MAX;
    health->is_probing = false;
    health->advice[0] = '\0';
    settle_order(carrier, fleet, number, before);
    return true;
}

bool mes_carrier_wake(struct mes_carrier *carrier, const char *company, const char *name)
{
    struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    size_t number = fleet != NULL ? mes_fleet_find(fleet, name) : SIZE_MAX;
    if (number == SIZE_MAX)
        return false;
    struct mes_carrier_health before = mes_carrier_health_of(fleet, number);
    struct mes_account_state *state = &fleet->accounts[number];
    mes_health_wake(&state->health);
    mes_limit_wake(&state->limit);
    mes_limit_save(&state->limit, state->memory, state->settings->identity);
    settle_order(carrier, fleet, number, before);
    if (carrier->courier != NULL)
        mes_courier_nudge(carrier->courier);
    return true;
}
