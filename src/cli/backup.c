/* mailenhance backup, restore, check: the data folder of a service, whether it runs or not. */
#include "store/backup.h"

#include "account/account.h"
#include "base/process.h"
#include "base/user.h"
#include "cli/bar.h"
#include "cli/service.h"
#include "cli/status.h"
#include "json/write.h"

enum { LINE_MOST = 64 * 1024, KEEP_MOST = 100000 };

static volatile bool is_stopped;

static void stop(void)
{
    is_stopped = true;
}

/* ---- what all three share ---- */

/* Long work with a bar; ^C ends it and leaves nothing half done. */
struct work {
    struct mes_cli *cli;
    struct mes_cli_bar bar;
    struct mes_buf line;
    struct mes_store_backup_progress progress;
    size_t findings;
};

static bool on_progress(void *context, enum mes_store_backup_step step, uint64_t done, uint64_t total)
{
    static const int sentences[] = {
        [MES_STORE_BACKUP_DATABASE] = MES_SAY_cli_step_database,
        [MES_STORE_BACKUP_BLOBS] = MES_SAY_cli_step_blobs,
        [MES_STORE_BACKUP_VERIFY] = MES_SAY_cli_step_verify,
    };
    struct work *work = context;
    mes_cli_bar_update(&work->bar, sentences[step], done, total);
    return !is_stopped;
}

static void clear_bar(void *context)
{
    struct work *work = context;
    mes_cli_bar_clear(&work->bar);
}

static void begin(struct work *work, struct mes_cli *cli)
{
    *work = (struct work){.cli = cli, .progress = {.on_progress = on_progress, .context = work}};
    mes_cli_bar_init(&work->bar, cli);
    mes_buf_init(&work->line, LINE_MOST);
    cli->before_line = clear_bar;
    cli->context = work;
    mes_process_on_stop(stop, "\n");
}

static void end(struct work *work)
{
    mes_process_on_stop(NULL, NULL);
    mes_cli_bar_clear(&work->bar);
    work->cli->before_line = NULL;
    mes_buf_fini(&work->line);
}

static const char *operand(const struct mes_cli *cli)
{
    return cli->options->word_count > 1 ? cli->options->words[1] : NULL;
}

/* ---- backup ---- */

static int read_keep(struct mes_cli *cli, unsigned *keep_out)
{
    const char *text = mes_cli_text(cli->options, MES_CLI_OPT_KEEP);
    uint64_t keep = 0;
    if (text != NULL && (!mes_str_to_uint(mes_str_of(text), KEEP_MOST, &keep) || keep == 0)) {
        mes_cli_tell(cli, MES_SAY_cli_not_a_number, MES_ARGS("keep", text));
        return MES_CLI_EXIT_USAGE;
    }
    *keep_out = (unsigned)keep;
    return MES_CLI_EXIT_OK;
}

static void put_backup(struct work *work, const char *target, const struct mes_store_backup_result *result)
{
    struct mes_json_writer json;
    struct mes_buf path;
    mes_buf_init(&path, LINE_MOST);
    mes_buf_add_format(&path, "%s/%s", target, result->name);
    if (mes_cli_has(work->cli->options, MES_CLI_OPT_JSON)) {
        mes_json_writer_init(&json, &work->line);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "backup", mes_buf_str(&path));
        mes_json_write_integer(&json, "files", (int64_t)result->files);
        mes_json_write_integer(&json, "bytes", (int64_t)result->bytes);
        mes_json_write_object_end(&json);
        mes_cli_put_line(work->cli, &work->line);
    } else {
        mes_cli_put_sentence(
            work->cli, MES_SAY_cli_backup_made,
            MES_ARGS(mes_buf_text(&path), MES_NUMBER(result->files), MES_NUMBER(result->bytes)));
    }
    mes_buf_fini(&path);
}

static int make_backup(struct mes_cli *cli, struct mes_store_folder *folder, const char *target,
                       unsigned keep)
{
    struct mes_store_backup_result result;
    struct mes_error error;
    struct work work;
    begin(&work, cli);
    const struct mes_store_backup_options options = {
        .target = target, .keep = keep, .progress = &work.progress};
    int code = mes_store_backup_make(folder, &options, &result, &error);
    int status = code == 0 ? MES_CLI_EXIT_OK : mes_cli_fail(cli, &error, MES_CLI_EXIT_IOERR);
    if (code == 0)
        put_backup(&work, target, &result);
    end(&work);
    return status;
}

int mes_cli_backup(struct mes_cli *cli)
{
    struct mes_account_list *list = NULL;
    struct mes_store_folder *folder = NULL;
    unsigned keep = 0;
    int status = read_keep(cli, &keep);
    if (status != MES_CLI_EXIT_OK)
        return status;
    status = mes_cli_open_folder(cli, false, &list, &folder);
    const char *target = operand(cli);
    if (status == MES_CLI_EXIT_OK && target == NULL)
        target = mes_account_list_globals(list)->backup_folder;
    if (status == MES_CLI_EXIT_OK && target[0] == '\0') {
        mes_cli_tell(cli, MES_SAY_cli_backup_where, MES_NO_ARGS);
        status = MES_CLI_EXIT_USAGE;
    }
    if (status == MES_CLI_EXIT_OK)
        status = make_backup(cli, folder, target, keep);
    mes_store_folder_close(&folder);
    mes_account_list_free(&list);
    return status;
}

