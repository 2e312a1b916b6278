#include "delivery/router.h"

#include <stdio.h>
#include <time.h>

#include "delivery/identity.h"

enum { MES_PACE_LIMIT_MS = 60 * 1000, MES_REASON_SPACE = 160 };

bool mes_router_is_candidate(const struct mes_account *account, bool is_bulk, const char *required_from)
{
    if (account->use == MES_USE_TRANSACTIONAL && is_bulk)
        return false;
    if (account->use == MES_USE_BULK && !is_bulk)
        return false;
    return required_from == NULL || mes_delivery_identity_allows(account, required_from);
}

static const char *reason_for(char out[MES_REASON_SPACE], bool is_resting, int64_t until)
{
    const char *what =
        is_resting ? "the account is resting after a failure" : "the account's limit is used up";
    time_t seconds = (time_t)(until / 1000);
    struct tm utc;
    char when[32];
    if (until == INT64_MAX || gmtime_r(&seconds, &utc) == NULL ||
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        (void)snprintf(out, MES_REASON_SPACE, "skipped: %s until its settings change", what);
    else
        (void)snprintf(out, MES_REASON_SPACE, "skipped: %s until %s", what, when);
    return out;
}

static int note_skipped(struct mes_delivery_mail *mail, size_t account, const struct mes_account_state *state,
                        bool is_resting, int64_t until)
{
    char reason[MES_REASON_SPACE];
    const struct mes_attempt attempt = {
        .account = state->settings->identity,
        .step = MES_STEP_LIMIT,
        .class_ = is_resting ? state->rest_class : MES_CLASS_ACCOUNT,
        .enhanced = "",
        .reply = reason_for(reason, is_resting, until),
        .advice_id = is_resting ? state->health.advice : "",
    };
    const struct mes_verdict verdict = {.class_ = attempt.class_, .next = MES_NEXT_ACCOUNT, .advice_id = ""};
    mes_delivery_mail_set_tried(mail, account);
    for (size_t i = 0; i < mail->recipient_count; i++) {
        struct mes_delivery_recipient *recipient = &mail->recipients[i];
        if (recipient->fate != MES_FATE_OPEN)
            continue;
        int code = mes_delivery_mail_note(mail, recipient, account, &attempt, &verdict);
        if (code != 0)
            return code;
    }
    return 0;
}

static bool is_probed(const struct mes_router *router, size_t account, int64_t now)
{
    return mes_health_is_probed(&router->accounts[account].health, now);
}

/* Whether `account` takes the mail; a skipped one is noted. */
static int ask(const struct mes_router *router, struct mes_delivery_mail *mail, int64_t now, size_t account,
               struct mes_route *route)
{
    const struct mes_account_state *state = &router->accounts[account];
    bool is_resting;
    uint32_t amount = (uint32_t)mes_delivery_mail_open_count(mail);
    int64_t ready = mes_account_state_ready_at(state, amount, router->is_bulk, now, &is_resting);
    *route = (struct mes_route){MES_ROUTE_NONE, account, ready};
    if (ready == 0)
        route->kind = MES_ROUTE_ACCOUNT;
    else if (is_resting ? is_probed(router, account, now)
                        : router->is_bulk && ready - now <= MES_PACE_LIMIT_MS)
        route->kind = MES_ROUTE_WAIT;
    else
        return note_skipped(mail, account, state, is_resting, ready);
    return 0;
}

static bool may_ask(const struct mes_router *router, const struct mes_delivery_mail *mail, size_t account)
{
    return account < router->count && router->is_candidate[account] &&
           !mes_delivery_mail_has_tried(mail, account);
}

int mes_router_choose(const struct mes_router *router, struct mes_delivery_mail *mail, int64_t now,
                      struct mes_route *route_out)
{
    size_t probed = SIZE_MAX;
    int code = 0;
    *route_out = (struct mes_route){.kind = MES_ROUTE_NONE};
    /* Greylisting is tied to the account, so the one that asked for patience is asked first. */
    if (may_ask(router, mail, mail->keeps_account))
        code = ask(router, mail, now, mail->keeps_account, route_out);
    for (size_t i = 0; i < router->count && code == 0 && route_out->kind == MES_ROUTE_NONE; i++) {
        if (!may_ask(router, mail, i))
            continue;
        if (is_probed(router, i, now))
            probed = probed < i ? probed : i;
        else
            code = ask(router, mail, now, i, route_out);
    }
    if (code == 0 && route_out->kind == MES_ROUTE_NONE && may_ask(router, mail, probed))
        code = ask(router, mail, now, probed, route_out);
    return code;
}
