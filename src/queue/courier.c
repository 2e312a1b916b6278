#include "queue/courier.h"
#include "compose/job.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "i18n/say.h"
#include "queue/courier_parts.h"
#include "queue/flight.h"
#include "store/journal.h"

enum {
    MES_COURIER_TURN_MS = 10,   /* of commands; with a lease in each lane no write transaction exceeds 20 */
    MES_COURIER_IDLE_MS = 1000, /* the watchdog sees that the thread lives */
    MES_COURIER_RETRY_MS = 200, /* before a database that failed is asked again */
};

static int64_t wall_now(const struct mes_courier *courier)
{
    return mes_clock_wall(courier->clock);
}

/* ---- commands ---- */

/* Those of this transaction, in their order, each with what `run` returned. */
struct taken {
    struct mes_courier_command *command;
    int code;
    struct mes_error *error; /* NULL when it ran */
};

struct turn {
    struct mes_courier *courier;
    struct taken *taken;
    size_t count, capacity;
};

static void fail_command(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    command->done(command, code, error);
}

static void refuse(struct mes_courier_command *command)
{
    struct mes_error error = {0};
    fail_command(command, mes_fail(&error, MES_E_CANCELLED, MES_SAY_queue_stopping, MES_NO_ARGS), &error);
}

/* Only the database's own failures end the transaction for all. */
static bool is_fatal(int code)
{
    return code == MES_E_BUSY || code == MES_E_FULL || code == MES_E_STORAGE || code == MES_E_CORRUPT;
}

static int run_in_savepoint(struct mes_courier *courier, struct mes_courier_command *command,
                            struct mes_error *error)
{
    struct mes_store *store = courier->options.store;
    if (command->is_sure)
        return command->run(command, store, error);
    int code = mes_store_save(store, error);
    if (code != 0)
        return code;
    int result = command->run(command, store, error);
    if (result == 0)
        return mes_store_keep(store, error);
    mes_store_undo(store);
    return result;
}

static bool make_room(struct turn *turn)
{
    size_t capacity = turn->capacity == 0 ? 64 : turn->capacity * 2;
    if (turn->count < turn->capacity)
        return true;
    struct taken *grown = mes_realloc(turn->taken, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    turn->taken = grown;
    turn->capacity = capacity;
    return true;
}

static struct mes_courier_command *next_command(struct mes_courier *courier)
{
    struct mes_mailbox_item *item = courier->backlog;
    if (item == NULL)
        item = courier->backlog = mes_mailbox_take(courier->mailbox);
    if (item != NULL)
        courier->backlog = item->next;
    return (struct mes_courier_command *)item;
}

/* Runs what waits, as long as the transaction may last. */
static int run_commands(struct turn *turn, struct mes_error *error)
{
    struct mes_courier *courier = turn->courier;
    int64_t until = mes_clock_monotonic(courier->clock) + MES_COURIER_TURN_MS;
    while (make_room(turn)) {
        struct mes_courier_command *command = next_command(courier);
        struct mes_error own = {0};
        if (command == NULL)
            return 0;
        struct taken *taken = &turn->taken[turn->count++];
        *taken = (struct taken){.command = command};
        /* Outside the savepoint: what others have done is not undone with this one. */
        int code = command->looks_at_jobs ? mes_courier_flush(courier, error) : 0;
        if (code != 0)
            return code;
        taken->code = run_in_savepoint(courier, command, &own);
        if (taken->code != 0) {
            taken->error = mes_alloc(sizeof own);
            if (taken->error != NULL)
                *taken->error = own;
        }
        if (is_fatal(taken->code) || (taken->code != 0 && command->is_sure)) {
            *error = own;
            return taken->code;
        }
        if (mes_clock_monotonic(courier->clock) >= until)
            return 0;
    }
    return mes_fail_nomem(error);
}

/* ---- after the transaction ---- */

static void announce(struct mes_courier *courier)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    int64_t jobs[64];
    size_t count = 0;
    for (size_t i = 0; i < courier->change_count; i++) {
        jobs[count++] = courier->changes[i].change.id;
        if (count == sizeof jobs / sizeof jobs[0] || i + 1 == courier->change_count) {
            if (listener->on_changed != NULL)
                listener->on_changed(listener->context, jobs, count);
            count = 0;
        }
    }
}

