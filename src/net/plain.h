/* Reading and writing a socket without TLS; `secure` does the same with TLS. */
#ifndef MES_NET_PLAIN_H
#define MES_NET_PLAIN_H

#include "base/str.h"
#include "net/conn.h"
#include "net/socket.h"

enum mes_io {
    MES_IO_DONE,
    MES_IO_WANTS_READ,  /* try again when the socket is readable */
    MES_IO_WANTS_WRITE, /* … writable */
    MES_IO_ENDED,       /* the peer ended the connection */
    MES_IO_FAILED
};

struct mes_plain {
    struct mes_socket *socket;
    const char *host;                 /* for texts */
    struct mes_conn_failure *failure; /* set with ENDED and FAILED */
};

enum mes_io mes_plain_read(const struct mes_plain *plain, char *data, size_t size, size_t *got_out);
/* With WANTS_WRITE the front part may have been written. */
enum mes_io mes_plain_write(const struct mes_plain *plain, struct mes_str bytes, size_t *sent_out);

#endif
