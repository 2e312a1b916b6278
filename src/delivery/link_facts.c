#include "delivery/link_facts.h"

#include "delivery/link.h"
#include "i18n/say.h"

static enum mes_cause cause_of_session(enum mes_smtp_cause cause)
{
    static const enum mes_cause causes[MES_SMTP_CAUSE_COUNT] = {
        [MES_SMTP_REPLIED] = MES_CAUSE_REPLY,
        [MES_SMTP_TIMEOUT] = MES_CAUSE_TIMEOUT,
        [MES_SMTP_CUT] = MES_CAUSE_CUT,
        [MES_SMTP_GARBAGE] = MES_CAUSE_GARBAGE,
        [MES_SMTP_OUT_OF_TURN] = MES_CAUSE_GARBAGE,
        [MES_SMTP_TLS_FAILED] = MES_CAUSE_TLS_FAILED,
        [MES_SMTP_NO_STARTTLS] = MES_CAUSE_NO_STARTTLS,
        [MES_SMTP_NO_AUTH] = MES_CAUSE_NO_AUTH,
        [MES_SMTP_PLAIN_PASSWORD] = MES_CAUSE_PLAIN_PASSWORD,
        [MES_SMTP_AUTH_TOO_WEAK] = MES_CAUSE_AUTH_TOO_WEAK,
        [MES_SMTP_UNPROVEN] = MES_CAUSE_UNPROVEN,
        [MES_SMTP_BAD_ROUNDS] = MES_CAUSE_BAD_ROUNDS,
        [MES_SMTP_LOGIN_UNFIT] = MES_CAUSE_LOGIN_UNFIT,
        [MES_SMTP_NO_SMTPUTF8] = MES_CAUSE_NO_SMTPUTF8,
        [MES_SMTP_NO_REQUIRETLS] = MES_CAUSE_NO_REQUIRETLS,
        [MES_SMTP_TOO_LARGE] = MES_CAUSE_TOO_LARGE,
        [MES_SMTP_BAD_ADDRESS] = MES_CAUSE_INTERNAL,
        [MES_SMTP_NOT_TRIED] = MES_CAUSE_CUT, /* these two never get here: */
        [MES_SMTP_LEFT] = MES_CAUSE_CUT,      /* the recipient is simply still open */
        [MES_SMTP_CANCELLED] = MES_CAUSE_CANCELLED,
        [MES_SMTP_BODY_FAILED] = MES_CAUSE_INTERNAL,
        [MES_SMTP_NO_MEMORY] = MES_CAUSE_INTERNAL,
    };
    return causes[cause];
}

void mes_link_facts(const struct mes_smtp_outcome *outcome, const struct mes_smtp_result *result,
                    struct mes_verdict_input *facts_out)
{
    bool is_reply = outcome->cause == MES_SMTP_REPLIED;
    /* A recipient that RCPT refused got nothing, even if the dot went out for the others. */
    bool was_refused_before = is_reply && outcome->step < MES_STEP_BODY;
    *facts_out = (struct mes_verdict_input){
        .step = outcome->step,
        .cause = cause_of_session(outcome->cause),
        .code = outcome->code,
        .enhanced = outcome->enhanced,
        .text = outcome->text,
        .dot_written = result != NULL && result->dot_written && !was_refused_before,
        .accepted = result != NULL ? result->accepted : 0,
        .by_token = outcome->by_token,
    };
    if (!is_reply && outcome->text.size == 0)
        facts_out->text = mes_str_of(mes_say_text(MES_EN, mes_smtp_cause_sentence(outcome->cause)));
}

