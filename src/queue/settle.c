/* A mail comes to the end of a pass: what delivery knows about it becomes an outcome for the database. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "compose/job.h"
#include "delivery/backoff.h"
#include "queue/carrier_parts.h"
#include "queue/flight.h"
#include "queue/jump.h"
#include "queue/retry.h"

enum { MES_SETTLE_MEMORY = 16 * 1024 * 1024 };

/* ---- evidence ---- */

static const char *hex_of(struct mes_arena *arena, const unsigned char *digest)
{
    char *text = digest != NULL ? mes_arena_alloc(arena, MES_DIGEST_HEX) : NULL;
    return text != NULL ? mes_digest_text(digest, text) : "";
}

static const char *copy_or_empty(struct mes_arena *arena, struct mes_str text)
{
    const char *copy = text.size > 0 ? mes_arena_copy(arena, text) : "";
    return copy != NULL ? copy : "";
}

void mes_carrier_keep_evidence(struct mes_carrier *carrier, struct mes_queue_mail *mail, size_t number)
{
    struct mes_arena *arena = &mail->delivery.arena;
    const struct mes_evidence *shown = mail->dispatch.evidence;
    struct mes_queue_evidence *kept = mes_arena_alloc(arena, sizeof *kept);
    if (kept == NULL)
        return;
    *kept = (struct mes_queue_evidence){
        .next = mail->evidence,
        .attempt = mail->delivery.recipients[number].last,
        .at = mes_clock_wall(mes_loop_clock(carrier->loop)),
        .sender = copy_or_empty(arena, mes_str_of(shown != NULL ? shown->sender : "")),
        .tls = copy_or_empty(arena, mes_str_of(shown != NULL ? shown->tls : "")),
        .digest = hex_of(arena, shown != NULL ? shown->sha256 : NULL),
        .transcript = copy_or_empty(arena, shown != NULL ? shown->transcript : MES_STR("")),
        .dsn = shown != NULL ? shown->dsn : MES_DSN_NONE,
    };
    mail->evidence = kept;
}

static const struct mes_queue_evidence *evidence_of(const struct mes_queue_mail *mail,
                                                    const struct mes_delivery_attempt *attempt)
{
    const struct mes_queue_evidence *at = mail->evidence;
    while (at != NULL && at->attempt != attempt)
        at = at->next;
    return at;
}

/* ---- attempts ---- */

static bool is_passed_over(const struct mes_delivery_attempt *attempt)
{
    return attempt->shown.step == MES_STEP_LIMIT;
}

/* Accounts that were passed over say why another one was taken; where none was, nothing was tried. */
static bool has_try(const struct mes_delivery_recipient *recipient)
{
    for (const struct mes_delivery_attempt *at = recipient->first; at != NULL; at = at->next)
        if (!is_passed_over(at))
            return true;
    return false;
}

static void add_attempt(const struct mes_queue_mail *mail, const struct mes_delivery_attempt *attempt,
                        struct mes_outcome_attempt *out)
{
    const struct mes_queue_evidence *evidence = evidence_of(mail, attempt);
    *out = (struct mes_outcome_attempt){
        .is_passed_over = is_passed_over(attempt),
        .at = evidence != NULL ? evidence->at : 0,
        .account = attempt->shown.account,
        .step = mes_step_name(attempt->shown.step),
        .class_ = mes_class_name(attempt->shown.class_),
        .code = attempt->shown.code,
        .enhanced = attempt->shown.enhanced,
        .reply = attempt->shown.reply,
        .advice_id = attempt->shown.advice_id,
        .dsn = evidence != NULL ? mes_dsn_name(evidence->dsn) : "",
        .milliseconds = attempt->shown.milliseconds,
        .sender = evidence != NULL ? evidence->sender : "",
        .tls = evidence != NULL ? evidence->tls : "",
        .digest = evidence != NULL ? evidence->digest : "",
    };
}

static bool add_attempts(struct mes_queue_mail *mail, const struct mes_delivery_recipient *recipient,
                         struct mes_outcome_row *row)
{
    struct mes_outcome_attempt *attempts =
        mes_arena_alloc(&mail->arena, (recipient->attempt_count + 1) * sizeof *attempts);
    if (attempts == NULL)
        return false;
    const struct mes_delivery_attempt *first = has_try(recipient) ? recipient->first : NULL;
    for (const struct mes_delivery_attempt *at = first; at != NULL; at = at->next)
        add_attempt(mail, at, &attempts[row->attempt_count++]);
    row->attempts = attempts;
    return true;
}

/* ---- what follows ---- */

struct settling {
    struct mes_carrier *carrier;
    struct mes_queue_mail *mail;
    int64_t now;
    int64_t deadline;
    int64_t retry_at; /* of what is deferred */
    int64_t doubt_at; /* of what is in doubt; 0: a person decides */
};

