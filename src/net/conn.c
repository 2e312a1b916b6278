#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "net/failure.h"
#include "net/queue.h"
#include "net/reach.h"
#include "net/secure.h"
#include "net/timer.h"
#include "net/watch.h"

enum {
    MES_CONN_HOST = 253, /* RFC 1035 section 2.3.4, as text */
    MES_CONN_WAIT_MS = 60 * 1000,
    MES_CONN_RECEIVE_LIMIT = 64 * 1024,
    MES_CONN_SEND_LIMIT = 1024 * 1024,
    MES_CONN_READ_SIZE = 16 * 1024, /* one TLS record */
    MES_CONN_KEEP = 64 * 1024       /* a larger send queue is given back when it is empty */
};

enum state { REACHING, PLAIN, HANDSHAKE, SECURED, ENDED };

struct mes_conn {
    enum state state;
    struct mes_loop *loop;
    struct mes_conn_options options; /* host is `host` */
    struct mes_reach *reach;
    struct mes_socket socket;
    struct mes_plain plain;
    struct mes_watch *watch;
    struct mes_secure *secure;
    struct mes_timer *deadline; /* of connecting, TLS, or the progress of writing: never two at once */
    struct mes_timer *soon;     /* does in the next turn what must not happen inside a call of the caller's */
    struct mes_queue in, out;
    bool reads_to_write;  /* TLS must read before it can write on */
    bool writes_to_read;  /* and the other way round */
    bool is_write_broken; /* what the peer sent before is still read */
    bool is_secured, is_resumed;
    unsigned pending; /* events not yet delivered: bit (1 << event) */
    bool *is_gone;    /* while events are delivered: set when the connection is freed by one */
    uint64_t received_total;
    struct mes_conn_failure failure;
    char peer[MES_ADDRESS_TEXT];
    char tls_text[64];
    char host[MES_CONN_HOST + 1];
};

static bool is_open(const struct mes_conn *conn)
{
    return conn->state == PLAIN || conn->state == SECURED;
}

/* Gives back everything that belongs to the system; what was received stays readable. */
static void release(struct mes_conn *conn, bool says_goodbye)
{
    mes_reach_free(&conn->reach);
    mes_secure_free(&conn->secure, says_goodbye);
    mes_watch_free(&conn->watch);
    if (says_goodbye)
        mes_socket_discard(&conn->socket);
    if (conn->socket.descriptor >= 0)
        (void)close(conn->socket.descriptor);
    conn->socket.descriptor = -1;
}

/* The connection is over; `failure` is set. The event is delivered by whoever calls. */
static void end(struct mes_conn *conn, enum mes_conn_event event)
{
    release(conn, false);
    mes_timer_stop(conn->deadline);
    mes_timer_stop(conn->soon);
    conn->state = ENDED;
    conn->pending |= 1U << event;
}

static void end_without_memory(struct mes_conn *conn, enum mes_conn_stage stage)
{
    mes_failure_system(&conn->failure, stage, ENOMEM, conn->host);
    end(conn, MES_CONN_FAILED);
}

/* The last thing any callback does: an event may free the connection. */
static void deliver(struct mes_conn *conn)
{
    bool is_gone = false, has_data = (conn->pending & (1U << MES_CONN_DATA)) != 0;
    uint64_t sent = conn->socket.sent;
    conn->is_gone = &is_gone;
    while (conn->pending != 0) {
        enum mes_conn_event event = (enum mes_conn_event)__builtin_ctz(conn->pending);
        conn->pending &= conn->pending - 1;
        conn->options.on_event(conn->options.context, conn, event);
        if (is_gone)
            return;
    }
    conn->is_gone = NULL;
    /* Whatever the caller sent carries the acknowledgement too. */
    if (has_data && is_open(conn) && conn->socket.sent == sent)
        mes_socket_acknowledge(&conn->socket);
}

/* Tells the loop what is waited for on an open connection. */
static void arm(struct mes_conn *conn)
{
    if (!is_open(conn))
        return;
    bool is_write_blocked = mes_queue_view(&conn->out).size > 0 && !conn->is_write_broken;
    mes_watch_set(conn->watch, mes_queue_room(&conn->in) > 0 || (is_write_blocked && conn->reads_to_write),
                  (is_write_blocked && !conn->reads_to_write) || conn->writes_to_read);
}

/* Reading */

/* One read into the queue. */
static enum mes_io receive_some(struct mes_conn *conn)
{
    size_t got, size = mes_queue_room(&conn->in);
    if (size > MES_CONN_READ_SIZE)
        size = MES_CONN_READ_SIZE;
    char *space = mes_queue_reserve(&conn->in, size);
    if (space == NULL) {
        mes_failure_system(&conn->failure, MES_CONN_STAGE_READ, ENOMEM, conn->host);
        return MES_IO_FAILED;
    }
    enum mes_io result = conn->state == SECURED ? mes_secure_read(conn->secure, space, size, &got)
                                                : mes_plain_read(&conn->plain, space, size, &got);
    mes_queue_commit(&conn->in, got);
    conn->received_total += got;
    return result;
}

