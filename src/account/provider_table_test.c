/* The table of providers holds together: nothing twice, nothing without a source. */
#include "account/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void every_row_is_found_by_its_names_and_host(void **state)
{
    (void)state;
    const struct mes_provider *provider;
    for (size_t i = 0; (provider = mes_account_provider_at(i)) != NULL; i++) {
        struct mes_str aliases = mes_str_of(provider->aliases), alias;
        assert_ptr_equal(mes_account_provider_find(mes_str_of(provider->id), MES_STR("")), provider);
        while (aliases.size > 0 && mes_str_next(&aliases, ' ', &alias)) {
            if (mes_account_provider_find(alias, MES_STR("")) != provider)
                fail_msg("%s: \"%.*s\" finds another row", provider->id, MES_STR_ARGS(alias));
        }
        struct mes_str suffixes = mes_str_of(provider->host_suffixes), suffix;
        while (mes_str_next(&suffixes, ' ', &suffix)) {
            if (mes_account_provider_find(MES_STR(""), suffix) != provider)
                fail_msg("%s: host %.*s finds another row", provider->id, MES_STR_ARGS(suffix));
        }
    }
}

static void check_limit(const char *id, const struct mes_provider_limit *limit)
{
    bool is_known = limit->value != 0;
    bool has_source = limit->source != NULL && strncmp(limit->source, "http", 4) == 0 &&
                      limit->date != NULL && strlen(limit->date) == strlen("2026-11-22");
    if (is_known != has_source || limit->value < 0)
        fail_msg("%s: a limit without source and date", id);
}

static void every_fact_has_a_source(void **state)
{
    (void)state;
    const struct mes_provider *provider;
    for (size_t i = 0; (provider = mes_account_provider_at(i)) != NULL; i++) {
        if (provider->name == NULL || provider->source == NULL || provider->date == NULL)
            fail_msg("%s is incomplete", provider->id);
        assert_true(provider->host == NULL || (provider->port != 0 && provider->tls != MES_ACCOUNT_TLS_NONE));
        check_limit(provider->id, &provider->per_minute);
        check_limit(provider->id, &provider->per_hour);
        check_limit(provider->id, &provider->per_day);
        check_limit(provider->id, &provider->recipients);
        check_limit(provider->id, &provider->message_bytes);
        check_limit(provider->id, &provider->connections);
        check_limit(provider->id, &provider->messages_per_connection);
    }
}

static void port_and_tls_mode_fit(void **state)
{
    (void)state;
    const struct mes_provider *provider;
    for (size_t i = 0; (provider = mes_account_provider_at(i)) != NULL; i++) {
        bool is_at_once = provider->port == 465 || provider->port == 994;
        if (provider->port != 0 && is_at_once != (provider->tls == MES_ACCOUNT_TLS_AT_ONCE))
            fail_msg("%s: port %u with the wrong TLS mode", provider->id, provider->port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_its_names_and_host),
        cmocka_unit_test(every_fact_has_a_source),
        cmocka_unit_test(port_and_tls_mode_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
