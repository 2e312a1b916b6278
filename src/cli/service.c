#include "cli/service.h"

#include <string.h>

#include "account/account.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/user.h"
#include "cli/accounts.h"
#include "cli/status.h"
#include "store/folder.h"

enum { URL_MOST = 4096, KEY_MOST = 4096, PATH_MOST = 16 * 1024, SAYING_MOST = 64 * 1024 };

static const char *given_url(const struct mes_cli *cli)
{
    const char *url = mes_cli_text(cli->options, MES_CLI_OPT_SERVER);
    return url != NULL ? url : mes_environment_find(mes_environment(), MES_STR("MAILENHANCE_URL"));
}

static const char *given_key(void)
{
    return mes_environment_find(mes_environment(), MES_STR("MAILENHANCE_KEY"));
}

bool mes_cli_service_is_elsewhere(const struct mes_cli *cli)
{
    return given_url(cli) != NULL;
}

/* ---- the key ---- */

static int set_key(struct mes_cli_service *service, struct mes_str key, struct mes_error *error)
{
    key = mes_str_trim(key);
    for (size_t i = 0; i < key.size; i++)
        if (key.data[i] <= ' ' || key.data[i] > '~')
            key.size = 0;
    if (key.size == 0)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_key_unusable, MES_NO_ARGS);
    mes_buf_add_text(&service->authorization, "Authorization: Bearer ");
    mes_buf_add_str(&service->authorization, key);
    return mes_buf_check(&service->authorization, error);
}

static void wipe(struct mes_buf *buf)
{
    if (buf->data != NULL)
        mes_wipe(buf->data, buf->capacity);
    mes_buf_fini(buf);
}

static int read_key_file(struct mes_cli_service *service, const char *path, struct mes_error *error)
{
    struct mes_buf text;
    mes_buf_init(&text, KEY_MOST);
    /* All at once, so that no copy stays behind where the buffer grew. */
    bool has_room = mes_buf_reserve(&text, KEY_MOST) != NULL;
    int code = has_room ? mes_file_read(path, &text, error) : mes_fail_nomem(error);
    if (code == 0)
        code = set_key(service, mes_buf_str(&text), error);
    wipe(&text);
    return code;
}

/* ---- the address ---- */

