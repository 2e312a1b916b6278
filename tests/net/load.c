#include "load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

char load_bytes[LOAD_SIZE];
size_t load_piece = 60000;

void load_init(void)
{
    for (size_t i = 0; i < LOAD_SIZE; i++)
        load_bytes[i] = (char)('a' + i % 26);
}

void load_send(struct client *client, enum mes_conn_event event)
{
    size_t *sent = client->context;
    enum mes_conn_event first = client->options.is_tls_at_once ? MES_CONN_SECURED : MES_CONN_CONNECTED;
    if (event != first && event != MES_CONN_DRAINED)
        return;
    while (*sent < LOAD_SIZE && mes_conn_unsent(client->conn) == 0) {
        struct mes_str piece = mes_str_cut(mes_str_make(load_bytes, LOAD_SIZE), *sent, load_piece);
        assert_int_equal(mes_conn_send(client->conn, piece, NULL), 0);
        *sent += piece.size;
    }
}
