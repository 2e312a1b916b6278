#include "net/visitors.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

enum { ANSWER_MS = 5000 };

struct visitor {
    int descriptor; /* -1: none */
    struct mes_buf heard;
};

struct mes_visitors {
    int listener;
    struct visitor visitors[MES_VISITORS_MOST]; /* the oldest first */
    size_t count;
    size_t speaking; /* who is to be answered; MES_VISITORS_MOST: nobody */
};

static int fail_open(struct mes_visitors **visitors, const char *call, struct mes_error *error)
{
    int code = mes_fail_system(error, call, errno);
    mes_visitors_close(visitors);
    return code;
}

int mes_visitors_open(struct mes_visitors **visitors_out, uint16_t *port_out, struct mes_error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct mes_visitors *visitors = mes_alloc(sizeof *visitors);
    *visitors_out = visitors;
    if (visitors == NULL)
        return mes_fail_nomem(error);
    visitors->speaking = MES_VISITORS_MOST;
    visitors->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (visitors->listener < 0)
        return fail_open(visitors_out, "socket", error);
    if (bind(visitors->listener, (struct sockaddr *)&address, size) != 0)
        return fail_open(visitors_out, "bind", error);
    if (listen(visitors->listener, MES_VISITORS_MOST) != 0)
        return fail_open(visitors_out, "listen", error);
    if (getsockname(visitors->listener, (struct sockaddr *)&address, &size) != 0)
        return fail_open(visitors_out, "getsockname", error);
    *port_out = ntohs(address.sin_port);
    return 0;
}

static void remove_visitor(struct mes_visitors *visitors, size_t index)
{
    struct visitor *gone = &visitors->visitors[index];
    (void)close(gone->descriptor);
    mes_wipe(gone->heard.data, gone->heard.size); /* a code may stand in it */
    mes_buf_fini(&gone->heard);
    visitors->count--;
    memmove(gone, gone + 1, (visitors->count - index) * sizeof *gone);
}

void mes_visitors_close(struct mes_visitors **visitors_place)
{
    struct mes_visitors *visitors = *visitors_place;
    *visitors_place = NULL;
    if (visitors == NULL)
        return;
    while (visitors->count > 0)
        remove_visitor(visitors, 0);
    if (visitors->listener >= 0)
        (void)close(visitors->listener);
    mes_free(visitors);
}

static void admit(struct mes_visitors *visitors)
{
    int descriptor = accept4(visitors->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return;
    if (visitors->count == MES_VISITORS_MOST)
        remove_visitor(visitors, 0);
    struct visitor *visitor = &visitors->visitors[visitors->count++];
    visitor->descriptor = descriptor;
    mes_buf_init(&visitor->heard, MES_VISITOR_HEAD);
}

/* False: it is gone, or has said too much. */
static bool hear(struct visitor *visitor)
{
    size_t room = MES_VISITOR_HEAD - visitor->heard.size;
    char *at = room > 0 ? mes_buf_reserve(&visitor->heard, room) : NULL;
    ssize_t got = at != NULL ? recv(visitor->descriptor, at, room, 0) : 0;
    if (got > 0)
        mes_buf_commit(&visitor->heard, (size_t)got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool has_said_all(const struct visitor *visitor)
{
    return mes_str_find(mes_buf_str(&visitor->heard), MES_STR("\r\n\r\n"), 0) != SIZE_MAX;
}

/* Listens to everybody who has something to say. True: one of them is done. */
static bool attend(struct mes_visitors *visitors, const struct pollfd *polled)
{
    for (size_t i = visitors->count; i-- > 0;) {
        struct visitor *visitor = &visitors->visitors[i];
        if (polled[i + 1].revents == 0)
            continue;
        if (!hear(visitor)) {
            remove_visitor(visitors, i);
        } else if (has_said_all(visitor)) {
            visitors->speaking = i;
            return true;
        }
    }
    if (polled[0].revents != 0)
        admit(visitors);
    return false;
}

bool mes_visitors_next(struct mes_visitors *visitors, int64_t timeout_ms, struct mes_str *head_out)
{
    const struct mes_clock *clock = mes_clock_system();
    int64_t end = mes_clock_monotonic(clock) + timeout_ms;
    assert(visitors->speaking == MES_VISITORS_MOST);
    for (int64_t left; (left = end - mes_clock_monotonic(clock)) > 0;) {
        struct pollfd polled[MES_VISITORS_MOST + 1] = {{.fd = visitors->listener, .events = POLLIN}};
        for (size_t i = 0; i < visitors->count; i++)
            polled[i + 1] = (struct pollfd){.fd = visitors->visitors[i].descriptor, .events = POLLIN};
        if (poll(polled, visitors->count + 1, left < INT32_MAX ? (int)left : INT32_MAX) > 0 &&
            attend(visitors, polled)) {
            *head_out = mes_buf_str(&visitors->visitors[visitors->speaking].heard);
            return true;
        }
    }
    return false;
}

void mes_visitors_answer(struct mes_visitors *visitors, struct mes_str text)
{
    assert(visitors->speaking < visitors->count);
    int descriptor = visitors->visitors[visitors->speaking].descriptor;
    struct pollfd polled = {.fd = descriptor, .events = POLLOUT};
    while (text.size > 0 && poll(&polled, 1, ANSWER_MS) > 0) {
        ssize_t sent = send(descriptor, text.data, text.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            break;
        text = mes_str_skip(text, sent > 0 ? (size_t)sent : 0);
    }
    (void)shutdown(descriptor, SHUT_WR);
    remove_visitor(visitors, visitors->speaking);
    visitors->speaking = MES_VISITORS_MOST;
}
