/* Logging in to accounts without sending, so that a revoked authorization code shows before it is needed. */
#include "base/alloc.h"
#include "base/log.h"
#include "base/random.h"
#include "delivery/probe.h"
#include "queue/carrier_parts.h"

struct mes_carrier_probe {
    struct mes_carrier_probe *next;
    struct mes_carrier *carrier;
    struct mes_fleet *fleet;
    size_t account;
    struct mes_probe *probe;
    mes_carrier_checked *on_done; /* NULL: nobody waits for it */
    void *context;
    bool goes_on; /* with the next account, see mes_carrier_check_all */
};

static void forget(struct mes_carrier_probe *mine)
{
    struct mes_carrier *carrier = mine->carrier;
    struct mes_carrier_probe **at = &carrier->probes;
    while (*at != mine)
        at = &(*at)->next;
    *at = mine->next;
    mine->fleet->in_flight--;
    mes_free(mine);
}

/* What it says about the account counts like a mail's word. */
static void judge(struct mes_carrier_probe *mine, const struct mes_probe_result *result)
{
    struct mes_carrier *carrier = mine->carrier;
    struct mes_account_state *state = &mine->fleet->accounts[mine->account];
    struct mes_carrier_health before = mes_carrier_health_of(mine->fleet, mine->account);
    int64_t now = mes_clock_wall(mes_loop_clock(carrier->loop));
    uint32_t random = 0;
    mine->fleet->checked_at[mine->account] = now;
    if (mes_random_bytes(&random, sizeof random, NULL) != 0)
        random = 0; /* only less jitter */
    if (!result->works && result->verdict.rest != MES_REST_NONE)
        mes_health_on_failure(&state->health, &result->verdict, false, now, random);
    else if (result->works && state->health.rest != MES_REST_NONE)
        mes_health_on_success(&state->health, true);
    mes_account_state_keep_health(state);
    mes_carrier_tell_health(carrier, mine->fleet, mine->account, before);
    if (result->works && carrier->listener.on_proved != NULL)
        carrier->listener.on_proved(carrier->listener.context, mine->fleet->company,
                                    state->settings->identity, false);
    mes_carrier_update_gates(carrier, mine->fleet);
}

static void tell(const struct mes_carrier_probe *mine, const struct mes_probe_result *result)
{
    char text[512], enhanced[16] = "";
    struct mes_str reply = mes_str_cut(result->facts.text, 0, sizeof text - 1);
    struct mes_attempt attempt = {
        .account = mine->fleet->accounts[mine->account].settings->identity,
        .step = result->facts.step,
        .class_ = result->works ? MES_CLASS_NONE : result->verdict.class_,
        .code = result->facts.code,
        .enhanced = enhanced,
        .reply = mes_shown_text(text, sizeof text, reply),
        .advice_id = result->works ? "" : result->verdict.advice_id,
        .milliseconds = result->milliseconds,
    };
    for (size_t i = 0; i < result->facts.enhanced.size && i + 1 < sizeof enhanced; i++)
        enhanced[i] = result->facts.enhanced.data[i];
    mes_log(mine->carrier->log, result->works ? MES_LOG_INFO : MES_LOG_WARNING, "account.checked",
            MES_LOG_TEXT("company", mine->fleet->company), MES_LOG_TEXT("account", attempt.account),
            MES_LOG_FLAG("works", result->works), MES_LOG_TEXT("step", mes_step_name(attempt.step)),
            MES_LOG_NUMBER("code", attempt.code), MES_LOG_TEXT("reply", attempt.reply));
    if (mine->on_done != NULL)
        mine->on_done(mine->context, &attempt);
}

static void check_next(struct mes_carrier *carrier, struct mes_fleet *fleet, size_t account);

static void on_done(void *context, const struct mes_probe_result *result)
{
    struct mes_carrier_probe *mine = context;
    struct mes_carrier *carrier = mine->carrier;
    struct mes_fleet *fleet = mine->fleet;
    size_t next = mine->account + 1;
    bool goes_on = mine->goes_on;
    judge(mine, result);
    tell(mine, result);
    if (goes_on)
        check_next(carrier, fleet, next);
    forget(mine);
}

static bool start(struct mes_carrier *carrier, const struct mes_carrier_probe *wanted)
{
    struct mes_error error = {0};
    struct mes_carrier_probe *mine = mes_alloc(sizeof *mine);
    if (mine == NULL)
        return false;
    *mine = *wanted;
    mine->carrier = carrier;
    mine->next = carrier->probes;
    carrier->probes = mine;
    mine->fleet->in_flight++;
    const struct mes_probe_options options = {
        .loop = carrier->loop,
        .account = mine->fleet->accounts[mine->account].settings,
        .token = mine->fleet->accounts[mine->account].token,
        .on_done = on_done,
        .context = mine,
    };
    if (mes_probe_start(&options, &mine->probe, &error) == 0)
        return true;
    forget(mine);
    return false;
}

bool mes_carrier_check(struct mes_carrier *carrier, const char *company, const char *name,
                       mes_carrier_checked *done, void *context)
{
    struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    size_t account = fleet != NULL ? mes_fleet_find(fleet, name) : SIZE_MAX;
    const struct mes_carrier_probe wanted = {
        .fleet = fleet, .account = account, .on_done = done, .context = context};
    return account != SIZE_MAX && start(carrier, &wanted);
}

/* One login after the other: ten at a time would look like an attack. */
static void check_next(struct mes_carrier *carrier, struct mes_fleet *fleet, size_t account)
{
    while (fleet != NULL && (fleet->is_retired || account >= fleet->count)) {
        fleet = fleet->next;
        account = 0;
    }
    const struct mes_carrier_probe wanted = {.fleet = fleet, .account = account, .goes_on = true};
    if (fleet != NULL && !carrier->is_draining && !start(carrier, &wanted))
        mes_log(carrier->log, MES_LOG_ERROR, "account.unchecked", MES_LOG_TEXT("company", fleet->company));
}

void mes_carrier_check_all(struct mes_carrier *carrier)
{
    check_next(carrier, carrier->fleets, 0);
}

void mes_carrier_cancel_checks(struct mes_carrier *carrier)
{
    while (carrier->probes != NULL) {
        mes_probe_cancel(&carrier->probes->probe);
        forget(carrier->probes);
    }
}
