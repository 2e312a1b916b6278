#include "queue/schedule.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "queue/cron.h"

enum { MEMORY = 32 * 1024 * 1024, SENTENCE_SPACE = 512, PAGE = 100 };

/* ---- when ---- */

/* An expression that can be asked. */
struct calendar {
    struct mes_cron cron;
    struct mes_zone *zone;
    int64_t until;
};

static int open_calendar(struct calendar *calendar, const struct mes_schedule_plan *plan,
                         struct mes_error *error)
{
    *calendar = (struct calendar){.until = plan->until > 0 ? plan->until : INT64_MAX};
    int code = mes_cron_parse(mes_str_of(plan->expression), &calendar->cron, error);
    if (code == 0)
        code = mes_zone_load(plan->zone[0] != '\0' ? plan->zone : "UTC", &calendar->zone, error);
    return code;
}

static void close_calendar(struct calendar *calendar)
{
    mes_zone_free(&calendar->zone);
}

/* 0: never. */
static int64_t next_after(const struct calendar *calendar, int64_t after)
{
    int64_t next;
    bool has_next = mes_cron_next(&calendar->cron, calendar->zone, after, &next);
    return has_next && next <= calendar->until ? next : 0;
}

int mes_schedule_first(const struct mes_schedule_plan *plan, int64_t *next_at_out, struct mes_error *error)
{
    size_t count;
    *next_at_out = 0;
    return mes_schedule_times(plan, 1, next_at_out, &count, error);
}

int mes_schedule_times(const struct mes_schedule_plan *plan, size_t most, int64_t *times_out,
                       size_t *count_out, struct mes_error *error)
{
    struct calendar calendar;
    int64_t after = plan->after;
    int code = open_calendar(&calendar, plan, error);
    *count_out = 0;
    while (code == 0 && *count_out < most) {
        after = next_after(&calendar, after);
        if (after == 0)
            break;
        times_out[(*count_out)++] = after;
    }
    close_calendar(&calendar);
    return code;
}

/* ---- one that is due ---- */

struct turn {
    struct mes_store *store;
    const struct mes_schedule_host *host;
    int64_t now;
    struct mes_store_schedule schedule; /* in `arena` */
    struct mes_arena arena;
    bool is_found, is_whole;
};

static void alert(const struct turn *turn, const char *name, int64_t id)
{
    char text[MES_ID_SPACE];
    if (turn->host->on_alert != NULL)
        turn->host->on_alert(turn->host->context, name, mes_id_text(text, id));
}

static void log_turn(const struct turn *turn, enum mes_log_level level, const char *event,
                     const struct mes_schedule_occurrence *occurrence, const char *what)
{
    char text[MES_ID_SPACE];
    mes_log(turn->host->log, level, event, MES_LOG_TEXT("schedule", mes_id_text(text, turn->schedule.id)),
            MES_LOG_TEXT("company", turn->schedule.company), MES_LOG_TEXT("name", turn->schedule.name),
            MES_LOG_TIME("at", occurrence->at), MES_LOG_NUMBER("missed", occurrence->missed),
            MES_LOG_TEXT("result", what));
}

/* What it sends cannot be sent, or its plan cannot be read. */
static void tell_failure(const struct turn *turn, const struct mes_schedule_occurrence *occurrence,
                         const struct mes_error *why)
{
    char sentence[SENTENCE_SPACE];
    (void)mes_error_text(why, MES_EN, sentence, sizeof sentence);
    log_turn(turn, MES_LOG_ERROR, "schedule.failed", occurrence, sentence);
    alert(turn, "schedule.failed", turn->schedule.id);
}

static unsigned count_missed(const struct calendar *calendar, int64_t at, int64_t now)
{
    unsigned missed = 0;
    while (missed < MES_SCHEDULE_MISSED_MOST && (at = next_after(calendar, at)) != 0 && at <= now)
        missed++;
    return missed;
}

static bool is_the_schedules_fault(int code)
{
    return code == MES_E_INPUT || code == MES_E_CONFIG || code == MES_E_NOT_FOUND || code == MES_E_LIMIT;
}

/* What cannot be sent must not keep all others from being sent. */
static int make_job(struct turn *turn, const struct mes_schedule_occurrence *occurrence,
                    struct mes_error *error)
{
    struct mes_error why = {0};
    int64_t job = 0;
    int code = mes_store_save(turn->store, error);
    if (code != 0)
        return code;
    code = turn->host->make(turn->host->context, turn->store, occurrence, &job, &why);
    if (code == 0) {
        turn->schedule.last_at = occurrence->at;
        turn->schedule.last_job = job;
        if (occurrence->is_held)
            alert(turn, "job.held", job);
        return mes_store_keep(turn->store, error);
    }
    mes_store_undo(turn->store);
    if (!is_the_schedules_fault(code)) {
        if (error != NULL)
            *error = why;
        return code;
    }
    tell_failure(turn, occurrence, &why);
    return 0;
}

static int fire(struct turn *turn, const struct calendar *calendar, struct mes_error *error)
{
    struct mes_schedule_occurrence occurrence = {.schedule = &turn->schedule, .at = turn->schedule.next_at};
    bool is_late = turn->now - occurrence.at > MES_SCHEDULE_GRACE_MS;
    bool is_skipped = is_late && turn->schedule.late_policy == MES_LATE_SKIP;
    occurrence.missed = count_missed(calendar, occurrence.at, turn->now);
    occurrence.is_held = is_late && turn->schedule.late_policy == MES_LATE_HOLD;
    if (is_late) {
        log_turn(turn, MES_LOG_WARNING, "schedule.late", &occurrence,
                 is_skipped           ? "skipped"
                 : occurrence.is_held ? "held"
                                      : "sent");
        alert(turn, "schedule.late", turn->schedule.id);
    }
    turn->schedule.next_at = next_after(calendar, turn->now);
    return is_skipped ? 0 : make_job(turn, &occurrence, error);
}

