#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_line.h"
#include "base/utf8.h"
#include "json/parse.h"

static uint64_t random_state = 88172645463325252U;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* What breaks logs, and anything else. */
static struct mes_str random_text(char *out, size_t most)
{
    static const char *const bits[] = {"\r\n",
                                       "\x1b[31m",
                                       "\"",
                                       "\\",
                                       "=",
                                       " ",
                                       "\xff\xfe",
                                       "\xe2\x80\xa8",
                                       "\xc2\x85",
                                       "字",
                                       "a",
                                       "}",
                                       "{",
                                       ",",
                                       ":",
                                       "\t",
                                       "\xed\xa0\x80",
                                       "\xe2\x80\xae",
                                       "\x7f",
                                       "\n time=0 level=error event=forged"};
    size_t size = 0;
    size_t wanted = random_number() % most;
    while (size < wanted) {
        uint64_t pick = random_number() % 30;
        const char *bit = pick < sizeof bits / sizeof bits[0] ? bits[pick] : NULL;
        size_t bit_size = bit != NULL ? strlen(bit) : 1;
        if (size + bit_size > most)
            break;
        if (bit != NULL)
            memcpy(out + size, bit, bit_size);
        else
            out[size] = (char)(random_number() & 0xff); /* NUL too */
        size += bit_size;
    }
    return mes_str_make(out, size);
}

static void assert_one_clean_line(const struct mes_log_line *line)
{
    struct mes_str text = mes_str_make(line->bytes, line->size);
    uint32_t character;
    assert_true(text.size > 0 && text.size <= MES_LOG_LINE_MOST);
    assert_int_equal(text.data[text.size - 1], '\n');
    text.size--;
    for (size_t at = 0; at < text.size;) {
        assert_true(mes_utf8_next(text, &at, &character));
        assert_true(character >= 0x20 && !(character >= 0x7f && character < 0xa0));
        assert_false(character >= 0x2028 && character <= 0x202e);
    }
}

/* Reads one value of a key=value line: a bare word, or a JSON string. */
static struct mes_str next_pair(struct mes_str *rest, struct mes_str *key_out)
{
    size_t equals = mes_str_find(*rest, MES_STR("="), 0);
    assert_int_not_equal(equals, SIZE_MAX);
    *key_out = mes_str_cut(*rest, 0, equals);
    *rest = mes_str_skip(*rest, equals + 1);
    size_t size = 0;
    if (rest->size > 0 && rest->data[0] == '"') {
        for (size = 1; rest->data[size] != '"'; size++) {
            assert_true(size < rest->size);
            size += rest->data[size] == '\\' ? 1 : 0;
        }
        size++;
    } else
        while (size < rest->size && rest->data[size] != ' ')
            size++;
    struct mes_str value = mes_str_cut(*rest, 0, size);
    *rest = mes_str_skip(*rest, size);
    if (rest->size > 0) {
        assert_int_equal(rest->data[0], ' ');
        *rest = mes_str_skip(*rest, 1);
    }
    return value;
}

static void assert_pairs(const struct mes_log_line *line, const char *const *keys)
{
    struct mes_str rest = mes_str_make(line->bytes, line->size - 1);
    struct mes_str key;
    for (; *keys != NULL && rest.size > 0; keys++) {
        (void)next_pair(&rest, &key);
        assert_true(mes_str_eq(key, mes_str_of(*keys)));
    }
    assert_int_equal(rest.size, 0);
}

static void assert_members(const struct mes_log_line *line, const char *const *keys)
{
    struct mes_json *json;
    struct mes_error error;
    char text[1000];
    if (mes_json_parse("line", mes_str_make(line->bytes, line->size), MES_JSON_KEYS_EXACT, &json, &error) !=
        0)
        fail_msg("%.*s: %s", (int)line->size, line->bytes, mes_error_text(&error, MES_EN, text, sizeof text));
    const struct mes_json_value *member = mes_json_root(json)->first;
    for (; *keys != NULL && member != NULL; keys++, member = member->next)
        assert_true(mes_str_eq(member->key, mes_str_of(*keys)));
    assert_null(member);
    mes_json_free(&json);
}

static void H07_no_value_breaks_a_line(void **state)
{
    static const char *const keys[] = {"time", "level", "event", "a", "b", "number", "flag", "when", NULL};
    char a[3000];
    char b[3000];
    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t most = round % 100 == 0 ? sizeof a : 40;
        struct mes_log_line line;
        const struct mes_log_field fields[] = {MES_LOG_STR("a", random_text(a, most)),
                                               MES_LOG_TEXT("left_out", NULL),
                                               MES_LOG_STR("b", random_text(b, most)),
                                               MES_LOG_NUMBER("number", (int64_t)random_number()),
                                               MES_LOG_FLAG("flag", round & 1),
                                               MES_LOG_TIME("when", (int64_t)(random_number() >> 20)),
                                               MES_LOG_NONE};
        struct mes_log_head head = {.format = round & 2 ? MES_LOG_JSON : MES_LOG_KEY_VALUE, .event = "e.v"};
        mes_log_line_write(&line, &head, fields);
        assert_one_clean_line(&line);
        if (head.format == MES_LOG_JSON)
            assert_members(&line, keys);
        else
            assert_pairs(&line, keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(H07_no_value_breaks_a_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