static struct mes_queue_mail *take_leased(struct mes_courier *courier)
{
    struct mes_queue_mail *mail = courier->leased;
    if (mail == NULL)
        return NULL;
    courier->leased = mail->next;
    if (courier->leased == NULL)
        courier->leased_last = &courier->leased;
    mail->next = NULL;
    return mail;
}

static void settle_leases(struct mes_courier *courier, bool is_committed)
{
    for (struct mes_queue_mail *mail = take_leased(courier); mail != NULL; mail = take_leased(courier))
        if (is_committed)
            mes_carrier_hand(courier->options.carrier, mail);
        else
            mes_queue_mail_free(courier, &mail);
}

static void finish_commands(struct turn *turn, int code, const struct mes_error *error)
{
    for (size_t i = 0; i < turn->count; i++) {
        struct taken *taken = &turn->taken[i];
        int own = code != 0 ? code : taken->code;
        taken->command->done(taken->command, own, code != 0 ? error : taken->error);
        mes_free(taken->error);
        taken->error = NULL;
    }
    turn->count = 0;
}

/* ---- when the database cannot take it ---- */

/* Results must not be forgotten: relays have accepted those mails. */
static bool journal_outcomes(struct turn *turn)
{
    struct mes_courier *courier = turn->courier;
    struct mes_error error = {0};
    size_t count = 0;
    int code = 0;
    if (courier->options.journal == NULL)
        return false;
    for (size_t i = 0; i < turn->count && code == 0; i++) {
        if (!mes_flight_is_outcome(turn->taken[i].command))
            continue;
        code = mes_flight_journal(courier, turn->taken[i].command, &error);
        count++;
    }
    if (code == 0 && count > 0)
        code = mes_store_journal_sync(courier->options.journal, &error);
    if (count > 0)
        mes_log(courier->options.log, code == 0 ? MES_LOG_WARNING : MES_LOG_ERROR, "journal.written",
                MES_LOG_NUMBER("results", count), MES_LOG_NUMBER("code", code));
    courier->has_journal_news = courier->has_journal_news || (code == 0 && count > 0);
    return code == 0;
}

static void tell_broken(struct mes_courier *courier, int code, const struct mes_error *error)
{
    char text[512];
    mes_log(courier->options.log, MES_LOG_ERROR, "store.failed",
            MES_LOG_TEXT("reason", mes_error_text(error, MES_EN, text, sizeof text)));
    if (!courier->is_failing)
        mes_courier_alert(courier, "store.failed", text);
    courier->is_failing = true;
    mes_courier_cannot_write(courier);
    if ((code == MES_E_STORAGE || code == MES_E_CORRUPT) && !courier->is_broken) {
        courier->is_broken = true;
        if (courier->options.listener.on_broken != NULL)
            courier->options.listener.on_broken(courier->options.listener.context, error);
    }
}

/* ---- a turn ---- */

static int replay_news(struct mes_courier *courier, struct mes_error *error)
{
    return courier->has_journal_news ? mes_courier_replay(courier, error) : 0;
}

static int run_schedules(struct mes_courier *courier, struct mes_error *error)
{
    const struct mes_courier_chore *chore = &courier->options.schedules;
    int64_t now = wall_now(courier);
    if (chore->run == NULL || courier->schedules_at > now || atomic_load(&courier->is_paused))
        return 0;
    courier->schedules_at = INT64_MAX;
    return chore->run(chore->context, courier, courier->options.store, now, &courier->schedules_at, error);
}

