/* The start: what an earlier process left in flight. What was leased waits again; where a dot may have been
 * written, nobody knows, and that is written down. */
#include <stdio.h>

#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "queue/courier_parts.h"
#include "queue/retry.h"
#include "store/flight.h"
#include "store/journal.h"
#include "store/meta.h"
#include "store/recipient.h"
#include "store/sweep.h"

enum {
    MES_RECOVERY_SLICE = 200,
    MES_RECOVERY_ROWS = 5000, /* of lists that broke off, in one transaction */
    MES_RECOVERY_MEMORY = 16 * 1024 * 1024,
    MES_RECOVERY_CRASHES = 3, /* a mail that was under way in so many crashes is not tried again by itself */
    MES_RECOVERY_APART_MS = 5000,
};

/* ---- the journal ---- */

struct replay {
    struct mes_courier *courier;
    bool was_new;
    bool is_restored; /* the database is older than the journal: leases that the records end are not in it */
};

/* After a restore the row itself says whether the record is news. */
static int look_at_row(struct replay *replay, struct mes_outcome *outcome, struct mes_outcome_row *row,
                       struct mes_error *error)
{
    const struct mes_store_row ref = {NULL, outcome->job, row->number};
    struct mes_store_recipient known;
    struct mes_arena arena;
    mes_arena_init(&arena, MES_RECOVERY_MEMORY);
    int code =
        mes_store_recipient_load(mes_store_reads(replay->courier->options.store), ref, &arena, &known, error);
    replay->was_new = code == 0 && known.done_at == 0;
    outcome->is_continued = true;
    if (replay->was_new)
        row->before = known.status;
    mes_arena_fini(&arena);
    return code == MES_E_NOT_FOUND ? 0 : code;
}

static int replay_record(void *context, struct mes_str record, struct mes_error *error)
{
    struct replay *replay = context;
    struct mes_outcome outcome;
    struct mes_arena arena;
    mes_arena_init(&arena, 64 * 1024);
    struct mes_outcome_row row;
    int code = mes_outcome_read(record, &arena, &outcome, error);
    if (code == 0 && replay->is_restored) {
        row = outcome.rows[0];
        outcome.rows = &row;
        code = look_at_row(replay, &outcome, &row, error);
    }
    if (code == 0)
        code = mes_courier_apply(replay->courier, &outcome, &replay->was_new, error);
    mes_arena_fini(&arena);
    return code;
}

int mes_courier_replay(struct mes_courier *courier, struct mes_error *error)
{
    struct replay replay = {.courier = courier};
    int64_t restored_at = 0;
    int code = mes_store_meta_number(mes_store_reads(courier->options.store), "held_after_restore", 0,
                                     &restored_at, error);
    replay.is_restored = restored_at != 0;
    return code != 0 ? code
                     : mes_store_journal_replay(courier->options.journal, replay_record, &replay, error);
}

/* ---- what was in flight ---- */

struct left {
    struct mes_arena arena;
    struct mes_store_flight flights[MES_RECOVERY_SLICE];
    size_t count;
};

static bool keep_flight(void *context, const struct mes_store_flight *flight)
{
    struct left *left = context;
    struct mes_store_flight *kept = &left->flights[left->count];
    *kept = *flight;
    kept->account = mes_arena_copy(&left->arena, mes_str_of(flight->account));
    return kept->account != NULL && ++left->count < MES_RECOVERY_SLICE;
}

/* One flight on its way back. */
struct landing {
    struct mes_courier *courier;
    const struct mes_store_flight *flight;
    struct mes_store_job job;
    struct mes_progress progress;
    struct mes_outcome outcome;
    struct mes_outcome_row *rows;
    struct mes_outcome_attempt doubt;
    struct mes_arena arena;
    int64_t now;
};

static bool keep_row(void *context, const struct mes_store_recipient *row)
{
    struct landing *landing = context;
    if (row->number == landing->flight->number)
        mes_progress_parse(row->progress, &landing->progress);
    if (row->done_at != 0)
        return true;
    struct mes_outcome_row *kept = &landing->rows[landing->outcome.row_count++];
    *kept = (struct mes_outcome_row){.number = row->number,
                                     .address = mes_arena_copy(&landing->arena, mes_str_of(row->address)),
                                     .before = row->status,
                                     .attempts_before = -1,
                                     .status = row->status};
    return kept->address != NULL;
}

static bool is_cancelled(const struct landing *landing)
{
    return landing->job.state == MES_STORE_CANCELLED;
}

