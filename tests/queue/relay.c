#include "tests/queue/relay.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RELAY_MAILS = 20000, RELAY_THREADS = 64, RELAY_TEXT = 160 };

struct mail {
    char recipient[RELAY_TEXT];
    char id[RELAY_TEXT];
};

struct relay {
    int listener;
    unsigned port;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t released;
    bool is_released, is_down, is_stopping;
    unsigned cuts;
    struct mail *mails, *rcpts;
    size_t mail_count, rcpt_count;
    pthread_t connections[RELAY_THREADS];
    int sockets[RELAY_THREADS];
    size_t connection_count;
};

struct connection {
    struct relay *relay;
    int socket;
    char recipient[RELAY_TEXT];
    char id[RELAY_TEXT];
};

static void say(int socket, const char *text)
{
    (void)!send(socket, text, strlen(text), MSG_NOSIGNAL);
}

static size_t count_in(const struct mail *mails, size_t count, const char *recipient)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strcmp(mails[i].recipient, recipient) == 0;
    return found;
}

static void copy(char out[RELAY_TEXT], const char *text)
{
    (void)snprintf(out, RELAY_TEXT, "%s", text);
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The address of "RCPT TO:<a@b> …". */
static void take_address(const char *line, char out[RELAY_TEXT])
{
    const char *from = strchr(line, '<'), *to = from != NULL ? strchr(from, '>') : NULL;
    size_t size = to != NULL ? (size_t)(to - from - 1) : 0;
    memcpy(out, from != NULL ? from + 1 : "", size);
    out[size] = '\0';
}

static void on_rcpt(struct connection *connection, const char *line)
{
    struct relay *relay = connection->relay;
    char address[RELAY_TEXT];
    take_address(line, address);
    pthread_mutex_lock(&relay->mutex);
    size_t seen = count_in(relay->rcpts, relay->rcpt_count, address);
    if (relay->rcpt_count < RELAY_MAILS)
        copy(relay->rcpts[relay->rcpt_count++].recipient, address);
    while (starts(address, "slow") && !relay->is_released && !relay->is_stopping)
        pthread_cond_wait(&relay->released, &relay->mutex);
    pthread_mutex_unlock(&relay->mutex);
    if (starts(address, "refused")) {
        say(connection->socket, "550 5.1.1 no such mailbox\r\n");
    } else if (starts(address, "grey") && seen == 0) {
        say(connection->socket, "451 4.7.1 try again later\r\n");
    } else {
        copy(connection->recipient, address);
        say(connection->socket, "250 2.1.5 ok\r\n");
    }
}

/* False: the connection is cut. */
static bool on_dot(struct connection *connection)
{
    struct relay *relay = connection->relay;
    pthread_mutex_lock(&relay->mutex);
    size_t before = count_in(relay->mails, relay->mail_count, connection->recipient);
    bool is_spam = starts(connection->recipient, "spam");
    bool cuts = starts(connection->recipient, "cut") && before < relay->cuts;
    if (!is_spam && relay->mail_count < RELAY_MAILS) {
        struct mail *mail = &relay->mails[relay->mail_count++];
        copy(mail->recipient, connection->recipient);
        copy(mail->id, connection->id);
    }
    pthread_mutex_unlock(&relay->mutex);
    if (cuts)
        return false;
    say(connection->socket, is_spam ? "554 5.7.1 spam\r\n" : "250 2.0.0 taken\r\n");
    return true;
}

/* False: the connection ended before the dot. */
static bool on_data(struct connection *connection, FILE *in)
{
    char line[2048];
    connection->id[0] = '\0';
    while (fgets(line, sizeof line, in) != NULL) {
        if (strcmp(line, ".\r\n") == 0)
            return true;
        if (starts(line, "Message-ID:"))
            (void)snprintf(connection->id, sizeof connection->id, "%.150s", line);
    }
    return false;
}

static bool on_line(struct connection *connection, FILE *in, const char *line)
{
    if (starts(line, "EHLO")) {
        say(connection->socket, "250-relay\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n");
    } else if (starts(line, "RCPT")) {
        on_rcpt(connection, line);
    } else if (starts(line, "DATA") && connection->recipient[0] == '\0') {
        say(connection->socket, "554 5.5.1 no valid recipients\r\n");
    } else if (starts(line, "DATA")) {
        say(connection->socket, "354 go on\r\n");
        bool goes_on = on_data(connection, in) && on_dot(connection);
        connection->recipient[0] = '\0';
        return goes_on;
    } else if (starts(line, "QUIT")) {
        say(connection->socket, "221 bye\r\n");
        return false;
    } else {
        connection->recipient[0] = starts(line, "MAIL") ? '\0' : connection->recipient[0];
        say(connection->socket, "250 2.1.0 ok\r\n");
    }
    return true;
}

static void *converse(void *context)
{
    struct connection *connection = context;
    FILE *in = fdopen(dup(connection->socket), "r");
    char line[2048];
    say(connection->socket, "220 relay ready\r\n");
    while (fgets(line, sizeof line, in) != NULL && on_line(connection, in, line))
        continue;
    shutdown(connection->socket, SHUT_RDWR);
    fclose(in);
    free(connection);
    return NULL;
}

static void *serve(void *context)
{
    struct relay *relay = context;
    for (int socket = accept(relay->listener, NULL, NULL); socket >= 0;
         socket = accept(relay->listener, NULL, NULL)) {
        pthread_mutex_lock(&relay->mutex);
        bool is_down = relay->is_down || relay->connection_count == RELAY_THREADS;
        pthread_mutex_unlock(&relay->mutex);
        if (is_down) {
            say(socket, "421 4.3.2 closed for today\r\n");
            close(socket);
            continue;
        }
        struct connection *connection = calloc(1, sizeof *connection);
        connection->relay = relay;
        connection->socket = socket;
        relay->sockets[relay->connection_count] = socket;
        pthread_create(&relay->connections[relay->connection_count++], NULL, converse, connection);
    }
    return NULL;
}

struct relay *relay_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct relay *relay = calloc(1, sizeof *relay);
    relay->mails = calloc(RELAY_MAILS, sizeof *relay->mails);
    relay->rcpts = calloc(RELAY_MAILS, sizeof *relay->rcpts);
    relay->cuts = 1;
    pthread_mutex_init(&relay->mutex, NULL);
    pthread_cond_init(&relay->released, NULL);
    relay->listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)!bind(relay->listener, (struct sockaddr *)&address, sizeof address);
    (void)!listen(relay->listener, 64);
    (void)!getsockname(relay->listener, (struct sockaddr *)&address, &size);
    relay->port = ntohs(address.sin_port);
    pthread_create(&relay->thread, NULL, serve, relay);
    return relay;
}

