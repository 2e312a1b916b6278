#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/job.h"

static void smoke(void **state)
{
    struct mes_error e;
    (void)state;
    struct mes_message *m = mes_message_new();
    assert_int_equal(mes_message_add_recipient(m, MES_ROLE_TO, "a@x.hk", "王大文", &e), 0);
    assert_int_equal(mes_message_set_recipient_variable(m, "code", "<42>", &e), 0);
    assert_int_equal(mes_message_add_recipient(m, MES_ROLE_CC, "c@x.hk", NULL, &e), 0);
    assert_int_equal(mes_message_set_html(m, "<p>你好 {{name}} {{code}}<img src='cid:logo'></p>", &e), 0);
    assert_int_equal(mes_message_attach_bytes(m, "hello", 5, "報告.txt", NULL, &e), 0);
    assert_int_equal(mes_message_inline_file(m, "logo", "/etc/hostname", &e), 0);
    struct mes_compose_options o = {.domain = "x.hk", .zone_minutes = 480};
    struct mes_compose_job *j;
    int c = mes_compose_job_new(m, &o, &j, &e);
    if (c) {
        char b[1000];
        fail_msg("%s", mes_error_text(&e, MES_EN, b, sizeof b));
    }
    mes_message_free(&m);
    struct mes_wire w;
    mes_compose_wire_init(&w);
    struct mes_identity id = {"s@例子.hk", "寄件人", NULL, NULL};
    assert_int_equal(mes_compose_job_render(j, 0, &id, &w, &e), 0);
    for (size_t i = 0; i < w.count; i++)
        printf("%.*s", (int)w.pieces[i].size, w.pieces[i].bytes);
    printf("%zu pieces, %s\n", w.count, w.sender);
    mes_compose_wire_fini(&w);
    mes_compose_job_free(&j);
}
int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(smoke)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
