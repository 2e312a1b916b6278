#include "delivery/account_state.h"

#include "base/error.h"
#include "base/random.h"
#include "base/zone.h"
#include "delivery/token.h"

/* A refresh token that was replaced since is the same authorization: no reason to wake. */
static uint32_t fingerprint_of(const struct mes_account_state *state)
{
    const struct mes_account *settings = state->settings;
    const struct mes_secret *refresh =
        state->token != NULL ? mes_token_refresh(state->token) : settings->oauth_refresh_token;
    const struct mes_str parts[] = {
        mes_str_of(settings->host),
        mes_str_of(MES_NUMBER(settings->port)),
        mes_str_of(MES_NUMBER(settings->tls)),
        mes_str_of(settings->user_name),
        mes_secret_reveal(settings->password),
        mes_str_of(settings->from_address),
        mes_str_of(MES_NUMBER(settings->auth_mechanism)),
        mes_str_of(MES_NUMBER(settings->auth_minimum)),
        mes_str_of(MES_NUMBER(settings->allow_plaintext_auth)),
        mes_str_of(settings->tls_ca_file),
        mes_str_of(settings->client_certificate_file),
        mes_str_of(MES_NUMBER(settings->allow_invalid_certificate)),
        mes_str_of(MES_NUMBER(settings->tls_min_version)),
        mes_str_of(MES_NUMBER(settings->proxy.kind)),
        mes_str_of(settings->proxy.host),
        mes_str_of(MES_NUMBER(settings->proxy.port)),
        mes_str_of(settings->proxy.user),
        mes_secret_reveal(settings->proxy_password),
        mes_str_of(settings->oauth_token_url),
        mes_str_of(settings->oauth_client_id),
        mes_secret_reveal(settings->oauth_client_secret),
        mes_secret_reveal(refresh),
    };
    return mes_health_fingerprint(parts, sizeof parts / sizeof parts[0]);
}

static uint32_t whole(int64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

int mes_account_state_init(struct mes_account_state *state, const struct mes_account *settings,
                           const struct mes_memory *memory, struct mes_error *error)
{
    *state = (struct mes_account_state){
        .settings = settings,
        .memory = memory,
        .rules = {.per_minute = whole(settings->per_minute),
                  .per_hour = whole(settings->per_hour),
                  .per_day = whole(settings->per_day),
                  .reserve_percent = (unsigned)settings->reserve_transactional},
        .rest_class = MES_CLASS_ACCOUNT,
    };
    if (settings->quota_reset_minute >= 0) {
        int code = mes_zone_load(settings->quota_reset_zone, &state->zone, error);
        if (code != 0)
            return code;
        state->rules.zone = state->zone;
        state->rules.reset_minute = (unsigned)settings->quota_reset_minute;
    }
    mes_health_load(&state->health, memory, settings->identity, fingerprint_of(state));
    mes_limit_load(&state->limit, memory, settings->identity);
    return 0;
}

int mes_account_state_take_token(struct mes_account_state *state, struct mes_tokens *tokens,
                                 struct mes_error *error)
{
    return state->settings->uses_token ? mes_tokens_take(tokens, state->settings, &state->token, error) : 0;
}

void mes_account_state_fini(struct mes_account_state *state)
{
    mes_token_drop(&state->token);
    mes_zone_free(&state->zone);
}

/* Without a limit nothing needs counting, and nothing is written down for each mail. */
static bool has_limits(const struct mes_limit_rules *rules)
{
    return rules->per_minute > 0 || rules->per_hour > 0 || rules->per_day > 0;
}

int64_t mes_account_state_ready_at(const struct mes_account_state *state, uint32_t recipients, bool is_bulk,
                                   int64_t now, bool *is_resting_out)
{
    int64_t rested = mes_health_ready_at(&state->health, now);
    *is_resting_out = rested != 0;
    return rested != 0 ? rested : mes_limit_ready_at(&state->limit, &state->rules, recipients, is_bulk, now);
}

struct mes_account_taking mes_account_state_begin(struct mes_account_state *state, uint32_t recipients,
                                                  int64_t now)
{
    /* The relay counts the archive's copy like any other. */
    recipients += state->settings->archive_bcc[0] != '\0';
    if (has_limits(&state->rules))
        mes_limit_take(&state->limit, &state->rules, recipients, now);
    return (struct mes_account_taking){
        .is_probe = mes_health_begin(&state->health), .taken = recipients, .taken_at = now};
}

void mes_account_state_keep_health(struct mes_account_state *state)
{
    state->health.fingerprint = fingerprint_of(state);
    mes_health_save(&state->health, state->memory, state->settings->identity);
}

static void learn(struct mes_account_state *state, const struct mes_verdict *verdict, uint32_t value,
                  int64_t now)
{
    mes_limit_learn(&state->limit, &state->rules, verdict->learn, value, now);
    mes_limit_save(&state->limit, state->memory, state->settings->identity);
}

static void let_rest(struct mes_account_state *state, const struct mes_account_taking *use,
                     const struct mes_verdict *verdict, int64_t now)
{
    uint32_t random = 0;
    if (mes_random_bytes(&random, sizeof random, NULL) != 0)
        random = 0; /* only less jitter */
    mes_health_on_failure(&state->health, verdict, use->is_probe, now, random);
    state->rest_class = verdict->class_;
    mes_account_state_keep_health(state);
}

void mes_account_state_judge(struct mes_account_state *state, struct mes_account_taking *use,
                             const struct mes_verdict *verdict, uint32_t value, int64_t now)
{
    if (verdict->next == MES_NEXT_DONE || verdict->next == MES_NEXT_DOUBT)
        use->accepted++;
    if (verdict->learn != MES_LEARN_NONE)
        learn(state, verdict, value, now);
    if (use->is_judged || (verdict->next != MES_NEXT_DONE && verdict->rest == MES_REST_NONE))
        return;
    use->is_judged = true;
    if (verdict->rest != MES_REST_NONE)
        let_rest(state, use, verdict, now);
    else if (mes_health_on_success(&state->health, use->is_probe))
        mes_account_state_keep_health(state);
}

void mes_account_state_end(struct mes_account_state *state, const struct mes_account_taking *use, int64_t now)
{
    mes_health_on_abandon(&state->health, use->is_probe && !use->is_judged);
    if (!has_limits(&state->rules))
        return;
    uint32_t accepted = use->accepted + (use->accepted > 0 && state->settings->archive_bcc[0] != '\0');
    if (accepted < use->taken)
        mes_limit_give_back(&state->limit, use->taken - accepted, use->taken_at, now);
    mes_limit_save(&state->limit, state->memory, state->settings->identity);
}

static uint32_t lower_of(uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

uint32_t mes_account_state_most_recipients(const struct mes_account_state *state, int64_t now)
{
    return lower_of(whole(state->settings->max_recipients_per_message),
                    mes_limit_recipients(&state->limit, now));
}

uint32_t mes_account_state_most_connections(const struct mes_account_state *state, int64_t now)
{
    uint32_t most =
        lower_of(whole(state->settings->max_connections), mes_limit_connections(&state->limit, now));
    return most > 0 ? most : 1;
}
