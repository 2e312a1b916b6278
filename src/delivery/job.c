#include "delivery/job.h"

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/backoff.h"
#include "delivery/failover.h"
#include "delivery/identity.h"
#include "delivery/transport.h"

enum { MES_JOB_WINDOW = 256 }; /* mails that are under way at a time; the rest costs no memory yet */

struct mes_job_mail {
    struct mes_job_mail *next;
    struct mes_delivery_mail mail;
    struct mes_dispatch dispatch;
    int64_t due; /* monotonic: of a paced or a waiting one */
};

struct mes_job {
    const struct mes_job_host *host;
    struct mes_compose_job *compiled;
    bool *is_candidate;
    const struct mes_account *first; /* the account that would send if all were well */
    struct mes_report *report;
    size_t next_index;          /* the next `to` to begin with */
    size_t active;              /* begun and not at an end, without those that wait for their next pass */
    struct mes_job_mail *ready; /* want an account now, in their order */
    struct mes_job_mail **ready_last;
    struct mes_job_mail *paced;   /* want one as soon as its limit has room */
    struct mes_job_mail *waiting; /* deferred, for the next pass */
    struct mes_job_mail *spare;
    int64_t retry_until;      /* monotonic */
    atomic_bool is_cancelled; /* the transports look at it too */
    bool has_failed;          /* memory ran out */
};

/* ---- lists ---- */

static void push(struct mes_job_mail **list, struct mes_job_mail *item)
{
    item->next = *list;
    *list = item;
}

static struct mes_job_mail *take(struct mes_job_mail **list)
{
    struct mes_job_mail *item = *list;
    if (item != NULL)
        *list = item->next;
    return item;
}

static void make_ready(struct mes_job *job, struct mes_job_mail *item)
{
    item->next = NULL;
    *job->ready_last = item;
    job->ready_last = &item->next;
}

static struct mes_job_mail *take_ready(struct mes_job *job)
{
    struct mes_job_mail *item = take(&job->ready);
    if (job->ready == NULL)
        job->ready_last = &job->ready;
    return item;
}

/* Makes ready what is due; returns when the next one is. */
static int64_t make_due_ready(struct mes_job *job, struct mes_job_mail **from, int64_t now)
{
    int64_t next_due = INT64_MAX;
    for (struct mes_job_mail **at = from; *at != NULL;) {
        struct mes_job_mail *item = *at;
        if (item->due > now) {
            next_due = item->due < next_due ? item->due : next_due;
            at = &item->next;
            continue;
        }
        *at = item->next;
        make_ready(job, item);
    }
    return next_due;
}

/* ---- a mail begins and ends ---- */

static struct mes_job_mail *item_of(struct mes_dispatch *dispatch)
{
    return (struct mes_job_mail *)(void *)((char *)dispatch - offsetof(struct mes_job_mail, dispatch));
}

/* Who is shown a mail as its `to` does not get it a second time as cc or bcc. */
static bool is_the_to(const struct mes_delivery_mail *mail, const char *address)
{
    return mes_str_eq_nocase(mes_str_of(mail->recipients[0].address), mes_str_of(address));
}

static int begin_mail(struct mes_job *job, struct mes_job_mail *item, size_t index)
{
    char message_id[MES_MESSAGE_ID_SPACE];
    size_t count = mes_compose_job_recipient_count(job->compiled);
    int code = mes_delivery_mail_init(&item->mail, index,
                                      mes_compose_job_message_id(job->compiled, index, message_id), count,
                                      job->host->account_count);
    if (code != 0)
        return code;
    item->mail.recipient_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct mes_compose_recipient recipient = mes_compose_job_recipient(job->compiled, index, i);
        if (i > 0 && is_the_to(&item->mail, recipient.address))
            continue;
        struct mes_delivery_recipient *mine = &item->mail.recipients[item->mail.recipient_count++];
        mine->address = recipient.address;
        mine->role = recipient.role;
    }
    item->dispatch = (struct mes_dispatch){.mail = &item->mail, .job = job->compiled, .owner = job};
    return 0;
}

