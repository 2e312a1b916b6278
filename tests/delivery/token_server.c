#include "tests/delivery/token_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

/* False at the end of the connection. */
static bool read_request(struct token_server *server, struct peer_link *link)
{
    char first[200], line[2000];
    size_t size = 0;
    if (!peer_read_line(link, first, sizeof first))
        return false;
    while (peer_read_line(link, line, sizeof line) && line[0] != '\0')
        if (strncasecmp(line, "content-length:", 15) == 0)
            size = (size_t)strtoul(line + 15, NULL, 10);
    assert_true(size < sizeof line);
    for (size_t got = 0; got < size;) {
        ssize_t more = read(link->descriptor, line + got, size - got);
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    mes_buf_add_format(&server->log, "%s %.*s\n", first, (int)size, line);
    return true;
}

static void script(struct peer_link *link)
{
    struct token_server *server = link->context;
    char good[200], head[200];
    if (!read_request(server, link))
        return;
    unsigned number = atomic_fetch_add(&server->requests, 1);
    struct token_answer answer = {200, NULL};
    if (server->count > 0)
        answer = server->answers[number < server->count ? number : server->count - 1];
    if (answer.status == 0)
        return;
    (void)snprintf(good, sizeof good,
                   "{\"access_token\":\"access-%u\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
                   number + 1);
    const char *body = answer.body != NULL ? answer.body : good;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %d Said\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                   "Location: /elsewhere\r\nConnection: close\r\n\r\n",
                   answer.status, strlen(body));
    peer_say(link, head);
    peer_say(link, body);
}

void token_server_start(struct token_server *server)
{
    mes_buf_init(&server->log, SIZE_MAX);
    atomic_store(&server->requests, 0);
    server->peer = peer_start(script, server);
}

const char *token_server_stop(struct token_server *server)
{
    peer_stop(&server->peer);
    return mes_buf_text(&server->log);
}

void token_server_fini(struct token_server *server)
{
    if (server->peer != NULL)
        peer_stop(&server->peer);
    mes_buf_fini(&server->log);
}

uint16_t token_server_port(const struct token_server *server)
{
    return peer_port(server->peer);
}
