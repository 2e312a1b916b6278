/* For the tests of this folder: a listening server over a real database and courier, and clients that send
 * bytes. */
#ifndef MES_API_RIG_TEST_H
#define MES_API_RIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "api/answer.h"
#include "api/key.h"
#include "api/server.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "queue/courier.h"
#include "store/store.h"
#include "json/tree.h"

enum { RIG_ANSWER_LIMIT = 64 * 1024 * 1024, RIG_WAIT_MS = 10000 };

struct rig {
    char folder[64];
    char file[96];
    struct mes_store *store;
    struct mes_store_readers *readers;
    struct mes_courier *courier;
    struct mes_api_services services;
    struct mes_api_options options;
    struct mes_api_server *server;
    char key[MES_API_KEY_SPACE]; /* scopes all, any company */
};

static inline void rig_key(struct rig *rig, const struct mes_api_key_wish *wish, char out[MES_API_KEY_SPACE])
{
    struct mes_api_key_made made;
    struct mes_error error;
    assert_int_equal(mes_store_begin(rig->store, &error), 0);
    assert_int_equal(mes_api_key_create(rig->store, wish, mes_clock_wall(mes_clock_system()), &made, &error),
                     0);
    assert_int_equal(mes_store_commit(rig->store, &error), 0);
    memcpy(out, made.key, sizeof made.key);
}

/* The database is there; rows may be added before rig_serve, after which it is the courier's. */
static inline void rig_open(struct rig *rig)
{
    static const struct mes_api_key_wish all = {.name = "all", .company = "", .scopes = "admin"};
    struct mes_error error;
    *rig = (struct rig){.folder = "/tmp/mes-api-XXXXXX"};
    assert_non_null(mkdtemp(rig->folder));
    (void)snprintf(rig->file, sizeof rig->file, "%s/queue.db", rig->folder);
    assert_int_equal(mes_store_open(rig->file, NULL, &rig->store, &error), 0);
    assert_int_equal(mes_store_readers_new(rig->file, 4, &rig->readers, &error), 0);
    rig->options.listen = "127.0.0.1:0";
    rig_key(rig, &all, rig->key);
}

static inline void rig_serve(struct rig *rig)
{
    struct mes_courier_options options = {.store = rig->store};
    struct mes_error error;
    char text[1000];
    assert_int_equal(mes_courier_start(&options, &rig->courier, &error), 0);
    rig->services.courier = rig->courier;
    rig->services.readers = rig->readers;
    int code = mes_api_server_start(&rig->options, &rig->services, &rig->server, &error);
    if (code != 0)
        print_error("%s\n", mes_error_text(&error, MES_EN, text, sizeof text));
    assert_int_equal(code, 0);
}

static inline void rig_close(struct rig *rig)
{
    static const char *const names[] = {"queue.db", "queue.db-wal", "queue.db-shm"};
    char path[128];
    mes_api_server_stop(&rig->server);
    if (rig->courier != NULL)
        mes_courier_stop(&rig->courier);
    mes_store_readers_free(&rig->readers);
    mes_store_close(&rig->store);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->folder, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(rig->folder), 0);
}

static inline int rig_connect(const struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)mes_api_server_port(rig->server))};
    int client = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(client >= 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

/* False: the server has ended the connection. */
static inline bool rig_send(int client, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(client, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* Reads on until the end of the connection, or until `end` (NULL: never) was read. False: neither came in
 * time. */
static inline bool rig_read_until(int client, struct mes_buf *in, const char *end)
{
    struct pollfd poll_for = {.fd = client, .events = POLLIN};
    while (end == NULL || mes_str_find(mes_buf_str(in), mes_str_of(end), 0) == SIZE_MAX) {
        if (poll(&poll_for, 1, RIG_WAIT_MS) != 1)
            return false;
        char *place = mes_buf_reserve(in, 65536);
        assert_non_null(place);
        ssize_t got = recv(client, place, 65536, 0);
        if (got <= 0)
            return end == NULL;
        mes_buf_commit(in, (size_t)got);
    }
    return true;
}

/* Sends the bytes on a connection of their own and gives all that comes back until its end; to be freed. The
 * requests in them must end it. */
static inline char *rig_talk(const struct rig *rig, const char *bytes, size_t size)
{
    struct mes_buf in;
    int client = rig_connect(rig);
    mes_buf_init(&in, RIG_ANSWER_LIMIT);
    (void)rig_send(client, bytes, size);
    assert_true(rig_read_until(client, &in, NULL));
    close(client);
    char *answer = mes_copy(mes_buf_text(&in), in.size);
    mes_buf_fini(&in);
    assert_non_null(answer);
    return answer;
}

static inline unsigned rig_status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

/* The status alone. */
static inline unsigned rig_status(const struct rig *rig, const char *bytes, size_t size)
{
    char *answer = rig_talk(rig, bytes, size);
    unsigned status = rig_status_of(answer);
    mes_free(answer);
    return status;
}

/* A request with a key ("" none) and a body (NULL none). Gives the whole answer; to be freed. */
static inline char *rig_ask(const struct rig *rig, const char *line, const char *key, const char *body)
{
    struct mes_buf request;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_format(&request, "%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", line);
    if (key[0] != '\0')
        mes_buf_add_format(&request, "Authorization: Bearer %s\r\n", key);
    if (body != NULL)
        mes_buf_add_format(&request, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                           strlen(body));
    mes_buf_add_text(&request, "\r\n");
    mes_buf_add_text(&request, body != NULL ? body : "");
    char *answer = rig_talk(rig, request.data, request.size);
    mes_buf_fini(&request);
    return answer;
}

static inline unsigned rig_ask_status(const struct rig *rig, const char *line, const char *key,
                                      const char *body)
{
    char *answer = rig_ask(rig, line, key, body);
    unsigned status = rig_status_of(answer);
    mes_free(answer);
    return status;
}

#endif
