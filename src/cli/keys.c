/* mailenhance keys: the API keys of a service. A running one is asked; else its database is opened here. */
#include <stdio.h>

#include "api/key.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/instant.h"
#include "base/secret.h"
#include "cli/queue.h"
#include "cli/status.h"
#include "store/folder.h"
#include "store/key.h"
#include "json/write.h"

enum { BODY_MOST = 16 * 1024, LINE_MOST = 64 * 1024, RATE_MOST = 1000000 };

/* Where the keys are. */
struct keys {
    struct mes_cli *cli;
    struct mes_account_list *list;
    struct mes_store_folder *folder;
    struct mes_store *store;        /* NULL: the service is asked */
    struct mes_cli_service service; /* else */
    bool is_asked;
};

/* The folder's lock says whether a service runs; while it is held here, none can start. */
static int open_store(struct keys *keys, bool *is_running_out)
{
    struct mes_error error;
    *is_running_out = false;
    int status = mes_cli_open_folder(keys->cli, true, &keys->list, &keys->folder);
    if (status != MES_CLI_EXIT_OK)
        return status;
    int code = mes_store_folder_lock(keys->folder, &error);
    *is_running_out = code == MES_E_BUSY;
    if (code == MES_E_BUSY)
        return MES_CLI_EXIT_OK;
    if (code == 0)
        code = mes_store_open(mes_store_folder_database(keys->folder), NULL, &keys->store, &error);
    return code == 0 ? MES_CLI_EXIT_OK : mes_cli_fail(keys->cli, &error, MES_CLI_EXIT_CONFIG);
}

static int open_keys(struct mes_cli *cli, struct keys *keys)
{
    bool is_elsewhere = mes_cli_service_is_elsewhere(cli), is_running = is_elsewhere;
    *keys = (struct keys){.cli = cli};
    int status = is_elsewhere ? MES_CLI_EXIT_OK : open_store(keys, &is_running);
    keys->is_asked = status == MES_CLI_EXIT_OK && is_running;
    return keys->is_asked ? mes_cli_service_init(cli, &keys->service) : status;
}

static void close_keys(struct keys *keys)
{
    if (keys->is_asked)
        mes_cli_service_fini(&keys->service);
    mes_store_close(&keys->store);
    mes_store_folder_close(&keys->folder);
    mes_account_list_free(&keys->list);
}

/* ---- create ---- */

static void write_scopes(struct mes_json_writer *json, const char *scopes)
{
    struct mes_str scope, rest = mes_str_of(scopes);
    mes_json_write_list(json, "scopes");
    while (mes_str_next(&rest, ',', &scope))
        mes_json_write_text(json, NULL, mes_str_trim(scope));
    mes_json_write_list_end(json);
}

static int read_wish(struct mes_cli *cli, struct mes_api_key_wish *wish)
{
    const char *expires = mes_cli_text(cli->options, MES_CLI_OPT_EXPIRES);
    const char *company = mes_cli_text(cli->options, MES_CLI_OPT_COMPANY);
    const char *scopes = mes_cli_text(cli->options, MES_CLI_OPT_SCOPES);
    unsigned bits;
    *wish = (struct mes_api_key_wish){
        .name = mes_cli_text(cli->options, MES_CLI_OPT_NAME),
        .company = company != NULL ? company : "",
        .scopes = scopes != NULL ? scopes : "send,read",
    };
    if (!mes_api_key_scopes(wish->scopes, &bits)) {
        mes_cli_tell(cli, MES_SAY_cli_not_scopes, MES_ARGS(wish->scopes));
        return MES_CLI_EXIT_USAGE;
    }
    bool is_good = expires == NULL || (mes_instant_parse(mes_str_of(expires), &wish->expires_at) &&
                                       wish->expires_at > mes_clock_wall(mes_clock_system()));
    if (!is_good)
        mes_cli_tell(cli, MES_SAY_cli_not_a_moment, MES_ARGS("expires", expires));
    return is_good ? MES_CLI_EXIT_OK : MES_CLI_EXIT_USAGE;
}

/* The key goes to standard output, and nowhere else. */
static void show_key(struct mes_cli *cli, const char *id, const struct mes_api_key_wish *wish,
                     const char *key)
{
    struct mes_buf line;
    mes_buf_init(&line, LINE_MOST);
    /* All at once, so that no copy stays behind where the line grew. */
    if (mes_buf_reserve(&line, LINE_MOST) == NULL)
        return;
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        struct mes_json_writer json;
        mes_json_writer_init(&json, &line);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "id", mes_str_of(id));
        mes_json_write_text(&json, "key", mes_str_of(key));
        mes_json_write_text(&json, "company", mes_str_of(wish->company));
        write_scopes(&json, wish->scopes);
        mes_json_write_object_end(&json);
    } else {
        mes_cli_tell(cli, MES_SAY_cli_key_made, MES_ARGS(id, wish->name));
        mes_buf_add_text(&line, key);
    }
    size_t size = line.size;
    mes_cli_put_line(cli, &line);
    mes_wipe(line.data, size);
    mes_buf_fini(&line);
}

