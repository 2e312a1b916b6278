#include "net/plain.h"

#include "net/failure.h"

enum mes_io mes_plain_read(const struct mes_plain *plain, char *data, size_t size, size_t *got_out)
{
    ssize_t got = mes_socket_receive(plain->socket, data, size);
    *got_out = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return MES_IO_DONE;
    if (got == MES_SOCKET_AGAIN)
        return MES_IO_WANTS_READ;
    if (got == MES_SOCKET_FAILED) {
        mes_failure_system(plain->failure, MES_CONN_STAGE_READ, plain->socket->error, plain->host);
        return MES_IO_FAILED;
    }
    mes_failure_set(plain->failure, MES_CONN_STAGE_READ, MES_CONN_CAUSE_CLOSED, 0);
    mes_failure_add(plain->failure, "%s ended the connection", plain->host);
    return MES_IO_ENDED;
}

enum mes_io mes_plain_write(const struct mes_plain *plain, struct mes_str bytes, size_t *sent_out)
{
    ssize_t sent = mes_socket_send(plain->socket, bytes.data, bytes.size);
    *sent_out = sent > 0 ? (size_t)sent : 0;
    if (sent == MES_SOCKET_FAILED) {
        mes_failure_system(plain->failure, MES_CONN_STAGE_WRITE, plain->socket->error, plain->host);
        return MES_IO_FAILED;
    }
    return *sent_out < bytes.size ? MES_IO_WANTS_WRITE : MES_IO_DONE;
}
