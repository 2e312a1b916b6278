#include "peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PEER_THREADS = 8 };

struct peer {
    int listener;
    uint16_t port;
    pthread_t threads[PEER_THREADS];
    unsigned thread_count;
    atomic_uint connections;
    atomic_bool is_stopped;
    void (*script)(struct peer_link *link);
    void *context;
};

static void serve(struct peer *peer, int descriptor, unsigned number)
{
    struct peer_link link = {.descriptor = descriptor, .number = number, .context = peer->context};
    struct timeval wait = {.tv_sec = 5};
    int on = 1;
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->script(&link);
    if (link.ssl != NULL)
        (void)SSL_shutdown(link.ssl);
    SSL_free(link.ssl);
    (void)close(descriptor);
}

static void *run(void *context)
{
    struct peer *peer = context;
    sigset_t
        pipe; /* OpenSSL's own socket BIO raises it; only in this thread, so that the library's is noticed */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    for (;;) {
        struct pollfd poll_for = {.fd = peer->listener, .events = POLLIN};
        bool is_last = atomic_load(&peer->is_stopped); /* whoever came before is still served */
        if (poll(&poll_for, 1, 20) <= 0) {
            if (is_last)
                return NULL;
            continue;
        }
        int descriptor = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor >= 0)
            serve(peer, descriptor, atomic_fetch_add(&peer->connections, 1));
    }
}

int peer_listen(const char *text, uint16_t *port_out)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        abort();
    *port_out = ntohs(address.sin_port);
    return listener;
}

struct peer *peer_start_many(void (*script)(struct peer_link *link), void *context, unsigned connections)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL || connections > PEER_THREADS)
        abort();
    peer->script = script;
    peer->context = context;
    peer->listener = peer_listen("127.0.0.1", &peer->port);
    if (fcntl(peer->listener, F_SETFL, O_NONBLOCK) != 0)
        abort();
    for (; peer->thread_count < connections; peer->thread_count++)
        if (pthread_create(&peer->threads[peer->thread_count], NULL, run, peer) != 0)
            abort();
    return peer;
}

struct peer *peer_start(void (*script)(struct peer_link *link), void *context)
{
    return peer_start_many(script, context, 1);
}

uint16_t peer_port(const struct peer *peer)
{
    return peer->port;
}

void peer_stop(struct peer **peer)
{
    atomic_store(&(*peer)->is_stopped, true);
    for (unsigned i = 0; i < (*peer)->thread_count; i++)
        (void)pthread_join((*peer)->threads[i], NULL);
    (void)close((*peer)->listener);
    free(*peer);
    *peer = NULL;
}

void peer_write(struct peer_link *link, const char *data, size_t size)
{
    if (link->ssl != NULL) {
        (void)SSL_write(link->ssl, data, (int)size);
        return;
    }
    while (size > 0) {
        ssize_t sent = send(link->descriptor, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        data += sent;
        size -= (size_t)sent;
    }
}

void peer_say(struct peer_link *link, const char *text)
{
    peer_write(link, text, strlen(text));
}

static ssize_t read_some(struct peer_link *link, char *data, size_t size)
{
    if (link->ssl != NULL)
        return SSL_read(link->ssl, data, (int)size);
    return recv(link->descriptor, data, size, 0);
}

bool peer_read_bytes(struct peer_link *link, char *data, size_t size)
{
    while (size > 0) {
        ssize_t got = read_some(link, data, size);
        if (got <= 0)
            return false;
        data += got;
        size -= (size_t)got;
    }
    return true;
}

bool peer_read_line(struct peer_link *link, char *line, size_t size)
{
    size_t used = 0;
    while (used + 1 < size) {
        char c;
        if (read_some(link, &c, 1) != 1)
            return false;
        if (c == '\n')
            break;
        if (c != '\r')
            line[used++] = c;
    }
    line[used] = '\0';
    return true;
}

/* Up to `most` bytes; returns how many came before the end. */
static size_t read_most(struct peer_link *link, size_t most)
{
    char data[65536];
    size_t all = 0;
    while (all < most) {
        ssize_t got = read_some(link, data, most - all < sizeof data ? most - all : sizeof data);
        if (got <= 0)
            break;
        all += (size_t)got;
    }
    return all;
}

size_t peer_read_all(struct peer_link *link)
{
    return read_most(link, SIZE_MAX);
}

size_t peer_swallow(struct peer_link *link, size_t size)
{
    size_t all = read_most(link, size);
    peer_say(link, "250 done\r\n");
    return all + peer_read_all(link);
}

void peer_wait_end(struct peer_link *link)
{
    (void)peer_read_all(link);
}

bool peer_start_tls(struct peer_link *link, SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, link->descriptor) != 1)
        abort();
    if (SSL_accept(ssl) != 1) {
        SSL_free(ssl);
        return false;
    }
    link->ssl = ssl;
    return true;
}

void peer_reset(struct peer_link *link)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(link->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void peer_echo(struct peer_link *link)
{
    char line[100];
    peer_say(link, "220 hello\r\n");
    while (peer_read_line(link, line, sizeof line) && strcmp(line, "QUIT") != 0) {
        peer_say(link, line);
        peer_say(link, "\r\n");
    }
}
