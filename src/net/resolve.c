#include "net/resolve.h"

#include <ares.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "i18n/say.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/watch.h"

enum {
    MES_RESOLVE_WAIT_MS = 10 * 1000,
    MES_RESOLVE_TRY_MS = 2000, /* for each question to a server, growing with each round */
    MES_RESOLVE_TRIES = 3,
    MES_RESOLVE_DELAY_MS = 50, /* RFC 8305 section 3: how long one kind of addresses waits for the other */
    MES_RESOLVE_SOCKETS = 16   /* c-ares has one UDP and one TCP socket for each name server */
};

/* A socket of c-ares. */
struct watched {
    struct mes_resolve *resolve;
    int descriptor;
    struct mes_watch *watch; /* NULL: the place is free */
};

/* IPv6 and IPv4 are asked for on their own: name servers exist that never answer the one. */
struct question {
    struct mes_resolve *resolve;
    bool is_answered;
    int status; /* ARES_SUCCESS until it has failed */
    struct mes_address_list addresses;
};

/* Each lookup has a channel of its own: a changed resolv.conf is seen, and cancelling is destroying it. */
struct mes_resolve {
    struct mes_resolve **owner; /* the caller's pointer to this */
    struct mes_loop *loop;
    void (*on_done)(void *context, const struct mes_resolve_result *result);
    void *context;
    ares_channel channel;
    struct mes_timer *deadline; /* of the whole */
    struct mes_timer *retry;    /* c-ares wants to be asked again */
    struct watched sockets[MES_RESOLVE_SOCKETS];
    struct question v6, v4; /* what the hosts file says comes as an answer to v4 */
    bool is_done;           /* `result` stands */
    struct mes_resolve_result result;
    char host[];
};

static void set_result(struct mes_resolve *resolve, enum mes_resolve_cause cause, const char *reason)
{
    struct mes_resolve_result *result = &resolve->result;
    resolve->is_done = true;
    result->cause = cause;
    result->addresses.count = 0;
    (void)snprintf(result->text, sizeof result->text, "%s: %s", resolve->host, reason);
}

/* The result is what was found so far; false when that is nothing. */
static bool take_addresses(struct mes_resolve *resolve)
{
    struct mes_address_list *list = &resolve->result.addresses;
    mes_address_list_merge(&resolve->v6.addresses, &resolve->v4.addresses, list);
    resolve->is_done = list->count > 0;
    return resolve->is_done;
}

/* Frees all and makes the call, last. */
static void finish(struct mes_resolve *resolve)
{
    struct mes_resolve_result result = resolve->result;
    void (*on_done)(void *, const struct mes_resolve_result *) = resolve->on_done;
    void *context = resolve->context;
    struct mes_resolve **owner = resolve->owner;
    mes_resolve_cancel(owner);
    on_done(context, &result);
}

/* After each entry into c-ares, which must not be left by destroying it: is there a result, when is the next
 * entry? */
static void settle(struct mes_resolve *resolve)
{
    struct timeval space;
    if (resolve->is_done) {
        mes_timer_start(resolve->deadline, 0);
        return;
    }
    const struct timeval *next = ares_timeout(resolve->channel, NULL, &space);
    if (next == NULL)
        mes_timer_stop(resolve->retry);
    else
        mes_timer_start(resolve->retry, (int64_t)next->tv_sec * 1000 + (next->tv_usec + 999) / 1000);
}

static void ready(void *context, bool is_readable, bool is_writable)
{
    const struct watched *watched = context;
    struct mes_resolve *resolve = watched->resolve;
    ares_process_fd(resolve->channel, is_readable ? watched->descriptor : ARES_SOCKET_BAD,
                    is_writable ? watched->descriptor : ARES_SOCKET_BAD);
    settle(resolve);
}

