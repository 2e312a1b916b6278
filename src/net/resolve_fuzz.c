/* Any bytes as the answers of a name server: addresses or a reason, never more than sixteen. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/str.h"
#include "net/loop.h"
#include "net/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 12, QUESTION_MOST = 512, ANSWER_MOST = 4096, TURNS = 6 };

struct lookup {
    struct mes_resolve *resolve;
    bool is_done;
};

static int server = -1;
static char servers[32];
static struct mes_loop *loop;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void open_server(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(bind(server, (struct sockaddr *)&name, sizeof name) == 0);
    require(getsockname(server, (struct sockaddr *)&name, &size) == 0);
    (void)snprintf(servers, sizeof servers, "127.0.0.1:%u", ntohs(name.sin_port));
    require(mes_loop_new(NULL, &loop, NULL) == 0);
}

static void done(void *context, const struct mes_resolve_result *result)
{
    struct lookup *lookup = context;
    char text[MES_ADDRESS_TEXT];
    lookup->is_done = true;
    require((result->cause == MES_RESOLVE_OK) == (result->addresses.count > 0));
    require((result->cause == MES_RESOLVE_OK) == (result->text[0] == '\0'));
    require(result->addresses.count <= MES_ADDRESS_COUNT);
    for (size_t i = 0; i < result->addresses.count; i++)
        require(mes_address_text(&result->addresses.items[i], 25, text)[0] != '\0');
}

/* Where the question ends: behind its name, type and class. */
static size_t question_end(const uint8_t *question, size_t size)
{
    size_t end = HEADER;
    while (end < size && question[end] != 0)
        end += question[end] + 1U;
    return end + 5 <= size ? end + 5 : size;
}

/* The question's id, so that it is believed; and its question, unless the first byte is odd. */
static size_t make_answer(const uint8_t *question, size_t question_size, struct mes_str wish, uint8_t *out)
{
    struct mes_str rest = mes_str_skip(wish, 1);
    struct mes_str head = mes_str_cut(rest, 0, HEADER - 2);
    size_t size = 2;
    memcpy(out, question, 2);
    memcpy(out + size, head.data, head.size);
    size += head.size;
    if ((wish.data[0] & 1) == 0 && size == HEADER) {
        size = question_end(question, question_size);
        memcpy(out + HEADER, question + HEADER, size - HEADER);
        out[2] |= 0x80;
        out[4] = 0;
        out[5] = 1;
    }
    rest = mes_str_cut(mes_str_skip(rest, head.size), 0, ANSWER_MOST - size);
    if (rest.size > 0)
        memcpy(out + size, rest.data, rest.size);
    return size + rest.size;
}

static void answer_all(struct mes_str wish)
{
    uint8_t question[QUESTION_MOST], answer[ANSWER_MOST];
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    ssize_t got;
    while ((got = recvfrom(server, question, sizeof question, 0, (struct sockaddr *)&from, &from_size)) > 0) {
        size_t size = make_answer(question, (size_t)got, wish, answer);
        (void)sendto(server, answer, size, 0, (struct sockaddr *)&from, from_size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lookup lookup = {NULL, false};
    if (size == 0)
        return 0;
    if (server < 0)
        open_server();
    const struct mes_resolve_options options = {.host = "relay.example.",
                                                .timeout_ms = 1000,
                                                .servers = servers,
                                                .on_done = done,
                                                .context = &lookup};
    require(mes_resolve_start(loop, &options, &lookup.resolve, NULL) == 0);
    for (int i = 0; i < TURNS && !lookup.is_done; i++) {
        mes_loop_step(loop, 0);
        answer_all(mes_str_make((const char *)data, size));
    }
    mes_resolve_cancel(&lookup.resolve);
    mes_loop_step(loop, 0); /* gives the closed handles back */
    return 0;
}
