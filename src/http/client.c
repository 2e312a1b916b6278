#include "http/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"
#include "http/easy.h"
#include "http/multi.h"
#include "http/url.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "net/socket.h"
#include "net/timer.h"

struct mes_http_client {
    struct mes_loop *loop;
    struct mes_http_multi *multi;
    struct mes_http_exchange *first;
    struct mes_guard guard;
    char *name_servers;
    char *ca_file;
};

/* Looked up, then transferred, then told. `end` is ANSWERED until something else is known. */
struct mes_http_exchange {
    struct mes_http_client *client;
    struct mes_http_exchange *next, **place; /* in the client's list */
    struct mes_http_exchange **owner;        /* the caller's pointer */
    struct mes_http_url url;
    struct mes_http_easy easy;
    struct curl_slist *addresses; /* what the name has, for libcurl */
    struct mes_resolve *resolve;
    struct mes_timer *deadline;
    struct mes_buf body; /* what is sent; libcurl borrows it */
    struct mes_buf answer;
    size_t header_size;
    size_t limit;
    int64_t began;
    int timeout_ms;
    bool is_in_transfer; /* libcurl has it */
    bool is_body_cut;
    const char *refused; /* by the guard, at some address */
    enum mes_http_end end;
    char text[MES_HTTP_TEXT];
    void (*on_done)(void *context, const struct mes_http_result *result);
    void *context;
};

/* --- the end --- */

/* From here on neither the client nor the caller knows of it. */
static void detach(struct mes_http_exchange *exchange)
{
    *exchange->owner = NULL;
    *exchange->place = exchange->next;
    if (exchange->next != NULL)
        exchange->next->place = exchange->place;
    mes_resolve_cancel(&exchange->resolve);
    if (exchange->is_in_transfer)
        mes_http_multi_remove(exchange->client->multi, exchange->easy.curl);
    mes_timer_free(&exchange->deadline);
}

static void dispose(struct mes_http_exchange *exchange)
{
    mes_http_easy_free(&exchange->easy);
    curl_slist_free_all(exchange->addresses);
    /* Tokens travel in them. */
    mes_wipe(exchange->body.data, exchange->body.size);
    mes_wipe(exchange->answer.data, exchange->answer.size);
    mes_buf_fini(&exchange->body);
    mes_buf_fini(&exchange->answer);
    mes_free(exchange);
}

static void take_facts(const struct mes_http_exchange *exchange, struct mes_http_result *result)
{
    long status = 0;
    curl_off_t after = 0;
    (void)curl_easy_getinfo(exchange->easy.curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(exchange->easy.curl, CURLINFO_RETRY_AFTER, &after);
    result->status = (int)status;
    result->retry_after_s = after < INT32_MAX ? (int)after : INT32_MAX;
}

/* The caller may begin anew, or free the client. */
static void finish(struct mes_http_exchange *exchange)
{
    struct mes_http_result result = {
        .end = exchange->end,
        .kind = exchange->end == MES_HTTP_FORBIDDEN ? exchange->refused : NULL,
        .body = mes_buf_str(&exchange->answer),
        .is_body_cut = exchange->is_body_cut,
        .text = exchange->text,
        .milliseconds = mes_loop_now(exchange->client->loop) - exchange->began,
    };
    if (exchange->end == MES_HTTP_ANSWERED) {
        take_facts(exchange, &result);
        (void)snprintf(exchange->text, sizeof exchange->text, "answered %d", result.status);
    }
    detach(exchange);
    exchange->on_done(exchange->context, &result);
    dispose(exchange);
}

static void set_end(struct mes_http_exchange *exchange, enum mes_http_end end, const char *text)
{
    exchange->end = end;
    (void)mes_shown_text(exchange->text, sizeof exchange->text, mes_str_of(text));
}

static void forbid(struct mes_http_exchange *exchange, const char *kind)
{
    exchange->end = MES_HTTP_FORBIDDEN;
    (void)snprintf(exchange->text, sizeof exchange->text, "a %s address, which may not be called", kind);
}

/* When time is up; and at once when the end was known from the beginning. */
static void on_deadline(void *context)
{
    struct mes_http_exchange *exchange = context;
    if (exchange->end == MES_HTTP_ANSWERED)
        set_end(exchange, MES_HTTP_TIMEOUT, "no complete answer in time");
    finish(exchange);
}

static void end_soon(struct mes_http_exchange *exchange)
{
    mes_timer_start(exchange->deadline, 0);
}

static enum mes_http_end end_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return MES_HTTP_ANSWERED;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        return MES_HTTP_UNREACHABLE;
    case CURLE_COULDNT_RESOLVE_HOST:
        return MES_HTTP_NO_NAME;
    case CURLE_OPERATION_TIMEDOUT:
        return MES_HTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return MES_HTTP_TLS;
    default:
        return MES_HTTP_BROKEN;
    }
}

