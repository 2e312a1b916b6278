#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/file.h"
#include "compose/blob.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/limits.h"

static char folder[64], outside[64];
static struct mes_error error;

static void must(int code)
{
    char text[1500];
    if (code != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
}

static void count_entry(void *context, const char *name)
{
    (void)name;
    ++*(size_t *)context;
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    must(mes_file_list(path, count_entry, &count, &error));
    return count;
}

static const char *path_of(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/mes-blob-XXXXXX");
    (void)snprintf(outside, sizeof outside, "/tmp/mes-outside-XXXXXX");
    int descriptor = mkstemp(outside);
    return mkdtemp(folder) == NULL || descriptor < 0 || close(descriptor) != 0;
}

static void remove_entry(void *context, const char *name)
{
    (void)context;
    (void)unlink(path_of(name));
    (void)rmdir(path_of(name));
}

static int remove_folder(void **state)
{
    (void)state;
    return mes_file_list(folder, remove_entry, NULL, NULL) != 0 || rmdir(folder) != 0 || unlink(outside) != 0;
}

/* RFC 6234's own: the name is the digest of what went in, and the file its base64. */
static void content_is_kept_encoded_under_its_digest(void **state)
{
    struct mes_compose_blob blob;
    struct mes_buf file;
    (void)state;
    must(mes_compose_blob_write(folder, "abc", 3, &blob, &error));
    assert_string_equal(blob.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(blob.size, 3);
    assert_int_equal(blob.encoded_size, 6);
    mes_buf_init(&file, 100);
    must(mes_file_read(path_of(blob.hash), &file, &error));
    assert_string_equal(mes_buf_text(&file), "YWJj\r\n");
    mes_buf_fini(&file);
    assert_int_equal(entries_of(path_of("tmp")), 0);
}

/* In parts of any size it comes to the same file. */
static void parts_make_the_same_file_as_the_whole(void **state)
{
    enum { SIZE = 200 * 1000 };
    static char content[SIZE];
    struct mes_compose_blob whole, parts;
    struct mes_compose_blob_writer *writer;
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 7919 >> 5);
    must(mes_compose_blob_write(folder, content, SIZE, &whole, &error));
    size_t before = entries_of(folder);
    must(mes_compose_blob_begin(folder, &writer, &error));
    for (size_t at = 0, step = 1; at < SIZE; at += step, step = step * 3 % 9973 + 1) {
        step = SIZE - at < step ? SIZE - at : step;
        must(mes_compose_blob_add(writer, content + at, step, &error));
    }
    must(mes_compose_blob_end(&writer, &parts, &error));
    assert_null(writer);
    assert_string_equal(whole.hash, parts.hash);
    assert_int_equal(whole.encoded_size, parts.encoded_size);
    assert_int_equal(whole.encoded_size, mes_base64_lines_size(SIZE));
    assert_int_equal(entries_of(folder), before); /* the same content twice is one file */
}

static void an_aborted_one_leaves_nothing(void **state)
{
    struct mes_compose_blob_writer *writer;
    (void)state;
    size_t before = entries_of(folder);
    must(mes_compose_blob_begin(folder, &writer, &error));
    must(mes_compose_blob_add(writer, "given up", 8, &error));
    assert_int_equal(entries_of(path_of("tmp")), 1);
    mes_compose_blob_abort(&writer);
    assert_int_equal(entries_of(path_of("tmp")), 0);
    assert_int_equal(entries_of(folder), before);
}

static void a_full_disk_leaves_nothing(void **state)
{
    struct mes_compose_blob blob;
    (void)state;
    assert_int_equal(mes_compose_blob_write("/proc/no-such-place", "x", 1, &blob, &error), MES_E_FILE);
}

static struct mes_message *new_message(void)
{
    struct mes_message *message = mes_message_new();
    must(mes_message_add_recipient(message, MES_ROLE_TO, "a@x.hk", NULL, &error));
    return message;
}

static void large_and_small_ones_are_attached(void **state)
{
    static char content[MES_CONTENT_IN_MEMORY + 3];
    struct mes_compose_blob blobs[3];
    struct mes_message *message = new_message();
    (void)state;
    memset(content, 'x', sizeof content);
    must(mes_compose_blob_write(folder, "", 0, &blobs[0], &error));
    must(mes_compose_blob_write(folder, content, sizeof content - 3, &blobs[1], &error));
    must(mes_compose_blob_write(folder, content, sizeof content, &blobs[2], &error));
    for (size_t i = 0; i < 3; i++) {
        const struct mes_compose_blob_file file = {
            .hash = blobs[i].hash, .size = blobs[i].size, .name = "../a.txt", .content_id = NULL};
        must(mes_compose_message_attach_blob(message, folder, &file, &error));
        assert_string_equal(message->files[i].part.name, "a.txt");
        assert_int_equal(message->files[i].content.size,
                         blobs[i].encoded_size - (blobs[i].encoded_size > 0 ? 2 : 0));
    }
    assert_true(message->files[1].content.descriptor < 0);
    assert_true(message->files[2].content.descriptor >= 0);
    mes_message_free(&message);
}

static void F11_only_a_hash_becomes_a_path(void **state)
{
    static const char *const bad[] = {
        "",
        "../../../../../../../../../../../../../../../../../../../../etc/pas",
        "/etc/passwd",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2001/ad",
    };
    struct mes_message *message = new_message();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct mes_compose_blob_file file = {.hash = bad[i], .name = "a.txt"};
        assert_int_equal(mes_compose_message_attach_blob(message, folder, &file, &error), MES_E_INPUT);
        assert_int_equal(mes_compose_message_attach_own_blob(message, folder, &file, &error), MES_E_INPUT);
    }
    assert_int_equal(message->file_count, 0);
    mes_message_free(&message);
}

