#include "mes/sender.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/zone.h"
#include "delivery/account_state.h"
#include "delivery/candidates.h"
#include "delivery/identity.h"
#include "delivery/job.h"
#include "delivery/memory_ram.h"
#include "delivery/pool.h"
#include "delivery/router.h"
#include "delivery/token.h"
#include "i18n/say.h"
#include "net/loop.h"
#include "net/timer.h"

enum { MES_SENDER_MAGIC = 0x53454e44, MES_LANGUAGES_SPACE = 1024 };

/* A submitted message. */
struct mes_submission {
    struct mes_submission *next;
    struct mes_job *job;
    void (*on_done)(void *context, struct mes_report *report);
    void *context;
};

struct mes_sender {
    unsigned magic;
    const struct mes_account_list *list;
    struct mes_sender_options options;
    char *only; /* the one account that may be used; NULL: all */
    struct mes_memory memory;
    struct mes_memory_ram *ram;
    struct mes_loop *loop;
    struct mes_tokens *tokens;
    struct mes_timer *timer; /* paced and waiting mails */
    struct mes_account_state *accounts;
    size_t account_count;
    struct mes_job_host host;
    struct mes_submission *submissions;
    struct mes_submission **last;
    atomic_int cancel_grace; /* -1: not cancelled; set by a signal handler */
    bool is_cancelled;
};

static struct mes_sender *checked(void *context)
{
    struct mes_sender *sender = context;
    assert(sender->magic == MES_SENDER_MAGIC);
    return sender;
}

/* ---- what transports tell ---- */

static void on_outcome(void *context, struct mes_dispatch *dispatch, size_t number,
                       const struct mes_verdict_input *facts)
{
    (void)context;
    mes_job_on_outcome(dispatch, number, facts);
}

static void on_done(void *context, struct mes_dispatch *dispatch)
{
    (void)context;
    mes_job_on_done(dispatch);
}

static void on_returned(void *context, struct mes_dispatch *dispatch)
{
    (void)context;
    mes_job_on_returned(dispatch);
}

static void on_trace(void *context, const char *account, char direction, struct mes_str line)
{
    const struct mes_sender *sender = checked(context);
    sender->options.on_trace(sender->options.context, account, direction, line.data, line.size);
}

/* ---- making and freeing ---- */

static int open_account(struct mes_sender *sender, size_t index, struct mes_error *error)
{
    struct mes_account_state *state = &sender->accounts[index];
    const struct mes_transport_events events = {.on_outcome = on_outcome,
                                                .on_done = on_done,
                                                .on_returned = on_returned,
                                                .on_trace =
                                                    sender->options.on_trace != NULL ? on_trace : NULL,
                                                .context = sender};
    const struct mes_account *settings = mes_account_list_at(sender->list, index);
    int code = mes_account_state_init(state, settings, &sender->memory, error);
    if (code != 0)
        return code;
    sender->account_count++;
    code = mes_account_state_take_token(state, sender->tokens, error);
    if (code == 0 && mes_candidates_is_smtp(settings))
        code = mes_pool_new(state, sender->loop, &events, &state->transport, error);
    return code;
}

static void on_due(void *context)
{
    (void)context; /* the turn of the loop was all that was wanted: step looks for work after each */
}

/* A remark in the conversation: nothing is wrong yet. */
static void on_token_notice(void *context, const char *account, const struct mes_error *notice)
{
    char text[1024];
    if (checked(context)->options.on_trace != NULL)
        on_trace(context, account, '*', mes_str_of(mes_error_text(notice, MES_EN, text, sizeof text)));
}

static int open_tokens(struct mes_sender *sender, struct mes_error *error)
{
    const struct mes_tokens_options options = {sender->loop, NULL, on_token_notice, sender};
    return mes_tokens_new(&options, &sender->tokens, error);
}

static int open_memory(struct mes_sender *sender, struct mes_error *error)
{
    if (sender->options.memory != NULL) {
        sender->memory = *sender->options.memory;
        return 0;
    }
    sender->ram = mes_memory_ram_new();
    if (sender->ram == NULL)
        return mes_fail_nomem(error);
    sender->memory = mes_memory_ram_face(sender->ram);
    return 0;
}

