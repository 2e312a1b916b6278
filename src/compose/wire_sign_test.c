/* Signing a rendered mail: in memory at once, from files by a pass over its pieces, and what mails share.
 * That the signatures are right is for others to say: tests/oracle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/file.h"
#include "compose/job.h"
#include "mime/dkim_key.h"

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                          "-----END PRIVATE KEY-----\n";

enum { LARGE = 300 * 1000 };

struct testing {
    struct mes_message *message;
    struct mes_compose_job *job;
    struct mes_dkim_key *key;
    struct mes_wire wire;
    struct mes_error error;
    struct mes_buf mail, other;
};

static int begin(void **state)
{
    static struct testing testing;
    testing = (struct testing){.message = mes_message_new()};
    mes_compose_wire_init(&testing.wire);
    mes_buf_init(&testing.mail, SIZE_MAX);
    mes_buf_init(&testing.other, SIZE_MAX);
    *state = &testing;
    return mes_mime_dkim_key_parse("sender.hk", "s1", mes_str_of(pem), &testing.key) == MES_DKIM_GOOD ? 0 : 1;
}

static int end(void **state)
{
    struct testing *testing = *state;
    mes_compose_wire_fini(&testing->wire);
    mes_compose_job_release(&testing->job);
    mes_message_free(&testing->message);
    mes_mime_dkim_key_free(&testing->key);
    mes_buf_fini(&testing->mail);
    mes_buf_fini(&testing->other);
    return 0;
}

#define must(call) assert_int_equal((call), 0)

static void compile(struct testing *testing, const char *text, const char *file)
{
    const struct mes_compose_options options = {.domain = "sender.hk",
                                                .zone_minutes = 480,
                                                .seed = "0123456789abcdefghijklmn",
                                                .unix_seconds = 1700000000};
    must(mes_message_add_recipient(testing->message, MES_ROLE_TO, "a@x.hk", "A", &testing->error));
    must(mes_message_add_recipient(testing->message, MES_ROLE_TO, "b@x.hk", "B", &testing->error));
    must(mes_message_set_subject(testing->message, "s", &testing->error));
    must(mes_message_set_text(testing->message, text, &testing->error));
    if (file != NULL)
        must(mes_message_attach_file(testing->message, file, "large.bin", NULL, &testing->error));
    must(mes_compose_job_new(testing->message, &options, &testing->job, &testing->error));
}

static void render(struct testing *testing, size_t index, const struct mes_dkim_key *key)
{
    const struct mes_identity identity = {.from_address = "me@sender.hk", .dkim = key};
    must(mes_compose_job_render(testing->job, index, &identity, &testing->wire, &testing->error));
}

static struct mes_str gather(struct testing *testing, struct mes_buf *out)
{
    uint64_t size = testing->wire.size;
    mes_buf_clear(out);
    must(mes_compose_wire_gather(&testing->wire, out, &testing->error));
    assert_int_equal(out->size, size);
    assert_int_equal(testing->wire.size, size);
    return mes_buf_str(out);
}

/* The value of bh=. */
static struct mes_str body_hash(struct mes_str mail)
{
    size_t at = mes_str_find(mail, MES_STR("; bh="), 0);
    if (at == SIZE_MAX)
        at = mes_str_find(mail, MES_STR(";\r\n bh="), 0) + 2;
    return mes_str_cut(mail, at + 5, mes_base64_size(MES_DIGEST_SIZE));
}

static void assert_hash_is_of_its_body(struct mes_str mail)
{
    unsigned char hash[MES_DIGEST_SIZE];
    struct mes_dkim_body body;
    struct mes_buf text;
    size_t at = mes_str_find(mail, MES_STR("\r\n\r\n"), 0);
    must(mes_mime_dkim_body_init(&body));
    mes_mime_dkim_body_add(&body, mes_str_skip(mail, at + 4));
    assert_true(mes_mime_dkim_body_end(&body, hash));
    mes_mime_dkim_body_fini(&body);
    mes_buf_init(&text, SIZE_MAX);
    mes_base64_add(&text, hash, sizeof hash);
    assert_true(mes_str_eq(mes_buf_str(&text), body_hash(mail)));
    mes_buf_fini(&text);
}

static const char *large_file(void)
{
    static char path[] = "/tmp/mes-sign-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int descriptor = mkstemp(path);
    char byte = 0;
    for (size_t i = 0; i < LARGE / 1000; i++) {
        char block[1000];
        memset(block, byte++, sizeof block);
        assert_int_equal(write(descriptor, block, sizeof block), sizeof block);
    }
    close(descriptor);
    return path;
}