unsigned relay_port(const struct relay *relay)
{
    return relay->port;
}

void relay_stop(struct relay **place)
{
    struct relay *relay = *place;
    if (relay == NULL)
        return;
    pthread_mutex_lock(&relay->mutex);
    relay->is_stopping = true;
    pthread_cond_broadcast(&relay->released);
    pthread_mutex_unlock(&relay->mutex);
    shutdown(relay->listener, SHUT_RDWR);
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    for (size_t i = 0; i < relay->connection_count; i++) {
        shutdown(relay->sockets[i], SHUT_RDWR);
        pthread_join(relay->connections[i], NULL);
        close(relay->sockets[i]);
    }
    free(relay->mails);
    free(relay->rcpts);
    free(relay);
    *place = NULL;
}

void relay_set_cuts(struct relay *relay, unsigned cuts)
{
    pthread_mutex_lock(&relay->mutex);
    relay->cuts = cuts;
    pthread_mutex_unlock(&relay->mutex);
}

void relay_release(struct relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    relay->is_released = true;
    pthread_cond_broadcast(&relay->released);
    pthread_mutex_unlock(&relay->mutex);
}

void relay_set_down(struct relay *relay, bool is_down)
{
    pthread_mutex_lock(&relay->mutex);
    relay->is_down = is_down;
    pthread_mutex_unlock(&relay->mutex);
}

size_t relay_count(struct relay *relay)
{
    pthread_mutex_lock(&relay->mutex);
    size_t count = relay->mail_count;
    pthread_mutex_unlock(&relay->mutex);
    return count;
}

size_t relay_count_of(struct relay *relay, const char *recipient)
{
    pthread_mutex_lock(&relay->mutex);
    size_t count = count_in(relay->mails, relay->mail_count, recipient);
    pthread_mutex_unlock(&relay->mutex);
    return count;
}

size_t relay_position(struct relay *relay, const char *recipient)
{
    size_t position = SIZE_MAX;
    pthread_mutex_lock(&relay->mutex);
    for (size_t i = relay->mail_count; i-- > 0;)
        if (strcmp(relay->mails[i].recipient, recipient) == 0)
            position = i;
    pthread_mutex_unlock(&relay->mutex);
    return position;
}

bool relay_has_one_id(struct relay *relay, const char *recipient)
{
    const char *first = NULL;
    bool is_same = true;
    pthread_mutex_lock(&relay->mutex);
    for (size_t i = 0; i < relay->mail_count; i++) {
        if (strcmp(relay->mails[i].recipient, recipient) != 0)
            continue;
        is_same = is_same && relay->mails[i].id[0] != '\0' &&
                  (first == NULL || strcmp(first, relay->mails[i].id) == 0);
        first = relay->mails[i].id;
    }
    pthread_mutex_unlock(&relay->mutex);
    return is_same;
}

size_t relay_rcpt_count(struct relay *relay, const char *recipient)
{
    pthread_mutex_lock(&relay->mutex);
    size_t count = count_in(relay->rcpts, relay->rcpt_count, recipient);
    pthread_mutex_unlock(&relay->mutex);
    return count;
}
