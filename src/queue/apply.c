/* An outcome becomes rows: every attempt, the recipients' state, the job's counts, the end of the lease. */
#include <string.h>

#include "base/error.h"
#include "queue/courier_parts.h"
#include "store/attempt.h"
#include "store/flight.h"
#include "store/transcript.h"

static struct mes_store_attempt attempt_row(const struct mes_outcome *outcome,
                                            const struct mes_outcome_row *row,
                                            const struct mes_outcome_attempt *from, int64_t now)
{
    return (struct mes_store_attempt){
        .job = outcome->job,
        .number = row->number,
        .at = from->at != 0 ? from->at : now,
        .account = from->account,
        .step = from->step,
        .class_ = from->class_,
        .code = from->code,
        .enhanced = from->enhanced,
        .reply = from->reply,
        .advice_id = from->advice_id,
        .milliseconds = from->milliseconds,
        .sender = from->sender,
        .tls = from->tls,
        .sha256 = from->digest,
        .message_id = outcome->message_id,
    };
}

static int add_attempts(struct mes_courier *courier, const struct mes_outcome *outcome,
                        const struct mes_outcome_row *row, int64_t *last_out, struct mes_error *error)
{
    int code = 0;
    *last_out = 0;
    for (size_t i = 0; i < row->attempt_count && code == 0; i++) {
        struct mes_store_attempt attempt =
            attempt_row(outcome, row, &row->attempts[i], mes_clock_wall(courier->clock));
        code = mes_store_attempt_add(courier->options.store, &attempt, error);
        if (!row->attempts[i].is_passed_over)
            *last_out = attempt.id;
    }
    return code;
}

static int add_transcript(struct mes_courier *courier, const struct mes_outcome *outcome, int64_t attempt,
                          struct mes_error *error)
{
    const struct mes_store_transcript transcript = {
        .attempt = attempt,
        .job = outcome->job,
        .number = outcome->number,
        .at = mes_clock_wall(courier->clock),
        .account = outcome->transcript_account,
        .text = outcome->transcript,
    };
    if (outcome->transcript == NULL || outcome->transcript[0] == '\0' || attempt == 0)
        return 0;
    return mes_store_transcript_add(courier->options.store, &transcript, error);
}

static int tell(struct mes_courier *courier, const struct mes_outcome *outcome,
                const struct mes_outcome_row *row, struct mes_error *error)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    static const struct mes_outcome_attempt none = {
        .account = "", .step = "", .class_ = "", .enhanced = "", .reply = "", .advice_id = "", .dsn = ""};
    const struct mes_outcome_attempt *own = mes_outcome_last_try(row);
    const struct mes_outcome_attempt *last = own != NULL ? own : &none;
    const struct mes_queue_recipient_news news = {
        .company = outcome->company,
        .job = outcome->job,
        .number = row->number,
        .address = row->address,
        .status = mes_store_status_name(row->status),
        .account = last->account,
        .code = last->code,
        .enhanced = last->enhanced,
        .reply = last->reply,
        .advice_id = last->advice_id,
    };
    if (listener->on_recipient == NULL || row->attempt_count == 0)
        return 0;
    return listener->on_recipient(listener->context, courier->options.store, &news, error);
}

static void fill_row(const struct mes_outcome *outcome, const struct mes_outcome_row *row, int64_t now,
                     struct mes_store_recipient *recipient)
{
    bool is_lead = row->number == outcome->number;
    recipient->status = row->status;
    recipient->due_at = is_lead ? outcome->due_at : 0;
    recipient->done_at = row->is_final ? now : 0;
    const struct mes_outcome_attempt *last = mes_outcome_last_try(row);
    recipient->attempts += mes_outcome_tries(row);
    if (last != NULL) {
        recipient->account = last->account;
        recipient->code = last->code;
        recipient->enhanced = last->enhanced;
        recipient->reply = last->reply;
        recipient->advice_id = last->advice_id;
        recipient->dsn = last->dsn;
    }
    if (outcome->message_id[0] != '\0')
        recipient->message_id = outcome->message_id;
    if (is_lead)
        recipient->progress = outcome->progress;
}

/* A row that nothing was tried for keeps what is written there about earlier attempts; one whose every
 * column is known need not be read. */