/* ---- restore ---- */

static void put_restored(struct work *work, const char *path, const struct mes_store_backup_result *result)
{
    struct mes_json_writer json;
    if (!mes_cli_has(work->cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_put_sentence(
            work->cli, MES_SAY_cli_restored,
            MES_ARGS(path, MES_NUMBER(result->jobs_held), MES_NUMBER(result->schedules_paused)));
        return;
    }
    mes_json_writer_init(&json, &work->line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "dataFolder", mes_str_of(path));
    mes_json_write_integer(&json, "files", (int64_t)result->files);
    mes_json_write_integer(&json, "bytes", (int64_t)result->bytes);
    mes_json_write_integer(&json, "jobsHeld", result->jobs_held);
    mes_json_write_integer(&json, "schedulesPaused", result->schedules_paused);
    mes_json_write_object_end(&json);
    mes_cli_put_line(work->cli, &work->line);
}

int mes_cli_restore(struct mes_cli *cli)
{
    struct mes_account_list *list = NULL;
    struct mes_store_backup_result result;
    struct mes_error error;
    struct work work;
    if (operand(cli) == NULL) {
        mes_cli_tell(cli, MES_SAY_cli_operand_missing, MES_ARGS(cli->options->command->operands));
        return MES_CLI_EXIT_USAGE;
    }
    int status = mes_cli_open_folder(cli, true, &list, NULL);
    if (status != MES_CLI_EXIT_OK)
        return status;
    begin(&work, cli);
    struct mes_user owner = {.id = 0};
    bool is_anothers = mes_user_is_root() &&
                       mes_user_owner_of(mes_account_list_globals(list)->data_folder, &owner) &&
                       owner.id != 0;
    const struct mes_store_restore_options options = {
        .backup = operand(cli),
        .path = mes_account_list_globals(list)->data_folder,
        .may_put_aside = mes_cli_has(cli->options, MES_CLI_OPT_PUT_ASIDE),
        .progress = &work.progress,
    };
    int code = mes_store_backup_restore(&options, &result, &error);
    if (code == 0 && is_anothers) /* what root brought back is for the service to open */
        code = mes_user_give(&owner, options.path, &error);
    if (code == 0)
        put_restored(&work, options.path, &result);
    else
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    end(&work);
    mes_account_list_free(&list);
    return status;
}

/* ---- check ---- */

static void on_finding(void *context, const struct mes_error *finding)
{
    struct work *work = context;
    struct mes_json_writer json;
    struct mes_buf sentence;
    bool is_json = mes_cli_has(work->cli->options, MES_CLI_OPT_JSON);
    mes_buf_init(&sentence, LINE_MOST);
    mes_say_error(&sentence, is_json ? MES_EN : work->cli->language, finding);
    work->findings++;
    if (is_json) {
        mes_json_writer_init(&json, &work->line);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "finding", mes_buf_str(&sentence));
        mes_json_write_object_end(&json);
    } else {
        mes_say(&work->line, work->cli->language, MES_SAY_cli_problem, MES_ARGS(mes_buf_text(&sentence)));
    }
    mes_cli_put_line(work->cli, &work->line);
    mes_buf_fini(&sentence);
}

static void put_verdict(struct work *work, bool is_well)
{
    struct mes_json_writer json;
    if (!mes_cli_has(work->cli->options, MES_CLI_OPT_JSON)) {
        if (is_well)
            mes_cli_put_sentence(work->cli, MES_SAY_cli_check_well, MES_NO_ARGS);
        return;
    }
    mes_json_writer_init(&json, &work->line);
    mes_json_write_object(&json, NULL);
    mes_json_write_flag(&json, "ok", is_well);
    mes_json_write_object_end(&json);
    mes_cli_put_line(work->cli, &work->line);
}

int mes_cli_check(struct mes_cli *cli)
{
    struct mes_account_list *list = NULL;
    struct mes_store_folder *folder = NULL;
    struct mes_error error;
    struct work work;
    int status = mes_cli_open_folder(cli, false, &list, &folder);
    if (status == MES_CLI_EXIT_OK) {
        begin(&work, cli);
        const struct mes_store_backup_findings findings = {.on_finding = on_finding, .context = &work};
        int code = mes_store_backup_check(folder, &findings, &work.progress, &error);
        /* What was found was told already. */
        if (code != 0 && (code != MES_E_CORRUPT || work.findings == 0))
            status = mes_cli_fail(cli, &error, MES_CLI_EXIT_IOERR);
        else
            put_verdict(&work, code == 0);
        if (code == MES_E_CORRUPT)
            status = MES_CLI_EXIT_DATA;
        end(&work);
    }
    mes_store_folder_close(&folder);
    mes_account_list_free(&list);
    return status;
}
