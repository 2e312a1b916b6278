/* mailenhance send: one mail to one recipient or to many, through the first account that works. */
#include <stdio.h>

#include "account/account.h"
#include "base/process.h"
#include "cli/accounts.h"
#include "cli/content.h"
#include "cli/notes.h"
#include "cli/progress.h"
#include "cli/recipients.h"
#include "cli/result.h"
#include "cli/status.h"
#include "cli/submit.h"
#include "cli/template.h"
#include "mes/mes.h"

enum { MES_CLI_STOP_GRACE_MS = 5000, MES_CLI_RESULT_LIMIT = 1024 * 1024, MES_CLI_REASON_SPACE = 4096 };

struct sending {
    struct mes_cli *cli;
    struct mes_account_list *list;
    struct mes_message *message;
    struct mes_cli_recipients recipients;
    struct mes_cli_tally tally;
    struct mes_cli_progress progress;
    struct mes_cli_notes notes;
    struct mes_buf line;
    struct mes_buf
        rejected; /* lines of --json for addresses that were left out, told when the others were sent */
    bool is_json;
};

/* For the signal handler, which gets no context. */
static struct mes_sender *volatile running;

static volatile bool is_stopped;

static void stop(void)
{
    struct mes_sender *sender = running;
    is_stopped = true;
    if (sender != NULL)
        mes_sender_cancel(sender, MES_CLI_STOP_GRACE_MS);
}

static void clear_progress(void *context)
{
    struct sending *sending = context;
    mes_cli_progress_clear(&sending->progress);
}

/* Programs get a line for each address they gave, so for one that is left out, too. */
static void on_bad_address(void *context, struct mes_str address, const struct mes_error *why)
{
    struct sending *sending = context;
    char reason[MES_CLI_REASON_SPACE], shown[512];
    if (!sending->is_json || !mes_cli_has(sending->cli->options, MES_CLI_OPT_SKIP_INVALID))
        return;
    mes_cli_result_json_rejected(&sending->rejected, mes_shown_text(shown, sizeof shown, address),
                                 mes_error_text(why, MES_EN, reason, sizeof reason));
    mes_buf_add_char(&sending->rejected, '\n');
}

static void on_result(void *context, const struct mes_result *result)
{
    struct sending *sending = context;
    mes_cli_tally_add(&sending->tally, result);
    if (sending->is_json) {
        mes_cli_result_json(&sending->line, result);
    } else {
        mes_cli_notes_tell(&sending->notes, sending->cli, result);
        mes_cli_result_text(&sending->line, sending->cli->language, result);
    }
    mes_cli_put_line(sending->cli, &sending->line);
    /* Mail whose fate cannot be recorded is not sent: what is left stays known to be unsent. */
    if (sending->cli->output_error != 0)
        stop();
    mes_cli_progress_update(&sending->progress, &sending->tally);
}

static void on_trace(void *context, const char *account, char direction, const char *line, size_t size)
{
    struct sending *sending = context;
    struct mes_str text = mes_str_make(line, size);
    char shown[2048];
    mes_cli_progress_clear(&sending->progress);
    (void)fprintf(stderr, "%s %c %s\n", account, direction, mes_shown_text(shown, sizeof shown, text));
}

static const char *template_folder(const struct sending *sending)
{
    const char *folder = mes_account_list_globals(sending->list)->mail_template_folder;
    return folder[0] != '\0' ? folder : NULL;
}

static bool is_bulk(const struct sending *sending)
{
    const char *kind = mes_cli_text(sending->cli->options, MES_CLI_OPT_KIND);
    if (kind == NULL)
        return sending->recipients.count[MES_ROLE_TO] > 1;
    return mes_str_eq_nocase(mes_str_of(kind), MES_STR("bulk"));
}

