#include "hook/robot.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/hmac.h"
#include "base/secret.h"
#include "json/parse.h"
#include "json/write.h"

enum { URL_LIMIT = 4096, BODY_LIMIT = 64 * 1024, SIGNATURE_LIMIT = 64 };

/* Formats and signatures as the vendors' pages have them:
 * - WeCom: "群机器人配置说明" (developer.work.weixin.qq.com)
 * - DingTalk: "自定义机器人接入" and "自定义机器人安全设置" (open.dingtalk.com)
 * - Feishu and Lark: "自定义机器人使用指南" (open.feishu.cn), "Custom bot usage guide" (open.larksuite.com)
 * - Telegram: "Telegram Bot API", sendMessage and "Making requests" (core.telegram.org) */

static const struct {
    const char *path;
    enum mes_hook_robot_kind kind;
} paths[] = {
    {"/cgi-bin/webhook/send", MES_HOOK_ROBOT_WECOM},
    {"/robot/send", MES_HOOK_ROBOT_DINGTALK},
    {"/open-apis/bot/", MES_HOOK_ROBOT_FEISHU},
    {"/sendMessage", MES_HOOK_ROBOT_TELEGRAM},
};

static struct mes_str path_of(struct mes_str url)
{
    size_t host = mes_str_find(url, MES_STR("://"), 0);
    size_t begin = host == SIZE_MAX ? SIZE_MAX : mes_str_find(url, MES_STR("/"), host + 3);
    struct mes_str path = begin == SIZE_MAX ? MES_STR("") : mes_str_skip(url, begin);
    size_t end = 0;
    while (end < path.size && path.data[end] != '?' && path.data[end] != '#')
        end++;
    return mes_str_cut(path, 0, end);
}

enum mes_hook_robot_kind mes_hook_robot_kind(const char *url)
{
    struct mes_str path = path_of(mes_str_of(url));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (mes_str_find(path, mes_str_of(paths[i].path), 0) != SIZE_MAX)
            return paths[i].kind;
    return MES_HOOK_ROBOT_GENERIC;
}

/* --- signatures --- */

/* Base64 of the HMAC, in whatever roles the vendor has key and text. */
static void add_signature(struct mes_str key, struct mes_str text, struct mes_buf *out)
{
    unsigned char digest[MES_DIGEST_SIZE];
    if (mes_hmac(key, &text, 1, digest))
        mes_base64_add(out, digest, sizeof digest);
    else
        out->failed = MES_E_NOMEM;
}

/* All but the unreserved characters of RFC 3986 section 2.3. */
static void add_percent(struct mes_str text, struct mes_buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.size; i++) {
        if (memchr(plain, text.data[i], sizeof plain - 1) != NULL)
            mes_buf_add_char(out, text.data[i]);
        else
            mes_buf_add_format(out, "%%%02X", (unsigned char)text.data[i]);
    }
}

/* "TIME\nSECRET" signed with the secret, in the URL. */
static void sign_dingtalk(struct mes_hook_robot_request *request, struct mes_str secret, int64_t now)
{
    struct mes_buf text, signature;
    mes_buf_init(&text, URL_LIMIT);
    mes_buf_init(&signature, SIGNATURE_LIMIT);
    mes_buf_add_format(&text, "%lld\n%.*s", (long long)now, MES_STR_ARGS(secret));
    add_signature(secret, mes_buf_str(&text), &signature);
    bool has_query = mes_str_find(mes_buf_str(&request->url), MES_STR("?"), 0) != SIZE_MAX;
    mes_buf_add_format(&request->url, "%ctimestamp=%lld&sign=", has_query ? '&' : '?', (long long)now);
    add_percent(mes_buf_str(&signature), &request->url);
    if (signature.failed != 0)
        request->url.failed = signature.failed;
    mes_buf_fini(&signature);
    mes_buf_fini(&text);
}

/* Nothing signed with "TIME\nSECRET", in the body. */
static void sign_feishu(struct mes_json_writer *writer, struct mes_str secret, int64_t now)
{
    struct mes_buf key, signature;
    char time[24];
    mes_buf_init(&key, URL_LIMIT);
    mes_buf_init(&signature, SIGNATURE_LIMIT);
    mes_buf_add_format(&key, "%s\n%.*s", mes_number_text(time, now / 1000), MES_STR_ARGS(secret));
    add_signature(mes_buf_str(&key), MES_STR(""), &signature);
    mes_json_write_text(writer, "timestamp", mes_str_of(time));
    mes_json_write_text(writer, "sign", mes_buf_str(&signature));
    if (signature.failed != 0)
        writer->out->failed = signature.failed;
    mes_buf_fini(&signature);
    mes_buf_fini(&key);
}

/* --- bodies --- */

