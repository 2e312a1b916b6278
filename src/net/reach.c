#include "net/reach.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/dial.h"
#include "net/failure.h"
#include "net/socket.h"
#include "net/watch.h"

struct mes_reach {
    struct mes_loop *loop;
    struct mes_reach_options options; /* its proxy is `proxy`, unless there is none */
    struct mes_conn_proxy proxy;
    struct mes_address_list addresses;
    size_t target;         /* the one of the proxy's that is asked for */
    struct mes_dial *dial; /* NULL while the proxy is talked to */
    int descriptor;        /* to the proxy */
    struct mes_watch *watch;
    struct mes_proxy talk;
    bool has_talk;
    struct mes_conn_failure failure; /* of the talk */
    char peer[MES_ADDRESS_TEXT];
};

/* ---- talking to the proxy ---- */

static void end_talk(struct mes_reach *reach)
{
    mes_watch_free(&reach->watch);
    if (reach->descriptor >= 0)
        (void)close(reach->descriptor);
    reach->descriptor = -1;
    if (reach->has_talk)
        mes_proxy_fini(&reach->talk);
    reach->has_talk = false;
}

static int start_dial(struct mes_reach *reach, struct mes_error *error);

/* The last step of a callback, as on_done may free it. */
static void fail_talk(struct mes_reach *reach, enum mes_conn_cause cause, const char *reason)
{
    end_talk(reach);
    mes_failure_set(&reach->failure, MES_CONN_STAGE_PROXY, cause, 0);
    mes_failure_add(&reach->failure, "the proxy %s: %s", reach->peer, reason);
    bool has_next = cause == MES_CONN_CAUSE_PROXY_RELAY && reach->target + 1 < reach->proxy.targets.count;
    if (has_next) {
        reach->target++;
        if (start_dial(reach, NULL) == 0)
            return;
    }
    reach->options.on_done(reach->options.context, -1, NULL);
}

static void end_well(struct mes_reach *reach)
{
    int descriptor = reach->descriptor;
    reach->descriptor = -1;
    end_talk(reach);
    reach->options.on_done(reach->options.context, descriptor, reach->peer);
}

static void fail_proxy(struct mes_reach *reach)
{
    static const enum mes_conn_cause causes[] = {
        [MES_PROXY_CAUSE_NONE] = MES_CONN_CAUSE_PROXY_REFUSED,
        [MES_PROXY_CAUSE_LOGIN] = MES_CONN_CAUSE_PROXY_LOGIN,
        [MES_PROXY_CAUSE_REFUSED] = MES_CONN_CAUSE_PROXY_REFUSED,
        [MES_PROXY_CAUSE_RELAY] = MES_CONN_CAUSE_PROXY_RELAY,
        [MES_PROXY_CAUSE_NO_PROXY] = MES_CONN_CAUSE_NO_PROXY,
        [MES_PROXY_CAUSE_NO_MEMORY] = MES_CONN_CAUSE_NO_MEMORY,
    };
    fail_talk(reach, causes[reach->talk.cause], reach->talk.reason);
}

/* False when it cannot be sent. */
static bool send_some(struct mes_reach *reach)
{
    struct mes_buf *out = &reach->talk.out;
    struct mes_socket socket = {.descriptor = reach->descriptor};
    ssize_t sent = out->size > 0 ? mes_socket_send(&socket, out->data, out->size) : 0;
    if (sent > 0)
        mes_buf_consume(out, (size_t)sent);
    return sent != MES_SOCKET_FAILED;
}

/* Looks first and takes what is the proxy's: what the server sends behind it stays in the socket. False at
 * the end of the connection. */
static bool receive_some(struct mes_reach *reach)
{
    enum { PIECE = 512 };
    char bytes[PIECE];
    ssize_t got = recv(reach->descriptor, bytes, sizeof bytes, MSG_PEEK);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    size_t taken = mes_proxy_receive(&reach->talk, mes_str_make(bytes, (size_t)got));
    return got > 0 && (taken == 0 || recv(reach->descriptor, bytes, taken, 0) == (ssize_t)taken);
}

/* Most proxies that let nobody through say why; those that only hang up have refused as well. */
static void go_on(struct mes_reach *reach, bool is_readable)
{
    bool is_up = !is_readable || receive_some(reach);
    if (reach->talk.state == MES_PROXY_UNDER_WAY)
        is_up = is_up && send_some(reach);
    if (reach->talk.state == MES_PROXY_OPEN)
        end_well(reach);
    else if (reach->talk.state == MES_PROXY_FAILED)
        fail_proxy(reach);
    else if (!is_up)
        fail_talk(reach, MES_CONN_CAUSE_PROXY_REFUSED, "it ended the connection");
    else
        mes_watch_set(reach->watch, reach->talk.out.size == 0, reach->talk.out.size > 0);
}

