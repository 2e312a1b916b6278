/* POST /MailService/SendMail, for callers of the service that this one replaces: what they send becomes the
 * body of a POST /messages, and they are answered in the envelope that they know. */
#include <string.h>

#include "api/accept.h"
#include "api/resource.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "mime/address.h"
#include "mime/limits.h"
#include "json/tree.h"

enum { MES_API_OLD_VALUES = 1000 };

enum member { COMPANY, TO, SUBJECT, CONTENT, LANGUAGE, TEMPLATE, CALLBACK, MEMBERS };

static const char *const member_names[MEMBERS] = {
    [COMPANY] = "mainComId",         [TO] = "mailto",
    [SUBJECT] = "subject",           [CONTENT] = "emailContent",
    [LANGUAGE] = "languageCode",     [TEMPLATE] = "mailTemplateEnum",
    [CALLBACK] = "callbackUrlEncode"};

/* What errorCode says: the last part of a problem's type. */
static const char *const problem_ids[] = {
#define PROBLEM(name, id, status) [MES_API_PROBLEM_##name] = id,
#include "api/problem.def"
#undef PROBLEM
};

struct old_mail {
    struct mes_api_request *request;
    struct mes_str members[MEMBERS]; /* absent ones are empty */
    struct mes_buf body;             /* of the POST /messages */
    struct mes_json_writer json;
};

/* --- the envelope --- */

static struct mes_json_writer *begin_answer(struct mes_api_request *request, struct mes_str message,
                                            const char *error_code)
{
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_object(json, "meta");
    mes_json_write_flag(json, "success", error_code[0] == '\0');
    mes_json_write_text(json, "message", message);
    mes_json_write_text(json, "errorCode", mes_str_of(error_code));
    mes_json_write_object_end(json);
    mes_json_write_object(json, "data");
    return json;
}

static void end_answer(struct mes_json_writer *json)
{
    mes_json_write_object_end(json);
    mes_json_write_object_end(json);
}

/* Such callers read `meta` and nothing else, so the status says that there is one to read. */
static void answer_failure(struct mes_api_request *request, const char *error_code, const char *field,
                           const struct mes_error *why)
{
    struct mes_buf message;
    mes_buf_init(&message, 4096);
    if (field[0] != '\0')
        mes_buf_add_format(&message, "%s: ", field);
    mes_say_error(&message, request->language, why);
    end_answer(begin_answer(request, mes_buf_str(&message), error_code));
    mes_buf_fini(&message);
}

static void answer(struct mes_api_accept *accept)
{
    struct mes_api_request *request = accept->request;
    const struct mes_api_draft *draft = &accept->draft;
    if (accept->result != MES_INTAKE_ACCEPTED) {
        mes_api_refuse_failure(request, &accept->error);
        return;
    }
    struct mes_json_writer *json = begin_answer(request, MES_STR("OK"), "");
    mes_api_resource_id(json, "id", draft->head.id);
    mes_json_write_integer(json, "accepted", (int64_t)draft->recipient_count);
    mes_api_accept_write_rejected(json, draft);
    end_answer(json);
}

/* The first complaint is the answer; nothing was stored. */
static void complain(void *context, enum mes_api_problem problem, const char *field,
                     const struct mes_error *why)
{
    struct mes_api_accept *accept = context;
    if (accept->is_complained)
        return;
    accept->is_complained = true;
    answer_failure(accept->request, problem_ids[problem], field, why);
}

/* --- what they send --- */

/* Texts, and numbers where the old service took numbers; keys match whatever their case, as they did there.
 */
static int read_members(struct old_mail *mail, const struct mes_json_value *body, struct mes_error *error)
{
    if (body->kind != MES_JSON_OBJECT)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_not_object, MES_NO_ARGS);
    for (const struct mes_json_value *one = body->first; one != NULL; one = one->next) {
        size_t i = 0;
        while (i < MEMBERS && !mes_str_eq_nocase(one->key, mes_str_of(member_names[i])))
            i++;
        if (i == MEMBERS)
            return mes_fail(error, MES_E_INPUT, MES_SAY_resource_unknown, MES_ARGS(MES_TEXT(one->key)));
        if (one->kind == MES_JSON_TEXT || one->kind == MES_JSON_INTEGER)
            mail->members[i] = one->text;
        else if (one->kind != MES_JSON_NULL)
            return mes_fail(error, MES_E_INPUT, MES_SAY_resource_old_text, MES_ARGS(member_names[i]));
    }
    return 0;
}

static int on_address(void *context, const struct mes_address *address)
{
    struct old_mail *mail = context;
    mes_json_write_object(&mail->json, NULL);
    mes_json_write_text(&mail->json, "address", mes_str_of(address->shown));
    mes_json_write_text(&mail->json, "name", mes_str_of(address->name));
    mes_json_write_object_end(&mail->json);
    return 0;
}

/* It is refused once more, with its reason, where all recipients are looked at. */
static int on_bad(void *context, const struct mes_error *why)
{
    struct old_mail *mail = context;
    mes_json_write_text(&mail->json, NULL, mes_str_of(mes_error_argument(why, 0)));
    return 0;
}

static int write_recipients(struct old_mail *mail, struct mes_error *error)
{
    const struct mes_address_sink sink = {.on_address = on_address, .on_bad = on_bad, .context = mail};
    struct mes_str list = mail->members[TO];
    /* A line end in the list parts nothing: it is an attempt to smuggle something in. */
    if (mes_str_find(list, MES_STR("\n"), 0) != SIZE_MAX || mes_str_find(list, MES_STR("\r"), 0) != SIZE_MAX)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_old_line_end, MES_NO_ARGS);
    mes_json_write_list(&mail->json, "to");
    int code = mes_mime_address_list(list, &mail->request->arena, &sink, error);
    mes_json_write_list_end(&mail->json);
    return code;
}

