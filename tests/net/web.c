#include "web.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

enum { REQUEST_SPACE = 256 * 1024, CONNECTIONS = 256, PATHS = 1024, PATH_SPACE = 64 };

struct web {
    int listener;
    uint16_t port;
    pthread_t thread;
    atomic_bool is_stopped;
    pthread_mutex_t mutex; /* of the rest */
    char newest[REQUEST_SPACE];
    char paths[PATHS][PATH_SPACE]; /* of each request */
    unsigned requests;
    unsigned busy; /* with answering */
    unsigned connections;
    struct connection {
        struct web *web;
        pthread_t thread;
        int descriptor;
        char address[INET_ADDRSTRLEN];
        char request[REQUEST_SPACE];
        size_t size;
    } * links[CONNECTIONS];
};

static void say(struct connection *link, const char *text)
{
    (void)send(link->descriptor, text, strlen(text), MSG_NOSIGNAL);
}

/* Waits until the other side ends, or the server. */
static void wait_end(struct connection *link)
{
    char bytes[4096];
    for (;;) {
        struct pollfd poll_for = {.fd = link->descriptor, .events = POLLIN};
        if (atomic_load(&link->web->is_stopped))
            return;
        if (poll(&poll_for, 1, 10) > 0 && recv(link->descriptor, bytes, sizeof bytes, 0) <= 0)
            return;
    }
}

static void repeat(struct connection *link, const char *text)
{
    while (!atomic_load(&link->web->is_stopped))
        if (send(link->descriptor, text, strlen(text), MSG_NOSIGNAL) <= 0)
            return;
}

/* The length of the request that begins the buffer, 0 while it is not whole. */
static size_t whole_request(struct connection *link)
{
    const char *end = strstr(link->request, "\r\n\r\n");
    if (end == NULL)
        return 0;
    const char *length = strcasestr(link->request, "\r\nContent-Length:");
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end + 4 - link->request) + body;
    return whole <= link->size ? whole : 0;
}

/* False at the end of the connection. */
static bool read_request(struct connection *link, size_t *size_out)
{
    while ((*size_out = whole_request(link)) == 0) {
        struct pollfd poll_for = {.fd = link->descriptor, .events = POLLIN};
        if (atomic_load(&link->web->is_stopped))
            return false;
        if (poll(&poll_for, 1, 10) <= 0)
            continue;
        ssize_t got = recv(link->descriptor, link->request + link->size, REQUEST_SPACE - 1 - link->size, 0);
        if (got <= 0)
            return false;
        link->size += (size_t)got;
        link->request[link->size] = '\0';
    }
    return true;
}

static void note(struct connection *link, size_t size)
{
    struct web *web = link->web;
    pthread_mutex_lock(&web->mutex);
    memcpy(web->newest, link->request, size);
    web->newest[size] = '\0';
    if (web->requests == PATHS)
        abort();
    (void)sscanf(link->request, "%*s %63s", web->paths[web->requests++]);
    web->busy++;
    pthread_mutex_unlock(&web->mutex);
}

static void note_answer(struct connection *link)
{
    pthread_mutex_lock(&link->web->mutex);
    link->web->busy--;
    pthread_mutex_unlock(&link->web->mutex);
}

static void echo(struct connection *link, size_t size)
{
    char head[100];
    const char *body = strstr(link->request, "\r\n\r\n") + 4;
    size_t length = size - (size_t)(body - link->request);
    (void)snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
    say(link, head);
    (void)send(link->descriptor, body, length, MSG_NOSIGNAL);
}

static void answer_status(struct connection *link, unsigned status)
{
    char head[200];
    (void)snprintf(
        head, sizeof head,
        "HTTP/1.1 %u Told\r\nRetry-After: 7\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ntold",
        status);
    say(link, head);
}

static bool is_path(const struct connection *link, const char *path)
{
    const char *blank = strchr(link->request, ' ');
    return blank != NULL && strncmp(blank + 1, path, strlen(path)) == 0;
}

