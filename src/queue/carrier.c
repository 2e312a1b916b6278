#include "queue/carrier.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "compose/job.h"
#include "delivery/token.h"
#include "queue/carrier_parts.h"
#include "queue/memory.h"
#include "queue/roster.h"

enum { MES_CARRIER_AGAIN_MS = 5 * 1000 }; /* for a mail that nothing can be done for now */

static int64_t wall_now(const struct mes_carrier *carrier)
{
    return mes_clock_wall(mes_loop_clock(carrier->loop));
}

/* ---- lists ---- */

static void start_timer(struct mes_carrier *carrier, int64_t delay_ms)
{
    mes_timer_start(carrier->timer, delay_ms);
}

void mes_carrier_make_ready(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    mail->next = NULL;
    *carrier->ready_last = mail;
    carrier->ready_last = &mail->next;
    start_timer(carrier, 0);
}

static struct mes_queue_mail *take_ready(struct mes_carrier *carrier)
{
    struct mes_queue_mail *mail = carrier->ready;
    if (mail == NULL)
        return NULL;
    carrier->ready = mail->next;
    if (carrier->ready == NULL)
        carrier->ready_last = &carrier->ready;
    mail->next = NULL;
    return mail;
}

/* Makes ready what is due, and starts the timer for the next one. */
static void wake_paced(struct mes_carrier *carrier, bool all)
{
    int64_t now = mes_loop_now(carrier->loop), next_due = INT64_MAX;
    struct mes_queue_mail *rest = carrier->paced, *next;
    carrier->paced = NULL;
    for (struct mes_queue_mail *mail = rest; mail != NULL; mail = next) {
        next = mail->next;
        if (all || mail->again <= now) {
            mes_carrier_make_ready(carrier, mail);
            continue;
        }
        next_due = mail->again < next_due ? mail->again : next_due;
        mail->next = carrier->paced;
        carrier->paced = mail;
    }
    if (next_due != INT64_MAX && carrier->ready == NULL)
        start_timer(carrier, next_due - now);
}

/* ---- fleets ---- */

struct mes_fleet *mes_carrier_fleet(const struct mes_carrier *carrier, const char *company)
{
    struct mes_fleet *general = NULL;
    for (struct mes_fleet *fleet = carrier->fleets; fleet != NULL; fleet = fleet->next) {
        if (fleet->is_retired)
            continue;
        if (fleet->company[0] == '\0')
            general = fleet;
        if (company[0] != '\0' && strcmp(fleet->company, company) == 0)
            return fleet;
    }
    return general;
}

static void forget_retired(struct mes_carrier *carrier)
{
    for (struct mes_fleet **at = &carrier->fleets; *at != NULL;) {
        struct mes_fleet *fleet = *at;
        if (!fleet->is_retired || fleet->in_flight > 0) {
            at = &fleet->next;
            continue;
        }
        mes_mutex_lock(&carrier->fleets_mutex);
        *at = fleet->next;
        mes_mutex_unlock(&carrier->fleets_mutex);
        mes_fleet_free(&fleet);
    }
}

/* ---- a mail begins ---- */

/* What earlier passes left behind. */
static void recall(struct mes_queue_mail *mail)
{
    struct mes_delivery_mail *delivery = &mail->delivery;
    delivery->passes = mail->progress.passes;
    delivery->transient_answers = mail->progress.transient_answers;
    delivery->first_transient_at = mail->progress.first_transient_at;
    if (mail->progress.keeper[0] != '\0')
        delivery->keeps_account = mes_fleet_find(mail->fleet, mail->progress.keeper);
    for (size_t i = 0; i < mail->row_count; i++) {
        struct mes_compose_recipient recipient =
            mes_compose_job_recipient(mail->batch->compiled, delivery->index, i);
        delivery->recipients[i].address = recipient.address;
        delivery->recipients[i].role = recipient.role;
        if (!mail->rows[i].is_open)
            delivery->recipients[i].fate = MES_FATE_FINAL;
    }
}

