#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/follow.h"

/* What came, as "name=data;". */
struct heard {
    struct mes_buf text;
    size_t most; /* events; then it has had enough */
};

static bool on_event(void *context, const char *name, const char *data)
{
    struct heard *heard = context;
    mes_buf_add_format(&heard->text, "%s=%s;", name, data);
    return --heard->most > 0;
}

static const char stream[] =
    ": hello\n\nevent: progress\ndata: {\"sent\":1}\nid: 7\n\n"
    "id: 8\r\ndata:one\r\ndata: two\r\nretry: 3\r\n\r\nevent: empty\n\nevent: state\ndata: x: y\n\n"
    "data: cut off";
static const char expected[] = "progress={\"sent\":1};=one\ntwo;state=x: y;";

static void events_are_the_same_whatever_the_pieces(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < sizeof stream; piece++) {
        struct heard heard = {.most = SIZE_MAX};
        struct mes_cli_events events;
        mes_buf_init(&heard.text, 4096);
        mes_cli_events_init(&events, on_event, &heard);
        for (size_t at = 0; at < sizeof stream - 1; at += piece)
            assert_true(mes_cli_events_feed(&events, mes_str_cut(MES_STR(stream), at, piece)));
        assert_string_equal(mes_buf_text(&heard.text), expected);
        assert_string_equal(events.last_id, "8");
        mes_cli_events_fini(&events);
        mes_buf_fini(&heard.text);
    }
}

static void who_has_had_enough_hears_no_more(void **state)
{
    struct heard heard = {.most = 2};
    struct mes_cli_events events;
    (void)state;
    mes_buf_init(&heard.text, 4096);
    mes_cli_events_init(&events, on_event, &heard);
    assert_false(mes_cli_events_feed(&events, MES_STR(stream)));
    assert_string_equal(mes_buf_text(&heard.text), "progress={\"sent\":1};=one\ntwo;");
    mes_cli_events_fini(&events);
    mes_buf_fini(&heard.text);
}

static void a_line_without_end_is_given_up(void **state)
{
    static char line[64 * 1024];
    struct heard heard = {.most = SIZE_MAX};
    struct mes_cli_events events;
    bool goes_on = true;
    size_t fed = 0;
    (void)state;
    memset(line, 'x', sizeof line);
    mes_buf_init(&heard.text, 4096);
    mes_cli_events_init(&events, on_event, &heard);
    for (; goes_on && fed < 64; fed++)
        goes_on = mes_cli_events_feed(&events, mes_str_make(line, sizeof line));
    assert_false(goes_on);
    mes_cli_events_fini(&events);
    mes_buf_fini(&heard.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_the_same_whatever_the_pieces),
        cmocka_unit_test(who_has_had_enough_hears_no_more),
        cmocka_unit_test(a_line_without_end_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
