#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

int mes_socket_new(int family, int type, int protocol)
{
    return socket(family, type | SOCK_CLOEXEC, protocol);
}

void mes_socket_begin_turn(struct mes_socket *socket)
{
    socket->is_drained = false;
    socket->budget = MES_SOCKET_TURN;
}

void mes_socket_watch_first(struct mes_socket *socket)
{
    socket->received = 0;
    socket->first = 0;
}

static ssize_t failed(struct mes_socket *socket)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return MES_SOCKET_AGAIN;
    socket->error = errno;
    return MES_SOCKET_FAILED;
}

ssize_t mes_socket_receive(struct mes_socket *socket, void *data, size_t size)
{
    ssize_t got;
    if (socket->is_drained || socket->budget == 0)
        return MES_SOCKET_AGAIN;
    do
        got = recv(socket->descriptor, data, size, 0);
    while (got < 0 && errno == EINTR);
    socket->is_drained = got < (ssize_t)size;
    if (got < 0)
        return failed(socket);
    if (got == 0)
        socket->is_ended = true;
    else if (socket->received == 0)
        socket->first = *(unsigned char *)data;
    socket->received += (uint64_t)got;
    socket->budget -= (size_t)got < socket->budget ? (size_t)got : socket->budget;
    return got;
}

ssize_t mes_socket_send(struct mes_socket *socket, const void *data, size_t size)
{
    ssize_t sent;
    do
        sent = send(socket->descriptor, data, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return failed(socket);
    socket->sent += (uint64_t)sent;
    return sent;
}

void mes_socket_acknowledge(const struct mes_socket *socket)
{
    int on = 1;
    (void)setsockopt(socket->descriptor, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

bool mes_socket_has_waiting(const struct mes_socket *socket)
{
    char byte;
    return recv(socket->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void mes_socket_discard(const struct mes_socket *socket)
{
    enum { PIECE = 16 * 1024, PIECES = 512 };
    char piece[PIECE];
    for (int i = 0; i < PIECES; i++)
        if (recv(socket->descriptor, piece, sizeof piece, MSG_DONTWAIT) <= 0)
            return;
}

void mes_socket_cut(int descriptor)
{
    (void)shutdown(descriptor, SHUT_RDWR);
}

void mes_socket_end_sending(int descriptor)
{
    (void)shutdown(descriptor, SHUT_WR);
}
