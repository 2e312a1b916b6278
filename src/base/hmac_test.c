#include "base/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *signature_of(struct mes_str key, struct mes_str text, char out[MES_DIGEST_HEX])
{
    unsigned char digest[MES_DIGEST_SIZE];
    /* In two parts, which must not matter. */
    const struct mes_str parts[] = {mes_str_cut(text, 0, text.size / 2), mes_str_skip(text, text.size / 2)};
    assert_true(mes_hmac(key, parts, 2, digest));
    return mes_digest_text(digest, out);
}

/* RFC 4231 sections 4.2, 4.3 and 4.7. */
static void the_vectors_of_the_standard(void **state)
{
    char out[MES_DIGEST_HEX], key[131];
    (void)state;
    assert_string_equal(
        signature_of(
            mes_str_make("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
                         20),
            MES_STR("Hi There"), out),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_string_equal(signature_of(MES_STR("Jefe"), MES_STR("what do ya want for nothing?"), out),
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    assert_string_equal(signature_of(mes_str_make(key, sizeof key),
                                     MES_STR("Test Using Larger Than Block-Size Key - Hash Key First"), out),
                        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void an_empty_key_and_text(void **state)
{
    char out[MES_DIGEST_HEX];
    (void)state;
    assert_string_equal(signature_of(MES_STR(""), MES_STR(""), out),
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_standard),
        cmocka_unit_test(an_empty_key_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