static void a_signed_mail_is_the_unsigned_one_behind_one_field(void **state)
{
    struct testing *testing = *state;
    compile(testing, "Hello\n", NULL);
    render(testing, 0, NULL);
    struct mes_str plain = gather(testing, &testing->other);
    render(testing, 0, testing->key);
    assert_false(testing->wire.is_unsigned);
    struct mes_str mail = gather(testing, &testing->mail);
    assert_true(mes_str_starts(mail, MES_STR("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;")));
    assert_non_null(strstr(mail.data, " t=1700000000;"));
    assert_true(mes_str_eq(mes_str_skip(mail, mail.size - plain.size), plain));
    assert_hash_is_of_its_body(mail);
}

static void the_same_mail_is_signed_with_the_same_bytes(void **state)
{
    struct testing *testing = *state;
    compile(testing, "{{name}}\n", NULL);
    render(testing, 1, testing->key);
    struct mes_str once = gather(testing, &testing->other);
    render(testing, 0, testing->key);
    assert_false(mes_str_eq(body_hash(gather(testing, &testing->mail)), body_hash(once)));
    render(testing, 1, testing->key);
    assert_true(mes_str_eq(gather(testing, &testing->mail), once));
}

static void a_body_in_a_file_is_signed_by_a_pass(void **state)
{
    struct testing *testing = *state;
    const char *path = large_file();
    compile(testing, "{{name}}\n", path);
    for (size_t index = 0; index < 2; index++) {
        render(testing, index, testing->key);
        assert_true(testing->wire.is_unsigned);
        struct mes_str mail = gather(testing, &testing->mail);
        assert_false(testing->wire.is_unsigned);
        assert_hash_is_of_its_body(mail);
        assert_true(mes_str_eq(gather(testing, &testing->other), mail));
    }
    (void)unlink(path);
}

static void a_body_that_all_have_is_hashed_once(void **state)
{
    struct testing *testing = *state;
    const char *path = large_file();
    compile(testing, "Hello\n", path);
    render(testing, 0, testing->key);
    assert_true(testing->wire.is_unsigned);
    assert_hash_is_of_its_body(gather(testing, &testing->mail));
    render(testing, 1, testing->key);
    assert_false(testing->wire.is_unsigned);
    assert_hash_is_of_its_body(gather(testing, &testing->mail));
    (void)unlink(path);
}

/* The header is copied in steps; its end may lie in any place of one. */
static void a_header_of_any_size_is_signed(void **state)
{
    struct testing *testing = *state;
    char value[9000];
    for (size_t size = 3300; size<8200; size += size> 3320 && size < 7300 ? 2000 : 1) {
        for (size_t i = 0; i < size; i++)
            value[i] = i % 60 == 59 ? ' ' : 'x';
        value[size - 1] = 'y';
        value[size] = '\0';
        must(mes_message_add_header(testing->message, "X-Long", value, &testing->error));
        compile(testing, "Hello\n", NULL);
        render(testing, 0, testing->key);
        assert_hash_is_of_its_body(gather(testing, &testing->mail));
        mes_compose_job_release(&testing->job);
        mes_message_free(&testing->message);
        testing->message = mes_message_new();
    }
}

static void a_pass_may_be_begun_again(void **state)
{
    struct testing *testing = *state;
    const char *path = large_file();
    compile(testing, "Hello\n", path);
    render(testing, 0, testing->key);
    size_t first = mes_compose_wire_sign_begin(&testing->wire);
    const struct mes_wire_piece *piece = &testing->wire.pieces[first];
    mes_compose_wire_sign_add(&testing->wire, mes_str_make(piece->bytes, piece->size));
    assert_hash_is_of_its_body(gather(testing, &testing->mail));
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signed_mail_is_the_unsigned_one_behind_one_field, begin, end),
        cmocka_unit_test_setup_teardown(the_same_mail_is_signed_with_the_same_bytes, begin, end),
        cmocka_unit_test_setup_teardown(a_body_in_a_file_is_signed_by_a_pass, begin, end),
        cmocka_unit_test_setup_teardown(a_body_that_all_have_is_hashed_once, begin, end),
        cmocka_unit_test_setup_teardown(a_header_of_any_size_is_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_pass_may_be_begun_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