/* Those that answer in full. */
static bool answer_well(struct connection *link, size_t size)
{
    char head[200];
    unsigned status;
    if (is_path(link, "/ok")) {
        say(link, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfine");
    } else if (sscanf(link->request, "%*s /status/%u", &status) == 1) {
        answer_status(link, status);
    } else if (is_path(link, "/redirect")) {
        (void)snprintf(
            head, sizeof head,
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/trap\r\nContent-Length: 0\r\n\r\n",
            link->web->port);
        say(link, head);
    } else if (is_path(link, "/echo")) {
        echo(link, size);
    } else {
        return false;
    }
    return true;
}

static void answer_badly(struct connection *link)
{
    if (is_path(link, "/slow"))
        say(link, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n.");
    else if (is_path(link, "/endless"))
        say(link, "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n");
    else if (is_path(link, "/header"))
        say(link, "HTTP/1.1 200 OK\r\n");
    else if (is_path(link, "/cut"))
        say(link, "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nfour");
    else if (is_path(link, "/noise"))
        say(link, "220 mail.example.com ESMTP\r\n");
    if (is_path(link, "/endless") || is_path(link, "/header"))
        repeat(link, "X-Again: 0123456789012345678901234567890123456789\r\n");
    if (is_path(link, "/hang") || is_path(link, "/slow"))
        wait_end(link);
}

static void *serve(void *context)
{
    struct connection *link = context;
    size_t size;
    while (read_request(link, &size)) {
        note(link, size);
        bool is_answered = answer_well(link, size);
        note_answer(link);
        if (!is_answered) {
            answer_badly(link);
            break;
        }
        memmove(link->request, link->request + size, link->size - size + 1);
        link->size -= size;
    }
    (void)shutdown(link->descriptor, SHUT_RDWR);
    return NULL;
}

static void take(struct web *web, int descriptor)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    struct connection *link = calloc(1, sizeof *link);
    if (link == NULL || web->connections == CONNECTIONS)
        abort();
    link->web = web;
    link->descriptor = descriptor;
    (void)getsockname(descriptor, (struct sockaddr *)&address, &size);
    (void)inet_ntop(AF_INET, &address.sin_addr, link->address, sizeof link->address);
    pthread_mutex_lock(&web->mutex);
    web->links[web->connections++] = link;
    pthread_mutex_unlock(&web->mutex);
    if (pthread_create(&link->thread, NULL, serve, link) != 0)
        abort();
}

static void *run(void *context)
{
    struct web *web = context;
    while (!atomic_load(&web->is_stopped)) {
        struct pollfd poll_for = {.fd = web->listener, .events = POLLIN};
        if (poll(&poll_for, 1, 10) <= 0)
            continue;
        int descriptor = accept4(web->listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor >= 0)
            take(web, descriptor);
    }
    return NULL;
}

struct web *web_start(void)
{
    struct web *web = calloc(1, sizeof *web);
    if (web == NULL)
        abort();
    pthread_mutex_init(&web->mutex, NULL);
    web->listener = peer_listen("0.0.0.0", &web->port);
    if (pthread_create(&web->thread, NULL, run, web) != 0)
        abort();
    return web;
}

uint16_t web_port(const struct web *web)
{
    return web->port;
}

void web_stop(struct web **web_place)
{
    struct web *web = *web_place;
    atomic_store(&web->is_stopped, true);
    (void)pthread_join(web->thread, NULL);
    for (unsigned i = 0; i < web->connections; i++) {
        (void)pthread_join(web->links[i]->thread, NULL);
        (void)close(web->links[i]->descriptor);
        free(web->links[i]);
    }
    (void)close(web->listener);
    pthread_mutex_destroy(&web->mutex);
    free(web);
    *web_place = NULL;
}

unsigned web_connections(struct web *web, const char *address)
{
    unsigned count = 0;
    pthread_mutex_lock(&web->mutex);
    for (unsigned i = 0; i < web->connections; i++)
        count += strcmp(web->links[i]->address, address) == 0;
    pthread_mutex_unlock(&web->mutex);
    return count;
}

bool web_is_quiet(struct web *web)
{
    pthread_mutex_lock(&web->mutex);
    bool is_quiet = web->busy == 0;
    pthread_mutex_unlock(&web->mutex);
    return is_quiet;
}

unsigned web_requests(struct web *web)
{
    pthread_mutex_lock(&web->mutex);
    unsigned count = web->requests;
    pthread_mutex_unlock(&web->mutex);
    return count;
}

const char *web_newest(struct web *web, char *out, size_t size)
{
    pthread_mutex_lock(&web->mutex);
    (void)snprintf(out, size, "%s", web->newest);
    pthread_mutex_unlock(&web->mutex);
    return out;
}

unsigned web_requests_to(struct web *web, const char *path)
{
    unsigned count = 0;
    pthread_mutex_lock(&web->mutex);
    for (unsigned i = 0; i < web->requests; i++)
        count += strcmp(web->paths[i], path) == 0;
    pthread_mutex_unlock(&web->mutex);
    return count;
}
