#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/loop.h"
#include "net/tls.h"
#include "tests/net/certificate.h"
#include "tests/net/peer.h"

enum { TURNS = 5000 }; /* of at most a millisecond each */

struct talk_wire {
    struct mes_loop *loop;
    struct mes_tls *tls;
    struct mes_conn *conn;
    SSL_CTX *context;
    SSL *ssl; /* the server's, once TLS has begun */
    int socket;
    struct mes_buf received; /* by the client */
    bool is_tls_at_once, is_connected, is_secured, has_ended;
};

static void must(bool is_done)
{
    if (!is_done)
        abort();
}

static void on_event(void *context, struct mes_conn *conn, enum mes_conn_event event)
{
    struct talk_wire *wire = context;
    wire->is_connected = wire->is_connected || event == MES_CONN_CONNECTED;
    wire->is_secured = wire->is_secured || event == MES_CONN_SECURED;
    wire->has_ended = wire->has_ended || event >= MES_CONN_CLOSED;
    if (event != MES_CONN_DATA)
        return;
    struct mes_str bytes = mes_conn_received(conn);
    mes_buf_add_str(&wire->received, bytes);
    mes_conn_consume(conn, bytes.size);
}

/* The server's context and what the client needs to trust it; made once for the program. */
static SSL_CTX *server_context(char authority_file[32])
{
    static struct certificate authority, good;
    if (authority.x509 == NULL) {
        authority = certificate_make(
            &(struct certificate_wish){.name = "Talk Authority", .to_day = 10, .is_authority = 1});
        good = certificate_make(&(struct certificate_wish){
            .name = "localhost", .alt_names = "DNS:localhost", .to_day = 10, .issuer = &authority});
    }
    certificate_write_pem(&authority, authority_file);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    must(context != NULL && SSL_CTX_use_certificate(context, good.x509) == 1 &&
         SSL_CTX_use_PrivateKey(context, good.key) == 1);
    return context;
}

bool talk_wire_secure(struct talk_wire *wire)
{
    bool is_accepted = false;
    if (!wire->is_tls_at_once && mes_conn_start_tls(wire->conn, NULL) != 0)
        return false;
    wire->ssl = SSL_new(wire->context);
    must(wire->ssl != NULL && SSL_set_fd(wire->ssl, wire->socket) == 1);
    for (int i = 0; i < TURNS && !(is_accepted && wire->is_secured) && !wire->has_ended; i++) {
        is_accepted = is_accepted || SSL_accept(wire->ssl) == 1;
        mes_loop_step(wire->loop, 1);
    }
    return is_accepted && wire->is_secured;
}

struct talk_wire *talk_wire_open(bool is_tls_at_once)
{
    struct talk_wire *wire = calloc(1, sizeof *wire);
    struct mes_address_list addresses = {0};
    struct mes_address address;
    char authority_file[32];
    uint16_t port;
    must(wire != NULL && mes_loop_new(NULL, &wire->loop, NULL) == 0);
    mes_buf_init(&wire->received, SIZE_MAX);
    wire->is_tls_at_once = is_tls_at_once;
    wire->context = server_context(authority_file);
    const struct mes_tls_options tls = {.ca_file = authority_file};
    must(mes_tls_new(&tls, &wire->tls, NULL) == 0 && unlink(authority_file) == 0);
    int listener = peer_listen("127.0.0.1", &port);
    must(mes_address_parse("127.0.0.1", &address) && mes_address_list_add(&addresses, &address));
    const struct mes_conn_options options = {.host = "localhost",
                                             .port = port,
                                             .tls = wire->tls,
                                             .is_tls_at_once = is_tls_at_once,
                                             .send_limit = 4 * 1024 * 1024,
                                             .on_event = on_event,
                                             .context = wire};
    must(mes_conn_open(wire->loop, &options, &addresses, &wire->conn, NULL) == 0);
    must(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    wire->socket = -1;
    for (int i = 0; i < TURNS && !(wire->is_connected && wire->socket >= 0); i++) {
        mes_loop_step(wire->loop, 1);
        if (wire->socket < 0)
            wire->socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    must(wire->socket >= 0 && close(listener) == 0);
    must(wire->is_connected);
    must((!is_tls_at_once || talk_wire_secure(wire)));
    return wire;
}

void talk_wire_free(struct talk_wire **wire)
{
    if (*wire == NULL)
        return;
    mes_conn_free(&(*wire)->conn);
    mes_tls_free(&(*wire)->tls);
    mes_loop_free(&(*wire)->loop);
    SSL_free((*wire)->ssl);
    SSL_CTX_free((*wire)->context);
    if ((*wire)->socket >= 0)
        (void)close((*wire)->socket);
    mes_buf_fini(&(*wire)->received);
    free(*wire);
    *wire = NULL;
}

static bool server_read(struct talk_wire *wire, char *data, size_t size, size_t *got_out)
{
    if (wire->ssl != NULL)
        return SSL_read_ex(wire->ssl, data, size, got_out) == 1;
    ssize_t got = recv(wire->socket, data, size, 0);
    *got_out = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static bool server_write(struct talk_wire *wire, struct mes_str bytes, size_t *put_out)
{
    if (wire->ssl != NULL)
        return SSL_write_ex(wire->ssl, bytes.data, bytes.size, put_out) == 1;
    ssize_t put = send(wire->socket, bytes.data, bytes.size, MSG_NOSIGNAL);
    *put_out = put > 0 ? (size_t)put : 0;
    return put > 0;
}

bool talk_wire_to_server(struct talk_wire *wire, struct mes_str bytes, struct mes_buf *arrived)
{
    char data[16 * 1024];
    size_t missing = bytes.size, got;
    if (mes_conn_send(wire->conn, bytes, NULL) != 0)
        return false;
    for (int i = 0; i < TURNS && missing > 0; i++) {
        while (missing > 0 && server_read(wire, data, missing < sizeof data ? missing : sizeof data, &got)) {
            mes_buf_add(arrived, data, got);
            missing -= got;
        }
        mes_loop_step(wire->loop, missing > 0 ? 1 : 0);
    }
    return missing == 0;
}

bool talk_wire_to_client(struct talk_wire *wire, struct mes_str bytes, struct mes_buf *arrived)
{
    size_t wanted = bytes.size, put;
    for (int i = 0; i < TURNS && wire->received.size < wanted && !wire->has_ended; i++) {
        if (bytes.size > 0 && server_write(wire, bytes, &put))
            bytes = mes_str_skip(bytes, put);
        mes_loop_step(wire->loop, wire->received.size < wanted ? 1 : 0);
    }
    bool is_whole = wire->received.size == wanted;
    mes_buf_add_str(arrived, mes_buf_str(&wire->received));
    mes_buf_clear(&wire->received);
    return is_whole;
}

bool talk_wire_cut(struct talk_wire *wire)
{
    must(close(wire->socket) == 0);
    wire->socket = -1;
    for (int i = 0; i < TURNS && !wire->has_ended; i++)
        mes_loop_step(wire->loop, 1);
    return wire->has_ended;
}
