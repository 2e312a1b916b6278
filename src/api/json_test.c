/* What JSON the API takes (RFC 8259): y must be read, n must not, i is ours to decide, and decided here. */
#include "api/echo_test.h"

static const struct mes_api_route rows[] = {ROW(POST, "/any", MES_API_PLAIN, echo, "Anything")};
static const struct mes_api_routes routes = {rows, sizeof rows / sizeof *rows};

static struct rig rig;

static int begin(void **state)
{
    (void)state;
    rig_open(&rig);
    rig.options.routes = &routes;
    rig_serve(&rig);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

struct sample {
    char kind; /* y, n, i */
    unsigned status;
    struct mes_str text;
};
#define Y(text)                                                                                              \
    {                                                                                                        \
        'y', 200,                                                                                            \
        {                                                                                                    \
            text, sizeof(text) - 1                                                                           \
        }                                                                                                    \
    }
#define N(text)                                                                                              \
    {                                                                                                        \
        'n', 400,                                                                                            \
        {                                                                                                    \
            text, sizeof(text) - 1                                                                           \
        }                                                                                                    \
    }
#define I(status, text)                                                                                      \
    {                                                                                                        \
        'i', status,                                                                                         \
        {                                                                                                    \
            text, sizeof(text) - 1                                                                           \
        }                                                                                                    \
    }

static const struct sample samples[] = {
    Y("{}"),
    Y("{\"a\":[1,-0,1.5e3,true,false,null,\"\"]}"),
    Y(" \t\r\n{ \"a\" : 1 } \n"),
    Y("{\"\":0}"),
    Y("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u4f60\"}"),
    Y("{\"a\":\"\\uD83D\\uDE00\"}"),
    Y("{\"a\":\"\x7F\xC2\x80\xE4\xBD\xA0\xF4\x8F\xBF\xBF\"}"),
    Y("{\"a\":1E+2,\"b\":1e-2,\"c\":0.1}"),
    Y("{\"a\":9223372036854775807,\"b\":-9223372036854775808}"),
    Y("{\"a\":\"// no comment /* */\"}"),
    N(""),
    N(" "),
    N("{"),
    N("}"),
    N("{]"),
    N("{\"a\"}"),
    N("{\"a\":}"),
    N("{\"a\":1,}"),
    N("{,\"a\":1}"),
    N("{\"a\":1 \"b\":2}"),
    N("{\"a\" 1}"),
    N("{a:1}"),
    N("{'a':1}"),
    N("{1:1}"),
    N("{\"a\":1}}"),
    N("{\"a\":1}{}"),
    N("{\"a\":1} x"),
    N("{\"a\":[1,]}"),
    N("{\"a\":[,1]}"),
    N("{\"a\":[1"),
    N("{\"a\":\"b"),
    N("{\"a\":\"b\\\"}"),
    N("{\"a\":\"\\x\"}"),
    N("{\"a\":\"\\u12\"}"),
    N("{\"a\":\"\\u12g4\"}"),
    N("{\"a\":\"\n\"}"),
    N("{\"a\":\"\t\"}"),
    N("{\"a\":\"\0\"}"),
    N("{\"a\":\0}"),
    N("{\"a\":01}"),
    N("{\"a\":+1}"),
    N("{\"a\":.5}"),
    N("{\"a\":1.}"),
    N("{\"a\":1e}"),
    N("{\"a\":1e+}"),
    N("{\"a\":-}"),
    N("{\"a\":--1}"),
    N("{\"a\":0x1}"),
    N("{\"a\":1_000}"),
    N("{\"a\":Infinity}"),
    N("{\"a\":-Infinity}"),
    N("{\"a\":NaN}"),
    N("{\"a\":True}"),
    N("{\"a\":nul}"),
    N("{\"a\":nulll}"),
    N("{\"a\":undefined}"),
    N("{\"a\":1}//"),
    N("{/**/\"a\":1}"),
    N("#\n{}"),
    N("{\"a\":\"\xFF\"}"),
    N("{\"a\":\"\xC0\xAF\"}"),
    N("{\"a\":\"\xE0\x80\x80\"}"),
    N("{\"a\":\"\xED\xA0\x80\"}"),
    N("{\"a\":\"\xF4\x90\x80\x80\"}"),
    N("{\"a\":\"\xE4\xBD\"}"),
    N("\xE4\xBD\xA0"),
    N("{\"a\":\xC2\xA0"
      "1}"),
    /* ours to decide */
    I(400, "\xEF\xBB\xBF{}"),                      /* a byte order mark */
    I(400, "\xFF\xFE{\0}\0"),                      /* UTF-16 */
    I(400, "{\"a\":1,\"a\":2}"),                   /* a key twice */
    I(400, "{\"a\":1,\"\\u0061\":2}"),             /* the same, written in another way */
    I(400, "{\"a\":\"\\u0000\"}"),                 /* NUL */
    I(400, "{\"\\u0000\":1}"),                     /* NUL in a key */
    I(400, "{\"a\":\"\\uD83D\"}"),                 /* half a pair */
    I(400, "{\"a\":\"\\uDE00\\uD83D\"}"),          /* a pair the wrong way round */
    I(400, "{\"a\":9223372036854775808}"),         /* 2^63 */
    I(400, "{\"a\":1e400}"),                       /* above a double */
    I(200, "{\"a\":1e-400}"),                      /* below: zero */
    I(200, "{\"a\":0.1234567890123456789012345}"), /* rounded */
    I(422, "[]"),                                  /* sound, but the API takes objects alone */
    I(422, "1"),
    I(422, "\"a\""),
    I(422, "null"),
};

static unsigned post(struct mes_str body, const char *detail)
{
    struct mes_buf request;
    mes_buf_init(&request, RIG_ANSWER_LIMIT);
    mes_buf_add_format(&request,
                       "POST /any HTTP/1.1\r\n" HEAD
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                       body.size);
    mes_buf_add_str(&request, body);
    char *answer = rig_talk(&rig, request.data, request.size);
    unsigned status = rig_status_of(answer);
    if (detail != NULL && strstr(answer, detail) == NULL)
        fail_msg("%.*s: %s", MES_STR_ARGS(body), answer);
    mes_free(answer);
    mes_buf_fini(&request);
    return status;
}

static void F14_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        unsigned status = post(samples[i].text, samples[i].status == 400 ? "malformed-json" : NULL);
        if (status != samples[i].status)
            fail_msg("%c %.*s: %u", samples[i].kind, MES_STR_ARGS(samples[i].text), status);
    }
}

