#include "delivery/probe.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/link.h"
#include "delivery/link_facts.h"
#include "delivery/relay_options.h"
#include "delivery/token.h"
#include "net/timer.h"

enum { MES_PROBE_MAGIC = 0x50524f42, MES_PROBE_IDLE_MS = 1000 };

struct mes_probe {
    unsigned magic;
    struct mes_probe_options options;
    char ehlo_name[MES_HOST_NAME_SPACE];
    struct mes_timer *timer; /* what must not happen inside another's call */
    struct mes_tls *tls;
    struct mes_route_search *search;
    struct mes_route route;
    struct mes_link *link;
    struct mes_token_wait token_wait;
    struct mes_secret *access; /* the link's */
    bool has_renewed_token;
    int64_t started;
    bool has_begun, is_over, is_cancelled;
    struct mes_probe_result result; /* its texts stand in `text`, `enhanced`, `tls_text` and `transcript` */
    struct mes_buf text, transcript;
    char enhanced[16];
    char tls_text[64];
};

static struct mes_probe *checked(void *context)
{
    struct mes_probe *probe = context;
    assert(probe->magic == MES_PROBE_MAGIC);
    return probe;
}

/* ---- the result ---- */

static void copy_text(char *out, size_t size, struct mes_str text)
{
    struct mes_str kept = mes_str_cut(text, 0, size - 1);
    if (kept.size > 0)
        memcpy(out, kept.data, kept.size);
    out[kept.size] = '\0';
}

/* Keeps the facts; they are told in the next turn. */
static void end(struct mes_probe *probe, const struct mes_verdict_input *facts,
                const struct mes_evidence *evidence)
{
    const struct mes_account *account = probe->options.account;
    struct mes_probe_result *result = &probe->result;
    result->facts = *facts;
    mes_buf_clear(&probe->text);
    mes_buf_add_str(&probe->text, facts->text);
    copy_text(probe->enhanced, sizeof probe->enhanced, facts->enhanced);
    copy_text(probe->tls_text, sizeof probe->tls_text, mes_str_of(evidence != NULL ? evidence->tls : ""));
    if (evidence != NULL)
        mes_buf_add_str(&probe->transcript, evidence->transcript);
    result->facts.text = mes_buf_str(&probe->text);
    result->facts.enhanced = mes_str_of(probe->enhanced);
    result->facts.provider = mes_str_of(account->provider != NULL ? account->provider->id : "");
    result->facts.from_is_own = true;
    result->tls = probe->tls_text;
    result->transcript = mes_buf_str(&probe->transcript);
    result->verdict = (struct mes_verdict){.next = MES_NEXT_DONE, .advice_id = ""};
    if (!result->works)
        mes_verdict_decide(&result->facts, &result->verdict);
    probe->is_over = true;
    mes_timer_start(probe->timer, 0);
}

static void end_well(struct mes_probe *probe, const struct mes_evidence *evidence)
{
    bool has_login = probe->options.account->password_authentication;
    const struct mes_verdict_input facts = {.step = has_login ? MES_STEP_AUTH : MES_STEP_EHLO,
                                            .cause = MES_CAUSE_REPLY,
                                            .code = has_login ? 235 : 250};
    probe->result.works = true;
    end(probe, &facts, evidence);
}

static void end_by_error(struct mes_probe *probe, enum mes_step step, enum mes_cause cause,
                         const struct mes_error *error)
{
    char text[512];
    const struct mes_verdict_input facts = {
        .step = step,
        .cause = cause,
        .text = mes_str_of(mes_error_text(error, MES_EN, text, sizeof text)),
    };
    end(probe, &facts, NULL);
}

/* ---- the connection ---- */

static struct mes_dispatch *on_wants_mail(void *context, struct mes_link *link, unsigned *most_recipients_out)
{
    (void)context;
    (void)link;
    *most_recipients_out = 0;
    return NULL;
}

/* Logged in: in the next turn it says QUIT. */
static void on_ready(void *context, struct mes_link *link)
{
    struct mes_probe *probe = checked(context);
    (void)link;
    mes_timer_start(probe->timer, 0);
}

static void on_learned(void *context, struct mes_link *link, enum mes_smtp_fact fact)
{
    (void)context;
    (void)link;
    (void)fact;
}

/* True: the next token is tried, in the next turn; once. */
static bool renews_access(struct mes_probe *probe, const struct mes_link_end *link_end)
{
    if (probe->access == NULL || !mes_link_end_is_token_refused(link_end))
        return false;
    mes_token_refuse(probe->options.token, probe->access);
    if (probe->has_renewed_token)
        return false;
    probe->has_renewed_token = true;
    probe->has_begun = false;
    mes_timer_start(probe->timer, 0);
    return true;
}

static void on_ended(void *context, struct mes_link *link, const struct mes_link_end *link_end)
{
    struct mes_probe *probe = checked(context);
    (void)link;
    probe->link = NULL;
    if (probe->is_cancelled)
        return;
    probe->result.mechanism = mes_smtp_mechanism_word(link_end->mechanism);
    if (link_end->was_ready)
        end_well(probe, link_end->evidence);
    else if (!renews_access(probe, link_end))
        end(probe, &link_end->facts, link_end->evidence);
}