/* {"OUTER":{"INNER":text}}, all in the object that is open. */
static void write_nested(struct mes_json_writer *writer, const char *outer, const char *inner,
                         struct mes_str text)
{
    mes_json_write_object(writer, outer);
    mes_json_write_text(writer, inner, text);
    mes_json_write_object_end(writer);
}

static void write_json(enum mes_hook_robot_kind kind, struct mes_str secret, struct mes_str text, int64_t now,
                       struct mes_buf *out)
{
    struct mes_json_writer writer;
    mes_json_writer_init(&writer, out);
    mes_json_write_object(&writer, NULL);
    if (kind == MES_HOOK_ROBOT_FEISHU) {
        if (secret.size > 0)
            sign_feishu(&writer, secret, now);
        mes_json_write_text(&writer, "msg_type", MES_STR("text"));
        write_nested(&writer, "content", "text", text);
    } else if (kind == MES_HOOK_ROBOT_GENERIC) {
        mes_json_write_text(&writer, "text", text);
    } else {
        mes_json_write_text(&writer, "msgtype", MES_STR("text"));
        write_nested(&writer, "text", "content", text);
    }
    mes_json_write_object_end(&writer);
}

/* The parameters of the URL (chat_id and whatever else was given) go into the body as they are, with the
 * text. */
static void write_form(struct mes_hook_robot_request *request, struct mes_str text)
{
    struct mes_str url = mes_buf_str(&request->url);
    size_t query = mes_str_find(url, MES_STR("?"), 0);
    if (query != SIZE_MAX) {
        mes_buf_add_str(&request->body, mes_str_skip(url, query + 1));
        mes_buf_add_char(&request->body, '&');
        mes_buf_truncate(&request->url, query);
    }
    mes_buf_add_text(&request->body, "text=");
    add_percent(text, &request->body);
}

int mes_hook_robot_write(const char *url, struct mes_str text, int64_t now,
                         struct mes_hook_robot_request *request_out, struct mes_error *error)
{
    enum mes_hook_robot_kind kind = mes_hook_robot_kind(url);
    struct mes_str whole = mes_str_of(url), secret = MES_STR("");
    size_t hash = mes_str_find(whole, MES_STR("#"), 0);
    if (hash != SIZE_MAX) {
        secret = mes_str_skip(whole, hash + 1);
        whole = mes_str_cut(whole, 0, hash);
    }
    *request_out =
        (struct mes_hook_robot_request){.content_type = "Content-Type: application/json; charset=utf-8"};
    mes_buf_init(&request_out->url, URL_LIMIT);
    mes_buf_init(&request_out->body, BODY_LIMIT);
    mes_buf_add_str(&request_out->url, whole);
    if (kind == MES_HOOK_ROBOT_TELEGRAM) {
        request_out->content_type = "Content-Type: application/x-www-form-urlencoded";
        write_form(request_out, text);
    } else {
        write_json(kind, secret, text, now, &request_out->body);
    }
    if (kind == MES_HOOK_ROBOT_DINGTALK && secret.size > 0)
        sign_dingtalk(request_out, secret, now);
    int code = mes_buf_check(&request_out->url, error);
    if (code == 0)
        code = mes_buf_check(&request_out->body, error);
    if (code != 0)
        mes_hook_robot_request_fini(request_out);
    return code;
}

void mes_hook_robot_request_fini(struct mes_hook_robot_request *request)
{
    mes_wipe(request->url.data, request->url.size);
    mes_wipe(request->body.data, request->body.size);
    mes_buf_fini(&request->url);
    mes_buf_fini(&request->body);
}

/* --- answers --- */

static void take_reason(const struct mes_json_value *root, const char *key, char *reason, size_t size)
{
    const struct mes_json_value *text = mes_json_member(root, mes_str_of(key));
    if (text != NULL && text->kind == MES_JSON_TEXT)
        (void)mes_shown_text(reason, size, text->text);
}

bool mes_hook_robot_took(enum mes_hook_robot_kind kind, int status, struct mes_str answer, char *reason,
                         size_t size)
{
    bool is_feishu = kind == MES_HOOK_ROBOT_FEISHU,
         is_inside = is_feishu || kind == MES_HOOK_ROBOT_WECOM || kind == MES_HOOK_ROBOT_DINGTALK;
    struct mes_json *json;
    (void)snprintf(reason, size, "answered %d", status);
    if (status < 200 || status > 299 || !is_inside)
        return status >= 200 && status <= 299;
    if (mes_json_parse("answer", answer, MES_JSON_KEYS_EXACT, &json, NULL) != 0)
        return false;
    const struct mes_json_value *root = mes_json_root(json);
    const struct mes_json_value *code = mes_json_member(root, mes_str_of(is_feishu ? "code" : "errcode"));
    bool took = code != NULL && code->kind == MES_JSON_INTEGER && code->integer == 0;
    if (!took)
        take_reason(root, is_feishu ? "msg" : "errmsg", reason, size);
    mes_json_free(&json);
    return took;
}
