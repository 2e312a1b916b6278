#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/mail_view.h"

static void assert_view(const char *mail, const char *expected)
{
    struct mes_json_writer json;
    struct mes_buf out;
    size_t size = strlen(mail);
    char *copy = malloc(size + 1);
    memcpy(copy, mail, size);
    mes_buf_init(&out, 1000000);
    mes_json_writer_init(&json, &out);
    mes_json_write_object(&json, NULL);
    mes_api_mail_view(mes_str_make(copy, size), &json);
    mes_json_write_object_end(&json);
    assert_string_equal(mes_buf_text(&out), expected);
    mes_buf_fini(&out);
    free(copy);
}

static void a_plain_mail(void **state)
{
    (void)state;
    assert_view(
        "Subject: =?UTF-8?B?5L2g?=\r\n =?utf-8?q?=E5=A5=BD_x?= a  b\r\nX: 1\r\n\r\nHello\r\n",
        "{\"headers\":[{\"name\":\"Subject\",\"value\":\"你好 x a b\"},{\"name\":\"X\",\"value\":\"1\"}],"
        "\"parts\":[{\"type\":\"text/"
        "plain\",\"name\":null,\"contentId\":null,\"size\":7,\"text\":\"Hello\\r\\n\"}]}");
}

static void parts_inside_parts(void **state)
{
    (void)state;
    assert_view(
        "Content-Type: multipart/mixed;\r\n boundary=\"a\"\r\n\r\npreamble\r\n--a\r\n"
        "Content-Type: multipart/alternative; boundary=ab\r\n\r\n--ab\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\na=E4=BD=A0=\r\nb\r\n--ab\r\nContent-Type: "
        "text/html\r\n\r\n"
        "<p>\r\n--abc\r\n--ab--\r\n\r\n--a\r\nContent-Type: image/png; name*0*=UTF-8''%E4%BD;\r\n "
        "name*1*=%A0.png\r\n"
        "Content-ID: <i>\r\nContent-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--a--\r\nepilogue\r\n",
        "{\"headers\":[{\"name\":\"Content-Type\",\"value\":\"multipart/mixed; "
        "boundary=\\\"a\\\"\"}],\"parts\":["
        "{\"type\":\"text/plain\",\"name\":null,\"contentId\":null,\"size\":5,\"text\":\"a你b\"},"
        "{\"type\":\"text/html\",\"name\":null,\"contentId\":null,\"size\":10,\"text\":\"<p>\\r\\n--abc\"},"
        "{\"type\":\"image/png\",\"name\":\"你.png\",\"contentId\":\"<i>\",\"size\":3,\"text\":null}]}");
}

static void what_is_broken_is_shown_as_it_stands(void **state)
{
    (void)state;
    assert_view("", "{\"headers\":[],\"parts\":[{\"type\":\"text/"
                    "plain\",\"name\":null,\"contentId\":null,\"size\":0,\"text\":null}]}");
    assert_view(
        "X: =?UTF-8?B?5L2g\r\nno colon\r\nContent-Transfer-Encoding: base64\r\n\r\n!!",
        "{\"headers\":[{\"name\":\"X\",\"value\":\"=?UTF-8?B?5L2g\"},{\"name\":\"no colon\",\"value\":\"\"},"
        "{\"name\":\"Content-Transfer-Encoding\",\"value\":\"base64\"}],\"parts\":["
        "{\"type\":\"text/plain\",\"name\":null,\"contentId\":null,\"size\":2,\"text\":\"!!\"}]}");
    assert_view(
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a",
        "{\"headers\":[{\"name\":\"Content-Type\",\"value\":\"multipart/mixed; boundary=a\"}],\"parts\":["
        "{\"type\":\"text/plain\",\"name\":null,\"contentId\":null,\"size\":0,\"text\":null}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail),
        cmocka_unit_test(parts_inside_parts),
        cmocka_unit_test(what_is_broken_is_shown_as_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
