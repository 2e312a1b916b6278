/* The parts of the service in the order in which they are made; backwards it is the order in which they end.
 */
#include "api/key.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/process.h"
#include "base/supervisor.h"
#include "base/user.h"
#include "daemon/parts.h"
#include "i18n/say.h"

enum { READERS_KEPT = 8 };

static const struct mes_account_globals *globals_of(struct mes_daemon *daemon)
{
    return mes_roster_globals(daemon->roster);
}

/* ---- what is needed before anything else ---- */

static void drop_settings(struct mes_daemon *daemon)
{
    mes_roster_drop(&daemon->roster);
}

static int start_log(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_account_globals *globals = globals_of(daemon);
    int code = mes_zone_load(globals->time_zone, &daemon->zone, error);
    const struct mes_log_options options = {
        .clock = daemon->clock,
        .zone = daemon->zone,
        .format = globals->log_format == MES_ACCOUNT_LOG_JSON ? MES_LOG_JSON : MES_LOG_KEY_VALUE,
        .file = globals->log_file,
        .keep_days = (unsigned)globals->log_keep_days};
    return code != 0 ? code : mes_log_new(&options, &daemon->log, error);
}

static void end_log(struct mes_daemon *daemon)
{
    mes_log_free(&daemon->log);
    mes_zone_free(&daemon->zone);
}

/* Before anything is opened: until then nobody else has its number. */
static int take_listener(struct mes_daemon *daemon, struct mes_error *error)
{
    (void)error;
    daemon->listener_given = mes_supervisor_listener();
    return 0;
}

static void drop_listener(struct mes_daemon *daemon)
{
    mes_descriptor_close(&daemon->listener_given);
}

/* ---- the data folder ---- */

static int start_folder(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = mes_store_folder_open(globals_of(daemon)->data_folder, &daemon->folder, error);
    if (code == 0)
        code = mes_store_folder_lock(daemon->folder, error);
    if (code == 0)
        mes_process_on_crash(mes_store_folder_lock_file(daemon->folder), MES_STORE_FOLDER_CRASHED);
    if (code == 0 && mes_store_folder_has_spent_reserve(daemon->folder))
        mes_log(daemon->log, MES_LOG_ERROR, "disk.reserve_spent",
                MES_LOG_TEXT("data", mes_store_folder_path(daemon->folder)));
    if (code == 0 && mes_store_folder_has_lost_log(daemon->folder)) {
        struct mes_error lost = {0};
        (void)mes_fail(&lost, MES_E_STORAGE, MES_SAY_store_log_lost,
                       MES_ARGS(mes_store_folder_database(daemon->folder)));
        mes_daemon_log_error(daemon, MES_LOG_ERROR, "store.log_lost", &lost);
    }
    return code;
}

static void end_folder(struct mes_daemon *daemon)
{
    mes_process_on_crash(-1, "");
    mes_store_folder_close(&daemon->folder);
}

/* The data folder's own key is good from the first start on. */
static int know_key(struct mes_daemon *daemon, struct mes_error *error)
{
    struct mes_str key = mes_secret_reveal(mes_store_folder_key(daemon->folder));
    struct mes_store_key known;
    struct mes_arena arena;
    unsigned char hash[MES_DIGEST_SIZE];
    if (!mes_api_key_hash(key, hash))
        return mes_fail_nomem(error);
    mes_arena_init(&arena, 64 * 1024);
    int code = mes_store_key_find(mes_store_reads(daemon->store), hash, &arena, &known, error);
    mes_arena_fini(&arena);
    daemon->is_first = code == MES_E_NOT_FOUND;
    if (code != MES_E_NOT_FOUND)
        return code;
    code = mes_store_begin(daemon->store, error);
    if (code == 0)
        code = mes_api_key_local(daemon->store, key, mes_clock_wall(daemon->clock), error);
    if (code == 0)
        return mes_store_commit(daemon->store, error);
    mes_store_rollback(daemon->store);
    return code;
}

static int start_store(struct mes_daemon *daemon, struct mes_error *error)
{
    const char *file = mes_store_folder_database(daemon->folder);
    int code = mes_store_open(file, daemon->clock, &daemon->store, error);
    if (code == 0)
        code = mes_store_readers_new(file, READERS_KEPT, &daemon->readers, error);
    if (code == 0)
        code = mes_store_journal_open(mes_store_folder_journal(daemon->folder), &daemon->journal, error);
    return code == 0 ? know_key(daemon, error) : code;
}