/* Reads what is there and there is room for. */
static void receive(struct mes_conn *conn)
{
    uint64_t before = conn->received_total;
    enum mes_io result = MES_IO_DONE;
    mes_socket_begin_turn(&conn->socket);
    while (result == MES_IO_DONE && mes_queue_room(&conn->in) > 0)
        result = receive_some(conn);
    conn->writes_to_read = result == MES_IO_WANTS_WRITE;
    if (conn->received_total > before)
        conn->pending |= 1U << MES_CONN_DATA;
    if (result == MES_IO_ENDED)
        end(conn, MES_CONN_CLOSED);
    else if (result == MES_IO_FAILED)
        end(conn, MES_CONN_FAILED);
}

/* Writing */

/* Hands the system what it takes; returns how much that was. A failure is kept for the next turn, as the peer
 * may have said why before it cut the connection. */
static size_t write_some(struct mes_conn *conn, struct mes_str bytes)
{
    size_t sent = 0;
    enum mes_io result = MES_IO_DONE;
    while (result == MES_IO_DONE && sent < bytes.size) {
        size_t part = 0;
        struct mes_str rest = mes_str_skip(bytes, sent);
        result = conn->state == SECURED ? mes_secure_write(conn->secure, rest, &part)
                                        : mes_plain_write(&conn->plain, rest, &part);
        sent += part;
    }
    conn->reads_to_write = result == MES_IO_WANTS_READ;
    if (result == MES_IO_ENDED || result == MES_IO_FAILED) {
        conn->is_write_broken = true;
        mes_timer_start(conn->soon, 0);
    }
    return sent;
}

/* Sends on what had to wait. */
static void flush(struct mes_conn *conn)
{
    uint64_t before = conn->socket.sent;
    mes_queue_take(&conn->out, write_some(conn, mes_queue_view(&conn->out)));
    if (mes_queue_view(&conn->out).size == 0) {
        mes_timer_stop(conn->deadline);
        if (conn->out.buf.capacity > MES_CONN_KEEP)
            mes_queue_fini(&conn->out);
        conn->pending |= 1U << MES_CONN_DRAINED;
    } else if (conn->socket.sent > before) {
        mes_timer_start(conn->deadline, conn->options.write_timeout_ms);
    }
}

int mes_conn_send(struct mes_conn *conn, struct mes_str bytes, struct mes_error *error)
{
    size_t unsent = mes_conn_unsent(conn);
    if (conn->state == ENDED || conn->is_write_broken)
        return 0; /* the event is on its way */
    if (!is_open(conn))
        return mes_fail(error, MES_E_USAGE, MES_SAY_net_not_open, MES_ARGS(conn->host));
    if (bytes.size > conn->options.send_limit - unsent)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_net_unsent_limit,
                        MES_ARGS(MES_NUMBER(conn->options.send_limit)));
    if (unsent == 0)
        bytes = mes_str_skip(bytes, write_some(conn, bytes));
    if (bytes.size == 0 || conn->is_write_broken)
        return 0;
    char *space = mes_queue_reserve(&conn->out, bytes.size);
    if (space == NULL)
        return mes_fail_nomem(error);
    memcpy(space, bytes.data, bytes.size);
    mes_queue_commit(&conn->out, bytes.size);
    if (unsent == 0)
        mes_timer_start(conn->deadline, conn->options.write_timeout_ms);
    arm(conn);
    return 0;
}

/* TLS */

static void handshake(struct mes_conn *conn)
{
    mes_socket_begin_turn(&conn->socket);
    enum mes_io result = mes_secure_handshake(conn->secure);
    switch (result) {
    case MES_IO_DONE:
        conn->state = SECURED;
        conn->is_secured = true;
        conn->is_resumed = mes_secure_is_resumed(conn->secure);
        conn->pending |= 1U << MES_CONN_SECURED;
        mes_secure_text(conn->secure, conn->tls_text, sizeof conn->tls_text);
        mes_timer_stop(conn->deadline);
        receive(conn); /* OpenSSL may hold the greeting already: the socket would never tell */
        break;
    case MES_IO_WANTS_READ:
    case MES_IO_WANTS_WRITE:
        mes_watch_set(conn->watch, result == MES_IO_WANTS_READ, result == MES_IO_WANTS_WRITE);
        break;
    case MES_IO_ENDED:
    case MES_IO_FAILED:
        end(conn, MES_CONN_FAILED);
    }
}