static void on_transferred(void *context, CURL *curl, CURLcode code)
{
    struct mes_http_exchange *exchange = NULL;
    (void)context;
    (void)curl_easy_getinfo(curl, CURLINFO_PRIVATE, &exchange);
    enum mes_http_end end = exchange->is_body_cut ? MES_HTTP_ANSWERED : end_of(code);
    bool never_connected = end == MES_HTTP_UNREACHABLE || code == CURLE_ABORTED_BY_CALLBACK;
    if (exchange->refused != NULL && never_connected)
        forbid(exchange, exchange->refused);
    else
        set_end(exchange, end, curl_easy_strerror(code));
    finish(exchange);
}

/* --- what libcurl asks --- */

static bool may_call(struct mes_http_exchange *exchange, const struct mes_address *address)
{
    const char *kind = mes_guard_refuses(&exchange->client->guard, address);
    if (kind != NULL)
        exchange->refused = kind;
    return kind == NULL;
}

/* The wall: no socket, no connection. It sees what libcurl is about to connect to, whatever libcurl made of
 * the URL. */
static curl_socket_t on_socket_wanted(void *context, curlsocktype purpose, struct curl_sockaddr *wanted)
{
    struct mes_address address = {.socket.any.sa_family = AF_UNSPEC};
    (void)purpose;
    if (wanted->addrlen <= sizeof address)
        memcpy(&address, &wanted->addr, wanted->addrlen);
    if (!may_call(context, &address))
        return CURL_SOCKET_BAD;
    return mes_socket_new(wanted->family, wanted->socktype, wanted->protocol);
}

/* A connection that stood idle may lead to where the guard of today would not let it. */
static int on_connected(void *context, char *peer, char *own, int peer_port, int own_port)
{
    struct mes_address address;
    (void)own;
    (void)peer_port;
    (void)own_port;
    bool may = mes_address_parse(peer, &address) && may_call(context, &address);
    return may ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t on_header(char *data, size_t unit, size_t count, void *context)
{
    struct mes_http_exchange *exchange = context;
    (void)data;
    exchange->header_size += unit * count;
    return exchange->header_size <= exchange->limit ? unit * count : CURL_WRITEFUNC_ERROR;
}

static size_t on_body(char *data, size_t unit, size_t count, void *context)
{
    struct mes_http_exchange *exchange = context;
    size_t size = unit * count, room = exchange->limit - exchange->answer.size;
    exchange->is_body_cut = size > room;
    mes_buf_add(&exchange->answer, data, size < room ? size : room);
    return exchange->is_body_cut || exchange->answer.failed != 0 ? CURL_WRITEFUNC_ERROR : size;
}

/* --- the way there --- */

static bool set_callbacks(struct mes_http_exchange *exchange)
{
    CURL *curl = exchange->easy.curl;
    return curl_easy_setopt(curl, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket_wanted) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PREREQDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) ==
               CURLE_OK; /* never waits for a look-up's thread */
}