/* Whether the clock, when the schedule last fired, was plainly ahead of the true time. */
static bool was_clock_wrong(const struct mes_store_schedule *schedule, int64_t now)
{
    return schedule->last_at > now && schedule->last_at - now > MES_SCHEDULE_WRONG_MS;
}

static struct mes_schedule_plan plan_of(const struct mes_store_schedule *schedule, int64_t after)
{
    return (struct mes_schedule_plan){schedule->expression, schedule->zone, after, schedule->until};
}

static int take_turn(struct turn *turn, struct mes_error *error)
{
    struct mes_store_schedule *schedule = &turn->schedule;
    struct mes_schedule_plan plan = plan_of(schedule, turn->now);
    struct calendar calendar;
    struct mes_error why = {0};
    int code = open_calendar(&calendar, &plan, &why);
    if (code == MES_E_NOMEM)
        return mes_fail_nomem(error);
    if (code != 0) {
        const struct mes_schedule_occurrence lost = {.schedule = schedule, .at = schedule->next_at};
        tell_failure(turn, &lost, &why);
        schedule->next_at = 0;
    } else if (schedule->next_at <= schedule->last_at && !was_clock_wrong(schedule, turn->now)) {
        /* The clock was far back for a while: this time fired long ago. */
        schedule->next_at = next_after(&calendar, schedule->last_at);
    } else {
        code = fire(turn, &calendar, error);
    }
    close_calendar(&calendar);
    return code == 0 ? mes_store_schedule_set(turn->store, schedule, error) : code;
}

/* Texts of a row live only as long as it is read. */
static bool keep(void *context, const struct mes_store_schedule *row)
{
    struct turn *turn = context;
    struct mes_store_schedule *kept = &turn->schedule;
    *kept = *row;
    kept->company = mes_arena_copy(&turn->arena, mes_str_of(row->company));
    kept->name = mes_arena_copy(&turn->arena, mes_str_of(row->name));
    kept->expression = mes_arena_copy(&turn->arena, mes_str_of(row->expression));
    kept->zone = mes_arena_copy(&turn->arena, mes_str_of(row->zone));
    kept->document = mes_arena_copy(&turn->arena, mes_str_of(row->document));
    turn->is_whole = kept->company != NULL && kept->name != NULL && kept->expression != NULL &&
                     kept->zone != NULL && kept->document != NULL;
    turn->is_found = true;
    return false;
}

/* The next one that is due; `*is_found_out` is false when there is none. */
static int run_one(struct mes_store *store, const struct mes_schedule_host *host, int64_t now,
                   bool *is_found_out, struct mes_error *error)
{
    struct turn turn = {.store = store, .host = host, .now = now};
    const struct mes_store_schedule_due due = {.now = now, .limit = 1};
    mes_arena_init(&turn.arena, MEMORY);
    int code = mes_store_schedule_due(mes_store_reads(store), due, keep, &turn, error);
    if (code == 0 && turn.is_found)
        code = turn.is_whole ? take_turn(&turn, error) : mes_fail_nomem(error);
    *is_found_out = turn.is_found;
    mes_arena_fini(&turn.arena);
    return code;
}

int mes_schedule_run_due(struct mes_store *store, const struct mes_schedule_host *host, int64_t now,
                         int64_t *look_at_out, struct mes_error *error)
{
    int64_t next_at = 0;
    bool is_found = true;
    int code = 0;
    for (int i = 0; i < MES_SCHEDULE_AT_ONCE && is_found && code == 0; i++)
        code = run_one(store, host, now, &is_found, error);
    if (code == 0)
        code = mes_store_schedule_next(mes_store_reads(store), &next_at, error);
    *look_at_out = next_at == 0 ? INT64_MAX : next_at;
    return code;
}

/* ---- mending ---- */

/* Those of a page that wait for a time which may be years too late. */
struct wrong {
    int64_t now;
    int64_t last; /* id of the page */
    size_t count, found;
    int64_t ids[PAGE];
};

static bool find_wrong(void *context, const struct mes_store_schedule *schedule)
{
    struct wrong *wrong = context;
    wrong->last = schedule->id;
    wrong->count++;
    if (schedule->next_at > wrong->now && was_clock_wrong(schedule, wrong->now))
        wrong->ids[wrong->found++] = schedule->id;
    return true;
}

static int mend_one(struct mes_store *store, int64_t id, int64_t now, struct mes_error *error)
{
    struct mes_store_schedule schedule;
    struct mes_arena arena;
    mes_arena_init(&arena, MEMORY);
    int code = mes_store_schedule_load(mes_store_reads(store), (struct mes_store_ref){.id = id}, &arena,
                                       &schedule, error);
    if (code == 0) {
        struct mes_schedule_plan plan = plan_of(&schedule, now);
        code = mes_schedule_first(&plan, &schedule.next_at, error);
    }
    if (code == 0)
        code = mes_store_schedule_set(store, &schedule, error);
    mes_arena_fini(&arena);
    return code;
}

int mes_schedule_mend(struct mes_store *store, int64_t now, struct mes_error *error)
{
    struct wrong wrong;
    int64_t after = 0;
    int code;
    do {
        const struct mes_store_schedule_page page = {.after = after, .limit = PAGE};
        wrong = (struct wrong){.now = now, .last = after};
        code = mes_store_schedule_list(mes_store_reads(store), &page, find_wrong, &wrong, error);
        for (size_t i = 0; i < wrong.found && code == 0; i++)
            code = mend_one(store, wrong.ids[i], now, error);
        after = wrong.last;
    } while (code == 0 && wrong.count == PAGE);
    return code;
}