/* --- content and template --- */

static bool has_markup(struct mes_str text)
{
    for (size_t at = mes_str_find(text, MES_STR("<"), 0); at != SIZE_MAX;
         at = mes_str_find(text, MES_STR("<"), at + 1)) {
        char next = at + 1 < text.size ? mes_lower(text.data[at + 1]) : '\0';
        if (next == '/' || next == '!' || (next >= 'a' && next <= 'z'))
            return true;
    }
    return false;
}

/* Base64 only if the whole is, with padding, and what it stands for cannot have been meant as it is written.
 */
static void write_content(struct old_mail *mail)
{
    struct mes_str content = mail->members[CONTENT];
    struct mes_buf decoded;
    mes_buf_init(&decoded, content.size + 1);
    if (content.size > 0 && mes_base64_decode(content, &decoded)) {
        struct mes_str text = mes_buf_str(&decoded);
        bool is_meant = mes_utf8_is_valid(text) &&
                        (memchr(text.data, '<', text.size) != NULL || !mes_utf8_is_ascii(text));
        content = is_meant ? text : content;
    }
    mes_json_write_text(&mail->json, has_markup(content) ? "html" : "text", content);
    mes_buf_fini(&decoded);
}

/* NULL: the mail brings its own content; "": there is no such template. */
static const char *template_of(struct mes_str name)
{
    static const struct {
        const char *name, *number, *template;
    } rows[] = {{"REGISTER", "0", "Register"},
                {"FORGET_PASSWORD", "1", "ForgetPassword"},
                {"NO_TEMPLATE", "-1", NULL},
                {"NO_TEMPLATE", "2", NULL},
                {"", "", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (mes_str_eq_nocase(name, mes_str_of(rows[i].name)) || mes_str_eq(name, mes_str_of(rows[i].number)))
            return rows[i].template;
    return "";
}

static int hex_of(char c)
{
    c = mes_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A URL that came as it is stays so; else %XX and '+' are undone, as the old service did. */
static void write_callback(struct old_mail *mail)
{
    struct mes_str text = mail->members[CALLBACK];
    bool is_plain = mes_str_find(text, MES_STR("://"), 0) != SIZE_MAX;
    struct mes_buf url;
    mes_buf_init(&url, text.size + 1);
    for (size_t i = 0; i < text.size; i++) {
        bool has_digits = i + 2 < text.size && hex_of(text.data[i + 1]) >= 0 && hex_of(text.data[i + 2]) >= 0;
        if (!is_plain && text.data[i] == '%' && has_digits) {
            mes_buf_add_char(&url, (char)(hex_of(text.data[i + 1]) * 16 + hex_of(text.data[i + 2])));
            i += 2;
        } else {
            mes_buf_add_char(&url, !is_plain && text.data[i] == '+' ? ' ' : text.data[i]);
        }
    }
    mes_json_write_text(&mail->json, "callbackurl", mes_buf_str(&url));
    mes_buf_fini(&url);
}

static int write_what_is_sent(struct old_mail *mail, struct mes_error *error)
{
    const char *template = template_of(mail->members[TEMPLATE]);
    if (template == NULL) {
        write_content(mail);
        return 0;
    }
    if (template[0] == '\0')
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_old_template,
                        MES_ARGS(MES_TEXT(mail->members[TEMPLATE])));
    mes_json_write_text(&mail->json, "template", mes_str_of(template));
    if (mail->members[LANGUAGE].size > 0)
        mes_json_write_text(&mail->json, "lang", mail->members[LANGUAGE]);
    mes_json_write_object(&mail->json, "vars");
    write_callback(mail);
    mes_json_write_object_end(&mail->json);
    return 0;
}

/* Writes the body of a POST /messages. */
static int translate(struct old_mail *mail, struct mes_error *error)
{
    mes_buf_init(&mail->body, MES_LIMIT_BODY);
    mes_json_writer_init(&mail->json, &mail->body);
    mes_json_write_object(&mail->json, NULL);
    int code = write_recipients(mail, error);
    if (code == 0 && mail->members[SUBJECT].size > 0)
        mes_json_write_text(&mail->json, "subject", mail->members[SUBJECT]);
    if (code == 0)
        code = write_what_is_sent(mail, error);
    mes_json_write_object_end(&mail->json);
    return code == 0 ? mes_buf_check(&mail->body, error) : code;
}

static void send(struct mes_api_request *request, struct mes_str text)
{
    struct mes_api_accept *accept = mes_api_accept_new(request);
    const struct mes_json_value *body;
    struct mes_error error;
    if (accept == NULL)
        return;
    accept->host.complain = complain;
    accept->intake.key.name = "";
    if (mes_json_tree(text, MES_JSON_MOST_VALUES, &request->arena, &body, &error) != 0)
        mes_api_refuse_failure(request, &error);
    else if (mes_api_accept_read(accept, body, text))
        mes_api_accept_store(accept, answer);
}

void mes_api_old_send(struct mes_api_request *request)
{
    struct old_mail mail = {.request = request};
    const struct mes_json_value *body;
    struct mes_error error;
    int code = mes_json_tree(request->body, MES_API_OLD_VALUES, &request->arena, &body, &error);
    if (code == 0)
        code = read_members(&mail, body, &error);
    if (code == 0 && mail.members[COMPANY].size > 0 &&
        !mes_api_request_act_for(request, mail.members[COMPANY]))
        return;
    if (code == 0)
        code = translate(&mail, &error);
    if (code != 0)
        answer_failure(request, problem_ids[MES_API_PROBLEM_bad_value], "", &error);
    else
        send(request, mes_buf_str(&mail.body));
    mes_buf_fini(&mail.body);
}