/* Puts the message together. Returns an exit status; only 0 lets it be sent. */
static int compose(struct sending *sending)
{
    struct mes_error error;
    struct mes_cli *cli = sending->cli;
    sending->recipients = (struct mes_cli_recipients){
        .cli = cli, .message = sending->message, .on_bad = on_bad_address, .context = sending};
    int code = mes_cli_content_add(cli, sending->message, template_folder(sending), &error);
    if (code == 0)
        code = mes_cli_recipients_add(&sending->recipients, &error);
    if (code != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    if (!mes_cli_recipients_may_send(&sending->recipients))
        return MES_CLI_EXIT_DATA;
    sending->tally.rejected = sending->recipients.bad;
    mes_cli_template_check_language(cli, sending->list);
    return MES_CLI_EXIT_OK;
}

static int print_mail(struct sending *sending, struct mes_sender *sender)
{
    struct mes_error error;
    char *bytes;
    size_t size;
    if (mes_sender_render(sender, sending->message, 0, &bytes, &size, &error) != 0)
        return mes_cli_fail(sending->cli, &error, MES_CLI_EXIT_DATA);
    mes_cli_put(sending->cli, mes_str_make(bytes, size));
    mes_sender_release(&bytes);
    size_t count = sending->recipients.count[MES_ROLE_TO];
    mes_cli_tell(sending->cli, count == 1 ? MES_SAY_cli_dry_run : MES_SAY_cli_dry_run_first,
                 MES_ARGS(MES_NUMBER(count)));
    return MES_CLI_EXIT_OK;
}

/* The advice of a deferred mail speaks of trying again; who does that here has to be said. */
static void tell_of_deferred(struct sending *sending)
{
    bool is_retrying = mes_cli_has(sending->cli->options, MES_CLI_OPT_RETRY_FOR);
    if (sending->tally.count[MES_STATUS_DEFERRED] == 0 || (is_retrying && is_stopped))
        return;
    mes_cli_tell(sending->cli, is_retrying ? MES_SAY_cli_deferred_still : MES_SAY_cli_deferred_left,
                 MES_NO_ARGS);
}

static void summarize(struct sending *sending)
{
    mes_cli_put(sending->cli, mes_buf_str(&sending->rejected));
    if (sending->is_json)
        return;
    if (mes_cli_tally_done(&sending->tally) > 1) {
        mes_cli_tally_text(&sending->line, sending->cli->language, &sending->tally);
        mes_cli_tell(sending->cli, MES_SAY_cli_summary, MES_ARGS(mes_buf_text(&sending->line)));
        mes_buf_clear(&sending->line);
    }
    tell_of_deferred(sending);
}

static int send_all(struct sending *sending, struct mes_sender *sender)
{
    struct mes_error error;
    struct mes_report *report = NULL;
    struct mes_buf words;
    mes_buf_init(&words, MES_CLI_REASON_SPACE);
    const size_t *count = sending->recipients.count;
    mes_cli_progress_init(&sending->progress, sending->cli->language,
                          count[MES_ROLE_TO] * (1 + count[MES_ROLE_CC] + count[MES_ROLE_BCC]));
    sending->cli->before_line = clear_progress;
    sending->cli->context = sending;
    running = sender;
    mes_say(&words, sending->cli->language, MES_SAY_cli_stopping, MES_NO_ARGS);
    mes_process_on_stop(stop, mes_buf_text(&words));
    int code = mes_send(sender, sending->message, &report, &error);
    mes_process_on_stop(NULL, NULL);
    running = NULL;
    mes_buf_fini(&words);
    mes_cli_progress_clear(&sending->progress);
    sending->cli->before_line = NULL;
    mes_report_free(&report);
    if (code != 0)
        return mes_cli_fail(sending->cli, &error, MES_CLI_EXIT_DATA);
    summarize(sending);
    return mes_cli_tally_status(&sending->tally);
}

static int open_sender(struct sending *sending, struct mes_sender **sender_out)
{
    struct mes_error error;
    const struct mes_cli_options *options = sending->cli->options;
    struct mes_sender_options wishes = {
        .account = mes_cli_text(options, MES_CLI_OPT_ACCOUNT),
        .bulk = is_bulk(sending),
        .on_trace = mes_cli_has(options, MES_CLI_OPT_TRACE) ? on_trace : NULL,
        .on_result = on_result,
        .context = sending,
    };
    const char *retry_for = mes_cli_text(options, MES_CLI_OPT_RETRY_FOR);
    if (retry_for != NULL)
        (void)mes_cli_parse_duration(mes_str_of(retry_for), &wishes.retry_for_ms);
    if (mes_sender_new(sending->list, &wishes, sender_out, &error) != 0)
        return mes_cli_fail(sending->cli, &error, MES_CLI_EXIT_CONFIG);
    return MES_CLI_EXIT_OK;
}

static int run(struct sending *sending)
{
    struct mes_sender *sender = NULL;
    int status = compose(sending);
    if (status == MES_CLI_EXIT_OK)
        status = open_sender(sending, &sender);
    if (status != MES_CLI_EXIT_OK)
        return status;
    bool is_dry = mes_cli_has(sending->cli->options, MES_CLI_OPT_DRY_RUN);
    status = is_dry ? print_mail(sending, sender) : send_all(sending, sender);
    mes_sender_free(&sender);
    return status;
}

static int check_usage(const struct mes_cli_options *options, struct mes_error *error)
{
    const char *retry_for = mes_cli_text(options, MES_CLI_OPT_RETRY_FOR);
    int64_t duration;
    if (retry_for != NULL && !mes_cli_parse_duration(mes_str_of(retry_for), &duration))
        return mes_fail(error, MES_E_USAGE, MES_SAY_cli_not_a_duration, MES_ARGS("retry-for", retry_for));
    if (!mes_cli_has(options, MES_CLI_OPT_CONFIG) && !mes_cli_has(options, MES_CLI_OPT_QUEUE))
        return mes_fail(error, MES_E_USAGE, MES_SAY_cli_option_needed, MES_ARGS("send", "config", "FILE"));
    if (!mes_cli_has(options, MES_CLI_OPT_TO) && !mes_cli_has(options, MES_CLI_OPT_TO_FILE))
        return mes_fail(error, MES_E_USAGE, MES_SAY_cli_no_recipient, MES_NO_ARGS);
    return mes_cli_content_check(options, error);
}

int mes_cli_send(struct mes_cli *cli)
{
    struct mes_error error;
    struct sending sending = {.cli = cli, .is_json = mes_cli_has(cli->options, MES_CLI_OPT_JSON)};
    if (check_usage(cli->options, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_USAGE);
    if (mes_cli_has(cli->options, MES_CLI_OPT_QUEUE))
        return mes_cli_submit(cli);
    int status = mes_cli_load_accounts(cli, &sending.list);
    if (status != MES_CLI_EXIT_OK)
        return status;
    mes_buf_init(&sending.line, MES_CLI_RESULT_LIMIT);
    mes_buf_init(&sending.rejected, SIZE_MAX);
    sending.message = mes_message_new();
    if (sending.message == NULL)
        status = MES_CLI_EXIT_OSERR;
    else
        status = run(&sending);
    mes_message_free(&sending.message);
    mes_buf_fini(&sending.line);
    mes_buf_fini(&sending.rejected);
    mes_account_list_free(&sending.list);
    return status;
}
