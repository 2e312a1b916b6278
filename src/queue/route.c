/* Which account a mail goes through now, and what happens when none can take it. */
#include "compose/job.h"
#include "delivery/identity.h"
#include "queue/carrier_parts.h"

enum {
    MES_CARRIER_PACE_MS = 5 * 1000,        /* shorter waits are sat out here, longer ones in the database */
    MES_CARRIER_BREATH_MS = 60 * 1000,     /* the pace of a minute is no failure */
    MES_CARRIER_AGAIN_MS = 60 * 60 * 1000, /* when no one knows how long an account rests */
};

static void pace(struct mes_carrier *carrier, struct mes_queue_mail *mail, int64_t delay_ms)
{
    mail->again = mes_loop_now(carrier->loop) + delay_ms;
    mail->next = carrier->paced;
    carrier->paced = mail;
}

/* ---- a mail gets its account ---- */

size_t mes_carrier_first_candidate(const struct mes_queue_mail *mail)
{
    size_t i = 0;
    while (i + 1 < mail->fleet->count && !mail->candidates[i])
        i++;
    return i;
}

/* It is told when the first account cannot send: not when it refused this mail, nor when it only catches its
 * breath. That it can again is told when it did: a probe is no proof. */
static void tell_fallback(struct mes_carrier *carrier, const struct mes_queue_mail *mail, size_t account)
{
    struct mes_fleet *fleet = mail->fleet;
    size_t first = mes_carrier_first_candidate(mail);
    int64_t now = mes_clock_wall(mes_loop_clock(carrier->loop));
    bool is_bulk = mail->batch->lane == MES_LANE_BULK, is_resting;
    if (account == first || fleet->missed != 0)
        return;
    int64_t ready = mes_account_state_ready_at(&fleet->accounts[first], 1, is_bulk, now, &is_resting);
    if (ready == 0 || (!is_resting && ready - now <= MES_CARRIER_BREATH_MS))
        return;
    fleet->missed = first + 1;
    if (carrier->listener.on_fallback != NULL)
        carrier->listener.on_fallback(carrier->listener.context, fleet->company,
                                      fleet->accounts[account].settings->identity, true);
}

static void give(struct mes_carrier *carrier, struct mes_queue_mail *mail, size_t account)
{
    struct mes_account_state *state = &mail->fleet->accounts[account];
    const struct mes_clock *clock = mes_loop_clock(carrier->loop);
    struct mes_identity identity = mes_delivery_identity(
        state->settings, mail->fleet->accounts[mes_carrier_first_candidate(mail)].settings,
        mes_compose_job_wishes(mail->batch->compiled));
    mail->dispatch = (struct mes_dispatch){
        .mail = &mail->delivery,
        .job = mail->batch->compiled,
        .owner = mail,
        .account = account,
        .identity = identity,
        .from_is_own =
            mes_str_eq_nocase(mes_str_of(identity.from_address), mes_str_of(state->settings->from_address)),
        .use = mes_account_state_begin(state, (uint32_t)mes_delivery_mail_open_count(&mail->delivery),
                                       mes_clock_wall(clock)),
        .started = mes_clock_monotonic(clock),
        .is_void = &mail->batch->is_recalled,
        .is_doubted = mail->progress.doubts > 0,
        .is_urgent = mail->batch->lane == MES_LANE_TRANSACTIONAL,
    };
    mail->dot.account = state->settings->identity;
    tell_fallback(carrier, mail, account);
    state->transport->face->start(state->transport, &mail->dispatch);
}

/* While the gate of its lane is closed nothing is leased, so it may be due at once: an account that wakes
 * early opens the gate for it too. What only this mail cannot have needs a time of its own. */
static int64_t due_again(const struct mes_queue_mail *mail, int64_t ready, int64_t now)
{
    if (atomic_load(&mail->fleet->gates[mail->batch->lane].until) >= ready)
        return now;
    return ready == INT64_MAX ? now + MES_CARRIER_AGAIN_MS : ready;
}

/* No account can take it and none has had a try: nothing is noted, it waits here or in the database. */
static void wait_untried(struct mes_carrier *carrier, struct mes_queue_mail *mail, int64_t ready, int64_t now)
{
    mes_carrier_update_gates(carrier, mail->fleet);
    if (ready - now <= MES_CARRIER_PACE_MS)
        pace(carrier, mail, ready > now ? ready - now : 0);
    else
        mes_carrier_put_back(carrier, mail, due_again(mail, ready, now));
}

static void end_pass(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    mes_delivery_mail_end_pass(&mail->delivery);
    mes_carrier_settle(carrier, mail);
}

static void choose(struct mes_carrier *carrier, struct mes_queue_mail *mail, int64_t now)
{
    const struct mes_router router = {
        .accounts = mail->fleet->accounts,
        .count = mail->fleet->count,
        .is_candidate = mail->candidates,
        .is_bulk = mail->batch->lane == MES_LANE_BULK,
    };
    struct mes_route route = {.kind = MES_ROUTE_NONE};
    int code = mes_router_choose(&router, &mail->delivery, now, &route);
    if (code == 0 && route.kind == MES_ROUTE_ACCOUNT)
        give(carrier, mail, route.account);
    else if (code == 0 && route.kind == MES_ROUTE_WAIT)
        pace(carrier, mail, route.again > now ? route.again - now : 0);
    else
        end_pass(carrier, mail);
}

void mes_carrier_route(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    int64_t now = mes_clock_wall(mes_loop_clock(carrier->loop));
    bool is_illness = false;
    size_t open = mes_delivery_mail_open_count(&mail->delivery);
    mail->dot.is_cancelled = mail->dot.is_cancelled || atomic_load(&mail->batch->is_cancelled);
    if (open == 0 || mail->dot.is_refused || mail->dot.is_cancelled) {
        end_pass(carrier, mail);
    } else if (!mail->has_candidate && mail->progress.doubts > 0) {
        end_pass(carrier, mail); /* the account that may have delivered it is gone: a person decides */
    } else if (carrier->is_draining || mail->fleet->is_retired || atomic_load(&mail->batch->is_recalled)) {
        mail->has_tried ? end_pass(carrier, mail) : mes_carrier_put_back(carrier, mail, now);
    } else {
        const struct mes_fleet_question question = {mail->candidates, (uint32_t)open, mail->batch->lane, now};
        int64_t ready = mes_fleet_ready_at(mail->fleet, &question, &is_illness);
        if (ready != 0 && !mail->has_tried)
            wait_untried(carrier, mail, ready, now);
        else
            choose(carrier, mail, now);
    }
}
