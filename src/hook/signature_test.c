#include "hook/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char master[32] = "0123456789abcdef0123456789abcde";

static void G03_every_webhook_has_a_key_of_its_own(void **state)
{
    char one[MES_HOOK_SECRET_SPACE], again[MES_HOOK_SECRET_SPACE], other[MES_HOOK_SECRET_SPACE];
    unsigned char changed[32];
    (void)state;
    assert_true(mes_hook_secret(master, 7, one));
    assert_true(mes_hook_secret(master, 7, again));
    assert_true(mes_hook_secret(master, 8, other));
    assert_string_equal(one, again);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), MES_HOOK_SECRET_SPACE - 1);
    memcpy(changed, master, sizeof changed);
    changed[31] ^= 1;
    assert_true(mes_hook_secret(changed, 7, other));
    assert_string_not_equal(one, other);
}

/* What the documentation's Python computes: hmac.new(b"whsec_test", b"01h.1700000000.{}", "sha256"). */
static void G03_the_signature_covers_id_time_and_body(void **state)
{
    char good[MES_HOOK_SIGNATURE_SPACE], other[MES_HOOK_SIGNATURE_SPACE];
    (void)state;
    assert_true(mes_hook_sign("whsec_test", "01h", "1700000000", MES_STR("{}"), good));
    assert_string_equal(good, "v1=debb229c3d5e1342a051842c7577d90e8441ee84ed64702f16ac4e916508bbef");
    assert_true(mes_hook_sign("whsec_test", "01i", "1700000000", MES_STR("{}"), other));
    assert_string_not_equal(good, other);
    assert_true(mes_hook_sign("whsec_test", "01h", "1700000001", MES_STR("{}"), other));
    assert_string_not_equal(good, other);
    assert_true(mes_hook_sign("whsec_test", "01h", "1700000000", MES_STR("{ }"), other));
    assert_string_not_equal(good, other);
    assert_true(mes_hook_sign("whsec_other", "01h", "1700000000", MES_STR("{}"), other));
    assert_string_not_equal(good, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(G03_every_webhook_has_a_key_of_its_own),
        cmocka_unit_test(G03_the_signature_covers_id_time_and_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