static int transact(struct turn *turn, struct mes_error *error)
{
    struct mes_courier *courier = turn->courier;
    int code = mes_store_begin(courier->options.store, error);
    if (code != 0)
        return code;
    code = replay_news(courier, error);
    if (code == 0)
        code = mes_courier_mend_times(courier, error);
    if (code == 0)
        code = run_commands(turn, error);
    if (code == 0)
        code = run_schedules(courier, error);
    if (code == 0 && courier->options.carrier != NULL && !atomic_load(&courier->is_paused)) {
        code = mes_courier_flush(courier, error);
        if (code == 0)
            code = mes_courier_lease(courier, error);
    }
    if (code == 0)
        code = mes_courier_flush(courier, error);
    if (code == 0)
        code = mes_store_commit(courier->options.store, error);
    else
        mes_store_rollback(courier->options.store);
    return code;
}

static void clear_journal(struct mes_courier *courier)
{
    struct mes_error error = {0};
    if (!courier->has_journal_news)
        return;
    if (mes_store_journal_clear(courier->options.journal, &error) == 0)
        courier->has_journal_news = false;
}

static void run_turn(struct turn *turn)
{
    struct mes_courier *courier = turn->courier;
    struct mes_error error = {0};
    int code = transact(turn, &error);
    settle_leases(courier, code == 0);
    if (code == 0) {
        courier->is_failing = courier->is_failing && turn->count == 0; /* an empty turn proves nothing */
        clear_journal(courier);
        announce(courier);
    } else {
        tell_broken(courier, code, &error);
        (void)journal_outcomes(turn);
        courier->retry_at = mes_clock_monotonic(courier->clock) + MES_COURIER_RETRY_MS;
        for (int lane = 0; lane < MES_LANE_COUNT; lane++)
            courier->look_at[lane] = 0;
        if (courier->options.schedules.run != NULL)
            courier->schedules_at = 0;
    }
    courier->change_count = 0;
    finish_commands(turn, code, &error);
    atomic_fetch_add(&courier->turns, 1);
}

/* How long nothing needs to be done. */
static int64_t idle_ms(const struct mes_courier *courier)
{
    int64_t now = wall_now(courier), wait = MES_COURIER_IDLE_MS;
    int64_t retry = courier->retry_at - mes_clock_monotonic(courier->clock);
    if (courier->backlog != NULL || courier->watched.is_mending)
        return retry > 0 ? retry : 0;
    for (int lane = 0; lane < MES_LANE_COUNT && !atomic_load(&courier->is_paused); lane++)
        if (mes_courier_room(courier, lane) > 0 && courier->look_at[lane] - now < wait)
            wait = courier->look_at[lane] - now;
    if (courier->schedules_at - now < wait)
        wait = courier->schedules_at - now;
    if (wait < retry)
        wait = retry;
    return wait > 0 ? wait : 0;
}

static bool has_work(struct mes_courier *courier)
{
    int64_t now = wall_now(courier);
    bool is_due = courier->schedules_at <= now;
    for (int lane = 0; lane < MES_LANE_COUNT; lane++)
        is_due = is_due || (courier->look_at[lane] <= now && mes_courier_room(courier, lane) > 0);
    return courier->backlog != NULL || courier->has_journal_news || courier->watched.is_mending ||
           (is_due && !atomic_load(&courier->is_paused));
}

static void append_backlog(struct mes_courier *courier, struct mes_mailbox_item *items)
{
    struct mes_mailbox_item **last = &courier->backlog;
    while (*last != NULL)
        last = &(*last)->next;
    *last = items;
}

/* Nobody waits: the log goes into the database file. */
static void tidy(struct mes_courier *courier)
{
    struct mes_error error = {0};
    int code = mes_store_tidy(courier->options.store, &error);
    if (code != 0 && code != MES_E_FULL && code != MES_E_BUSY)
        tell_broken(courier, code, &error);
}

