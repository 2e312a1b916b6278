#include "hook/robot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1700000000 };
#define NOW (INT64_C(1000) * NOW_S)

/* The signatures were computed by Python's hmac: DingTalk base64(hmac("SECabc", "1700000000000\nSECabc")),
 * Feishu base64(hmac("1700000000\nfei", "")). */
static const struct {
    const char *given;
    enum mes_hook_robot_kind kind;
    const char *url, *body;
} requests[] = {
    {"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k", MES_HOOK_ROBOT_WECOM,
     "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k",
     "{\"msgtype\":\"text\",\"text\":{\"content\":\"a \\\"b\\\"\\n帳戶\"}}"},
    {"https://oapi.dingtalk.com/robot/send?access_token=t", MES_HOOK_ROBOT_DINGTALK,
     "https://oapi.dingtalk.com/robot/send?access_token=t",
     "{\"msgtype\":\"text\",\"text\":{\"content\":\"a \\\"b\\\"\\n帳戶\"}}"},
    {"https://oapi.dingtalk.com/robot/send?access_token=t#SECabc", MES_HOOK_ROBOT_DINGTALK,
     "https://oapi.dingtalk.com/robot/"
     "send?access_token=t&timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D",
     "{\"msgtype\":\"text\",\"text\":{\"content\":\"a \\\"b\\\"\\n帳戶\"}}"},
    {"https://open.feishu.cn/open-apis/bot/v2/hook/h", MES_HOOK_ROBOT_FEISHU,
     "https://open.feishu.cn/open-apis/bot/v2/hook/h",
     "{\"msg_type\":\"text\",\"content\":{\"text\":\"a \\\"b\\\"\\n帳戶\"}}"},
    {"https://open.larksuite.com/open-apis/bot/v2/hook/h#fei", MES_HOOK_ROBOT_FEISHU,
     "https://open.larksuite.com/open-apis/bot/v2/hook/h",
     "{\"timestamp\":\"1700000000\",\"sign\":\"oTZaxUnJ2eDDfVUNO42LNYRk2kmyscy5eYu48nJG80U=\",\"msg_type\":"
     "\"text\",\"content\":{\"text\":\"a "
     "\\\"b\\\"\\n帳戶\"}}"},
    {"https://api.telegram.org/bot1:x/sendMessage?chat_id=-100&message_thread_id=5", MES_HOOK_ROBOT_TELEGRAM,
     "https://api.telegram.org/bot1:x/sendMessage",
     "chat_id=-100&message_thread_id=5&text=a%20%22b%22%0A%E5%B8%B3%E6%88%B6"},
    {"https://alerts.example.com/in?x=/robot/send#y", MES_HOOK_ROBOT_GENERIC,
     "https://alerts.example.com/in?x=/robot/send", "{\"text\":\"a \\\"b\\\"\\n帳戶\"}"},
    {"https://proxy.example.com/ding/robot/send?access_token=t", MES_HOOK_ROBOT_DINGTALK,
     "https://proxy.example.com/ding/robot/send?access_token=t",
     "{\"msgtype\":\"text\",\"text\":{\"content\":\"a \\\"b\\\"\\n帳戶\"}}"},
};

static void each_kind_has_its_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct mes_hook_robot_request request;
        assert_int_equal(mes_hook_robot_kind(requests[i].given), requests[i].kind);
        assert_int_equal(
            mes_hook_robot_write(requests[i].given, MES_STR("a \"b\"\n帳戶"), NOW, &request, NULL), 0);
        assert_string_equal(mes_buf_text(&request.url), requests[i].url);
        assert_string_equal(mes_buf_text(&request.body), requests[i].body);
        mes_hook_robot_request_fini(&request);
    }
}

static const struct {
    enum mes_hook_robot_kind kind;
    int status;
    const char *answer;
    bool took;
    const char *reason;
} answers[] = {
    {MES_HOOK_ROBOT_WECOM, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", true, NULL},
    {MES_HOOK_ROBOT_WECOM, 200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url\"}", false,
     "invalid webhook url"},
    {MES_HOOK_ROBOT_WECOM, 200, "{\"errcode\":45009,\"errmsg\":7}", false, "answered 200"},
    {MES_HOOK_ROBOT_WECOM, 200, "<html>", false, "answered 200"},
    {MES_HOOK_ROBOT_WECOM, 502, "{\"errcode\":0}", false, "answered 502"},
    {MES_HOOK_ROBOT_DINGTALK, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", true, NULL},
    {MES_HOOK_ROBOT_DINGTALK, 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", false,
     "sign not match"},
    {MES_HOOK_ROBOT_FEISHU, 200, "{\"code\":0,\"msg\":\"success\",\"data\":{}}", true, NULL},
    {MES_HOOK_ROBOT_FEISHU, 200, "{\"code\":19021,\"msg\":\"sign match fail\"}", false, "sign match fail"},
    {MES_HOOK_ROBOT_TELEGRAM, 200, "{\"ok\":true}", true, NULL},
    {MES_HOOK_ROBOT_TELEGRAM, 403, "{\"ok\":false}", false, "answered 403"},
    {MES_HOOK_ROBOT_GENERIC, 204, "", true, NULL},
    {MES_HOOK_ROBOT_GENERIC, 302, "", false, "answered 302"},
};

static void an_error_inside_a_200_is_seen(void **state)
{
    char reason[100];
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        bool took = mes_hook_robot_took(answers[i].kind, answers[i].status, mes_str_of(answers[i].answer),
                                        reason, sizeof reason);
        assert_int_equal(took, answers[i].took);
        if (!took)
            assert_string_equal(reason, answers[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_format),
        cmocka_unit_test(an_error_inside_a_200_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