static void ready(void *context, bool is_readable, bool is_writable)
{
    (void)is_writable;
    go_on(context, is_readable);
}

static void begin_talk(struct mes_reach *reach)
{
    const struct mes_watch_handler handler = {ready, reach};
    const struct mes_proxy_options options = {
        .kind = reach->proxy.kind,
        .user = reach->proxy.user,
        .password = reach->proxy.password,
        .host = reach->options.host,
        .address = reach->proxy.targets.count > 0 ? &reach->proxy.targets.items[reach->target] : NULL,
        .port = reach->options.port};
    mes_proxy_init(&reach->talk, &options);
    reach->has_talk = true;
    if (mes_watch_new(reach->loop, reach->descriptor, &handler, &reach->watch, NULL) != 0)
        fail_talk(reach, MES_CONN_CAUSE_NO_MEMORY, strerror(ENOMEM));
    else
        go_on(reach, false);
}

/* ---- connecting ---- */

static uint16_t dial_port(const struct mes_reach *reach)
{
    return reach->options.proxy != NULL ? reach->proxy.port : reach->options.port;
}

static void dialed(void *context, int descriptor, const struct mes_address *address)
{
    struct mes_reach *reach = context;
    if (descriptor >= 0)
        (void)mes_address_text(address, dial_port(reach), reach->peer);
    if (descriptor < 0 || reach->options.proxy == NULL) {
        reach->options.on_done(reach->options.context, descriptor, reach->peer);
        return;
    }
    reach->descriptor = descriptor;
    mes_dial_free(&reach->dial);
    begin_talk(reach);
}

static int start_dial(struct mes_reach *reach, struct mes_error *error)
{
    const struct mes_dial_options options = {
        .addresses = &reach->addresses, .port = dial_port(reach), .on_done = dialed, .context = reach};
    return mes_dial_start(reach->loop, &options, &reach->dial, error);
}

int mes_reach_start(struct mes_loop *loop, const struct mes_reach_options *options,
                    struct mes_reach **reach_out, struct mes_error *error)
{
    struct mes_reach *reach = mes_alloc(sizeof *reach);
    *reach_out = NULL;
    if (reach == NULL)
        return mes_fail_nomem(error);
    reach->loop = loop;
    reach->options = *options;
    reach->addresses = *options->addresses;
    reach->descriptor = -1;
    if (options->proxy != NULL) {
        reach->proxy = *options->proxy;
        reach->options.proxy = &reach->proxy;
    }
    int code = start_dial(reach, error);
    if (code != 0)
        mes_reach_free(&reach);
    *reach_out = reach;
    return code;
}

void mes_reach_free(struct mes_reach **reach)
{
    if (*reach == NULL)
        return;
    end_talk(*reach);
    mes_dial_free(&(*reach)->dial);
    mes_free(*reach);
    *reach = NULL;
}

/* ---- why not ---- */

static void explain_silence(const struct mes_reach *reach, struct mes_conn_failure *failure)
{
    bool was_asked = mes_proxy_was_asked(&reach->talk);
    mes_failure_set(failure, MES_CONN_STAGE_PROXY,
                    was_asked ? MES_CONN_CAUSE_PROXY_RELAY : MES_CONN_CAUSE_TIMEOUT, 0);
    mes_failure_add(failure, "the proxy %s: %s", reach->peer,
                    was_asked ? "it did not reach the relay in time" : "it did not answer in time");
}

void mes_reach_explain(const struct mes_reach *reach, enum mes_conn_cause cause,
                       struct mes_conn_failure *failure)
{
    struct mes_conn_failure dialing;
    if (reach->has_talk) {
        explain_silence(reach, failure);
    } else if (reach->dial == NULL) {
        *failure = reach->failure;
    } else if (reach->options.proxy == NULL) {
        mes_dial_explain(reach->dial, cause, failure);
    } else {
        mes_dial_explain(reach->dial, cause, &dialing);
        mes_failure_set(failure, MES_CONN_STAGE_PROXY, dialing.cause, dialing.system_error);
        mes_failure_add(failure, "the proxy %s: %s", reach->proxy.host, dialing.text);
    }
}