static int open_accounts(struct mes_sender *sender, struct mes_error *error)
{
    size_t count = mes_account_list_count(sender->list);
    int code = 0;
    sender->accounts = mes_alloc(count * sizeof *sender->accounts);
    if (sender->accounts == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < count && code == 0; i++)
        code = open_account(sender, i, error);
    return code;
}

static int choose_account(struct mes_sender *sender, struct mes_error *error)
{
    if (sender->options.account == NULL)
        return 0;
    const struct mes_account *wished =
        mes_account_list_find(sender->list, mes_str_of(sender->options.account));
    if (wished == NULL)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_delivery_no_such_account,
                        MES_ARGS(sender->options.account));
    sender->only = mes_copy(wished->identity, strlen(wished->identity));
    return sender->only != NULL ? 0 : mes_fail_nomem(error);
}

static int open_sender(struct mes_sender *sender, struct mes_error *error)
{
    int code = mes_loop_new(NULL, &sender->loop, error);
    if (code == 0)
        code = mes_timer_new(sender->loop, on_due, sender, &sender->timer, error);
    if (code == 0)
        code = open_tokens(sender, error);
    if (code == 0)
        code = open_memory(sender, error);
    if (code == 0)
        code = choose_account(sender, error);
    if (code == 0)
        code = open_accounts(sender, error);
    sender->host = (struct mes_job_host){
        .failover = {.accounts = sender->accounts,
                     .clock = mes_clock_system(),
                     .any = mes_account_list_globals(sender->list)->failover_on == MES_FAILOVER_ON_ANY},
        .account_count = sender->account_count,
        .is_bulk = sender->options.bulk,
        .retry_for_ms = sender->options.retry_for_ms,
        .on_result = sender->options.on_result,
        .context = sender->options.context,
    };
    return code;
}

int mes_sender_new(const struct mes_account_list *list, const struct mes_sender_options *options,
                   struct mes_sender **sender_out, struct mes_error *error)
{
    struct mes_sender *sender = mes_alloc(sizeof *sender);
    if (sender == NULL)
        return mes_fail_nomem(error);
    sender->magic = MES_SENDER_MAGIC;
    sender->list = list;
    if (options != NULL)
        sender->options = *options;
    sender->last = &sender->submissions;
    atomic_init(&sender->cancel_grace, -1);
    int code = open_sender(sender, error);
    if (code != 0) {
        mes_sender_free(&sender);
        return code;
    }
    *sender_out = sender;
    return 0;
}

static void finish(struct mes_sender *sender, struct mes_submission *submission)
{
    struct mes_submission **at = &sender->submissions;
    while (*at != submission)
        at = &(*at)->next;
    *at = submission->next;
    if (*at == NULL)
        sender->last = at;
    struct mes_report *report = mes_job_take_report(submission->job);
    mes_job_free(&submission->job);
    submission->on_done(submission->context, report);
    mes_free(submission);
}

static void free_accounts(struct mes_sender *sender)
{
    for (size_t i = 0; i < sender->account_count; i++)
        if (sender->accounts[i].transport != NULL)
            sender->accounts[i].transport->face->free(&sender->accounts[i].transport);
    /* Every dispatch has come back now, so the jobs can be brought to their end. */
    while (sender->submissions != NULL) {
        mes_job_cancel(sender->submissions->job);
        (void)mes_job_work(sender->submissions->job);
        finish(sender, sender->submissions);
    }
    for (size_t i = 0; i < sender->account_count; i++)
        mes_account_state_fini(&sender->accounts[i]);
    mes_free(sender->accounts);
}

void mes_sender_free(struct mes_sender **sender)
{
    if (*sender == NULL)
        return;
    free_accounts(*sender);
    mes_tokens_free(&(*sender)->tokens);
    mes_timer_free(&(*sender)->timer);
    mes_loop_free(&(*sender)->loop);
    mes_memory_ram_free(&(*sender)->ram);
    mes_free((*sender)->only);
    (*sender)->magic = 0;
    mes_free(*sender);
    *sender = NULL;
}

/* ---- submitting ---- */

