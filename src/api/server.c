#include "api/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/exchange.h"
#include "api/openapi.h"
#include "api/server_parts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/secret.h"

enum {
    ACCEPT_PAUSE_MS = 100,
    THREADS = 2,
    CONNECTION_MEMORY = 32 * 1024, /* header and one piece of the body */
    BACKLOG = 1024,
    OPENAPI_LIMIT = 4 * 1024 * 1024,
    PEM_LIMIT = 1024 * 1024,
    STOP_TURN_MS = 5
};

/* Certificate and key while libmicrohttpd is being started. */
struct pem {
    struct mes_buf certificate;
    struct mes_buf key;
};

static unsigned either(unsigned given, unsigned usual)
{
    return given != 0 ? given : usual;
}

/* %00 is left as it stands: what C takes for the end of a text must not hide the rest of it. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strstr(text, "%00") != NULL ? strlen(text) : MHD_http_unescape(text);
}

static enum MHD_Result accept_connection(void *context, const struct sockaddr *address, socklen_t size)
{
    struct mes_api_server *server = context;
    (void)size;
    return mes_api_clients_may_connect(server->clients, address) ? MHD_YES : MHD_NO;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **own,
                            enum MHD_ConnectionNotificationCode code)
{
    struct mes_api_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    bool is_begin = code == MHD_CONNECTION_NOTIFY_STARTED;
    if (info != NULL && info->client_addr != NULL)
        mes_api_clients_note(server->clients, info->client_addr, is_begin);
    if (!is_begin) {
        struct mes_api_visit *visit = *own;
        mes_api_visits_end(server->visits, &visit);
        return;
    }
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *own = info != NULL ? mes_api_visits_begin(server->visits, info->connect_fd) : NULL;
}

static void log_words(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void log_words(void *context, const char *format, va_list arguments)
{
    struct mes_api_server *server = context;
    char text[300];
    (void)vsnprintf(text, sizeof text, format, arguments);
    /* Without a descriptor for its first connection a thread of libmicrohttpd tries again and again, with a
     * word each time: it serves nobody, so it may rest. */
    if (strstr(text, "at FIRST connection") != NULL)
        mes_clock_sleep(ACCEPT_PAUSE_MS);
    mes_log(server->services.log, MES_LOG_INFO, "api.http",
            MES_LOG_STR("says", mes_str_trim(mes_str_of(text))));
}

static int read_pem(const struct mes_api_options *options, struct pem *pem, struct mes_error *error)
{
    mes_buf_init(&pem->certificate, PEM_LIMIT);
    mes_buf_init(&pem->key, PEM_LIMIT);
    if (options->certificate_file == NULL && options->key_file == NULL)
        return 0;
    if (options->certificate_file == NULL || options->key_file == NULL)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_api_half_certificate, MES_NO_ARGS);
    int code = mes_file_read(options->certificate_file, &pem->certificate, error);
    return code == 0 ? mes_file_read(options->key_file, &pem->key, error) : code;
}

static void free_pem(struct pem *pem)
{
    mes_wipe(pem->key.data, pem->key.size);
    mes_buf_fini(&pem->key);
    mes_buf_fini(&pem->certificate);
}

/* What not every server has; without a key libmicrohttpd leaves TLS out. */
static void fill_extras(struct MHD_OptionItem items[4], const struct pem *pem, int listener)
{
    if (pem->key.size > 0) {
        *items++ =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)mes_buf_text(&pem->certificate)};
        *items++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)mes_buf_text(&pem->key)};
    }
    if (listener > 0)
        *items++ = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, listener, NULL};
    *items = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
}

static void start_daemon(struct mes_api_server *server, const struct mes_api_options *options,
                         const struct mes_address *address, const struct pem *pem)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem extras[4];
    fill_extras(extras, pem, options->listener);
    if (address->socket.any.sa_family == AF_INET6)
        flags |= mes_address_is_any(address) ? MHD_USE_DUAL_STACK : MHD_USE_IPv6;
    if (server->has_tls)
        flags |= MHD_USE_TLS;
    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, 0, accept_connection, server, mes_api_exchange_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
        log_words, server, MHD_OPTION_SOCK_ADDR, &address->socket.any, MHD_OPTION_THREAD_POOL_SIZE,
        either(options->threads, THREADS), MHD_OPTION_CONNECTION_LIMIT, either(options->connections, 4000),
        MHD_OPTION_CONNECTION_TIMEOUT, either(options->idle_seconds, 30), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, mes_api_exchange_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, server, MHD_OPTION_ARRAY, extras, MHD_OPTION_END);
}