static enum mes_cause cause_of_conn(const struct mes_conn_failure *failure)
{
    static const enum mes_cause causes[] = {
        [MES_CONN_CAUSE_NONE] = MES_CAUSE_CUT,
        [MES_CONN_CAUSE_REFUSED] = MES_CAUSE_REFUSED,
        [MES_CONN_CAUSE_UNREACHABLE] = MES_CAUSE_UNREACHABLE,
        [MES_CONN_CAUSE_TIMEOUT] = MES_CAUSE_TIMEOUT,
        [MES_CONN_CAUSE_RESET] = MES_CAUSE_CUT,
        [MES_CONN_CAUSE_CLOSED] = MES_CAUSE_CUT,
        [MES_CONN_CAUSE_PROXY_LOGIN] = MES_CAUSE_PROXY_LOGIN,
        [MES_CONN_CAUSE_PROXY_REFUSED] = MES_CAUSE_PROXY,
        [MES_CONN_CAUSE_PROXY_RELAY] = MES_CAUSE_PROXY_RELAY,
        [MES_CONN_CAUSE_NO_PROXY] = MES_CAUSE_NO_PROXY,
        [MES_CONN_CAUSE_INJECTED] = MES_CAUSE_GARBAGE,
        [MES_CONN_CAUSE_PLAIN_PEER] = MES_CAUSE_TLS_NOT_SPOKEN,
        [MES_CONN_CAUSE_TLS_VERSION] = MES_CAUSE_TLS_FAILED,
        [MES_CONN_CAUSE_TLS] = MES_CAUSE_TLS_FAILED,
        [MES_CONN_CAUSE_CLIENT_CERTIFICATE] = MES_CAUSE_TLS_FAILED,
        [MES_CONN_CAUSE_NAME] = MES_CAUSE_CERTIFICATE_NAME,
        [MES_CONN_CAUSE_EXPIRED] = MES_CAUSE_CERTIFICATE_TIME,
        [MES_CONN_CAUSE_NOT_YET_VALID] = MES_CAUSE_CERTIFICATE_TIME,
        [MES_CONN_CAUSE_SELF_SIGNED] = MES_CAUSE_CERTIFICATE_ISSUER,
        [MES_CONN_CAUSE_UNTRUSTED] = MES_CAUSE_CERTIFICATE_ISSUER,
        [MES_CONN_CAUSE_CERTIFICATE] = MES_CAUSE_CERTIFICATE,
        [MES_CONN_CAUSE_NO_MEMORY] = MES_CAUSE_INTERNAL,
        [MES_CONN_CAUSE_SYSTEM] = MES_CAUSE_INTERNAL,
    };
    enum mes_cause cause = causes[failure->cause];
    if (failure->stage == MES_CONN_STAGE_CONNECT && failure->cause == MES_CONN_CAUSE_RESET)
        return MES_CAUSE_REFUSED;
    /* What a connection to the relay may die of is one thing to tell when it was the proxy's. */
    if (failure->stage == MES_CONN_STAGE_PROXY && cause < MES_CAUSE_PROXY)
        return MES_CAUSE_PROXY_DOWN;
    return cause;
}

static enum mes_step step_of_conn(const struct mes_conn_failure *failure)
{
    switch (failure->stage) {
    case MES_CONN_STAGE_PROXY:
        return MES_STEP_PROXY;
    case MES_CONN_STAGE_TLS:
    case MES_CONN_STAGE_CERTIFICATE:
        return MES_STEP_TLS;
    default:
        return MES_STEP_CONNECT;
    }
}

/* Ports on which TLS is spoken from the first byte (RFC 8314; 994 is NetEase's). */
static bool is_tls_port(unsigned port)
{
    return port == 465 || port == 994;
}

static bool knows_only_the_end(enum mes_smtp_cause cause)
{
    return cause == MES_SMTP_CUT || cause == MES_SMTP_TLS_FAILED || cause == MES_SMTP_TIMEOUT;
}

void mes_link_refine_facts(const struct mes_smtp_outcome *outcome, const struct mes_conn_failure *failure,
                           bool was_silent, unsigned port, struct mes_verdict_input *facts)
{
    if (!knows_only_the_end(outcome->cause))
        return;
    if (outcome->step == MES_STEP_GREETING && was_silent && is_tls_port(port)) {
        facts->cause = MES_CAUSE_TLS_SPOKEN;
        return;
    }
    if (failure->cause == MES_CONN_CAUSE_NONE)
        return;
    facts->text = mes_str_of(failure->text);
    if (failure->cause != MES_CONN_CAUSE_CLOSED && failure->cause != MES_CONN_CAUSE_RESET)
        facts->cause = cause_of_conn(failure);
    if (failure->stage == MES_CONN_STAGE_TLS || failure->stage == MES_CONN_STAGE_CERTIFICATE)
        facts->step = MES_STEP_TLS;
}

void mes_link_conn_facts(const struct mes_conn_failure *failure, struct mes_verdict_input *facts_out)
{
    *facts_out = (struct mes_verdict_input){
        .step = step_of_conn(failure),
        .cause = cause_of_conn(failure),
        .text = mes_str_of(failure->text),
    };
}

void mes_link_resolve_facts(const struct mes_resolve_result *result, struct mes_verdict_input *facts_out)
{
    static const enum mes_cause causes[] = {
        [MES_RESOLVE_OK] = MES_CAUSE_INTERNAL,        [MES_RESOLVE_NOT_FOUND] = MES_CAUSE_NO_NAME,
        [MES_RESOLVE_NO_ADDRESS] = MES_CAUSE_NO_NAME, [MES_RESOLVE_TIMEOUT] = MES_CAUSE_TIMEOUT,
        [MES_RESOLVE_SERVER] = MES_CAUSE_NO_RESOLVER, [MES_RESOLVE_NO_MEMORY] = MES_CAUSE_INTERNAL,
    };
    *facts_out = (struct mes_verdict_input){
        .step = MES_STEP_RESOLVE,
        .cause = causes[result->cause],
        .text = mes_str_of(result->text),
    };
}

bool mes_link_end_is_token_refused(const struct mes_link_end *end)
{
    return end->facts.by_token && end->facts.cause == MES_CAUSE_REPLY && end->facts.code / 100 == 5;
}