/* Which accounts this message may use. `*flags_out` is the caller's. */
static int find_candidates(const struct mes_sender *sender, const char *from, bool **flags_out,
                           struct mes_error *error)
{
    const struct mes_candidates candidates = {
        .accounts = sender->accounts,
        .count = sender->account_count,
        .only = sender->only,
        .is_bulk = sender->options.bulk,
        .requires_from = mes_account_list_globals(sender->list)->from_policy == MES_FROM_POLICY_REQUIRE,
    };
    return mes_candidates_find(&candidates, from, flags_out, error);
}

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');
    return at != NULL ? at + 1 : "localhost";
}

static int compile(struct mes_sender *sender, const struct mes_message *message,
                   struct mes_compose_job **job_out, struct mes_error *error)
{
    const struct mes_account_globals *globals = mes_account_list_globals(sender->list);
    struct mes_zone *zone = NULL;
    struct mes_buf languages;
    int code = mes_zone_load(globals->time_zone, &zone, error);
    if (code != 0)
        return code;
    mes_buf_init(&languages, MES_LANGUAGES_SPACE);
    for (size_t i = 0; i < globals->language_fallback.count; i++) {
        mes_buf_add_text(&languages, i > 0 ? "," : "");
        mes_buf_add_text(&languages, globals->language_fallback.texts[i]);
    }
    const struct mes_compose_options options = {
        .domain = domain_of(mes_account_list_at(sender->list, 0)->from_address),
        .clock = mes_clock_system(),
        .zone_minutes = mes_zone_offset(zone, mes_clock_wall(mes_clock_system())) / 60,
        .language_fallback = languages.size > 0 ? mes_buf_text(&languages) : NULL,
    };
    code = mes_compose_job_new(message, &options, job_out, error);
    mes_buf_fini(&languages);
    mes_zone_free(&zone);
    return code;
}

int mes_submit(struct mes_sender *sender, const struct mes_message *message,
               void (*done)(void *context, struct mes_report *report), void *context, struct mes_error *error)
{
    struct mes_compose_job *compiled = NULL;
    bool *is_candidate = NULL;
    int code = compile(sender, message, &compiled, error);
    if (code != 0)
        return code;
    code = find_candidates(sender, mes_compose_job_wishes(compiled)->from_address, &is_candidate, error);
    if (code != 0) {
        mes_compose_job_release(&compiled);
        return code;
    }
    struct mes_submission *submission = mes_alloc(sizeof *submission);
    struct mes_job *job = mes_job_new(&sender->host, compiled, is_candidate);
    if (submission == NULL || job == NULL) {
        mes_job_free(&job);
        mes_free(submission);
        return mes_fail_nomem(error);
    }
    *submission = (struct mes_submission){.job = job, .on_done = done, .context = context};
    if (sender->is_cancelled)
        mes_job_cancel(job);
    *sender->last = submission;
    sender->last = &submission->next;
    mes_loop_wake(sender->loop); /* a foreign loop that waits already has to step */
    return 0;
}

/* ---- rendering without sending ---- */

static const struct mes_account *first_candidate(const struct mes_sender *sender, const bool *is_candidate)
{
    size_t i = 0;
    while (!is_candidate[i])
        i++;
    return sender->accounts[i].settings;
}

static int gather(struct mes_wire *wire, char **bytes_out, size_t *size_out, struct mes_error *error)
{
    struct mes_buf all;
    mes_buf_init(&all, SIZE_MAX);
    int code = mes_compose_wire_gather(wire, &all, error);
    if (code == 0)
        *bytes_out = mes_buf_take(&all, size_out);
    mes_buf_fini(&all);
    return code != 0 || *bytes_out != NULL ? code : mes_fail_nomem(error);
}

int mes_sender_render(struct mes_sender *sender, const struct mes_message *message, size_t index,
                      char **bytes_out, size_t *size_out, struct mes_error *error)
{
    struct mes_compose_job *compiled = NULL;
    bool *is_candidate = NULL;
    struct mes_wire wire;
    int code = compile(sender, message, &compiled, error);
    if (code != 0)
        return code;
    mes_compose_wire_init(&wire);
    const struct mes_compose_wishes *wishes = mes_compose_job_wishes(compiled);
    code = find_candidates(sender, wishes->from_address, &is_candidate, error);
    if (code == 0) {
        const struct mes_account *account = first_candidate(sender, is_candidate);
        const struct mes_identity identity = mes_delivery_identity(account, account, wishes);
        code = mes_compose_job_render(compiled, index, &identity, &wire, error);
    }
    if (code == 0)
        code = gather(&wire, bytes_out, size_out, error);
    mes_free(is_candidate);
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&compiled);
    return code;
}