static bool begin(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    char message_id[MES_MESSAGE_ID_SPACE];
    size_t index = mail->delivery.index;
    mail->fleet = mes_carrier_fleet(carrier, mail->batch->company);
    if (mail->fleet == NULL ||
        mes_delivery_mail_init(&mail->delivery, index,
                               mes_compose_job_message_id(mail->batch->compiled, index, message_id),
                               mail->row_count, mail->fleet->count) != 0) {
        mail->fleet = NULL;
        return false;
    }
    mail->fleet->in_flight++;
    recall(mail);
    mail->candidates = mes_fleet_candidates(mail->fleet, mail, &mail->delivery.arena, &mail->has_candidate);
    return mail->candidates != NULL;
}

static void on_mail(void *context, struct mes_mailbox_item *item)
{
    struct mes_carrier *carrier = context;
    struct mes_queue_mail *mail = (struct mes_queue_mail *)item;
    atomic_fetch_add(&carrier->held, 1);
    if (begin(carrier, mail))
        mes_carrier_make_ready(carrier, mail);
    else
        mes_carrier_put_back(carrier, mail, wall_now(carrier) + MES_CARRIER_AGAIN_MS);
}

/* ---- turns ---- */

static void work(void *context)
{
    struct mes_carrier *carrier = context;
    for (struct mes_queue_mail *mail = take_ready(carrier); mail != NULL; mail = take_ready(carrier))
        mes_carrier_route(carrier, mail);
    wake_paced(carrier, carrier->is_draining);
    forget_retired(carrier);
    if (carrier->is_draining && atomic_load(&carrier->held) == 0 && carrier->on_drained != NULL) {
        void (*on_drained)(void *) = carrier->on_drained;
        carrier->on_drained = NULL;
        on_drained(carrier->drained_context);
    }
}

/* ---- what transports tell ---- */

static void on_outcome(void *context, struct mes_dispatch *dispatch, size_t number,
                       const struct mes_verdict_input *facts)
{
    struct mes_carrier *carrier = context;
    struct mes_queue_mail *mail = dispatch->owner;
    struct mes_carrier_health before = mes_carrier_health_of(mail->fleet, dispatch->account);
    mail->has_tried = true;
    if (mes_failover_outcome(&mail->fleet->failover, dispatch, number, facts) == 0)
        mes_carrier_keep_evidence(carrier, mail, number);
    const struct mes_delivery_recipient *recipient = &mail->delivery.recipients[number];
    if (recipient->fate == MES_FATE_FINAL && recipient->status == MES_STATUS_SENT)
        mes_carrier_note_sent(carrier, mail, dispatch->account);
    mes_carrier_tell_health(carrier, mail->fleet, dispatch->account, before);
}

/* A dot that stands in the database for an attempt that is over has to go before anything else happens. */
static void go_on(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    mes_failover_end(&mail->fleet->failover, &mail->dispatch);
    bool is_over = mes_delivery_mail_open_count(&mail->delivery) == 0;
    if (is_over && !mail->dot.is_posted) {
        mes_carrier_make_ready(carrier, mail);
        return;
    }
    mes_carrier_withdraw(carrier, mail);
    if (mes_carrier_is_dot_clear(mail))
        mes_carrier_make_ready(carrier, mail);
    else
        mail->dot.is_awaited = true;
}

static void on_done(void *context, struct mes_dispatch *dispatch)
{
    struct mes_queue_mail *mail = dispatch->owner;
    mes_carrier_update_gates(context, mail->fleet);
    go_on(context, mail);
}

static void on_returned(void *context, struct mes_dispatch *dispatch)
{
    go_on(context, dispatch->owner);
}

static void on_want_permit(void *context, struct mes_dispatch *dispatch)
{
    mes_carrier_want_permit(context, dispatch->owner);
}

static void on_withdrawn(void *context, struct mes_dispatch *dispatch)
{
    mes_carrier_withdraw(context, dispatch->owner);
}

/* ---- the carrier ---- */

static void on_request(void *context, struct mes_mailbox_item *item)
{
    struct mes_carrier_request *request = (struct mes_carrier_request *)item;
    request->run(request, context);
}