static int create_here(struct keys *keys, const struct mes_api_key_wish *wish)
{
    struct mes_api_key_made made;
    struct mes_error error;
    char id[MES_ID_SPACE];
    int code = mes_store_begin(keys->store, &error);
    if (code == 0)
        code = mes_api_key_create(keys->store, wish, mes_clock_wall(mes_clock_system()), &made, &error);
    if (code == 0)
        code = mes_store_commit(keys->store, &error);
    if (code != 0)
        return mes_cli_fail(keys->cli, &error, MES_CLI_EXIT_DATA);
    show_key(keys->cli, mes_id_text(id, made.id), wish, made.key);
    mes_wipe(&made, sizeof made);
    return MES_CLI_EXIT_OK;
}

static int create_there(struct keys *keys, const struct mes_api_key_wish *wish)
{
    struct mes_http_answer answer;
    struct mes_json *json = NULL;
    struct mes_json_writer writer;
    struct mes_buf body;
    char until[MES_INSTANT_SPACE];
    mes_buf_init(&body, BODY_MOST);
    mes_json_writer_init(&writer, &body);
    mes_json_write_object(&writer, NULL);
    mes_json_write_text(&writer, "name", mes_str_of(wish->name));
    if (wish->company[0] != '\0')
        mes_json_write_text(&writer, "company", mes_str_of(wish->company));
    write_scopes(&writer, wish->scopes);
    if (wish->expires_at > 0)
        mes_json_write_text(&writer, "expiresAt", mes_str_of(mes_instant_text(wish->expires_at, until)));
    mes_json_write_object_end(&writer);
    const struct mes_cli_question question = {
        .method = "POST", .path = "/api/v1/keys", .body = mes_buf_str(&body)};
    int status = mes_cli_service_ask(&keys->service, &question, &answer);
    if (status == MES_CLI_EXIT_OK) {
        status = mes_cli_service_read(&keys->service, &answer, &json);
        if (status == MES_CLI_EXIT_OK)
            show_key(keys->cli, mes_cli_service_text(mes_json_root(json), "id"), wish,
                     mes_cli_service_text(mes_json_root(json), "key"));
        mes_wipe(answer.body.data, answer.body.size);
        mes_http_answer_fini(&answer);
    }
    mes_json_free(&json);
    mes_buf_fini(&body);
    return status;
}

int mes_cli_keys_create(struct mes_cli *cli)
{
    struct mes_api_key_wish wish;
    struct keys keys;
    int status = read_wish(cli, &wish);
    if (status != MES_CLI_EXIT_OK)
        return status;
    status = open_keys(cli, &keys);
    if (status == MES_CLI_EXIT_OK)
        status = keys.is_asked ? create_there(&keys, &wish) : create_here(&keys, &wish);
    close_keys(&keys);
    return status;
}

/* ---- list ---- */

static void say_key(struct mes_buf *out, enum mes_language language, const struct mes_json_value *key)
{
    const struct mes_json_value *scopes = mes_json_member(key, MES_STR("scopes"));
    const char *company = mes_cli_service_text(key, "company"),
               *expires = mes_cli_service_text(key, "expiresAt");
    bool is_revoked = mes_cli_service_text(key, "revokedAt")[0] != '\0';
    struct mes_buf names;
    mes_buf_init(&names, LINE_MOST);
    for (const struct mes_json_value *scope = mes_json_item(scopes, 0); scope != NULL; scope = scope->next)
        mes_buf_add_format(&names, "%s%s", names.size > 0 ? "," : "", scope->text.data);
    mes_say(out, language, MES_SAY_cli_key,
            MES_ARGS(mes_cli_service_text(key, "id"), mes_cli_service_text(key, "name"), mes_buf_text(&names),
                     company[0] != '\0' ? company : mes_say_text(language, MES_SAY_cli_key_any_company)));
    if (expires[0] != '\0')
        mes_say(out, language, MES_SAY_cli_key_until, MES_ARGS(expires));
    if (is_revoked)
        mes_say(out, language, MES_SAY_cli_key_revoked, MES_NO_ARGS);
    mes_buf_fini(&names);
}