/* False when there is no memory. */
static bool begin_tls(struct mes_conn *conn)
{
    struct mes_secure_options options = {.tls = conn->options.tls,
                                         .socket = &conn->socket,
                                         .host = conn->host,
                                         .failure = &conn->failure,
                                         .port = conn->options.port,
                                         .is_upgrade = !conn->options.is_tls_at_once};
    conn->secure = mes_secure_new(&options);
    if (conn->secure == NULL)
        return false;
    conn->state = HANDSHAKE;
    mes_timer_start(conn->deadline, conn->options.tls_timeout_ms);
    handshake(conn);
    return true;
}

int mes_conn_start_tls(struct mes_conn *conn, struct mes_error *error)
{
    if (conn->state == ENDED)
        return 0;
    assert(conn->state == PLAIN && conn->options.tls != NULL);
    assert(mes_conn_unsent(conn) == 0);
    /* Under TLS the client speaks first (RFC 8446 section 4.1.2), so nothing may have come yet. */
    if (mes_queue_view(&conn->in).size > 0 || mes_socket_has_waiting(&conn->socket)) {
        mes_failure_set(&conn->failure, MES_CONN_STAGE_TLS, MES_CONN_CAUSE_INJECTED, 0);
        mes_failure_add(&conn->failure, "bytes in clear came behind the reply to STARTTLS");
        end(conn, MES_CONN_FAILED);
    } else if (!begin_tls(conn)) {
        return mes_fail_nomem(error);
    }
    if (conn->pending != 0)
        mes_timer_start(conn->soon, 0);
    return 0;
}

/* What the loop calls */

static void ready(void *context, bool is_readable, bool is_writable)
{
    struct mes_conn *conn = context;
    if (conn->state == HANDSHAKE) {
        handshake(conn);
    } else {
        /* A reply that came before the peer cut the connection must not be lost to a failing write. */
        if (is_readable || conn->writes_to_read)
            receive(conn);
        if (is_open(conn) && (is_writable || conn->reads_to_write) && mes_conn_unsent(conn) > 0)
            flush(conn);
    }
    arm(conn);
    deliver(conn);
}

static void go_on(void *context)
{
    struct mes_conn *conn = context;
    if (is_open(conn))
        receive(conn);
    if (is_open(conn) && conn->is_write_broken)
        end(conn, MES_CONN_FAILED);
    arm(conn);
    deliver(conn);
}

static void too_late(void *context)
{
    struct mes_conn *conn = context;
    struct mes_conn_failure *failure = &conn->failure;
    if (conn->state == REACHING) {
        mes_reach_explain(conn->reach, MES_CONN_CAUSE_TIMEOUT, failure);
    } else if (conn->state == HANDSHAKE) {
        mes_failure_set(failure, MES_CONN_STAGE_TLS, MES_CONN_CAUSE_TIMEOUT, 0);
        mes_failure_add(failure, "%s did not set up TLS within %d ms", conn->host,
                        conn->options.tls_timeout_ms);
    } else {
        mes_failure_set(failure, MES_CONN_STAGE_WRITE, MES_CONN_CAUSE_TIMEOUT, 0);
        mes_failure_add(failure, "%s took nothing for %d ms; %zu bytes wait", conn->host,
                        conn->options.write_timeout_ms, mes_conn_unsent(conn));
    }
    end(conn, MES_CONN_TIMEOUT);
    deliver(conn);
}

static void reached(void *context, int descriptor, const char *peer)
{
    struct mes_conn *conn = context;
    mes_timer_stop(conn->deadline);
    if (descriptor < 0) {
        mes_reach_explain(conn->reach, MES_CONN_CAUSE_NONE, &conn->failure);
        end(conn, MES_CONN_FAILED);
        deliver(conn);
        return;
    }
    conn->socket.descriptor = descriptor;
    memcpy(conn->peer, peer, strlen(peer) + 1);
    mes_reach_free(&conn->reach);
    const struct mes_watch_handler handler = {ready, conn};
    if (mes_watch_new(conn->loop, descriptor, &handler, &conn->watch, NULL) != 0) {
        end_without_memory(conn, MES_CONN_STAGE_CONNECT);
    } else {
        conn->state = PLAIN;
        conn->pending |= 1U << MES_CONN_CONNECTED;
        if (conn->options.is_tls_at_once && !begin_tls(conn))
            end_without_memory(conn, MES_CONN_STAGE_TLS);
    }
    arm(conn);
    deliver(conn);
}

/* Birth and death */

static size_t or_else(size_t value, size_t otherwise)
{
    return value > 0 ? value : otherwise;
}