static int take_request(struct mes_http_exchange *exchange, const struct mes_http_request *request,
                        struct mes_error *error)
{
    const struct mes_http_easy_options options = {.method =
                                                      request->method != NULL ? request->method : "POST",
                                                  .url = request->url,
                                                  .headers = request->headers,
                                                  .ca_file = exchange->client->ca_file,
                                                  .body_size = request->body.size};
    int code = mes_http_easy_new(&options, &exchange->easy, error);
    if (code != 0)
        return code;
    mes_buf_add_str(&exchange->body, request->body);
    CURL *curl = exchange->easy.curl;
    bool is_set = set_callbacks(exchange) && exchange->body.failed == 0;
    if (is_set && request->body.size > 0)
        is_set = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, mes_buf_text(&exchange->body)) == CURLE_OK;
    return is_set ? 0 : mes_fail_nomem(error);
}

/* "host:port:address,address", with the dot that the URL may have behind its host, and without. */
static bool add_addresses(struct mes_http_exchange *exchange, const struct mes_address_list *list,
                          const char *dot)
{
    struct mes_buf line;
    char text[MES_ADDRESS_TEXT];
    mes_buf_init(&line, 4096);
    mes_buf_add_format(&line, "%s%s:%u:", exchange->url.host, dot, exchange->url.port);
    for (size_t i = 0; i < list->count; i++) {
        bool is_v6 = list->items[i].socket.any.sa_family == AF_INET6;
        mes_buf_add_format(&line, is_v6 ? "%s[%s]" : "%s%s", i > 0 ? "," : "",
                           mes_address_text(&list->items[i], 0, text));
    }
    struct curl_slist *longer =
        line.failed == 0 ? curl_slist_append(exchange->addresses, mes_buf_text(&line)) : NULL;
    if (longer != NULL)
        exchange->addresses = longer;
    mes_buf_fini(&line);
    return longer != NULL;
}

/* From here on libcurl connects to these addresses and looks nothing up itself: what the name says later does
 * not matter. */
static bool pin(struct mes_http_exchange *exchange, const struct mes_address_list *list)
{
    return add_addresses(exchange, list, "") && add_addresses(exchange, list, ".") &&
           curl_easy_setopt(exchange->easy.curl, CURLOPT_RESOLVE, exchange->addresses) == CURLE_OK;
}

static void transfer(struct mes_http_exchange *exchange)
{
    exchange->is_in_transfer = mes_http_multi_add(exchange->client->multi, exchange->easy.curl);
    if (exchange->is_in_transfer)
        return;
    set_end(exchange, MES_HTTP_BROKEN, "out of memory");
    end_soon(exchange);
}

static void on_resolved(void *context, const struct mes_resolve_result *result)
{
    struct mes_http_exchange *exchange = context;
    struct mes_address_list good = {0};
    for (size_t i = 0; i < result->addresses.count; i++)
        if (may_call(exchange, &result->addresses.items[i]))
            (void)mes_address_list_add(&good, &result->addresses.items[i]);
    if (result->cause != MES_RESOLVE_OK)
        set_end(exchange, result->cause == MES_RESOLVE_TIMEOUT ? MES_HTTP_TIMEOUT : MES_HTTP_NO_NAME,
                result->text);
    else if (good.count == 0)
        forbid(exchange, exchange->refused);
    else if (!pin(exchange, &good))
        set_end(exchange, MES_HTTP_BROKEN, "out of memory");
    if (exchange->end == MES_HTTP_ANSWERED)
        transfer(exchange);
    else
        end_soon(exchange);
}

/* An address in whatever notation is left to libcurl, and what that makes of it to on_socket_wanted. Pinned
 * as well, since it takes "127.0.0.1." for a name and would look it up. */
static void take_literal(struct mes_http_exchange *exchange, const struct mes_address *address)
{
    const struct mes_address_list only = {1, {*address}};
    if (address->socket.any.sa_family == AF_INET && !pin(exchange, &only)) {
        set_end(exchange, MES_HTTP_BROKEN, "out of memory");
        end_soon(exchange);
        return;
    }
    transfer(exchange);
}

static int look_up(struct mes_http_exchange *exchange, struct mes_error *error)
{
    struct mes_address address;
    if (mes_guard_read_literal(mes_str_of(exchange->url.host), &address)) {
        take_literal(exchange, &address);
        return 0;
    }
    const struct mes_resolve_options options = {.host = exchange->url.host,
                                                .timeout_ms = exchange->timeout_ms,
                                                .servers = exchange->client->name_servers,
                                                .on_done = on_resolved,
                                                .context = exchange};
    int code = mes_resolve_start(exchange->client->loop, &options, &exchange->resolve, error);
    if (code == 0 || code == MES_E_NOMEM)
        return code;
    set_end(exchange, MES_HTTP_NO_NAME, "a name that cannot be looked up");
    end_soon(exchange);
    return 0;
}

