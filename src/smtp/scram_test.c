#include "smtp/scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct mes_smtp_binding no_binding = {.type = ""};
static const struct mes_smtp_binding binding = {.type = "tls-exporter", .bytes = "\1\2\3", .size = 3};

/* The examples of RFC 5802 section 5 and RFC 7677 section 3. */
static const struct example {
    enum mes_smtp_hash hash;
    const char *nonce, *server_first, *client_final, *server_final;
} examples[] = {
    {MES_SMTP_SHA_1, "fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {MES_SMTP_SHA_256, "rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
     "Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

struct testing {
    struct mes_smtp_scram scram;
    struct mes_smtp_scram_login login;
    struct mes_secret *password;
    struct mes_buf out;
};

static void init(struct testing *testing, const struct example *example, const char *password)
{
    mes_smtp_scram_init(&testing->scram);
    mes_buf_init(&testing->out, 8192);
    testing->password = mes_secret_new(mes_str_of(password));
    testing->login = (struct mes_smtp_scram_login){.hash = example->hash,
                                                   .user = MES_STR("user"),
                                                   .password = testing->password,
                                                   .binding = &no_binding,
                                                   .is_binding_unoffered = true,
                                                   .nonce = mes_str_of(example->nonce)};
}

static void fini(struct testing *testing)
{
    mes_smtp_scram_fini(&testing->scram);
    mes_buf_fini(&testing->out);
    mes_secret_free(&testing->password);
}

static const char *first(struct testing *testing)
{
    mes_buf_clear(&testing->out);
    assert_int_equal(mes_smtp_scram_add_first(&testing->scram, &testing->login, &testing->out),
                     MES_SMTP_SCRAM_GOOD);
    return mes_buf_text(&testing->out);
}

static enum mes_smtp_scram_result take(struct testing *testing, const char *message)
{
    return mes_smtp_scram_take_first(&testing->scram, &testing->login, mes_str_of(message));
}

static const char *finals(struct testing *testing)
{
    enum mes_smtp_scram_result result = MES_SMTP_SCRAM_WORKS;
    mes_buf_clear(&testing->out);
    while (result == MES_SMTP_SCRAM_WORKS)
        result = mes_smtp_scram_go(&testing->scram, NULL, &testing->out);
    assert_int_equal(result, MES_SMTP_SCRAM_GOOD);
    return mes_buf_text(&testing->out);
}

static void the_examples_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct testing testing;
        init(&testing, &examples[i], "pencil");
        (void)first(&testing);
        assert_int_equal(take(&testing, examples[i].server_first), MES_SMTP_SCRAM_WORKS);
        assert_string_equal(finals(&testing), examples[i].client_final);
        assert_false(testing.scram.is_proved);
        assert_int_equal(mes_smtp_scram_take_final(&testing.scram, mes_str_of(examples[i].server_final)),
                         MES_SMTP_SCRAM_GOOD);
        assert_true(testing.scram.is_proved);
        fini(&testing);
    }
}

static void names_are_escaped_and_prepared(void **state)
{
    struct testing testing;
    (void)state;
    init(&testing, &examples[0], "x");
    testing.login.user = MES_STR("a=b,c\xC2\xAD");
    assert_string_equal(first(&testing), "n,,n=a=3Db=2Cc,r=fyko+d2lbbFgONRv9qkxdawL");
    testing.login.user = MES_STR("a\r\nb");
    assert_int_equal(mes_smtp_scram_add_first(&testing.scram, &testing.login, &testing.out),
                     MES_SMTP_SCRAM_UNFIT);
    fini(&testing);
}

static void C11_the_header_tells_what_we_could_do(void **state)
{
    struct testing testing;
    (void)state;
    init(&testing, &examples[0], "x");
    testing.login.binding = &binding;
    assert_true(mes_str_starts(mes_str_of(first(&testing)), MES_STR("y,,n=user")));
    testing.login.is_binding_unoffered = false;
    assert_true(mes_str_starts(mes_str_of(first(&testing)), MES_STR("n,,n=user")));
    testing.login.is_bound = true;
    assert_true(mes_str_starts(mes_str_of(first(&testing)), MES_STR("p=tls-exporter,,n=user")));
    assert_int_equal(take(&testing, examples[0].server_first), MES_SMTP_SCRAM_WORKS);
    /* base64 of the header with 1, 2, 3 behind it */
    assert_true(mes_str_starts(mes_str_of(finals(&testing)), MES_STR("c=cD10bHMtZXhwb3J0ZXIsLAECAw==,r=")));
    fini(&testing);
}

