#include "daemon/daemon.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/supervisor.h"
#include "daemon/parts.h"
#include "i18n/say.h"

bool mes_daemon_is_stopping(const struct mes_daemon *daemon)
{
    return atomic_load(&daemon->state) > MES_DAEMON_SERVING;
}

void mes_daemon_log_error(struct mes_daemon *daemon, enum mes_log_level level, const char *event,
                          const struct mes_error *error)
{
    char text[MES_ERROR_SPACE + 500];
    mes_log(daemon->log, level, event, MES_LOG_TEXT("code", mes_code_name(error->code)),
            MES_LOG_TEXT("text", mes_error_text(error, MES_EN, text, sizeof text)));
}

void mes_daemon_post(struct mes_daemon *daemon, struct mes_daemon_order *order)
{
    if (!mes_inbox_post(daemon->inbox, &order->item))
        order->run(order, NULL);
}

static bool is_ended(void *context)
{
    const struct mes_daemon *daemon = context;
    return atomic_load(&daemon->state) == MES_DAEMON_ENDED;
}

/* "127.0.0.1" for an address that means every one of this machine. */
static struct mes_str reachable_host(struct mes_str listen)
{
    size_t colon = listen.size;
    while (colon > 0 && listen.data[colon - 1] != ':')
        colon--;
    struct mes_str host = mes_str_cut(listen, 0, colon > 0 ? colon - 1 : listen.size);
    bool is_any = mes_str_eq(host, MES_STR("0.0.0.0")) || mes_str_eq(host, MES_STR("[::]")) || host.size == 0;
    return is_any ? MES_STR("127.0.0.1") : host;
}

static void tell_ready(struct mes_daemon *daemon)
{
    const struct mes_account_globals *globals = mes_roster_globals(daemon->roster);
    const struct mes_account *first = mes_account_list_at(mes_roster_list(daemon->roster, ""), 0);
    struct mes_buf url;
    struct mes_buf key_file;
    mes_buf_init(&url, 1024);
    mes_buf_init(&key_file, 8192);
    mes_buf_add_text(&url, globals->tls_certificate_file[0] != '\0' ? "https://" : "http://");
    mes_buf_add_str(&url, reachable_host(mes_str_of(globals->listen)));
    mes_buf_add_format(&url, ":%u", mes_api_server_port(daemon->api));
    if (!mes_file_real_path(mes_store_folder_path(daemon->folder), &key_file))
        mes_buf_add_text(&key_file, mes_store_folder_path(daemon->folder));
    mes_buf_add_text(&key_file, "/key");
    const struct mes_daemon_ready ready = {
        .url = mes_buf_text(&url),
        .settings = mes_account_list_settings_file(mes_roster_list(daemon->roster, "")),
        .key_file = mes_buf_text(&key_file),
        .key = daemon->is_first ? mes_secret_reveal(mes_store_folder_key(daemon->folder)) : MES_STR(""),
        .is_capturing = first->transport == MES_ACCOUNT_TRANSPORT_CAPTURE,
    };
    mes_log(daemon->log, MES_LOG_INFO, "service.ready", MES_LOG_TEXT("url", ready.url),
            MES_LOG_TEXT("settings", ready.settings),
            MES_LOG_TEXT("data", mes_store_folder_path(daemon->folder)),
            MES_LOG_NUMBER("companies", mes_roster_count(daemon->roster) - 1));
    if (daemon->listener.on_ready != NULL)
        daemon->listener.on_ready(daemon->listener.context, &ready);
    mes_buf_fini(&url);
    mes_buf_fini(&key_file);
}

static int serve(struct mes_daemon *daemon, struct mes_error *error)
{
    atomic_store(&daemon->state, MES_DAEMON_SERVING);
    tell_ready(daemon);
    mes_daemon_plan_check(daemon);
    (void)mes_supervisor_tell("READY=1");
    mes_loop_run_until(daemon->loop, is_ended, daemon);
    if (!atomic_load(&daemon->is_broken))
        return 0;
    *error = daemon->failure;
    return daemon->failure.code;
}

int mes_daemon_run(const char *config, const struct mes_daemon_listener *listener, struct mes_error *error)
{
    struct mes_daemon *daemon = mes_alloc(sizeof *daemon);
    if (daemon == NULL)
        return mes_fail_nomem(error);
    daemon->config = config;
    daemon->listener = *listener;
    daemon->clock = mes_clock_system();
    daemon->signals = -1;
    daemon->listener_given = -1;
    mes_mutex_init(&daemon->mutex);
    mes_mutex_init(&daemon->followers_mutex);
    int code = mes_daemon_start(daemon, error);
    if (code == 0)
        code = serve(daemon, error);
    mes_daemon_end(daemon);
    mes_mutex_fini(&daemon->followers_mutex);
    mes_mutex_fini(&daemon->mutex);
    mes_free(daemon);
    return code;
}