static void end_store(struct mes_daemon *daemon)
{
    mes_store_journal_close(&daemon->journal);
    mes_store_readers_free(&daemon->readers);
    mes_store_close(&daemon->store);
}

/* ---- the loop thread and the courier ---- */

static void on_order(void *context, struct mes_mailbox_item *item)
{
    struct mes_daemon_order *order = (struct mes_daemon_order *)item;
    order->run(order, context);
}

static int start_loop(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = mes_loop_new(daemon->clock, &daemon->loop, error);
    return code == 0 ? mes_inbox_new(daemon->loop, on_order, daemon, &daemon->inbox, error) : code;
}

static void end_loop(struct mes_daemon *daemon)
{
    if (daemon->inbox != NULL)
        mes_inbox_free(&daemon->inbox);
    mes_loop_free(&daemon->loop);
}

static int start_carrier(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = mes_queue_memory_new(daemon->store, &daemon->memory, error);
    const struct mes_carrier_options options = {.loop = daemon->loop,
                                                .roster = daemon->roster,
                                                .memory = daemon->memory,
                                                .log = daemon->log,
                                                .listener = mes_daemon_carrier_news(daemon)};
    return code == 0 ? mes_carrier_new(&options, &daemon->carrier, error) : code;
}

static void end_carrier(struct mes_daemon *daemon)
{
    if (daemon->carrier != NULL)
        mes_carrier_free(&daemon->carrier);
    if (daemon->memory != NULL)
        mes_queue_memory_free(&daemon->memory);
}

static int start_hooks(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_hook_options options = {.loop = daemon->loop,
                                             .secret = mes_store_folder_secret(daemon->folder),
                                             .roster = daemon->roster,
                                             .log = daemon->log};
    return mes_hook_new(&options, &daemon->hooks, error);
}

static void end_hooks(struct mes_daemon *daemon)
{
    mes_hook_free(&daemon->hooks);
}

static int start_courier(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_courier_listener listener = mes_daemon_courier_news(daemon);
    daemon->schedules = (struct mes_api_schedules){.blob_folder = mes_store_folder_blobs(daemon->folder),
                                                   .clock = daemon->clock,
                                                   .on_alert = listener.on_alert,
                                                   .context = listener.context,
                                                   .log = daemon->log};
    const struct mes_courier_options options = {.store = daemon->store,
                                                .journal = daemon->journal,
                                                .carrier = daemon->carrier,
                                                .log = daemon->log,
                                                .clock = daemon->clock,
                                                .was_crash = mes_store_folder_has_crashed(daemon->folder),
                                                .blob_folder = mes_store_folder_blobs(daemon->folder),
                                                .listener = listener,
                                                .schedules = {mes_api_schedule_chore, &daemon->schedules}};
    return mes_courier_start(&options, &daemon->courier, error);
}

static void end_courier(struct mes_daemon *daemon)
{
    if (daemon->courier != NULL)
        mes_courier_stop(&daemon->courier);
}

/* Those that were made before the courier and need it. */
static int join_courier(struct mes_daemon *daemon, struct mes_error *error)
{
    (void)error;
    mes_queue_memory_set_courier(daemon->memory, daemon->courier);
    mes_carrier_set_courier(daemon->carrier, daemon->courier);
    mes_hook_start(daemon->hooks, daemon->courier);
    return 0;
}

static void part_from_courier(struct mes_daemon *daemon)
{
    mes_hook_stop(daemon->hooks);
}

/* ---- HTTP ---- */

static struct mes_roster *hold_roster(void *context)
{
    return mes_daemon_hold_roster(context);
}

static void drop_roster(void *context, struct mes_roster *roster)
{
    (void)context;
    mes_roster_drop(&roster);
}