static int set_row(struct mes_courier *courier, const struct mes_outcome *outcome,
                   const struct mes_outcome_row *row, struct mes_error *error)
{
    struct mes_store *store = courier->options.store;
    struct mes_store_recipient recipient = {
        .job = outcome->job, .number = row->number, .attempts = row->attempts_before};
    const struct mes_store_row ref = {NULL, outcome->job, row->number};
    struct mes_arena arena;
    bool is_known = row->attempts_before >= 0 && row->attempt_count > 0 && outcome->message_id[0] != '\0';
    if (row->attempt_count == 0 && row->status == row->before && !row->is_final && !outcome->has_new_progress)
        return mes_store_recipient_set_due(store, outcome->job, row->number,
                                           row->number == outcome->number ? outcome->due_at : 0, error);
    mes_arena_init(&arena, 1024 * 1024);
    int code = 0;
    if (!is_known)
        code = mes_store_recipient_load(mes_store_reads(store), ref, &arena, &recipient, error);
    fill_row(outcome, row, mes_clock_wall(courier->clock), &recipient);
    if (code == 0)
        code = mes_store_recipient_set(store, &recipient, error);
    mes_arena_fini(&arena);
    return code;
}

/* A lead that has its last word may still carry the due time of its copies. */
static int set_lead_due(struct mes_courier *courier, const struct mes_outcome *outcome,
                        struct mes_error *error)
{
    bool has_lead = outcome->row_count > 0 && outcome->rows[0].number == outcome->number;
    if (has_lead || outcome->due_at == 0)
        return 0;
    return mes_store_recipient_set_due(courier->options.store, outcome->job, outcome->number, outcome->due_at,
                                       error);
}

static void count(struct mes_courier_change *change, const struct mes_outcome *outcome)
{
    for (size_t i = 0; i < outcome->row_count; i++) {
        const struct mes_outcome_row *row = &outcome->rows[i];
        change->change.counts[row->before]--;
        change->change.counts[row->status]++;
        change->may_be_done |= row->is_final;
    }
    if (outcome->due_at > 0 && (change->due_at == 0 || outcome->due_at < change->due_at))
        change->due_at = outcome->due_at;
    change->is_whole |= outcome->is_whole;
}

/* ---- content refusals ---- */

static struct mes_courier_refusals *refusals_of(struct mes_courier *courier, int64_t job)
{
    size_t count = sizeof courier->refusals / sizeof courier->refusals[0];
    struct mes_courier_refusals *least = &courier->refusals[0];
    for (size_t i = 0; i < count; i++) {
        if (courier->refusals[i].job == job)
            return &courier->refusals[i];
        if (courier->refusals[i].count < least->count)
            least = &courier->refusals[i];
    }
    *least = (struct mes_courier_refusals){.job = job};
    return least;
}

/* What every relay refuses for its content will be refused for the other recipients too: a person looks. */
static void count_refusals(struct mes_courier *courier, const struct mes_outcome *outcome,
                           struct mes_courier_change *change)
{
    if (!outcome->resets_content && outcome->content_refusals == 0)
        return;
    struct mes_courier_refusals *refusals = refusals_of(courier, outcome->job);
    if (outcome->resets_content)
        refusals->count = 0;
    refusals->count += outcome->content_refusals;
    change->change.content_refusals += outcome->content_refusals;
    if (refusals->count < MES_COURIER_REFUSALS_HOLD)
        return;
    *refusals = (struct mes_courier_refusals){0};
    change->is_refused = true;
}

/* ---- the whole ---- */

static int apply_row(struct mes_courier *courier, const struct mes_outcome *outcome, size_t index,
                     struct mes_error *error)
{
    const struct mes_outcome_row *row = &outcome->rows[index];
    int64_t attempt = 0;
    int code = add_attempts(courier, outcome, row, &attempt, error);
    if (code == 0 && index == 0)
        code = add_transcript(courier, outcome, attempt, error);
    if (code == 0)
        code = set_row(courier, outcome, row, error);
    if (code == MES_E_NOT_FOUND)
        return 0; /* swept away meanwhile: nobody asks for it any more */
    if (code == 0 && row->status == MES_STORE_STATUS_IN_DOUBT && row->is_final)
        mes_courier_alert(courier, "recipient.in_doubt", row->address);
    return code == 0 ? tell(courier, outcome, row, error) : code;
}

int mes_courier_apply(struct mes_courier *courier, const struct mes_outcome *outcome, bool *was_new_out,
                      struct mes_error *error)
{
    const struct mes_store_flight flight = {
        .job = outcome->job, .number = outcome->number, .token = outcome->token};
    struct mes_courier_change *change = mes_courier_change(courier, outcome->job, outcome->company);
    bool is_ours = false;
    if (change == NULL)
        return mes_fail_nomem(error);
    int code = 0;
    if (!outcome->is_continued) {
        code = mes_store_flight_remove(courier->options.store, &flight, &is_ours, error);
        *was_new_out = is_ours;
    }
    /* A lease that is gone was ended by this very outcome, by way of the journal. */
    if (code != 0 || !*was_new_out)
        return code;
    for (size_t i = 0; i < outcome->row_count && code == 0; i++)
        code = apply_row(courier, outcome, i, error);
    if (code == 0)
        code = set_lead_due(courier, outcome, error);
    count_refusals(courier, outcome, change);
    count(change, outcome);
    return code;
}