/* Whoever can write into the folder cannot make it point elsewhere. */
static void F11_a_link_is_not_followed(void **state)
{
    static const char hash[] = "00000000000000000000000000000000000000000000000000000000000000ff";
    struct mes_message *message = new_message();
    const struct mes_compose_blob_file file = {.hash = hash, .name = "a.txt"};
    (void)state;
    assert_int_equal(symlink(outside, path_of(hash)), 0);
    assert_int_equal(mes_compose_message_attach_blob(message, folder, &file, &error), MES_E_FILE);
    mes_message_free(&message);
}

static void missing_and_damaged_ones_are_told_apart(void **state)
{
    static const char absent[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct mes_message *message = new_message();
    struct mes_compose_blob blob;
    struct mes_compose_blob_file file = {.hash = absent, .size = 3, .name = "a.txt"};
    (void)state;
    assert_int_equal(mes_compose_message_attach_blob(message, folder, &file, &error), MES_E_NOT_FOUND);
    assert_int_equal(error.sentence, MES_SAY_compose_blob_missing);
    must(mes_compose_blob_write(folder, "whole", 5, &blob, &error));
    must(mes_file_replace(path_of(blob.hash), MES_STR("d2h"), &error));
    file.hash = blob.hash;
    file.size = blob.size;
    assert_int_equal(mes_compose_message_attach_blob(message, folder, &file, &error), MES_E_LIMIT);
    assert_int_equal(error.sentence, MES_SAY_compose_blob_size);
    mes_message_free(&message);
}

static void a_recipients_own_has_no_content_id(void **state)
{
    struct mes_message *message = new_message();
    struct mes_compose_blob blob;
    (void)state;
    must(mes_compose_blob_write(folder, "abc", 3, &blob, &error));
    const struct mes_compose_blob_file file = {
        .hash = blob.hash, .size = blob.size, .name = "a.png", .content_id = "logo"};
    assert_int_equal(mes_compose_message_attach_own_blob(message, folder, &file, &error), MES_E_INPUT);
    assert_int_equal(error.sentence, MES_SAY_compose_blob_inline);
    mes_message_free(&message);
}

static bool is_the_wanted_one(void *context, const char *hash)
{
    return strcmp(context, hash) == 0;
}

/* What a crash left, and what nobody names any more, goes; what is young or needed stays. */
static void tidying_removes_what_nobody_comes_back_for(void **state)
{
    struct mes_compose_blob wanted, unwanted;
    struct mes_compose_blob_writer *unfinished;
    int64_t now = mes_clock_wall(mes_clock_system());
    (void)state;
    must(mes_compose_blob_write(folder, "wanted", 6, &wanted, &error));
    must(mes_compose_blob_write(folder, "unwanted", 8, &unwanted, &error));
    must(mes_compose_blob_begin(folder, &unfinished, &error));
    must(mes_compose_blob_tidy(folder, now - 60 * 1000, is_the_wanted_one, wanted.hash, &error));
    assert_true(mes_file_exists(path_of(unwanted.hash)));
    assert_int_equal(entries_of(path_of("tmp")), 1);
    must(mes_compose_blob_remove(folder, unwanted.hash, now - 60 * 1000, &error));
    assert_true(mes_file_exists(path_of(unwanted.hash)));
    must(mes_compose_blob_tidy(folder, now + 60 * 1000, is_the_wanted_one, wanted.hash, &error));
    assert_true(mes_file_exists(path_of(wanted.hash)));
    assert_false(mes_file_exists(path_of(unwanted.hash)));
    assert_int_equal(entries_of(path_of("tmp")), 0);
    mes_compose_blob_abort(&unfinished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_kept_encoded_under_its_digest),
        cmocka_unit_test(parts_make_the_same_file_as_the_whole),
        cmocka_unit_test(an_aborted_one_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(large_and_small_ones_are_attached),
        cmocka_unit_test(F11_only_a_hash_becomes_a_path),
        cmocka_unit_test(F11_a_link_is_not_followed),
        cmocka_unit_test(missing_and_damaged_ones_are_told_apart),
        cmocka_unit_test(a_recipients_own_has_no_content_id),
        cmocka_unit_test(tidying_removes_what_nobody_comes_back_for),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
