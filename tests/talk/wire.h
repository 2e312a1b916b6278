/* Real sockets with TLS between the session and the script: the library's own connection on one end, OpenSSL
 * as server on the other, in one thread. */
#ifndef MES_TALK_WIRE_H
#define MES_TALK_WIRE_H

#include "base/buf.h"

struct talk_wire;

/* A connection over loopback; `is_tls_at_once`: TLS is up when it returns. Whatever cannot be set up ends the
 * program. */
struct talk_wire *talk_wire_open(bool is_tls_at_once);
void talk_wire_free(struct talk_wire **wire);

/* Both wait until every byte has arrived, at most some seconds; false when they do not. */
bool talk_wire_to_server(struct talk_wire *wire, struct mes_str bytes, struct mes_buf *arrived);
bool talk_wire_to_client(struct talk_wire *wire, struct mes_str bytes, struct mes_buf *arrived);
/* STARTTLS was agreed on: TLS on both ends. */
bool talk_wire_secure(struct talk_wire *wire);
/* The server closes; true when the client has noticed. */
bool talk_wire_cut(struct talk_wire *wire);

#endif