static int open_fleets(struct mes_carrier *carrier, struct mes_roster *roster, struct mes_fleet **first_out,
                       struct mes_error *error)
{
    const struct mes_transport_events events = {
        .on_outcome = on_outcome,
        .on_done = on_done,
        .on_returned = on_returned,
        .on_want_permit = on_want_permit,
        .on_withdrawn = on_withdrawn,
        .context = carrier,
        .wants_digest = true,
        .wants_transcript = true,
    };
    const struct mes_fleet_host host = {
        .loop = carrier->loop,
        .memory = &carrier->memory,
        .tokens = carrier->tokens,
        .events = &events,
        .on_captured = mes_carrier_on_captured,
    };
    *first_out = NULL;
    for (size_t i = 0; i < mes_roster_count(roster); i++) {
        struct mes_fleet *fleet = NULL;
        int code = mes_fleet_new(roster, mes_roster_at(roster, i), &host, &fleet, error);
        if (code != 0) {
            while ((fleet = *first_out) != NULL) {
                *first_out = fleet->next;
                mes_fleet_free(&fleet);
            }
            return code;
        }
        fleet->next = *first_out;
        *first_out = fleet;
    }
    return 0;
}

static void on_deadline(void *context)
{
    struct mes_carrier *carrier = context;
    for (struct mes_fleet *fleet = carrier->fleets; fleet != NULL; fleet = fleet->next)
        for (size_t i = 0; i < fleet->count; i++)
            fleet->accounts[i].transport->face->cancel(fleet->accounts[i].transport, 0);
}

static int open_inboxes(struct mes_carrier *carrier, struct mes_error *error)
{
    int code = mes_inbox_new(carrier->loop, on_mail, carrier, &carrier->mails, error);
    if (code == 0)
        code = mes_inbox_new(carrier->loop, mes_carrier_on_dot, carrier, &carrier->dots, error);
    if (code == 0)
        code = mes_inbox_new(carrier->loop, on_request, carrier, &carrier->requests, error);
    if (code == 0)
        code = mes_timer_new(carrier->loop, work, carrier, &carrier->timer, error);
    if (code == 0)
        code = mes_timer_new(carrier->loop, on_deadline, carrier, &carrier->deadline, error);
    return code;
}

static void on_token_notice(void *context, const char *account, const struct mes_error *notice)
{
    const struct mes_carrier *carrier = context;
    char text[1024];
    mes_log(carrier->log, MES_LOG_WARNING, "token.not_kept", MES_LOG_TEXT("account", account),
            MES_LOG_TEXT("problem", mes_error_text(notice, MES_EN, text, sizeof text)));
}

static int open_tokens(struct mes_carrier *carrier, struct mes_error *error)
{
    const struct mes_tokens_options options = {
        .loop = carrier->loop, .on_notice = on_token_notice, .context = carrier};
    return mes_tokens_new(&options, &carrier->tokens, error);
}

int mes_carrier_new(const struct mes_carrier_options *options, struct mes_carrier **carrier_out,
                    struct mes_error *error)
{
    struct mes_carrier *carrier = mes_alloc(sizeof *carrier);
    *carrier_out = NULL;
    if (carrier == NULL)
        return mes_fail_nomem(error);
    carrier->loop = options->loop;
    carrier->log = options->log;
    carrier->listener = options->listener;
    carrier->memory = mes_queue_memory_face(options->memory);
    carrier->ready_last = &carrier->ready;
    mes_mutex_init(&carrier->fleets_mutex);
    int code = open_inboxes(carrier, error);
    if (code == 0)
        code = open_tokens(carrier, error);
    if (code == 0)
        code = open_fleets(carrier, options->roster, &carrier->fleets, error);
    if (code != 0)
        mes_carrier_free(&carrier);
    *carrier_out = carrier;
    return code;
}

void mes_carrier_set_courier(struct mes_carrier *carrier, struct mes_courier *courier)
{
    carrier->courier = courier;
}

int mes_carrier_set_roster(struct mes_carrier *carrier, struct mes_roster *roster, struct mes_error *error)
{
    struct mes_fleet *first = NULL;
    int code = open_fleets(carrier, roster, &first, error);
    if (code != 0)
        return code;
    mes_mutex_lock(&carrier->fleets_mutex);
    struct mes_fleet **last = &first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = carrier->fleets;
    for (struct mes_fleet *old = carrier->fleets; old != NULL; old = old->next)
        old->is_retired = true;
    carrier->fleets = first;
    mes_mutex_unlock(&carrier->fleets_mutex);
    for (struct mes_fleet *old = *last; old != NULL; old = old->next)
        for (size_t i = 0; i < old->count; i++)
            old->accounts[i].transport->face->drain(old->accounts[i].transport);
    wake_paced(carrier, true);
    start_timer(carrier, 0);
    if (carrier->courier != NULL)
        mes_courier_nudge(carrier->courier);
    return 0;
}