static bool is_doubt_resent(const struct settling *settling)
{
    const struct mes_queue_mail *mail = settling->mail;
    const struct mes_account *account = mail->fleet->accounts[mail->dispatch.account].settings;
    if (mail->batch->on_doubt != MES_DOUBT_ACCOUNT)
        return mail->batch->on_doubt == MES_DOUBT_RESEND;
    return account->on_doubt == MES_ON_DOUBT_RESEND;
}

static bool has_doubt(const struct mes_queue_mail *mail)
{
    for (size_t i = 0; i < mail->row_count; i++)
        if (mail->rows[i].is_open && mail->delivery.recipients[i].status == MES_STATUS_IN_DOUBT &&
            mail->delivery.recipients[i].fate == MES_FATE_FINAL)
            return true;
    return false;
}

static void plan_doubt(struct settling *settling)
{
    struct mes_queue_mail *mail = settling->mail;
    if (!has_doubt(mail))
        return;
    mail->progress.doubts++;
    (void)snprintf(mail->progress.keeper, sizeof mail->progress.keeper, "%s",
                   mail->fleet->accounts[mail->dispatch.account].settings->identity);
    int64_t wait = mes_retry_doubt_ms(mail->progress.doubts, false);
    if (wait >= 0 && is_doubt_resent(settling) && settling->now + wait <= settling->deadline)
        settling->doubt_at = settling->now + wait;
}

/* Every account was set up wrongly: `send` calls that failed, the service waits for better settings. */
static bool is_set_up_wrong(const struct mes_delivery_recipient *recipient)
{
    return recipient->status == MES_STATUS_FAILED && recipient->last_class == MES_CLASS_CONFIG;
}

static bool waits_for_retry(const struct mes_queue_mail *mail)
{
    for (size_t i = 0; i < mail->row_count; i++) {
        const struct mes_delivery_recipient *recipient = &mail->delivery.recipients[i];
        if (mail->rows[i].is_open && (recipient->fate != MES_FATE_FINAL || is_set_up_wrong(recipient)))
            return true;
    }
    return false;
}

static void plan_retry(struct settling *settling)
{
    struct mes_queue_mail *mail = settling->mail;
    const struct mes_delivery_mail *delivery = &mail->delivery;
    struct mes_progress *progress = &mail->progress;
    progress->passes = delivery->passes;
    progress->transient_answers = delivery->transient_answers;
    progress->first_transient_at = delivery->first_transient_at;
    if (progress->doubts == 0) {
        bool is_kept = delivery->keeps_account < mail->fleet->count;
        (void)snprintf(progress->keeper, sizeof progress->keeper, "%s",
                       is_kept ? mail->fleet->accounts[delivery->keeps_account].settings->identity : "");
    }
    if (waits_for_retry(mail))
        settling->retry_at = settling->now + mes_backoff_ms(delivery->passes, delivery->retry_seconds);
}

static void settle_deferred(const struct settling *settling, enum mes_class last, struct mes_outcome_row *row)
{
    bool is_stopped_by_us =
        settling->mail->dot.is_refused || (settling->carrier->is_draining && last == MES_CLASS_INTERNAL);
    if (settling->mail->dot.is_cancelled) {
        row->status = MES_STORE_STATUS_CANCELLED;
        row->is_final = true;
    } else if (is_stopped_by_us) {
        row->status = row->before; /* nothing has happened to it */
    } else if (settling->retry_at > settling->deadline) {
        row->status = MES_STORE_STATUS_FAILED;
        row->is_final = true;
    } else {
        row->status = MES_STORE_STATUS_DEFERRED;
    }
}

static void settle_row(const struct settling *settling, const struct mes_delivery_recipient *recipient,
                       struct mes_outcome_row *row)
{
    if (recipient->fate != MES_FATE_FINAL || is_set_up_wrong(recipient)) {
        settle_deferred(settling, recipient->last_class, row);
    } else if (recipient->status == MES_STATUS_IN_DOUBT) {
        row->status = MES_STORE_STATUS_IN_DOUBT;
        row->is_final = settling->doubt_at == 0;
    } else {
        row->status = recipient->status == MES_STATUS_SENT ? MES_STORE_STATUS_SENT : MES_STORE_STATUS_FAILED;
        row->is_final = true;
    }
}

/* ---- the outcome ---- */

static void note_due(const struct settling *settling, const struct mes_outcome_row *row,
                     struct mes_outcome *outcome)
{
    int64_t due = settling->now;
    if (row->is_final)
        return;
    if (row->status == MES_STORE_STATUS_IN_DOUBT)
        due = settling->doubt_at;
    else if (row->status == MES_STORE_STATUS_DEFERRED)
        due = settling->retry_at;
    if (outcome->due_at == 0 || due < outcome->due_at)
        outcome->due_at = due;
}

