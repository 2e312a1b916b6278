#include "queue/flight.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "queue/courier_parts.h"
#include "store/flight.h"
#include "store/journal.h"

static struct mes_queue_mail *mail_of_dot(struct mes_courier_command *command)
{
    return (struct mes_queue_mail *)(void *)((char *)command - offsetof(struct mes_queue_mail, dot.command));
}

static struct mes_queue_mail *mail_of_outcome(struct mes_courier_command *command)
{
    return (struct mes_queue_mail *)(void *)((char *)command - offsetof(struct mes_queue_mail, command));
}

/* ---- the dot ---- */

static int run_dot(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_queue_mail *mail = mail_of_dot(command);
    struct mes_queue_dot *dot = &mail->dot;
    const struct mes_store_flight flight = {
        .job = mail->batch->job,
        .number = mail->number,
        .token = mail->token,
        .doubts = mail->progress.doubts + 1,
        .account = dot->account,
        .since = mes_clock_wall(mail->courier->clock),
    };
    bool is_ours = false;
    dot->is_cancelled = dot->stores && atomic_load(&mail->batch->is_cancelled);
    if (dot->is_cancelled)
        return 0;
    int code = dot->stores ? mes_store_flight_mark_dot(store, &flight, &is_ours, error)
                           : mes_store_flight_withdraw_dot(store, &flight, &is_ours, error);
    dot->is_refused = !is_ours;
    return code;
}

static void dot_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_queue_mail *mail = mail_of_dot(command);
    (void)error;
    mail->dot.is_refused = mail->dot.is_refused || mail->dot.is_cancelled || code != 0;
    mes_carrier_answer_dot(mail->courier->options.carrier, mail);
}

void mes_flight_post_dot(struct mes_courier *courier, struct mes_queue_mail *mail)
{
    mail->dot.is_refused = false;
    mail->dot.is_cancelled = false;
    mail->dot.command.run = run_dot;
    mail->dot.command.done = dot_done;
    mail->dot.command.is_sure = true;
    mes_courier_post(courier, &mail->dot.command);
}

/* ---- the outcome ---- */

static int run_outcome(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_queue_mail *mail = mail_of_outcome(command);
    (void)store;
    /* Without a row nothing is known but that it came back: what stands in the database decides at the next
     * start. */
    bool was_new = false;
    /* A job that somebody cancelled meanwhile ends as cancelled, whatever became of its mail. */
    if (atomic_load(&mail->batch->is_cancelled))
        mail->outcome.is_whole = false;
    return mail->outcome.row_count > 0 ? mes_courier_apply(mail->courier, &mail->outcome, &was_new, error)
                                       : 0;
}

static void outcome_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_queue_mail *mail = mail_of_outcome(command);
    struct mes_courier *courier = mail->courier;
    (void)code; /* what the database could not take is in the journal, or is found at the next start */
    (void)error;
    mes_queue_mail_free(courier, &mail);
}

void mes_flight_post_outcome(struct mes_courier *courier, struct mes_queue_mail *mail)
{
    mail->outcome.token = mail->token;
    mail->outcome.is_whole = false;
    if (mail->batch->mails == 1) {
        mail->outcome.is_whole = mail->outcome.row_count == mail->row_count;
        for (size_t i = 0; i < mail->outcome.row_count; i++)
            mail->outcome.is_whole = mail->outcome.is_whole && mail->outcome.rows[i].is_final;
    }
    mail->command.run = run_outcome;
    mail->command.done = outcome_done;
    mail->command.is_sure = true;
    mes_courier_post(courier, &mail->command);
}

/* ---- the journal ---- */

bool mes_flight_is_outcome(const struct mes_courier_command *command)
{
    return command->run == run_outcome;
}

int mes_flight_journal(struct mes_courier *courier, struct mes_courier_command *command,
                       struct mes_error *error)
{
    const struct mes_outcome *outcome = &mail_of_outcome(command)->outcome;
    struct mes_buf record;
    int code = 0;
    mes_buf_init(&record, MES_STORE_JOURNAL_RECORD_MOST);
    for (size_t i = 0; i < outcome->row_count && code == 0; i++) {
        mes_buf_clear(&record);
        mes_outcome_write(outcome, i, &record);
        code = mes_buf_check(&record, error);
        if (code == 0)
            code = mes_store_journal_append(courier->options.journal, mes_buf_str(&record), error);
    }
    mes_buf_fini(&record);
    return code;
}