/* What the account says, where the job says nothing. */
static bool holds_doubts(const struct landing *landing)
{
    struct mes_carrier *carrier = landing->courier->options.carrier;
    return carrier != NULL &&
           mes_carrier_holds_doubts(carrier, landing->job.company, landing->flight->account);
}

/* A doubt found now is an attempt of class `in_doubt`. */
static void doubt(struct landing *landing)
{
    const struct mes_store_flight *flight = landing->flight;
    struct mes_progress *progress = &landing->progress;
    progress->doubts = (unsigned)(flight->doubts > 0 ? flight->doubts : progress->doubts + 1);
    (void)snprintf(progress->keeper, sizeof progress->keeper, "%s", flight->account);
    if (progress->counts_from == 0)
        progress->counts_from = flight->since;
    landing->doubt = (struct mes_outcome_attempt){
        .at = landing->now,
        .account = flight->account,
        .step = "dot",
        .class_ = "in_doubt",
        .enhanced = "",
        .reply = "the service ended after the mail was handed over and before the answer was written down",
        .advice_id = "",
        .dsn = "",
        .milliseconds = landing->now > flight->since ? landing->now - flight->since : 0,
        .sender = "",
        .tls = "",
        .digest = "",
    };
    int64_t wait = mes_retry_doubt_ms(progress->doubts, true);
    bool is_held = landing->job.on_doubt == MES_DOUBT_HOLD ||
                   (landing->job.on_doubt == MES_DOUBT_ACCOUNT && holds_doubts(landing));
    bool is_final = wait < 0 || is_held || is_cancelled(landing) ||
                    landing->now + wait > mes_retry_deadline(progress, landing->job.expires_at);
    for (size_t i = 0; i < landing->outcome.row_count; i++) {
        landing->rows[i].status = MES_STORE_STATUS_IN_DOUBT;
        landing->rows[i].is_final = is_final;
        landing->rows[i].attempts = &landing->doubt;
        landing->rows[i].attempt_count = 1;
    }
    landing->outcome.due_at = is_final ? 0 : landing->now + wait;
}

/* Of several mails that were under way in two crashes one may be the cause of both: each goes at a time of
 * its own, so that a third crash finds the others waiting. */
static int64_t due_again(struct landing *landing)
{
    bool is_suspect = landing->progress.crashes + 1 >= MES_RECOVERY_CRASHES;
    return landing->now + (is_suspect ? landing->courier->suspects++ * MES_RECOVERY_APART_MS : 0);
}

/* Leased and no dot: it goes again, unless it is what ends the process each time. */
static void wait_again(struct landing *landing)
{
    char id[MES_ID_SPACE];
    struct mes_progress *progress = &landing->progress;
    progress->crashes = (unsigned)landing->flight->crashes + (landing->courier->options.was_crash ? 1 : 0);
    landing->outcome.has_new_progress = true;
    landing->outcome.due_at = due_again(landing);
    if (is_cancelled(landing)) {
        for (size_t i = 0; i < landing->outcome.row_count; i++) {
            landing->rows[i].status = MES_STORE_STATUS_CANCELLED;
            landing->rows[i].is_final = true;
        }
        landing->outcome.due_at = 0;
        return;
    }
    if (progress->crashes < MES_RECOVERY_CRASHES || !landing->courier->options.was_crash)
        return;
    landing->doubt = (struct mes_outcome_attempt){
        .at = landing->now,
        .account = "",
        .step = "limit",
        .class_ = "internal",
        .enhanced = "",
        .reply = "quarantined: the service ended three times while this mail was under way",
        .advice_id = "",
        .dsn = "",
        .sender = "",
        .tls = "",
        .digest = "",
    };
    for (size_t i = 0; i < landing->outcome.row_count; i++) {
        landing->rows[i].status = MES_STORE_STATUS_FAILED;
        landing->rows[i].is_final = true;
        landing->rows[i].attempts = &landing->doubt;
        landing->rows[i].attempt_count = 1;
    }
    landing->outcome.due_at = 0;
    mes_courier_alert(landing->courier, "recipient.quarantined", mes_id_text(id, landing->job.id));
}