void mes_carrier_drain(struct mes_carrier *carrier, int64_t grace_ms, void (*on_drained)(void *context),
                       void *context)
{
    carrier->is_draining = true;
    carrier->on_drained = on_drained;
    carrier->drained_context = context;
    for (struct mes_fleet *fleet = carrier->fleets; fleet != NULL; fleet = fleet->next)
        for (size_t i = 0; i < fleet->count; i++)
            fleet->accounts[i].transport->face->drain(fleet->accounts[i].transport);
    mes_timer_start(carrier->deadline, grace_ms);
    start_timer(carrier, 0);
}

void mes_carrier_free(struct mes_carrier **place)
{
    struct mes_carrier *carrier = *place;
    if (carrier == NULL)
        return;
    mes_carrier_cancel_checks(carrier);
    for (struct mes_fleet *fleet = carrier->fleets, *next; fleet != NULL; fleet = next) {
        next = fleet->next;
        mes_fleet_free(&fleet);
    }
    mes_tokens_free(&carrier->tokens);
    mes_timer_free(&carrier->timer);
    mes_timer_free(&carrier->deadline);
    mes_inbox_free(&carrier->mails);
    mes_inbox_free(&carrier->dots);
    mes_inbox_free(&carrier->requests);
    mes_mutex_fini(&carrier->fleets_mutex);
    mes_free(carrier);
    *place = NULL;
}

void mes_carrier_post(struct mes_carrier *carrier, struct mes_carrier_request *request)
{
    if (!mes_inbox_post(carrier->requests, &request->item))
        request->run(request, NULL);
}

size_t mes_carrier_in_flight(const struct mes_carrier *carrier)
{
    return atomic_load(&carrier->held);
}

void mes_carrier_hand(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    bool is_taken = mes_inbox_post(carrier->mails, &mail->item);
    assert(is_taken); /* the courier stops before the carrier is freed */
    (void)is_taken;
}

void mes_carrier_answer_dot(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    bool is_taken = mes_inbox_post(carrier->dots, &mail->dot.answer);
    assert(is_taken);
    (void)is_taken;
}

bool mes_carrier_holds_doubts(struct mes_carrier *carrier, const char *company, const char *account)
{
    bool holds = false;
    mes_mutex_lock(&carrier->fleets_mutex);
    const struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    size_t number = fleet != NULL ? mes_fleet_find(fleet, account) : SIZE_MAX;
    if (number != SIZE_MAX)
        holds = fleet->accounts[number].settings->on_doubt == MES_ON_DOUBT_HOLD;
    mes_mutex_unlock(&carrier->fleets_mutex);
    return holds;
}

int64_t mes_carrier_gate(struct mes_carrier *carrier, const char *company, int lane)
{
    mes_mutex_lock(&carrier->fleets_mutex);
    const struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    int64_t until = fleet != NULL ? atomic_load(&fleet->gates[lane].until) : INT64_MAX;
    mes_mutex_unlock(&carrier->fleets_mutex);
    return until;
}

int64_t mes_carrier_ill_ms(struct mes_carrier *carrier, const char *company, int lane, int64_t since)
{
    int64_t now = mes_clock_wall(mes_loop_clock(carrier->loop)), from = INT64_MAX, to = 0;
    mes_mutex_lock(&carrier->fleets_mutex);
    const struct mes_fleet *fleet = mes_carrier_fleet(carrier, company);
    if (fleet != NULL) {
        from = atomic_load(&fleet->gates[lane].ill_since);
        to = atomic_load(&fleet->gates[lane].ill_until);
    }
    mes_mutex_unlock(&carrier->fleets_mutex);
    from = from > since ? from : since;
    to = to < now ? to : now;
    return to > from ? to - from : 0;
}
