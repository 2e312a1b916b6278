#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/base64.h"

enum { MOST = 5000 };

/* Repeatable, so that a failure can be looked into. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static void fill(unsigned char *data, size_t size, uint32_t *seed)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)next_random(seed);
}

/* An exact block of its own, so that the sanitizer sees a byte read or written too far. */
static unsigned char *exact_copy(const unsigned char *data, size_t size)
{
    unsigned char *copy = mes_alloc(size);
    assert_non_null(copy);
    memcpy(copy, data, size);
    return copy;
}

static void agrees_with_openssl(const unsigned char *data, size_t size)
{
    static unsigned char expected[MOST * 2];
    struct mes_buf out, back;
    mes_buf_init(&out, SIZE_MAX);
    mes_buf_init(&back, SIZE_MAX);
    unsigned char *copy = exact_copy(data, size);
    mes_base64_add(&out, copy, size);
    int length = EVP_EncodeBlock(expected, data, (int)size);
    assert_int_equal(out.size, length);
    assert_int_equal(mes_base64_size(size), length);
    assert_memory_equal(mes_buf_text(&out), expected, (size_t)length);
    assert_true(mes_base64_decode(mes_buf_str(&out), &back));
    assert_int_equal(back.size, size);
    if (size > 0)
        assert_memory_equal(back.data, data, size);
    mes_free(copy);
    mes_buf_fini(&out);
    mes_buf_fini(&back);
}

/* The data cut into random parts must give OpenSSL's characters, with CRLF behind each 76. */
static void lines_agree_with_openssl(const unsigned char *data, size_t size, uint32_t *seed)
{
    static unsigned char expected[MOST * 2];
    struct mes_base64_lines lines = {0};
    struct mes_buf out;
    mes_buf_init(&out, SIZE_MAX);
    for (size_t done = 0; done < size;) {
        size_t part = next_random(seed) % 200;
        part = part < size - done ? part : size - done;
        unsigned char *copy = exact_copy(data + done, part);
        char *room = mes_alloc(mes_base64_lines_room(part));
        mes_buf_add(&out, room, mes_base64_lines_add(&lines, copy, part, room));
        mes_free(copy);
        mes_free(room);
        done += part;
    }
    char *room = mes_alloc(mes_base64_lines_room(0));
    mes_buf_add(&out, room, mes_base64_lines_end(&lines, room));
    mes_free(room);
    size_t length = (size_t)EVP_EncodeBlock(expected, data, (int)size), at = 0;
    for (size_t i = 0; i < length; i += MES_BASE64_LINE) {
        size_t line = length - i < MES_BASE64_LINE ? length - i : MES_BASE64_LINE;
        assert_memory_equal(out.data + at, expected + i, line);
        assert_memory_equal(out.data + at + line, "\r\n", 2);
        at += line + 2;
    }
    assert_int_equal(at, out.size);
    assert_int_equal(mes_base64_lines_size(size), out.size);
    mes_buf_fini(&out);
}

static void every_size(bool is_portable)
{
    static unsigned char data[MOST];
    uint32_t seed = 20261122;
    mes_base64_use_portable(is_portable);
    for (size_t size = 0; size < 400; size++) {
        fill(data, size, &seed);
        agrees_with_openssl(data, size);
        lines_agree_with_openssl(data, size, &seed);
    }
    for (int i = 0; i < 200; i++) {
        size_t size = next_random(&seed) % MOST;
        fill(data, size, &seed);
        agrees_with_openssl(data, size);
        lines_agree_with_openssl(data, size, &seed);
    }
    mes_base64_use_portable(false);
}

static void vector_code_agrees_with_openssl(void **state)
{
    (void)state;
    every_size(false);
}

static void table_code_agrees_with_openssl(void **state)
{
    (void)state;
    every_size(true);
}

static void one_add_gives_all_lines(void **state)
{
    unsigned char data[1000];
    char room[2000];
    uint32_t seed = 7;
    (void)state;
    fill(data, sizeof data, &seed);
    struct mes_base64_lines lines = {0};
    size_t size = mes_base64_lines_add(&lines, data, sizeof data, room);
    assert_true(size <= mes_base64_lines_room(sizeof data));
    size += mes_base64_lines_end(&lines, room + size);
    assert_int_equal(size, mes_base64_lines_size(sizeof data));
    assert_memory_equal(room + 76, "\r\n", 2);
    assert_memory_equal(room + size - 2, "\r\n", 2);
}

static void decoding_is_strict(void **state)
{
    static const char *const bad[] = {"A",
                                      "AA",
                                      "AAA",
                                      "A===",
                                      "====",
                                      "AA=A",
                                      "AAAA AAA",
                                      "QQ==\n",
                                      "QR==",
                                      "QUJ=",
                                      "AA==AAAA",
                                      "-_-_",
                                      "\xE5\xA4\xA7\xE5"};
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, 100);
    mes_buf_add_text(&out, "x");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mes_base64_decode(mes_str_of(bad[i]), &out));
        assert_string_equal(mes_buf_text(&out), "x");
    }
    assert_true(mes_base64_decode(MES_STR("QUI9QUI="), &out));
    assert_string_equal(mes_buf_text(&out), "xAB=AB");
    mes_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_code_agrees_with_openssl),
        cmocka_unit_test(table_code_agrees_with_openssl),
        cmocka_unit_test(one_add_gives_all_lines),
        cmocka_unit_test(decoding_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