static const char *given(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static int start_api(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_account_globals *globals = globals_of(daemon);
    const char *proxies[256] = {NULL};
    for (size_t i = 0; i < globals->trusted_proxies.count && i + 1 < sizeof proxies / sizeof proxies[0]; i++)
        proxies[i] = globals->trusted_proxies.texts[i];
    daemon->services = (struct mes_api_services){.clock = daemon->clock,
                                                 .courier = daemon->courier,
                                                 .carrier = daemon->carrier,
                                                 .hooks = daemon->hooks,
                                                 .readers = daemon->readers,
                                                 .blob_folder = mes_store_folder_blobs(daemon->folder),
                                                 .hold_roster = hold_roster,
                                                 .drop_roster = drop_roster,
                                                 .reload = mes_daemon_reload,
                                                 .not_ready = mes_daemon_not_ready,
                                                 .log = daemon->log,
                                                 .context = daemon};
    const struct mes_api_options options = {.listen = globals->listen,
                                            .listener =
                                                daemon->listener_given > 0 ? daemon->listener_given : 0,
                                            .certificate_file = given(globals->tls_certificate_file),
                                            .key_file = given(globals->tls_key_file),
                                            .public_url = given(globals->public_url),
                                            .trusted_proxies = proxies,
                                            .data_folder = mes_store_folder_path(daemon->folder),
                                            .threads = (unsigned)globals->http_threads};
    daemon->listener_given = -1;
    int code = mes_api_server_start(&options, &daemon->services, &daemon->api, error);
    if (code == 0)
        mes_daemon_set_followers(daemon, true);
    return code;
}

static void end_api(struct mes_daemon *daemon)
{
    mes_daemon_set_followers(daemon, false);
    if (daemon->api != NULL)
        mes_api_server_stop(&daemon->api);
}

/* ---- rights ---- */

/* The port is open, and nothing of the outside world has been read yet. */
static int drop_rights(struct mes_daemon *daemon, struct mes_error *error)
{
    const struct mes_account_globals *globals = globals_of(daemon);
    const struct mes_origin *origin = &globals->origins[MES_GLOBAL_SETTING_run_as];
    struct mes_user user;
    if (!mes_user_is_root())
        return 0;
    if (globals->run_as[0] == '\0') {
        mes_log(daemon->log, MES_LOG_WARNING, "service.runs_as_root",
                MES_LOG_TEXT("text", mes_say_text(MES_EN, MES_SAY_daemon_root)));
        return 0;
    }
    if (!mes_user_find(globals->run_as, &user) || user.id == 0)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_daemon_no_user,
                        MES_ARGS(MES_ORIGIN(origin), globals->run_as));
    int code = mes_user_give(&user, mes_store_folder_path(daemon->folder), error);
    if (code == 0 && globals->log_file[0] != '\0')
        code = mes_user_give(&user, globals->log_file, error);
    return code == 0 ? mes_user_become(&user, error) : code;
}

static void end_nothing(struct mes_daemon *daemon)
{
    (void)daemon;
}

/* ---- the order ---- */

static const struct {
    int (*start)(struct mes_daemon *daemon, struct mes_error *error);
    void (*end)(struct mes_daemon *daemon); /* also when its start failed in the middle */
} steps[] = {
    {take_listener, drop_listener},
    {mes_daemon_signals_block, mes_daemon_signals_unblock},
    {mes_daemon_load_settings, drop_settings},
    {start_log, end_log},
    {start_folder, end_folder},
    {start_store, end_store},
    {start_loop, end_loop},
    {mes_daemon_stopping_start, mes_daemon_stopping_end},
    {start_hooks, end_hooks},
    {start_carrier, end_carrier},
    {start_courier, end_courier},
    {join_courier, part_from_courier},
    {mes_daemon_watcher_start, mes_daemon_watcher_stop},
    {start_api, end_api},
    {drop_rights, end_nothing},
    {mes_daemon_pulse_start, mes_daemon_pulse_stop},
    {mes_daemon_keeper_start, mes_daemon_keeper_stop},
};

enum { STEP_COUNT = sizeof steps / sizeof steps[0] };

int mes_daemon_start(struct mes_daemon *daemon, struct mes_error *error)
{
    int code = 0;
    mes_process_raise_limits();
    for (daemon->steps = 0; daemon->steps < STEP_COUNT && code == 0; daemon->steps++)
        code = steps[daemon->steps].start(daemon, error);
    return code;
}

void mes_daemon_end(struct mes_daemon *daemon)
{
    while (daemon->steps > 0)
        steps[--daemon->steps].end(daemon);
}
