/* What ties a login to its TLS is the same at both ends of a connection, and at no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/net/tls_setting.h"

/* In one record, so that it comes in one piece. */
static void say_hex(struct peer_link *link, const unsigned char *bytes, size_t size)
{
    char text[2 * MES_CONN_BINDING + 3] = "";
    for (size_t i = 0; i < size; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    (void)snprintf(text + 2 * size, 3, "\r\n");
    peer_say(link, text);
}

/* Says the server's binding, worked out by itself. */
static void tell_binding(struct peer_link *link)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char bytes[MES_CONN_BINDING];
    size_t size = 32;
    if (!peer_start_tls(link, link->context))
        return;
    if (SSL_version(link->ssl) == TLS1_3_VERSION)
        (void)SSL_export_keying_material(link->ssl, bytes, size, label, sizeof label - 1,
                                         (const unsigned char *)"", 0, 1);
    else if (SSL_session_reused(link->ssl) == 1)
        size = SSL_get_finished(link->ssl, bytes, sizeof bytes);
    else
        size = SSL_get_peer_finished(link->ssl, bytes, sizeof bytes);
    say_hex(link, bytes, size);
    peer_wait_end(link);
}

/* A connection; what the server said, and what we say. */
static bool connect_once(struct tls_setting *setting, bool is_resumed, struct mes_conn_binding *binding_out)
{
    client_reset(&setting->client);
    client_open(&setting->client);
    client_run_until(&setting->client, "DFTE");
    assert_string_equal(setting->client.events, "CSD");
    assert_int_equal(mes_conn_is_resumed(setting->client.conn), is_resumed);
    return mes_conn_binding(setting->client.conn, binding_out);
}

static void assert_agreed(struct tls_setting *setting, const struct mes_conn_binding *binding)
{
    char text[2 * MES_CONN_BINDING + 3] = "";
    for (size_t i = 0; i < binding->size; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", binding->bytes[i]);
    (void)snprintf(text + 2 * binding->size, 3, "\r\n");
    assert_string_equal(mes_buf_text(&setting->client.text), text);
}

static void both_ends_have_the_same(void **state)
{
    static const struct {
        int version;
        const char *type;
        size_t size;
    } rows[] = {{TLS1_2_VERSION, "tls-unique", 12}, {TLS1_3_VERSION, "tls-exporter", 32}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_setting setting;
        struct mes_conn_binding first, second;
        SSL_CTX *context = tls_setting_server(&tls_setting_good);
        SSL_CTX_set_max_proto_version(context, rows[i].version);
        tls_setting_init(&setting, context, tell_binding, NULL);
        assert_true(connect_once(&setting, false, &first));
        assert_string_equal(first.type, rows[i].type);
        assert_int_equal(first.size, rows[i].size);
        assert_agreed(&setting, &first);
        mes_conn_close(&setting.client.conn);
        assert_true(connect_once(&setting, true, &second));
        assert_agreed(&setting, &second);
        assert_memory_not_equal(first.bytes, second.bytes, first.size);
        tls_setting_fini(&setting);
    }
}

/* RFC 7627 section 1: then somebody in between can give two connections the same. */
static void C11_none_without_the_extended_master_secret(void **state)
{
    struct tls_setting setting;
    struct mes_conn_binding binding;
    SSL_CTX *context = tls_setting_server(&tls_setting_good);
    (void)state;
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    tls_setting_init(&setting, context, tell_binding, NULL);
    assert_false(connect_once(&setting, false, &binding));
    assert_string_equal(mes_conn_tls_text(setting.client.conn), "TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384");
    tls_setting_fini(&setting);
}

static void none_in_clear(void **state)
{
    struct tls_setting setting;
    struct mes_conn_binding binding;
    (void)state;
    tls_setting_init(&setting, tls_setting_server(&tls_setting_good), peer_echo, NULL);
    setting.client.options.is_tls_at_once = false;
    client_open(&setting.client);
    client_run_until(&setting.client, "DFTE");
    assert_false(mes_conn_binding(setting.client.conn, &binding));
    assert_string_equal(binding.type, "");
    tls_setting_fini(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_have_the_same),
        cmocka_unit_test(C11_none_without_the_extended_master_secret),
        cmocka_unit_test(none_in_clear),
    };
    return cmocka_run_group_tests(tests, tls_setting_make_certificates, tls_setting_drop_certificates);
}