static int prepare(struct mes_http_exchange *exchange, const struct mes_http_request *request,
                   struct mes_error *error)
{
    int code = mes_timer_new(exchange->client->loop, on_deadline, exchange, &exchange->deadline, error);
    if (code == 0)
        code = take_request(exchange, request, error);
    if (code != 0)
        return code;
    mes_timer_start(exchange->deadline, exchange->timeout_ms);
    code = mes_http_url_parse(request->url, &exchange->url, error);
    if (code == 0)
        return look_up(exchange, error);
    if (code != MES_E_INPUT)
        return code;
    set_end(exchange, MES_HTTP_BAD_URL, "not a URL that can be called");
    end_soon(exchange);
    return 0;
}

int mes_http_begin(struct mes_http_client *client, const struct mes_http_request *request,
                   struct mes_http_exchange **exchange_out, struct mes_error *error)
{
    struct mes_error unwanted;
    struct mes_http_exchange *exchange = mes_alloc(sizeof *exchange);
    *exchange_out = NULL;
    if (exchange == NULL)
        return mes_fail_nomem(error);
    *exchange = (struct mes_http_exchange){
        .client = client,
        .next = client->first,
        .place = &client->first,
        .owner = exchange_out,
        .limit = request->answer_limit > 0 ? request->answer_limit : MES_HTTP_ANSWER_LIMIT,
        .began = mes_loop_now(client->loop),
        .timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : MES_HTTP_TIMEOUT_MS,
        .on_done = request->on_done,
        .context = request->context,
    };
    if (exchange->next != NULL)
        exchange->next->place = &exchange->next;
    client->first = exchange;
    mes_buf_init(&exchange->body, request->body.size + 1);
    mes_buf_init(&exchange->answer, exchange->limit);
    *exchange_out = exchange;
    int code = prepare(exchange, request, error != NULL ? error : &unwanted);
    if (code != 0)
        mes_http_cancel(exchange_out);
    return code;
}

void mes_http_cancel(struct mes_http_exchange **exchange)
{
    struct mes_http_exchange *cancelled = *exchange;
    if (cancelled == NULL)
        return;
    detach(cancelled);
    dispose(cancelled);
}

/* --- the client --- */

static char *copy(const char *text)
{
    return mes_copy(text, strlen(text));
}

int mes_http_client_new(const struct mes_http_client_options *options, struct mes_http_client **client_out,
                        struct mes_error *error)
{
    struct mes_http_client *client = mes_alloc(sizeof *client);
    *client_out = NULL;
    if (client == NULL)
        return mes_fail_nomem(error);
    client->loop = options->loop;
    client->guard = options->guard;
    client->name_servers = options->name_servers != NULL ? copy(options->name_servers) : NULL;
    client->ca_file = options->ca_file != NULL ? copy(options->ca_file) : NULL;
    bool is_copied = (client->name_servers != NULL) == (options->name_servers != NULL) &&
                     (client->ca_file != NULL) == (options->ca_file != NULL);
    int code = is_copied ? mes_http_multi_new(options->loop, on_transferred, client, &client->multi, error)
                         : mes_fail_nomem(error);
    if (code != 0)
        mes_http_client_free(&client);
    *client_out = client;
    return code;
}

void mes_http_client_free(struct mes_http_client **client_place)
{
    struct mes_http_client *client = *client_place;
    if (client == NULL)
        return;
    while (client->first != NULL)
        mes_http_cancel(client->first->owner);
    mes_http_multi_free(&client->multi);
    mes_free(client->name_servers);
    mes_free(client->ca_file);
    mes_free(client);
    *client_place = NULL;
}

void mes_http_client_set_guard(struct mes_http_client *client, const struct mes_guard *guard)
{
    client->guard = *guard;
}