static bool put_key(void *context, const struct mes_json_value *item, struct mes_str text)
{
    struct mes_cli *cli = context;
    struct mes_buf line;
    mes_buf_init(&line, LINE_MOST);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON))
        mes_buf_add_str(&line, text);
    else
        say_key(&line, cli->language, item);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
    return cli->output_error == 0;
}

static void write_moment(struct mes_json_writer *json, const char *name, int64_t at)
{
    char text[MES_INSTANT_SPACE];
    if (at > 0)
        mes_json_write_text(json, name, mes_str_of(mes_instant_text(at, text)));
}

/* As the service shows it, so that one program reads both. */
static bool put_row(void *context, const struct mes_store_key *key)
{
    struct mes_cli *cli = context;
    struct mes_json_writer writer;
    struct mes_json *json = NULL;
    struct mes_buf text;
    char id[MES_ID_SPACE];
    mes_buf_init(&text, LINE_MOST);
    mes_json_writer_init(&writer, &text);
    mes_json_write_object(&writer, NULL);
    mes_json_write_text(&writer, "id", mes_str_of(mes_id_text(id, key->id)));
    mes_json_write_text(&writer, "name", mes_str_of(key->name));
    mes_json_write_text(&writer, "company", mes_str_of(key->company));
    write_scopes(&writer, key->scopes);
    write_moment(&writer, "createdAt", key->created_at);
    write_moment(&writer, "expiresAt", key->expires_at);
    write_moment(&writer, "revokedAt", key->revoked_at);
    if (key->rate > 0)
        mes_json_write_integer(&writer, "callsPerMinute", key->rate);
    mes_json_write_object_end(&writer);
    bool goes_on = mes_json_parse("key", mes_buf_str(&text), MES_JSON_KEYS_EXACT, &json, NULL) == 0 &&
                   put_key(cli, mes_json_root(json), mes_buf_str(&text));
    mes_json_free(&json);
    mes_buf_fini(&text);
    return goes_on;
}

int mes_cli_keys_list(struct mes_cli *cli)
{
    struct mes_error error;
    struct keys keys;
    int status = open_keys(cli, &keys);
    if (status == MES_CLI_EXIT_OK && keys.is_asked)
        status = mes_cli_service_list(&keys.service, "/api/v1/keys", put_key, cli);
    else if (status == MES_CLI_EXIT_OK &&
             mes_store_key_list(mes_store_reads(keys.store), mes_cli_text(cli->options, MES_CLI_OPT_COMPANY),
                                put_row, cli, &error) != 0)
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    close_keys(&keys);
    return status;
}

/* ---- revoke ---- */

static int revoke_here(struct keys *keys, int64_t id)
{
    struct mes_error error;
    int code = mes_store_begin(keys->store, &error);
    if (code == 0)
        code = mes_store_key_revoke(keys->store, (struct mes_store_ref){.id = id},
                                    mes_clock_wall(mes_clock_system()), &error);
    if (code == 0)
        code = mes_store_commit(keys->store, &error);
    return code == 0 ? MES_CLI_EXIT_OK : mes_cli_fail(keys->cli, &error, MES_CLI_EXIT_DATA);
}

static int revoke_there(struct keys *keys, const char *id)
{
    struct mes_http_answer answer;
    char path[64];
    (void)snprintf(path, sizeof path, "/api/v1/keys/%s", id);
    const struct mes_cli_question question = {.method = "DELETE", .path = path};
    int status = mes_cli_service_ask(&keys->service, &question, &answer);
    if (status == MES_CLI_EXIT_OK)
        mes_http_answer_fini(&answer);
    return status;
}

static void say_revoked(struct mes_cli *cli, const char *id)
{
    struct mes_json_writer json;
    struct mes_buf line;
    if (!mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_put_sentence(cli, MES_SAY_cli_key_is_revoked, MES_ARGS(id));
        return;
    }
    mes_buf_init(&line, LINE_MOST);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "id", mes_str_of(id));
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

int mes_cli_keys_revoke(struct mes_cli *cli)
{
    struct keys keys;
    int64_t number = 0;
    const char *id = mes_cli_queue_id(cli);
    if (id == NULL || !mes_id_parse(mes_str_of(id), &number))
        return MES_CLI_EXIT_USAGE;
    int status = open_keys(cli, &keys);
    if (status == MES_CLI_EXIT_OK)
        status = keys.is_asked ? revoke_there(&keys, id) : revoke_here(&keys, number);
    if (status == MES_CLI_EXIT_OK)
        say_revoked(cli, id);
    close_keys(&keys);
    return status;
}