static struct mes_str nested(struct mes_buf *out, size_t depth)
{
    mes_buf_clear(out);
    mes_buf_add_text(out, "{\"a\":");
    for (size_t i = 1; i < depth; i++)
        mes_buf_add_char(out, '[');
    for (size_t i = 1; i < depth; i++)
        mes_buf_add_char(out, ']');
    mes_buf_add_char(out, '}');
    return mes_buf_str(out);
}

static void F14_depth(void **state)
{
    struct mes_buf text;
    (void)state;
    mes_buf_init(&text, RIG_ANSWER_LIMIT);
    assert_int_equal(post(nested(&text, 64), NULL), 200);
    assert_int_equal(post(nested(&text, 65), "malformed-json"), 400);
    assert_int_equal(post(nested(&text, 100000), "malformed-json"), 400);
    mes_buf_fini(&text);
}

static void F14_sizes(void **state)
{
    struct mes_buf text;
    (void)state;
    mes_buf_init(&text, RIG_ANSWER_LIMIT);
    mes_buf_add_text(&text, "{\"a\":\"");
    for (size_t i = 0; i < 4 * 1024 * 1024; i++)
        mes_buf_add_char(&text, 'a');
    mes_buf_add_text(&text, "\"}");
    assert_int_equal(post(mes_buf_str(&text), NULL), 200);
    for (size_t i = 0; i < 5 * 1024 * 1024; i++)
        mes_buf_add_char(&text, ' ');
    assert_int_equal(post(mes_buf_str(&text), "too-large"), 413);
    mes_buf_clear(&text);
    mes_buf_add_text(&text, "{\"a\":[0");
    for (size_t i = 0; i < 300 * 1024; i++)
        mes_buf_add_text(&text, ",0");
    mes_buf_add_text(&text, "]}");
    assert_int_equal(post(mes_buf_str(&text), "malformed-json"), 400);
    mes_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F14_samples),
        cmocka_unit_test(F14_depth),
        cmocka_unit_test(F14_sizes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