static void open_link(struct mes_probe *probe)
{
    const struct mes_account *account = probe->options.account;
    const struct mes_clock *clock = mes_loop_clock(probe->options.loop);
    struct mes_link_options options = {
        .loop = probe->options.loop,
        .conn = mes_relay_options_conn(account, probe->tls, &probe->route),
        .smtp = mes_relay_options_smtp(account, probe->ehlo_name, clock),
        .addresses = &probe->route.addresses,
        .idle_ms = MES_PROBE_IDLE_MS,
        .archive_bcc = "",
        .wants_transcript = true,
    };
    const struct mes_link_events events = {.on_wants_mail = on_wants_mail,
                                           .on_ready = on_ready,
                                           .on_learned = on_learned,
                                           .on_ended = on_ended,
                                           .context = probe};
    struct mes_error error = {0};
    if (probe->access != NULL)
        options.smtp.token = probe->access;
    if (mes_link_new(&options, &events, &probe->link, &error) != 0)
        end_by_error(probe, MES_STEP_CONNECT, MES_CAUSE_INTERNAL, &error);
}

static void on_routed(void *context, const struct mes_route *route, const struct mes_verdict_input *facts)
{
    struct mes_probe *probe = checked(context);
    if (facts != NULL) {
        end(probe, facts, NULL);
        return;
    }
    probe->route = *route;
    open_link(probe);
}

static void look_up(struct mes_probe *probe)
{
    const struct mes_account *account = probe->options.account;
    struct mes_error error = {0};
    mes_tls_free(&probe->tls);
    if (mes_relay_options_tls(account, &probe->tls, &error) != 0) {
        end_by_error(probe, MES_STEP_TLS, MES_CAUSE_OWN_FILE, &error);
        return;
    }
    const struct mes_route_options options = {.account = account, .on_done = on_routed, .context = probe};
    if (mes_route_find(probe->options.loop, &options, &probe->search, &error) != 0)
        end_by_error(probe, MES_STEP_RESOLVE, MES_CAUSE_INTERNAL, &error);
}

/* With a copy: by the time of the login another one may be in force. */
static void take_token(struct mes_probe *probe)
{
    struct mes_error error = {0};
    mes_secret_free(&probe->access);
    probe->access = mes_secret_new(mes_secret_reveal(mes_token_access(probe->options.token)));
    if (probe->access != NULL) {
        look_up(probe);
        return;
    }
    (void)mes_fail_nomem(&error);
    end_by_error(probe, MES_STEP_AUTH, MES_CAUSE_INTERNAL, &error);
}

static void on_token(void *context, const struct mes_token_outcome *outcome)
{
    struct mes_probe *probe = checked(context);
    const struct mes_verdict_input facts = {
        .step = MES_STEP_AUTH, .cause = outcome->cause, .text = mes_str_of(outcome->text)};
    if (outcome->is_good)
        take_token(probe);
    else
        end(probe, &facts, NULL);
}

static void begin(struct mes_probe *probe)
{
    if (probe->options.account->transport == MES_ACCOUNT_TRANSPORT_CAPTURE) {
        end_well(probe, NULL);
    } else if (probe->options.token != NULL) {
        probe->token_wait = (struct mes_token_wait){.on_done = on_token, .context = probe};
        mes_token_want(probe->options.token, &probe->token_wait);
    } else {
        look_up(probe);
    }
}

/* ---- life ---- */

static void destroy(struct mes_probe *probe)
{
    mes_timer_free(&probe->timer);
    mes_tls_free(&probe->tls);
    mes_token_leave(&probe->token_wait);
    mes_secret_free(&probe->access);
    mes_buf_fini(&probe->text);
    mes_buf_fini(&probe->transcript);
    probe->magic = 0;
    mes_free(probe);
}

static void on_due(void *context)
{
    struct mes_probe *probe = checked(context);
    if (!probe->has_begun) {
        probe->has_begun = true;
        begin(probe);
    } else if (probe->is_over) {
        const struct mes_clock *clock = mes_loop_clock(probe->options.loop);
        probe->result.milliseconds = mes_clock_monotonic(clock) - probe->started;
        probe->options.on_done(probe->options.context, &probe->result);
        destroy(probe);
    } else if (probe->link != NULL) {
        mes_link_drain(probe->link);
    }
}

int mes_probe_start(const struct mes_probe_options *options, struct mes_probe **probe_out,
                    struct mes_error *error)
{
    struct mes_probe *probe = mes_alloc(sizeof *probe);
    if (probe == NULL)
        return mes_fail_nomem(error);
    probe->magic = MES_PROBE_MAGIC;
    probe->result.mechanism = "";
    probe->options = *options;
    probe->started = mes_clock_monotonic(mes_loop_clock(options->loop));
    mes_buf_init(&probe->text, SIZE_MAX);
    mes_buf_init(&probe->transcript, SIZE_MAX);
    int code = mes_timer_new(options->loop, on_due, probe, &probe->timer, error);
    if (code != 0) {
        mes_free(probe);
        return code;
    }
    mes_timer_start(probe->timer, 0);
    *probe_out = probe;
    return 0;
}

void mes_probe_cancel(struct mes_probe **probe)
{
    if (*probe == NULL)
        return;
    (*probe)->is_cancelled = true;
    mes_route_cancel(&(*probe)->search);
    if ((*probe)->link != NULL)
        mes_link_abort((*probe)->link);
    destroy(*probe);
    *probe = NULL;
}