static int open_door(struct mes_api_server *server, const struct mes_api_options *options,
                     struct mes_error *error)
{
    struct mes_address address;
    struct pem pem;
    if (!mes_address_parse_port(options->listen, &address))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_api_bad_listen, MES_ARGS(options->listen));
    int code = read_pem(options, &pem, error);
    server->has_tls = pem.key.size > 0;
    if (code == 0)
        start_daemon(server, options, &address, &pem);
    int reason = errno;
    free_pem(&pem);
    if (code != 0)
        return code;
    if (server->daemon == NULL && server->has_tls && reason == 0)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_api_bad_certificate,
                        MES_ARGS(options->certificate_file, options->key_file));
    if (server->daemon == NULL)
        return mes_fail(error, MES_E_SYSTEM, MES_SAY_api_no_listen,
                        MES_ARGS(options->listen, strerror(reason)));
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info != NULL ? info->port : 0;
    return 0;
}

static int set_up(struct mes_api_server *server, const struct mes_api_options *options,
                  struct mes_error *error)
{
    struct mes_str url = mes_str_of(options->public_url);
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.size--;
    server->public_url = mes_copy(url.data != NULL ? url.data : "", url.size);
    server->requests_per_minute = either(options->requests_per_minute, 6000);
    server->failed_keys_per_minute = either(options->failed_keys_per_minute, 30);
    int code = server->public_url != NULL ? 0 : mes_fail_nomem(error);
    if (code == 0)
        code = mes_api_schemas_new(&server->schemas, error);
    if (code == 0)
        code = mes_api_openapi_write(server, &server->openapi, error);
    if (code == 0)
        code = mes_api_visits_new(server->services.clock, either(options->header_seconds, 30),
                                  &server->visits, error);
    if (code == 0)
        code = mes_api_hub_new(server->services.clock, mes_api_visits_sweep, server->visits, &server->hub,
                               error);
    if (code == 0)
        code = mes_api_auth_new(&server->auth, error);
    if (code == 0)
        code = mes_api_clients_new(options->trusted_proxies, either(options->connections_per_address, 64),
                                   &server->clients, error);
    if (code == 0)
        code = mes_api_rate_new(&server->requests, error);
    if (code == 0)
        code = mes_api_rate_new(&server->failed_keys, error);
    return code;
}

int mes_api_server_start(const struct mes_api_options *options, const struct mes_api_services *services,
                         struct mes_api_server **server_out, struct mes_error *error)
{
    struct mes_api_server *server = mes_alloc(sizeof *server);
    *server_out = NULL;
    if (server == NULL)
        return mes_fail_nomem(error);
    server->services = *services;
    server->routes = options->routes != NULL ? *options->routes : mes_api_routes;
    server->listener = -1;
    mes_buf_init(&server->openapi, OPENAPI_LIMIT);
    mes_api_metrics_init(&server->metrics);
    if (server->services.clock == NULL)
        server->services.clock = mes_clock_system();
    int code = set_up(server, options, error);
    if (code == 0)
        code = open_door(server, options, error);
    if (code != 0)
        mes_api_server_stop(&server);
    *server_out = server;
    return code;
}

unsigned mes_api_server_port(const struct mes_api_server *server)
{
    return server->port;
}

void mes_api_server_drain(struct mes_api_server *server)
{
    if (atomic_exchange(&server->is_draining, true))
        return;
    server->listener = MHD_quiesce_daemon(server->daemon);
    mes_api_hub_end(server->hub);
}

size_t mes_api_server_waiting(const struct mes_api_server *server)
{
    return atomic_load(&server->waiting);
}

/* libmicrohttpd must not be stopped while a connection is suspended. */
static void wait_for_the_last(struct mes_api_server *server)
{
    struct mes_mailbox *sleep = NULL;
    if (mes_mailbox_new(NULL, NULL, &sleep, NULL) != 0)
        return;
    while (mes_api_server_waiting(server) > 0)
        (void)mes_mailbox_wait(sleep, STOP_TURN_MS);
    mes_mailbox_free(&sleep);
}

void mes_api_server_stop(struct mes_api_server **place)
{
    struct mes_api_server *server = *place;
    if (server == NULL)
        return;
    *place = NULL;
    if (server->daemon != NULL) {
        mes_api_server_drain(server);
        wait_for_the_last(server);
        MHD_stop_daemon(server->daemon);
        mes_descriptor_close(&server->listener);
    }
    mes_api_metrics_fini(&server->metrics);
    mes_api_hub_free(&server->hub);
    mes_api_visits_free(&server->visits);
    mes_api_auth_free(&server->auth);
    mes_api_clients_free(&server->clients);
    mes_api_rate_free(&server->requests);
    mes_api_rate_free(&server->failed_keys);
    mes_api_schemas_free(&server->schemas);
    mes_buf_fini(&server->openapi);
    mes_free(server->public_url);
    mes_free(server);
}

void mes_api_server_news(struct mes_api_server *server, const int64_t *jobs, size_t count)
{
    mes_api_hub_news(server->hub, jobs, count);
}