static void a_nonce_is_never_used_twice(void **state)
{
    struct testing testing;
    struct mes_buf before;
    (void)state;
    init(&testing, &examples[0], "x");
    testing.login.nonce = MES_STR("");
    mes_buf_init(&before, 256);
    mes_buf_add_text(&before, first(&testing));
    assert_int_equal(before.size, sizeof "n,,n=user,r=" - 1 + 32);
    assert_string_not_equal(mes_buf_text(&before), first(&testing));
    mes_buf_fini(&before);
    fini(&testing);
}

static void C09_bad_server_first_messages(void **state)
{
    static const struct {
        const char *message;
        enum mes_smtp_scram_result result;
    } rows[] = {
        {"", MES_SMTP_SCRAM_NONSENSE},
        {"r=", MES_SMTP_SCRAM_NONSENSE},
        {"s=QSXCR+Q6sek8bf92,r=NONCEx,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCE,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE},  /* ours, not longer */
        {"r=NONCf3,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE}, /* not ours */
        {"r=xNONCEx,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCE x,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCE\x80,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf9,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096x", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=-4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096,", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096,m=x", MES_SMTP_SCRAM_NONSENSE},
        {"m=x,r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_NONSENSE},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=0", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=1", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4095", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=1000001", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=2147483648", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=99999999999999999999999", MES_SMTP_SCRAM_ROUNDS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096", MES_SMTP_SCRAM_WORKS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=1000000", MES_SMTP_SCRAM_WORKS},
        {"r=NONCEx,s=QSXCR+Q6sek8bf92,i=4096,x=future,Y=", MES_SMTP_SCRAM_WORKS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct testing testing;
        init(&testing, &examples[0], "x");
        testing.login.nonce = MES_STR("NONCE");
        (void)first(&testing);
        if (take(&testing, rows[i].message) != rows[i].result)
            fail_msg("row %zu: %s", i, rows[i].message);
        fini(&testing);
    }
}

static void C09_bad_server_final_messages(void **state)
{
    static const char *const unproven[] = {"",
                                           "v=",
                                           "v=rmF9pqV8S7suAoZWja4dJRkFsKR=",
                                           "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                           "v=rmF9",
                                           "x=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
                                           "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
                                           "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="};
    (void)state;
    for (size_t i = 0; i < sizeof unproven / sizeof unproven[0]; i++) {
        struct testing testing;
        init(&testing, &examples[0], "pencil");
        (void)first(&testing);
        assert_int_equal(mes_smtp_scram_take_final(&testing.scram, MES_STR("v=AAAA")),
                         MES_SMTP_SCRAM_NONSENSE);
        assert_int_equal(take(&testing, examples[0].server_first), MES_SMTP_SCRAM_WORKS);
        assert_int_equal(take(&testing, examples[0].server_first), MES_SMTP_SCRAM_NONSENSE);
        (void)finals(&testing);
        assert_int_equal(mes_smtp_scram_take_final(&testing.scram, mes_str_of(unproven[i])),
                         MES_SMTP_SCRAM_UNPROVEN);
        assert_false(testing.scram.is_proved);
        /* No second try. */
        assert_int_equal(mes_smtp_scram_take_final(&testing.scram, mes_str_of(examples[0].server_final)),
                         MES_SMTP_SCRAM_NONSENSE);
        assert_false(testing.scram.is_proved);
        fini(&testing);
    }
}

static void an_error_proves_nothing(void **state)
{
    struct testing testing;
    (void)state;
    init(&testing, &examples[0], "pencil");
    (void)first(&testing);
    assert_int_equal(take(&testing, examples[0].server_first), MES_SMTP_SCRAM_WORKS);
    (void)finals(&testing);
    assert_int_equal(mes_smtp_scram_take_final(&testing.scram, MES_STR("e=invalid-proof")),
                     MES_SMTP_SCRAM_GOOD);
    assert_false(testing.scram.is_proved);
    fini(&testing);
}

static void a_password_that_may_not_be_is_not_hashed(void **state)
{
    struct testing testing;
    (void)state;
    init(&testing, &examples[0], "pen\tcil");
    (void)first(&testing);
    assert_int_equal(take(&testing, examples[0].server_first), MES_SMTP_SCRAM_UNFIT);
    fini(&testing);
}

/* --- The keys --- */

static void keys_of(const struct mes_smtp_scram_wish *wish, struct mes_smtp_scram_cache *cache,
                    struct mes_smtp_scram_keys *keys, unsigned *slices)
{
    struct mes_smtp_scram_work work = {0};
    enum mes_smtp_scram_progress progress = MES_SMTP_SCRAM_MORE;
    assert_true(mes_smtp_scram_work_begin(&work, wish));
    for (*slices = 0; progress == MES_SMTP_SCRAM_MORE; ++*slices)
        progress = mes_smtp_scram_work_go(&work, cache, keys);
    assert_int_equal(progress, MES_SMTP_SCRAM_DONE);
    mes_smtp_scram_work_end(&work);
}

static void slices_give_what_openssl_gives_at_once(void **state)
{
    static const unsigned rounds[] = {
        1, 2, 4096, MES_SMTP_ROUNDS_SLICE, MES_SMTP_ROUNDS_SLICE + 1, MES_SMTP_ROUNDS_SLICE + 2, 20000};
    static const char *const passwords[] = {
        "", "x", "a password of exactly sixty-four bytes, as long as a hash's block",
        "one that is longer than a hash's block of sixty-four bytes, so that it is hashed itself first"};
    (void)state;
    for (unsigned i = 0; i < 28; i++) {
        const struct mes_smtp_scram_wish wish = {.hash = i % 2 ? MES_SMTP_SHA_256 : MES_SMTP_SHA_1,
                                                 .password = mes_str_of(passwords[i % 4]),
                                                 .salt = mes_str_make("salt\0of any size", i % 16 + 1),
                                                 .rounds = rounds[i % 7]};
        unsigned char salted[MES_SMTP_HASH_MOST];
        struct mes_smtp_scram_keys keys, wanted;
        unsigned slices;
        size_t size = mes_smtp_hash_size(wish.hash);
        struct mes_str key = mes_str_make((const char *)salted, size);
        keys_of(&wish, NULL, &keys, &slices);
        assert_int_equal(slices, wish.rounds <= MES_SMTP_ROUNDS_SLICE + 1
                                     ? 1
                                     : (wish.rounds - 2) / MES_SMTP_ROUNDS_SLICE + 1);
        assert_int_equal(
            PKCS5_PBKDF2_HMAC(wish.password.data, (int)wish.password.size,
                              (const unsigned char *)wish.salt.data, (int)wish.salt.size, (int)wish.rounds,
                              wish.hash == MES_SMTP_SHA_256 ? EVP_sha256() : EVP_sha1(), (int)size, salted),
            1);
        assert_true(mes_smtp_hmac(wish.hash, key, MES_STR("Client Key"), wanted.client));
        assert_true(mes_smtp_hmac(wish.hash, key, MES_STR("Server Key"), wanted.server));
        assert_memory_equal(keys.client, wanted.client, size);
        assert_memory_equal(keys.server, wanted.server, size);
    }
}

static void the_second_connection_does_not_hash_again(void **state)
{
    struct mes_smtp_scram_cache cache = {0}, empty = {0};
    struct mes_smtp_scram_wish wish = {.hash = MES_SMTP_SHA_256,
                                       .password = MES_STR("pencil"),
                                       .salt = MES_STR("salt"),
                                       .rounds = 100 * 1000};
    struct mes_smtp_scram_keys keys, again;
    unsigned slices;
    (void)state;
    keys_of(&wish, &cache, &keys, &slices);
    assert_int_equal(slices, 13);
    keys_of(&wish, &cache, &again, &slices);
    assert_int_equal(slices, 1);
    assert_memory_equal(&keys, &again, sizeof keys);
    wish.salt = MES_STR("salz");
    keys_of(&wish, &cache, &again, &slices);
    assert_int_equal(slices, 13);
    assert_memory_not_equal(&keys, &again, sizeof keys);
    wish.rounds++;
    wish.hash = MES_SMTP_SHA_1;
    keys_of(&wish, &cache, &again, &slices);
    assert_int_equal(slices, 13);
    mes_smtp_scram_cache_clear(&cache);
    assert_memory_equal(&cache, &empty, sizeof cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfcs),
        cmocka_unit_test(names_are_escaped_and_prepared),
        cmocka_unit_test(C11_the_header_tells_what_we_could_do),
        cmocka_unit_test(a_nonce_is_never_used_twice),
        cmocka_unit_test(C09_bad_server_first_messages),
        cmocka_unit_test(C09_bad_server_final_messages),
        cmocka_unit_test(an_error_proves_nothing),
        cmocka_unit_test(a_password_that_may_not_be_is_not_hashed),
        cmocka_unit_test(slices_give_what_openssl_gives_at_once),
        cmocka_unit_test(the_second_connection_does_not_hash_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