/* Where a service that listens to `listen` can be reached from the same machine. */
static void add_listen(struct mes_buf *url, struct mes_str listen)
{
    static const struct {
        const char *any, *own;
    } rows[] = {{"0.0.0.0:", "127.0.0.1:"}, {"[::]:", "[::1]:"}, {"*:", "127.0.0.1:"}, {":", "127.0.0.1:"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (mes_str_starts(listen, mes_str_of(rows[i].any))) {
            mes_buf_add_text(url, rows[i].own);
            listen = mes_str_skip(listen, strlen(rows[i].any));
            break;
        }
    mes_buf_add_str(url, listen);
}

static void set_url_of(struct mes_cli_service *service, const struct mes_account_globals *globals)
{
    bool is_tls = globals->tls_certificate_file[0] != '\0';
    /* A certificate is for the name that the world knows. */
    if (is_tls && globals->public_url[0] != '\0') {
        mes_buf_add_text(&service->url, globals->public_url);
        return;
    }
    mes_buf_add_text(&service->url, is_tls ? "https://" : "http://");
    add_listen(&service->url, mes_str_of(globals->listen));
}

/* ---- both ---- */

static int become_owner(const char *path, struct mes_error *error)
{
    struct mes_user owner;
    bool is_anothers = mes_user_is_root() && mes_user_owner_of(path, &owner) && owner.id != 0;
    return is_anothers ? mes_user_become(&owner, error) : 0;
}

int mes_cli_open_folder(struct mes_cli *cli, bool may_make, struct mes_account_list **list_out,
                        struct mes_store_folder **folder_out)
{
    struct mes_error error;
    if (!mes_cli_has_settings(cli)) {
        mes_cli_tell(cli, MES_SAY_cli_which_folder, MES_NO_ARGS);
        return MES_CLI_EXIT_USAGE;
    }
    int status = mes_cli_load_settings(cli, list_out);
    if (status != MES_CLI_EXIT_OK || folder_out == NULL)
        return status;
    const char *path = mes_account_list_globals(*list_out)->data_folder;
    if (!may_make && !mes_file_is_folder(path)) {
        mes_cli_tell(cli, MES_SAY_cli_no_data_folder, MES_ARGS(path));
        return MES_CLI_EXIT_CONFIG;
    }
    if ((may_make && become_owner(path, &error) != 0) || mes_store_folder_open(path, folder_out, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    return MES_CLI_EXIT_OK;
}

/* What options and environment leave open stands in the settings and the data folder. */
static int fill_from_settings(struct mes_cli_service *service)
{
    struct mes_account_list *list = NULL;
    struct mes_store_folder *folder = NULL;
    struct mes_error error;
    bool wants_key = service->authorization.size == 0;
    int status = mes_cli_open_folder(service->cli, false, &list, wants_key ? &folder : NULL);
    if (status == MES_CLI_EXIT_OK && service->url.size == 0)
        set_url_of(service, mes_account_list_globals(list));
    if (status == MES_CLI_EXIT_OK && wants_key &&
        set_key(service, mes_secret_reveal(mes_store_folder_key(folder)), &error) != 0)
        status = mes_cli_fail(service->cli, &error, MES_CLI_EXIT_CONFIG);
    mes_store_folder_close(&folder);
    mes_account_list_free(&list);
    return status;
}

static int fill_from_options(struct mes_cli_service *service, struct mes_error *error)
{
    const char *url = given_url(service->cli), *key = given_key();
    const char *key_file = mes_cli_text(service->cli->options, MES_CLI_OPT_KEY_FILE);
    if (url != NULL)
        mes_buf_add_text(&service->url, url);
    if (key_file != NULL)
        return read_key_file(service, key_file, error);
    return key != NULL ? set_key(service, mes_str_of(key), error) : 0;
}

int mes_cli_service_init(struct mes_cli *cli, struct mes_cli_service *service)
{
    struct mes_error error;
    *service =
        (struct mes_cli_service){.cli = cli, .ca_file = mes_cli_text(cli->options, MES_CLI_OPT_CA_FILE)};
    mes_buf_init(&service->url, URL_MOST);
    mes_buf_init(&service->authorization, KEY_MOST);
    mes_buf_init(&service->language, URL_MOST);
    mes_buf_add_format(&service->language, "Accept-Language: %s", mes_language_name(cli->language));
    if (mes_buf_reserve(&service->authorization, KEY_MOST) == NULL)
        return MES_CLI_EXIT_OSERR;
    if (fill_from_options(service, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_CONFIG);
    bool is_whole = service->url.size > 0 && service->authorization.size > 0;
    if (!is_whole && !mes_cli_has_settings(cli)) {
        mes_cli_tell(cli, service->url.size > 0 ? MES_SAY_cli_no_key : MES_SAY_cli_no_service, MES_NO_ARGS);
        return MES_CLI_EXIT_USAGE;
    }
    int status = is_whole ? MES_CLI_EXIT_OK : fill_from_settings(service);
    while (service->url.size > 0 && service->url.data[service->url.size - 1] == '/')
        mes_buf_truncate(&service->url, service->url.size - 1);
    return status;
}

void mes_cli_service_fini(struct mes_cli_service *service)
{
    mes_buf_fini(&service->url);
    mes_buf_fini(&service->language);
    wipe(&service->authorization);
}

/* ---- asking ---- */

/* For a refusal; the service's own words are told beside it. */
static int status_of(int http)
{
    if (http == 401 || http == 403)
        return MES_CLI_EXIT_NOPERM;
    if (http == 429 || http == 502 || http == 503 || http == 504 || http == 507)
        return MES_CLI_EXIT_TEMPFAIL;
    return http >= 500 ? MES_CLI_EXIT_SOFTWARE : MES_CLI_EXIT_DATA;
}

const char *mes_cli_service_text(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_TEXT ? value->text.data : "";
}

int64_t mes_cli_service_number(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_INTEGER ? value->integer : 0;
}

static void tell_complaint(struct mes_cli *cli, const struct mes_json_value *complaint)
{
    const char *field = mes_cli_service_text(complaint, "field");
    mes_cli_tell(cli, field[0] != '\0' ? MES_SAY_cli_complaint_field : MES_SAY_cli_complaint,
                 MES_ARGS(mes_cli_service_text(complaint, "reason"),
                          mes_cli_service_text(complaint, "advice"), field));
}

/* application/problem+json, or whatever a proxy in between has to say. */
static void tell_problem(struct mes_cli *cli, const struct mes_http_answer *answer)
{
    struct mes_json *json = NULL;
    int code = mes_json_parse("answer", mes_buf_str(&answer->body), MES_JSON_KEYS_EXACT, &json, NULL);
    const struct mes_json_value *problem = code == 0 ? mes_json_root(json) : NULL;
    const struct mes_json_value *errors = mes_json_member(problem, MES_STR("errors"));
    if (mes_cli_service_text(problem, "reason")[0] == '\0')
        mes_cli_tell(cli, MES_SAY_cli_refused, MES_ARGS(MES_NUMBER(answer->status)));
    else if (mes_json_item(errors, 0) == NULL)
        tell_complaint(cli, problem);
    for (const struct mes_json_value *item = mes_json_item(errors, 0); item != NULL; item = item->next)
        tell_complaint(cli, item);
    if (answer->retry_after_s > 0)
        mes_cli_tell(cli, MES_SAY_cli_retry_after, MES_ARGS(MES_NUMBER(answer->retry_after_s)));
    mes_json_free(&json);
}

static int explain(const struct mes_cli_service *service, const struct mes_cli_question *question,
                   const struct mes_error *error)
{
    bool has_ended_itself = question->is_ended != NULL || question->on_answer != NULL;
    if (error->code == MES_E_CANCELLED && has_ended_itself)
        return MES_CLI_EXIT_TEMPFAIL;
    mes_cli_tell_error(service->cli, error);
    /* A service that cannot be reached may be there again in a moment. */
    return error->code == MES_E_SYSTEM ? MES_CLI_EXIT_TEMPFAIL
                                       : mes_cli_status_of(error->code, MES_CLI_EXIT_DATA);
}

int mes_cli_service_ask(const struct mes_cli_service *service, const struct mes_cli_question *question,
                        struct mes_http_answer *answer)
{
    struct mes_error error = {0};
    struct mes_buf url, type;
    bool has_body = question->body.size > 0 || question->body_file != NULL;
    mes_buf_init(&url, PATH_MOST);
    mes_buf_init(&type, URL_MOST);
    mes_buf_add_format(&url, "%s%s", mes_buf_text(&service->url), question->path);
    mes_buf_add_format(&type, "Content-Type: %s",
                       question->type != NULL ? question->type : "application/json");
    const char *headers[6] = {mes_buf_text(&service->authorization), mes_buf_text(&service->language)};
    size_t count = 2;
    if (has_body)
        headers[count++] = mes_buf_text(&type);
    if (question->header != NULL)
        headers[count++] = question->header;
    const struct mes_http_call call = {
        .method = question->method,
        .url = mes_buf_text(&url),
        .headers = headers,
        .body = question->body,
        .body_file = question->body_file,
        .body_end = question->body_end,
        .ca_file = service->ca_file,
        .on_answer = question->on_answer,
        .on_sent = question->on_sent,
        .is_ended = question->is_ended,
        .context = question->context,
    };
    int status = MES_CLI_EXIT_OK;
    if (mes_buf_check(&url, &error) != 0 || mes_http_call(&call, answer, &error) != 0) {
        status = explain(service, question, &error);
    } else if (answer->status < 200 || answer->status > 299) {
        tell_problem(service->cli, answer);
        status = status_of(answer->status);
        mes_http_answer_fini(answer);
    }
    mes_buf_fini(&url);
    mes_buf_fini(&type);
    return status;
}

int mes_cli_service_read(const struct mes_cli_service *service, const struct mes_http_answer *answer,
                         struct mes_json **json_out)
{
    if (mes_json_parse("answer", mes_buf_str(&answer->body), MES_JSON_KEYS_EXACT, json_out, NULL) == 0)
        return MES_CLI_EXIT_OK;
    mes_cli_tell(service->cli, MES_SAY_cli_not_our_answer, MES_ARGS(mes_buf_text(&service->url)));
    return MES_CLI_EXIT_UNAVAILABLE;
}

void mes_cli_service_put(const struct mes_cli_service *service, const struct mes_http_answer *answer)
{
    struct mes_buf line;
    mes_buf_init(&line, SIZE_MAX);
    mes_buf_add_str(&line, mes_str_trim(mes_buf_str(&answer->body)));
    mes_cli_put_line(service->cli, &line);
    mes_buf_fini(&line);
}

/* ---- lists ---- */

static void add_page(struct mes_buf *path, const char *base, const char *cursor)
{
    mes_buf_clear(path);
    mes_buf_add_text(path, base);
    if (cursor[0] == '\0')
        return;
    mes_buf_add_text(path, strchr(base, '?') != NULL ? "&" : "?");
    mes_buf_add_format(path, "cursor=%s", cursor);
}

/* Calls `each` for the items of a page; false when it wants no more. */
static bool go_through(const struct mes_http_answer *answer, const struct mes_json_value *items,
                       mes_cli_service_each *each, void *context)
{
    for (const struct mes_json_value *item = mes_json_item(items, 0); item != NULL; item = item->next)
        if (!each(context, item, mes_str_cut(mes_buf_str(&answer->body), item->offset, item->size)))
            return false;
    return true;
}

int mes_cli_service_list(const struct mes_cli_service *service, const char *path, mes_cli_service_each *each,
                         void *context)
{
    struct mes_buf page, cursor;
    int status;
    bool has_more = true;
    mes_buf_init(&page, PATH_MOST);
    mes_buf_init(&cursor, URL_MOST);
    do {
        struct mes_http_answer answer;
        struct mes_json *json = NULL;
        add_page(&page, path, mes_buf_text(&cursor));
        const struct mes_cli_question question = {.path = mes_buf_text(&page)};
        status = mes_cli_service_ask(service, &question, &answer);
        if (status != MES_CLI_EXIT_OK)
            break;
        status = mes_cli_service_read(service, &answer, &json);
        const struct mes_json_value *root = json != NULL ? mes_json_root(json) : NULL;
        has_more = go_through(&answer, mes_json_member(root, MES_STR("items")), each, context);
        mes_buf_clear(&cursor);
        mes_buf_add_text(&cursor, mes_cli_service_text(root, "next"));
        mes_json_free(&json);
        mes_http_answer_fini(&answer);
    } while (status == MES_CLI_EXIT_OK && has_more && cursor.size > 0);
    mes_buf_fini(&page);
    mes_buf_fini(&cursor);
    return status;
}