static void end_mail(struct mes_job *job, struct mes_job_mail *item)
{
    if (mes_delivery_mail_report(&item->mail, job->report, job->host->on_result, job->host->context) != 0)
        job->has_failed = true;
    mes_delivery_mail_fini(&item->mail);
    push(&job->spare, item);
}

static void begin_mails(struct mes_job *job)
{
    size_t count = mes_compose_job_count(job->compiled);
    while (job->active < MES_JOB_WINDOW && job->next_index < count && !job->has_failed) {
        struct mes_job_mail *item = take(&job->spare);
        if (item == NULL)
            item = mes_alloc(sizeof *item);
        if (item == NULL || begin_mail(job, item, job->next_index) != 0) {
            mes_free(item);
            job->has_failed = true;
            return;
        }
        job->next_index++;
        job->active++;
        make_ready(job, item);
    }
}

/* ---- a pass ends ---- */

static void end_pass(struct mes_job *job, struct mes_job_mail *item, int64_t now)
{
    if (job->is_cancelled || job->has_failed)
        mes_delivery_mail_give_up(&item->mail); /* it had no full pass that could be judged */
    else
        mes_delivery_mail_end_pass(&item->mail);
    job->active--;
    if (!mes_delivery_mail_is_final(&item->mail)) {
        item->due = now + mes_backoff_ms(item->mail.passes, item->mail.retry_seconds);
        if (item->due <= job->retry_until) {
            mes_delivery_mail_begin_pass(&item->mail);
            push(&job->waiting, item);
            return;
        }
        mes_delivery_mail_give_up(&item->mail);
    }
    end_mail(job, item);
}

/* ---- a mail gets its account ---- */

static void give(struct mes_job *job, struct mes_job_mail *item, size_t account)
{
    struct mes_account_state *state = &job->host->failover.accounts[account];
    const struct mes_account *settings = state->settings;
    const struct mes_clock *clock = job->host->failover.clock;
    uint32_t amount = (uint32_t)mes_delivery_mail_open_count(&item->mail);
    struct mes_identity identity =
        mes_delivery_identity(settings, job->first, mes_compose_job_wishes(job->compiled));
    item->dispatch = (struct mes_dispatch){
        .mail = &item->mail,
        .job = job->compiled,
        .owner = job,
        .account = account,
        .identity = identity,
        .from_is_own =
            mes_str_eq_nocase(mes_str_of(identity.from_address), mes_str_of(settings->from_address)),
        .use = mes_account_state_begin(state, amount, mes_clock_wall(clock)),
        .started = mes_clock_monotonic(clock),
        .is_void = &job->is_cancelled,
    };
    state->transport->face->start(state->transport, &item->dispatch);
}

static void route(struct mes_job *job, struct mes_job_mail *item, int64_t now)
{
    const struct mes_router router = {
        .accounts = job->host->failover.accounts,
        .count = job->host->account_count,
        .is_candidate = job->is_candidate,
        .is_bulk = job->host->is_bulk,
    };
    struct mes_route route = {.kind = MES_ROUTE_NONE};
    int64_t wall = mes_clock_wall(job->host->failover.clock);
    if (job->is_cancelled || job->has_failed || mes_delivery_mail_open_count(&item->mail) == 0) {
        end_pass(job, item, now);
        return;
    }
    if (mes_router_choose(&router, &item->mail, wall, &route) != 0)
        job->has_failed = true;
    if (route.kind == MES_ROUTE_ACCOUNT) {
        give(job, item, route.account);
    } else if (route.kind == MES_ROUTE_WAIT) {
        item->due = now + (route.again > wall ? route.again - wall : 0);
        push(&job->paced, item);
    } else {
        end_pass(job, item, now);
    }
}