static void retry(void *context)
{
    struct mes_resolve *resolve = context;
    ares_process_fd(resolve->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    settle(resolve);
}

/* Time is up, or the result stands. */
static void due(void *context)
{
    struct mes_resolve *resolve = context;
    if (!resolve->is_done && !take_addresses(resolve))
        set_result(resolve, MES_RESOLVE_TIMEOUT, "the name servers did not answer in time");
    finish(resolve);
}

static struct watched *find_watched(struct mes_resolve *resolve, int descriptor)
{
    struct watched *unused = NULL;
    for (size_t i = 0; i < MES_RESOLVE_SOCKETS; i++) {
        struct watched *watched = &resolve->sockets[i];
        if (watched->watch != NULL && watched->descriptor == descriptor)
            return watched;
        if (watched->watch == NULL && unused == NULL)
            unused = watched;
    }
    return unused;
}

/* c-ares says what it waits for. Where there is no place or memory the question is answered by its time-out.
 */
static void socket_changed(void *context, ares_socket_t descriptor, int wants_read, int wants_write)
{
    struct mes_resolve *resolve = context;
    struct watched *watched = find_watched(resolve, descriptor);
    if (watched == NULL)
        return;
    if (!wants_read && !wants_write) {
        mes_watch_free(&watched->watch);
        return;
    }
    watched->resolve = resolve;
    watched->descriptor = descriptor;
    const struct mes_watch_handler handler = {ready, watched};
    if (watched->watch == NULL &&
        mes_watch_new(resolve->loop, descriptor, &handler, &watched->watch, NULL) != 0)
        return;
    mes_watch_set(watched->watch, wants_read != 0, wants_write != 0);
}

static enum mes_resolve_cause cause_of(int status)
{
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_EBADNAME:
        return MES_RESOLVE_NOT_FOUND;
    case ARES_ENODATA:
        return MES_RESOLVE_NO_ADDRESS;
    case ARES_ETIMEOUT:
        return MES_RESOLVE_TIMEOUT;
    case ARES_ENOMEM:
        return MES_RESOLVE_NO_MEMORY;
    default:
        return MES_RESOLVE_SERVER;
    }
}

static void keep_addresses(struct mes_resolve *resolve, const struct ares_addrinfo *answer)
{
    for (const struct ares_addrinfo_node *node = answer->nodes; node != NULL; node = node->ai_next) {
        struct mes_address address = {0};
        if (node->ai_addrlen > sizeof address.socket)
            continue;
        memcpy(&address.socket, node->ai_addr, node->ai_addrlen);
        (void)mes_address_list_add(
            node->ai_family == AF_INET6 ? &resolve->v6.addresses : &resolve->v4.addresses, &address);
    }
}

/* Which of two failures is told: one that leaves open whether there are addresses says more than one that
 * knows. */
static int worse_of(int a, int b)
{
    static const enum mes_resolve_cause order[] = {MES_RESOLVE_NO_MEMORY, MES_RESOLVE_TIMEOUT,
                                                   MES_RESOLVE_SERVER, MES_RESOLVE_NOT_FOUND};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (a != ARES_SUCCESS && cause_of(a) == order[i])
            return a;
        if (b != ARES_SUCCESS && cause_of(b) == order[i])
            return b;
    }
    return a != ARES_SUCCESS ? a : b;
}

/* Both are answered. */
static void conclude(struct mes_resolve *resolve)
{
    int status = worse_of(resolve->v6.status, resolve->v4.status);
    if (take_addresses(resolve))
        return;
    if (status == ARES_SUCCESS || status == ARES_ENODATA)
        set_result(resolve, MES_RESOLVE_NO_ADDRESS, "the name has no address");
    else
        set_result(resolve, cause_of(status), ares_strerror(status));
}

static void answered(void *context, int status, int timeouts, struct ares_addrinfo *answer)
{
    struct question *question = context;
    struct mes_resolve *resolve = question->resolve;
    (void)timeouts;
    if (status == ARES_EDESTRUCTION)
        return;
    question->is_answered = true;
    question->status = status;
    if (status == ARES_SUCCESS) {
        keep_addresses(resolve, answer);
        ares_freeaddrinfo(answer);
    }
    if (resolve->v6.is_answered && resolve->v4.is_answered)
        conclude(resolve);
    else if (question->addresses.count > 0)
        mes_timer_start(resolve->deadline, MES_RESOLVE_DELAY_MS);
}