static void keep_transcript(const struct mes_queue_mail *mail, struct mes_outcome *outcome)
{
    outcome->transcript = outcome->transcript_account = "";
    for (const struct mes_queue_evidence *at = mail->evidence; at != NULL; at = at->next) {
        if (at->transcript[0] == '\0' || at->attempt == NULL)
            continue;
        outcome->transcript = at->transcript;
        outcome->transcript_account = at->attempt->shown.account;
        return; /* the newest one stands first */
    }
}

static bool add_rows(struct settling *settling)
{
    struct mes_queue_mail *mail = settling->mail;
    struct mes_outcome *outcome = &mail->outcome;
    struct mes_outcome_row *rows = mes_arena_alloc(&mail->arena, mail->row_count * sizeof *rows);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < mail->row_count; i++) {
        const struct mes_delivery_recipient *recipient = &mail->delivery.recipients[i];
        struct mes_outcome_row *row = &rows[outcome->row_count];
        if (!mail->rows[i].is_open)
            continue;
        *row = (struct mes_outcome_row){
            .number = mail->rows[i].number,
            .address = recipient->address,
            .before = mail->rows[i].status,
            .attempts_before = mail->rows[i].attempts,
        };
        if (!add_attempts(mail, recipient, row))
            return false;
        settle_row(settling, recipient, row);
        note_due(settling, row, outcome);
        outcome->resets_content |= row->status == MES_STORE_STATUS_SENT;
        outcome->content_refusals +=
            row->status == MES_STORE_STATUS_FAILED && recipient->last_class == MES_CLASS_CONTENT;
        outcome->row_count++;
    }
    outcome->rows = rows;
    return true;
}

/* The mail is the courier's, and may be gone, as soon as it is posted. */
static void post(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    bool may_be_last = carrier->is_draining || (mail->fleet != NULL && mail->fleet->is_retired);
    if (mail->fleet != NULL)
        mail->fleet->in_flight--;
    mail->outcome.job = mail->batch->job;
    mail->outcome.company = mail->batch->company;
    mail->outcome.number = mail->number;
    mail->outcome.progress = mes_progress_text(&mail->progress, &mail->arena);
    mes_flight_post_outcome(carrier->courier, mail);
    atomic_fetch_sub(&carrier->held, 1);
    if (may_be_last)
        mes_timer_start(carrier->timer, 0);
}

/* Time that never passed is not held against the mail. */
static void leave_out_jump(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    int64_t jump = mes_jump_since(mes_loop_clock(carrier->loop), mail->clock_offset);
    mail->progress.waited_ms += jump > 0 ? jump : 0;
}

void mes_carrier_settle(struct mes_carrier *carrier, struct mes_queue_mail *mail)
{
    struct settling settling = {
        .carrier = carrier, .mail = mail, .now = mes_clock_wall(mes_loop_clock(carrier->loop))};
    mes_arena_init(&mail->arena, MES_SETTLE_MEMORY);
    leave_out_jump(carrier, mail);
    settling.deadline = mes_retry_deadline(&mail->progress, mail->batch->expires_at);
    mail->progress.crashes = 0; /* it came back: whatever ended the process, it was not this mail */
    plan_doubt(&settling);
    plan_retry(&settling);
    mail->outcome = (struct mes_outcome){.message_id = mail->delivery.message_id};
    keep_transcript(mail, &mail->outcome);
    if (!add_rows(&settling)) {
        /* Without memory for the report the flight stays as it is: with its dot written that is a doubt,
         * which the next start finds. */
        mail->outcome.row_count = 0;
    }
    post(carrier, mail);
}

void mes_carrier_put_back(struct mes_carrier *carrier, struct mes_queue_mail *mail, int64_t due_at)
{
    mes_arena_init(&mail->arena, MES_SETTLE_MEMORY);
    mail->outcome =
        (struct mes_outcome){.message_id = "", .due_at = due_at, .transcript = "", .transcript_account = ""};
    struct mes_outcome_row *rows = mes_arena_alloc(&mail->arena, mail->row_count * sizeof *rows);
    for (size_t i = 0; rows != NULL && i < mail->row_count; i++)
        if (mail->rows[i].is_open)
            rows[mail->outcome.row_count++] = (struct mes_outcome_row){
                .number = mail->rows[i].number,
                .address = "",
                .before = mail->rows[i].status,
                .status = mail->rows[i].status,
            };
    mail->outcome.rows = rows;
    /* From its new time on nobody would know how long one that was tried before has waited until now; the
     * waiting of all others counts from the job's time. */
    leave_out_jump(carrier, mail);
    mail->outcome.has_new_progress =
        mail->progress.passes + mail->progress.doubts + mail->progress.crashes > 0;
    post(carrier, mail);
}