static void work(void *context)
{
    struct mes_courier *courier = context;
    struct turn turn = {.courier = courier};
    for (;;) {
        bool is_closed = mes_mailbox_is_closed(courier->mailbox); /* what comes now was posted before */
        append_backlog(courier, mes_mailbox_wait(courier->mailbox, idle_ms(courier)));
        if (is_closed && courier->backlog == NULL)
            break;
        mes_courier_watch_clock(courier);
        if (atomic_exchange(&courier->has_new_schedules, false) && courier->options.schedules.run != NULL)
            courier->schedules_at = 0;
        if (atomic_exchange(&courier->is_nudged, false))
            for (int lane = 0; lane < MES_LANE_COUNT; lane++)
                courier->look_at[lane] = 0;
        if (has_work(courier)) {
            courier->idle_turns = 0;
            run_turn(&turn);
        } else {
            atomic_fetch_add(&courier->turns, 1);
            tidy(courier);
            mes_courier_be_idle(courier);
        }
        mes_courier_try_to_write(courier);
    }
    mes_free(turn.taken);
}

/* ---- the courier ---- */

int mes_courier_start(const struct mes_courier_options *options, struct mes_courier **courier_out,
                      struct mes_error *error)
{
    struct mes_courier *courier = mes_alloc(sizeof *courier);
    *courier_out = NULL;
    if (courier == NULL)
        return mes_fail_nomem(error);
    courier->options = *options;
    courier->clock = options->clock != NULL ? options->clock : mes_clock_system();
    courier->started_at = wall_now(courier);
    courier->leased_last = &courier->leased;
    if (options->schedules.run == NULL)
        courier->schedules_at = INT64_MAX;
    courier->next_token = mes_store_epoch(options->store) << 40;
    int code = mes_mailbox_new(NULL, NULL, &courier->mailbox, error);
    mes_courier_begin_clock(courier);
    if (code == 0)
        code = mes_courier_recover(courier, error);
    if (code == 0)
        code = mes_thread_start("courier", work, courier, &courier->thread, error);
    if (code != 0) {
        mes_courier_stop(&courier);
        return code;
    }
    *courier_out = courier;
    return 0;
}

void mes_courier_post(struct mes_courier *courier, struct mes_courier_command *command)
{
    if (!mes_mailbox_post(courier->mailbox, &command->item))
        refuse(command);
}

void mes_courier_nudge(struct mes_courier *courier)
{
    atomic_store(&courier->is_nudged, true);
    mes_mailbox_nudge(courier->mailbox);
}

void mes_courier_forget(struct mes_courier *courier, int64_t job)
{
    struct mes_compose_job *compiled = mes_warm_take(&courier->warm, job);
    mes_compose_job_release(&compiled);
}

void mes_courier_look_at_schedules(struct mes_courier *courier)
{
    atomic_store(&courier->has_new_schedules, true);
    mes_mailbox_nudge(courier->mailbox);
}

void mes_courier_pause(struct mes_courier *courier)
{
    atomic_store(&courier->is_paused, true);
}

uint64_t mes_courier_turns(const struct mes_courier *courier)
{
    return atomic_load(&courier->turns);
}

void mes_courier_alert(struct mes_courier *courier, const char *name, const char *detail)
{
    const struct mes_courier_listener *listener = &courier->options.listener;
    if (listener->on_alert != NULL)
        listener->on_alert(listener->context, name, detail);
}

void mes_courier_stop(struct mes_courier **place)
{
    struct mes_courier *courier = *place;
    if (courier == NULL)
        return;
    if (courier->thread != NULL) {
        mes_mailbox_close(courier->mailbox);
        mes_thread_join(&courier->thread);
    }
    mes_mailbox_free(&courier->mailbox);
    mes_warm_fini(&courier->warm);
    mes_free(courier->changes);
    mes_free(courier);
    *place = NULL;
}