static int open_channel(struct mes_resolve *resolve, const char *servers)
{
    struct ares_options options = {.timeout = MES_RESOLVE_TRY_MS,
                                   .tries = MES_RESOLVE_TRIES,
                                   .sock_state_cb = socket_changed,
                                   .sock_state_cb_data = resolve};
    int status = ares_init_options(&resolve->channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return status;
    return servers != NULL ? ares_set_servers_ports_csv(resolve->channel, servers) : ARES_SUCCESS;
}

static void ask_for(struct question *question, int family)
{
    const struct mes_resolve *resolve = question->resolve;
    const struct ares_addrinfo_hints hints = {.ai_family = family, .ai_flags = ARES_AI_NOSORT};
    ares_getaddrinfo(resolve->channel, resolve->host, NULL, &hints, answered, question);
}

/* c-ares reads the file again when it is asked for the name; a host that stands there with one kind of
 * address is not asked for the other elsewhere. */
static bool is_in_hosts_file(struct mes_resolve *resolve)
{
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++) {
        struct hostent *host = NULL;
        if (ares_gethostbyname_file(resolve->channel, resolve->host, families[i], &host) == ARES_SUCCESS) {
            ares_free_hostent(host);
            return true;
        }
    }
    return false;
}

static void ask(struct mes_resolve *resolve)
{
    struct mes_address address;
    if (mes_address_parse(resolve->host, &address)) {
        resolve->is_done = true;
        (void)mes_address_list_add(&resolve->result.addresses, &address);
    } else if (is_in_hosts_file(resolve)) {
        resolve->v6.is_answered = true;
        ask_for(&resolve->v4, AF_UNSPEC);
    } else {
        ask_for(&resolve->v6, AF_INET6);
        ask_for(&resolve->v4, AF_INET);
    }
    settle(resolve);
}

static struct mes_resolve *make(struct mes_loop *loop, const struct mes_resolve_options *options)
{
    size_t size = strlen(options->host);
    struct mes_resolve *resolve = mes_alloc(sizeof *resolve + size + 1);
    if (resolve == NULL)
        return NULL;
    resolve->loop = loop;
    resolve->on_done = options->on_done;
    resolve->context = options->context;
    memcpy(resolve->host, options->host, size);
    resolve->v6.resolve = resolve->v4.resolve = resolve;
    return resolve;
}

int mes_resolve_start(struct mes_loop *loop, const struct mes_resolve_options *options,
                      struct mes_resolve **resolve_out, struct mes_error *error)
{
    struct mes_resolve *resolve = make(loop, options);
    *resolve_out = resolve;
    if (resolve == NULL)
        return mes_fail_nomem(error);
    resolve->owner = resolve_out;
    int code = mes_timer_new(loop, due, resolve, &resolve->deadline, error);
    if (code == 0)
        code = mes_timer_new(loop, retry, resolve, &resolve->retry, error);
    if (code == 0) {
        int status = open_channel(resolve, options->servers);
        if (status != ARES_SUCCESS)
            code = status == ARES_ENOMEM
                       ? mes_fail_nomem(error)
                       : mes_fail(error, MES_E_SYSTEM, MES_SAY_net_resolver, MES_ARGS(ares_strerror(status)));
    }
    if (code != 0) {
        mes_resolve_cancel(resolve_out);
        return code;
    }
    mes_timer_start(resolve->deadline, options->timeout_ms > 0 ? options->timeout_ms : MES_RESOLVE_WAIT_MS);
    ask(resolve);
    return 0;
}

void mes_resolve_cancel(struct mes_resolve **resolve_place)
{
    struct mes_resolve *resolve = *resolve_place;
    if (resolve == NULL)
        return;
    *resolve_place = NULL;
    if (resolve->channel != NULL)
        ares_destroy(resolve->channel);
    for (size_t i = 0; i < MES_RESOLVE_SOCKETS; i++)
        mes_watch_free(&resolve->sockets[i].watch);
    mes_timer_free(&resolve->deadline);
    mes_timer_free(&resolve->retry);
    mes_free(resolve);
}