static int load(struct landing *landing, struct mes_error *error)
{
    struct mes_store_reader *reader = mes_store_reads(landing->courier->options.store);
    const struct mes_store_flight *flight = landing->flight;
    const struct mes_store_ref ref = {NULL, flight->job};
    int code = mes_store_job_load(reader, ref, &landing->arena, &landing->job, error);
    if (code != 0)
        return code;
    int64_t step = landing->job.copies + 1;
    const struct mes_store_range range = {flight->job, flight->number, flight->number + step};
    landing->rows = mes_arena_alloc(&landing->arena, (size_t)step * sizeof *landing->rows);
    if (landing->rows == NULL)
        return mes_fail_nomem(error);
    return mes_store_recipient_range(reader, range, keep_row, landing, error);
}

static int land(struct mes_courier *courier, const struct mes_store_flight *flight, struct mes_error *error)
{
    struct landing landing = {.courier = courier, .flight = flight, .now = mes_clock_wall(courier->clock)};
    bool was_new = false;
    mes_arena_init(&landing.arena, MES_RECOVERY_MEMORY);
    int code = load(&landing, error);
    if (code == MES_E_NOT_FOUND) {
        bool is_ours;
        mes_arena_fini(&landing.arena);
        return mes_store_flight_remove(courier->options.store, flight, &is_ours, error);
    }
    if (code == 0) {
        flight->is_dot ? doubt(&landing) : wait_again(&landing);
        landing.outcome.job = flight->job;
        landing.outcome.company = landing.job.company;
        landing.outcome.number = flight->number;
        landing.outcome.token = flight->token;
        landing.outcome.message_id = "";
        landing.outcome.progress = mes_progress_text(&landing.progress, &landing.arena);
        landing.outcome.rows = landing.rows;
        code = mes_courier_apply(courier, &landing.outcome, &was_new, error);
    }
    mes_arena_fini(&landing.arena);
    return code;
}

static int land_slice(struct mes_courier *courier, size_t *count_out, size_t *dots_out,
                      struct mes_error *error)
{
    struct left left = {.count = 0};
    mes_arena_init(&left.arena, MES_RECOVERY_MEMORY);
    int code = mes_store_begin(courier->options.store, error);
    if (code == 0)
        code = mes_store_flight_left(courier->options.store, MES_RECOVERY_SLICE, keep_flight, &left, error);
    for (size_t i = 0; i < left.count && code == 0; i++) {
        code = land(courier, &left.flights[i], error);
        *dots_out += left.flights[i].is_dot;
    }
    if (code == 0)
        code = mes_courier_flush(courier, error);
    courier->change_count = 0;
    if (code == 0)
        code = mes_store_commit(courier->options.store, error);
    else
        mes_store_rollback(courier->options.store);
    *count_out = left.count;
    mes_arena_fini(&left.arena);
    return code;
}

static int replay_all(struct mes_courier *courier, struct mes_error *error)
{
    struct mes_store_journal *journal = courier->options.journal;
    if (journal == NULL || mes_store_journal_count(journal) == 0)
        return 0;
    int code = mes_store_begin(courier->options.store, error);
    if (code == 0)
        code = mes_courier_replay(courier, error);
    if (code == 0)
        code = mes_courier_flush(courier, error);
    courier->change_count = 0;
    if (code == 0)
        code = mes_store_commit(courier->options.store, error);
    else
        mes_store_rollback(courier->options.store);
    return code == 0 ? mes_store_journal_clear(journal, error) : code;
}

/* Lists whose call died while they came in: nobody was answered, and whoever calls again with the same key
 * begins anew. */
static int drop_unfinished(struct mes_courier *courier, struct mes_error *error)
{
    struct mes_store *store = courier->options.store;
    bool is_end = false;
    int code = 0;
    while (code == 0 && !is_end) {
        code = mes_store_begin(store, error);
        if (code == 0)
            code = mes_store_sweep_unfinished(store, MES_RECOVERY_ROWS, &is_end, error);
        if (code == 0)
            code = mes_store_commit(store, error);
        else
            mes_store_rollback(store);
    }
    return code;
}

int mes_courier_recover(struct mes_courier *courier, struct mes_error *error)
{
    size_t all = 0, dots = 0, count = 0;
    int code = replay_all(courier, error);
    if (code == 0)
        code = drop_unfinished(courier, error);
    do {
        if (code == 0)
            code = land_slice(courier, &count, &dots, error);
        all += count;
    } while (code == 0 && count == MES_RECOVERY_SLICE);
    if (code == 0 && all > 0)
        mes_log(courier->options.log, MES_LOG_WARNING, "queue.recovered",
                MES_LOG_NUMBER("leased", all - dots), MES_LOG_NUMBER("in_doubt", dots));
    return code;
}