void mes_sender_release(char **bytes)
{
    mes_free(*bytes);
    *bytes = NULL;
}

/* ---- the loop ---- */

static void take_cancel(struct mes_sender *sender)
{
    int grace = atomic_load(&sender->cancel_grace);
    if (grace < 0 || sender->is_cancelled)
        return;
    sender->is_cancelled = true;
    for (struct mes_submission *at = sender->submissions; at != NULL; at = at->next)
        mes_job_cancel(at->job);
    for (size_t i = 0; i < sender->account_count; i++)
        if (sender->accounts[i].transport != NULL)
            sender->accounts[i].transport->face->cancel(sender->accounts[i].transport, grace);
}

/* True when a message came to its end. */
static bool work(struct mes_sender *sender)
{
    int64_t next_due = INT64_MAX;
    bool has_ended = false;
    for (struct mes_submission *at = sender->submissions, *next; at != NULL; at = next) {
        int64_t due = mes_job_work(at->job);
        next = at->next;
        next_due = due < next_due ? due : next_due;
        if (mes_job_is_done(at->job)) {
            finish(sender, at);
            has_ended = true;
        }
    }
    if (next_due == INT64_MAX)
        mes_timer_stop(sender->timer);
    else
        mes_timer_start(sender->timer, next_due - mes_clock_monotonic(sender->host.failover.clock));
    return has_ended;
}

static bool step(struct mes_sender *sender, int timeout_ms)
{
    bool has_ended = work(sender); /* whoever waits for it wants to know now */
    mes_loop_step(sender->loop, has_ended ? 0 : timeout_ms);
    take_cancel(sender);
    (void)work(sender);
    return sender->submissions != NULL;
}

bool mes_sender_step(struct mes_sender *sender)
{
    return step(checked(sender), 0);
}

bool mes_sender_wait(struct mes_sender *sender, int timeout_ms)
{
    return step(checked(sender), timeout_ms);
}

void mes_sender_wake(struct mes_sender *sender)
{
    mes_loop_wake(sender->loop);
}

int mes_sender_fd(const struct mes_sender *sender)
{
    return mes_loop_fd(sender->loop);
}

int mes_sender_timeout_ms(const struct mes_sender *sender)
{
    return mes_loop_timeout_ms(sender->loop);
}

void mes_sender_cancel(struct mes_sender *sender, int grace_ms)
{
    atomic_store(&sender->cancel_grace, grace_ms > 0 ? grace_ms : 0);
    mes_loop_wake(sender->loop);
}

bool mes_sender_withdraw(struct mes_sender *sender, const void *context)
{
    struct mes_submission *at = sender->submissions;
    while (at != NULL && at->context != context)
        at = at->next;
    if (at == NULL)
        return false;
    mes_job_cancel(at->job);
    for (size_t i = 0; i < sender->account_count; i++)
        if (sender->accounts[i].transport != NULL && sender->accounts[i].transport->face->sift != NULL)
            sender->accounts[i].transport->face->sift(sender->accounts[i].transport);
    mes_loop_wake(sender->loop);
    return true;
}

struct mes_send_wait {
    struct mes_report *report;
    bool is_done;
};

static void on_sent(void *context, struct mes_report *report)
{
    struct mes_send_wait *wait = context;
    wait->report = report;
    wait->is_done = true;
}

int mes_send(struct mes_sender *sender, const struct mes_message *message, struct mes_report **report_out,
             struct mes_error *error)
{
    struct mes_send_wait wait = {0};
    int code = mes_submit(sender, message, on_sent, &wait, error);
    while (code == 0 && !wait.is_done)
        (void)step(checked(sender), -1);
    if (code == 0 && wait.report == NULL)
        code = mes_fail_nomem(error);
    if (code == 0)
        *report_out = wait.report;
    return code;
}