static struct mes_conn *make(struct mes_loop *loop, const struct mes_conn_options *options)
{
    struct mes_conn *conn = mes_alloc(sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->loop = loop;
    conn->socket.descriptor = -1;
    conn->options = *options;
    memcpy(conn->host, options->host, strlen(options->host) + 1);
    conn->options.host = conn->host;
    conn->plain = (struct mes_plain){.socket = &conn->socket, .host = conn->host, .failure = &conn->failure};
    conn->options.connect_timeout_ms = (int)or_else((size_t)options->connect_timeout_ms, MES_CONN_WAIT_MS);
    conn->options.tls_timeout_ms = (int)or_else((size_t)options->tls_timeout_ms, MES_CONN_WAIT_MS);
    conn->options.write_timeout_ms = (int)or_else((size_t)options->write_timeout_ms, MES_CONN_WAIT_MS);
    conn->options.send_limit = or_else(options->send_limit, MES_CONN_SEND_LIMIT);
    mes_queue_init(&conn->in, or_else(options->receive_limit, MES_CONN_RECEIVE_LIMIT));
    mes_queue_init(&conn->out, conn->options.send_limit);
    return conn;
}

int mes_conn_open(struct mes_loop *loop, const struct mes_conn_options *options,
                  const struct mes_address_list *addresses, struct mes_conn **conn_out,
                  struct mes_error *error)
{
    *conn_out = NULL;
    assert(!options->is_tls_at_once || options->tls != NULL);
    size_t size = strlen(options->host);
    if (size == 0 || size > MES_CONN_HOST || strcmp(options->host, ".") == 0 || addresses->count == 0)
        return mes_fail(error, MES_E_USAGE, MES_SAY_net_bad_target,
                        MES_ARGS(options->host, MES_NUMBER(MES_CONN_HOST)));
    struct mes_conn *conn = make(loop, options);
    if (conn == NULL)
        return mes_fail_nomem(error);
    const struct mes_reach_options reach = {.host = conn->host,
                                            .port = options->port,
                                            .addresses = addresses,
                                            .proxy = options->proxy,
                                            .on_done = reached,
                                            .context = conn};
    int code = mes_timer_new(loop, too_late, conn, &conn->deadline, error);
    if (code == 0)
        code = mes_timer_new(loop, go_on, conn, &conn->soon, error);
    if (code == 0)
        code = mes_reach_start(loop, &reach, &conn->reach, error);
    if (code == 0)
        mes_timer_start(conn->deadline, conn->options.connect_timeout_ms);
    else
        mes_conn_free(&conn);
    *conn_out = conn;
    return code;
}

static void destroy(struct mes_conn **conn_place, bool says_goodbye)
{
    struct mes_conn *conn = *conn_place;
    if (conn == NULL)
        return;
    *conn_place = NULL;
    if (conn->is_gone != NULL)
        *conn->is_gone = true;
    release(conn, says_goodbye);
    mes_timer_free(&conn->deadline);
    mes_timer_free(&conn->soon);
    mes_queue_fini(&conn->in);
    mes_queue_fini(&conn->out);
    mes_free(conn);
}

void mes_conn_free(struct mes_conn **conn)
{
    destroy(conn, false);
}

void mes_conn_close(struct mes_conn **conn)
{
    if (*conn != NULL && is_open(*conn) && mes_conn_unsent(*conn) > 0 && !(*conn)->is_write_broken)
        flush(*conn);
    destroy(conn, *conn != NULL && mes_conn_unsent(*conn) == 0);
}

/* What can be asked */

size_t mes_conn_unsent(const struct mes_conn *conn)
{
    return mes_queue_view(&conn->out).size;
}

struct mes_str mes_conn_received(const struct mes_conn *conn)
{
    return mes_queue_view(&conn->in);
}

void mes_conn_consume(struct mes_conn *conn, size_t size)
{
    assert(size <= mes_queue_view(&conn->in).size);
    bool was_full = mes_queue_room(&conn->in) == 0;
    mes_queue_take(&conn->in, size);
    if (was_full && size > 0 && is_open(conn))
        mes_timer_start(conn->soon, 0);
}

const struct mes_conn_failure *mes_conn_failure(const struct mes_conn *conn)
{
    return &conn->failure;
}

uint64_t mes_conn_received_total(const struct mes_conn *conn)
{
    return conn->received_total;
}

bool mes_conn_is_secured(const struct mes_conn *conn)
{
    return conn->is_secured;
}

bool mes_conn_is_resumed(const struct mes_conn *conn)
{
    return conn->is_resumed;
}

const char *mes_conn_peer(const struct mes_conn *conn)
{
    return conn->peer;
}

const char *mes_conn_tls_text(const struct mes_conn *conn)
{
    return conn->tls_text;
}

bool mes_conn_binding(const struct mes_conn *conn, struct mes_conn_binding *binding_out)
{
    *binding_out = (struct mes_conn_binding){.type = ""};
    return conn->is_secured && mes_secure_binding(conn->secure, binding_out);
}
