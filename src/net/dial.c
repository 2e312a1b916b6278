#include "net/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/error.h"
#include "net/failure.h"
#include "net/loop_parts.h"
#include "net/timer.h"
#include "net/watch.h"

struct attempt {
    struct mes_dial *dial;
    struct mes_address address;
    int descriptor; /* -1: not begun, or over */
    int error;      /* an errno value; 0: not begun, or under way */
    bool is_suspect;
    struct mes_watch *watch;
};

struct mes_dial {
    struct mes_loop *loop;
    uint16_t port;
    void (*on_done)(void *context, int descriptor, const struct mes_address *address);
    void *context;
    struct mes_timer *next_timer; /* begins the next attempt */
    size_t count, begun, failed;
    struct attempt attempts[MES_ADDRESS_COUNT];
};

static void end_attempt(struct attempt *attempt)
{
    mes_watch_free(&attempt->watch);
    if (attempt->descriptor >= 0)
        (void)close(attempt->descriptor);
    attempt->descriptor = -1;
}

static void note_failure(struct attempt *attempt)
{
    struct mes_loop *loop = attempt->dial->loop;
    mes_paths_note_failure(mes_loop_paths(loop), &attempt->address, attempt->dial->port, mes_loop_now(loop));
}

/* What the network or the peer did, rather than the machine. */
static bool is_paths_fault(int error)
{
    enum mes_conn_cause cause = mes_failure_cause_of(error);
    return cause != MES_CONN_CAUSE_NO_MEMORY && cause != MES_CONN_CAUSE_SYSTEM;
}

/* The last step of a callback, as on_done may free the dial. */
static void attempt_failed(struct attempt *attempt, int error)
{
    struct mes_dial *dial = attempt->dial;
    end_attempt(attempt);
    attempt->error = error;
    dial->failed++;
    if (is_paths_fault(error))
        note_failure(attempt);
    if (dial->failed == dial->count)
        dial->on_done(dial->context, -1, NULL);
    else if (dial->begun < dial->count)
        mes_timer_start(dial->next_timer, 0);
}

/* Those that were begun before it and have not answered are too slow for it, or dead. */
static void note_success(struct attempt *attempt)
{
    struct mes_dial *dial = attempt->dial;
    mes_paths_note_success(mes_loop_paths(dial->loop), &attempt->address, dial->port);
    for (struct attempt *before = dial->attempts; before < attempt; before++)
        if (before->descriptor >= 0)
            note_failure(before);
}

