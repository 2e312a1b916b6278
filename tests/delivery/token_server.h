/* A token server in a thread of the test: it answers each request as it was told to, and notes what was
 * asked. */
#ifndef TESTS_DELIVERY_TOKEN_SERVER_H
#define TESTS_DELIVERY_TOKEN_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/net/peer.h"

enum { TOKEN_ANSWERS = 32 };

struct token_answer {
    int status;       /* 200 … ; 0: closes without an answer */
    const char *body; /* of JSON; NULL: a good one, "access-N" for 3600 s, N counts requests from 1 */
};

struct token_server {
    struct token_answer answers[TOKEN_ANSWERS]; /* written before it starts; the last one goes on */
    size_t count;                               /* 0: good ones alone */
    struct peer *peer;
    atomic_uint requests;
    struct mes_buf log; /* "REQUEST-LINE BODY\n" each; read after token_server_stop */
};

void token_server_start(struct token_server *server);
/* What was asked. Valid until token_server_fini. */
const char *token_server_stop(struct token_server *server);
void token_server_fini(struct token_server *server);
uint16_t token_server_port(const struct token_server *server);

#endif