static void give_up_all(struct mes_job *job, struct mes_job_mail **list)
{
    for (struct mes_job_mail *item = take(list); item != NULL; item = take(list)) {
        mes_delivery_mail_give_up(&item->mail);
        end_mail(job, item);
    }
}

int64_t mes_job_work(struct mes_job *job)
{
    int64_t now = mes_clock_monotonic(job->host->failover.clock);
    int64_t paced_due =
        make_due_ready(job, &job->paced, job->is_cancelled || job->has_failed ? INT64_MAX : now);
    if (job->is_cancelled || job->has_failed)
        give_up_all(job, &job->waiting);
    size_t waiting = 0;
    for (const struct mes_job_mail *item = job->waiting; item != NULL; item = item->next)
        waiting += item->due <= now;
    job->active += waiting;
    int64_t waiting_due = make_due_ready(job, &job->waiting, now);
    begin_mails(job);
    while (job->ready != NULL) {
        route(job, take_ready(job), now);
        begin_mails(job);
    }
    return paced_due < waiting_due ? paced_due : waiting_due;
}

/* ---- what transports tell ---- */

void mes_job_on_outcome(struct mes_dispatch *dispatch, size_t number, const struct mes_verdict_input *facts)
{
    struct mes_job *job = dispatch->owner;
    if (mes_failover_outcome(&job->host->failover, dispatch, number, facts) != 0)
        job->has_failed = true;
}

void mes_job_on_done(struct mes_dispatch *dispatch)
{
    struct mes_job *job = dispatch->owner;
    mes_failover_end(&job->host->failover, dispatch);
    make_ready(job, item_of(dispatch));
}

void mes_job_on_returned(struct mes_dispatch *dispatch)
{
    mes_job_on_done(dispatch);
}

/* ---- the job ---- */

struct mes_job *mes_job_new(const struct mes_job_host *host, struct mes_compose_job *compiled,
                            bool *is_candidate)
{
    struct mes_job *job = mes_alloc(sizeof *job);
    struct mes_report *report = mes_delivery_report_new();
    if (job == NULL || report == NULL) {
        mes_free(job);
        mes_report_free(&report);
        mes_compose_job_release(&compiled);
        mes_free(is_candidate);
        return NULL;
    }
    job->host = host;
    job->compiled = compiled;
    job->is_candidate = is_candidate;
    job->report = report;
    job->ready_last = &job->ready;
    job->retry_until = mes_clock_monotonic(host->failover.clock) + host->retry_for_ms;
    for (size_t i = host->account_count; i-- > 0;)
        if (is_candidate[i])
            job->first = host->failover.accounts[i].settings;
    return job;
}

static void free_list(struct mes_job_mail **list, bool is_begun)
{
    for (struct mes_job_mail *item = take(list); item != NULL; item = take(list)) {
        if (is_begun)
            mes_delivery_mail_fini(&item->mail);
        mes_free(item);
    }
}

void mes_job_free(struct mes_job **job)
{
    if (*job == NULL)
        return;
    free_list(&(*job)->ready, true);
    free_list(&(*job)->paced, true);
    free_list(&(*job)->waiting, true);
    free_list(&(*job)->spare, false);
    mes_compose_job_release(&(*job)->compiled);
    mes_report_free(&(*job)->report);
    mes_free((*job)->is_candidate);
    mes_free(*job);
    *job = NULL;
}

void mes_job_cancel(struct mes_job *job)
{
    job->is_cancelled = true;
}

bool mes_job_is_done(const struct mes_job *job)
{
    bool all_begun = job->has_failed || job->next_index >= mes_compose_job_count(job->compiled);
    return all_begun && job->active == 0 && job->waiting == NULL;
}

struct mes_report *mes_job_take_report(struct mes_job *job)
{
    struct mes_report *report = job->has_failed ? NULL : job->report;
    if (report != NULL)
        job->report = NULL;
    return report;
}