/* Connected, or the attempt has failed: SO_ERROR tells. */
static void attempt_ready(void *context, bool is_readable, bool is_writable)
{
    struct attempt *attempt = context;
    struct mes_dial *dial = attempt->dial;
    int error = 0;
    socklen_t size = sizeof error;
    (void)is_readable;
    (void)is_writable;
    if (getsockopt(attempt->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    /* A connection that was made and cut again counts as made: the peer may have said why. */
    if (error != 0 && error != ECONNRESET && error != EPIPE) {
        attempt_failed(attempt, error);
        return;
    }
    int descriptor = attempt->descriptor;
    attempt->descriptor = -1;
    note_success(attempt);
    mes_timer_stop(dial->next_timer);
    for (size_t i = 0; i < dial->count; i++)
        end_attempt(&dial->attempts[i]);
    dial->on_done(dial->context, descriptor, &attempt->address);
}

static int open_socket(const struct mes_address *address)
{
    int on = 1;
    int descriptor =
        socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (descriptor >= 0)
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

/* 0, or an errno value. */
static int begin_attempt(struct attempt *attempt)
{
    struct mes_address address = attempt->address;
    if (address.socket.any.sa_family == AF_INET6)
        address.socket.v6.sin6_port = htons(attempt->dial->port);
    else
        address.socket.v4.sin_port = htons(attempt->dial->port);
    attempt->descriptor = open_socket(&address);
    if (attempt->descriptor < 0)
        return errno;
    if (connect(attempt->descriptor, &address.socket.any, mes_address_size(&address)) != 0 &&
        errno != EINPROGRESS)
        return errno;
    const struct mes_watch_handler handler = {attempt_ready, attempt};
    if (mes_watch_new(attempt->dial->loop, attempt->descriptor, &handler, &attempt->watch, NULL) != 0)
        return ENOMEM;
    mes_watch_set(attempt->watch, false, true);
    return 0;
}

static void begin_next(void *context)
{
    struct mes_dial *dial = context;
    struct attempt *attempt = &dial->attempts[dial->begun++];
    if (dial->begun < dial->count)
        mes_timer_start(dial->next_timer, attempt->is_suspect ? 0 : MES_DIAL_NEXT_MS);
    int error = begin_attempt(attempt);
    if (error != 0)
        attempt_failed(attempt, error);
}

/* Appends the addresses that are dead, or those that are not. */
static void add_attempts(struct mes_dial *dial, const struct mes_address_list *addresses, bool dead_ones)
{
    for (size_t i = 0; i < addresses->count; i++) {
        const struct mes_address *address = &addresses->items[i];
        enum mes_path_state state =
            mes_paths_ask(mes_loop_paths(dial->loop), address, dial->port, mes_loop_now(dial->loop));
        if ((state == MES_PATH_DEAD) == dead_ones)
            dial->attempts[dial->count++] = (struct attempt){
                .dial = dial, .address = *address, .descriptor = -1, .is_suspect = state == MES_PATH_SUSPECT};
    }
}

int mes_dial_start(struct mes_loop *loop, const struct mes_dial_options *options, struct mes_dial **dial_out,
                   struct mes_error *error)
{
    *dial_out = NULL;
    struct mes_dial *dial = mes_alloc(sizeof *dial);
    if (dial == NULL)
        return mes_fail_nomem(error);
    dial->loop = loop;
    dial->port = options->port;
    dial->on_done = options->on_done;
    dial->context = options->context;
    add_attempts(dial, options->addresses, false);
    add_attempts(dial, options->addresses, true);
    int code = mes_timer_new(loop, begin_next, dial, &dial->next_timer, error);
    if (code != 0) {
        mes_free(dial);
        return code;
    }
    mes_timer_start(dial->next_timer, 0);
    *dial_out = dial;
    return 0;
}

void mes_dial_free(struct mes_dial **dial)
{
    if (*dial == NULL)
        return;
    for (size_t i = 0; i < (*dial)->count; i++)
        end_attempt(&(*dial)->attempts[i]);
    mes_timer_free(&(*dial)->next_timer);
    mes_free(*dial);
    *dial = NULL;
}

/* An address that refuses tells more than one that cannot be reached from here: the host is there. */
static bool tells_more(enum mes_conn_cause cause, enum mes_conn_cause than)
{
    static const int rank[] = {
        [MES_CONN_CAUSE_REFUSED] = 5, [MES_CONN_CAUSE_RESET] = 4,       [MES_CONN_CAUSE_TIMEOUT] = 3,
        [MES_CONN_CAUSE_SYSTEM] = 2,  [MES_CONN_CAUSE_UNREACHABLE] = 1, [MES_CONN_CAUSE_NO_MEMORY] = 6};
    return rank[cause] > rank[than];
}

void mes_dial_explain(const struct mes_dial *dial, enum mes_conn_cause cause,
                      struct mes_conn_failure *failure)
{
    char text[MES_ADDRESS_TEXT];
    mes_failure_set(failure, MES_CONN_STAGE_CONNECT, cause, 0);
    for (size_t i = 0; i < dial->begun; i++) {
        const struct attempt *attempt = &dial->attempts[i];
        enum mes_conn_cause own = mes_failure_cause_of(attempt->error);
        mes_failure_add(failure, "%s%s: %s", i > 0 ? "; " : "",
                        mes_address_text(&attempt->address, dial->port, text),
                        attempt->error != 0 ? strerror(attempt->error) : "no answer");
        if (cause == MES_CONN_CAUSE_NONE && tells_more(own, failure->cause)) {
            failure->cause = own;
            failure->system_error = attempt->error;
        }
    }
}
