/* Who may see and do what: keys, scopes, companies, rates. The routes are the real ones, walked through one
 * by one. */
#include "api/rig_test.h"

#include "base/file.h"
#include "base/id.h"
#include "queue/roster.h"
#include "store/blob.h"
#include "store/captured.h"
#include "store/recipient.h"
#include "store/schedule.h"
#include "store/webhook.h"

enum { EARLIER = 1000 };

/* What company "b" has. */
struct belongings {
    int64_t job, key, upload, schedule, webhook, captured;
};

static struct rig rig;
static struct belongings b;
static char key_a[MES_API_KEY_SPACE], key_b[MES_API_KEY_SPACE];

static int64_t next_id(void)
{
    return mes_id_next(mes_clock_system());
}

static void add_job(struct mes_store *store)
{
    struct mes_store_job job = {.id = next_id(),
                                .company = "b",
                                .state = MES_STORE_HELD,
                                .created_at = EARLIER,
                                .subject = "Secret of b",
                                .mails = 1,
                                .counts = {[MES_STORE_STATUS_QUEUED] = 1}};
    struct mes_store_recipient recipient = {.job = job.id, .address = "secret@b.example"};
    struct mes_error error;
    b.job = job.id;
    assert_int_equal(mes_store_job_add(store, &job, &error), 0);
    assert_int_equal(mes_store_recipient_add(store, &recipient, &error), 0);
}

static void add_file(struct mes_store *store)
{
    static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct mes_store_blob blob = {.hash = hash, .size = 1, .encoded_size = 4, .at = EARLIER};
    struct mes_store_upload upload = {.id = next_id(),
                                      .company = "b",
                                      .hash = hash,
                                      .name = "secret.pdf",
                                      .type = "application/pdf",
                                      .size = 1,
                                      .at = EARLIER};
    struct mes_error error;
    b.upload = upload.id;
    assert_int_equal(mes_store_blob_put(store, &blob, &error), 0);
    assert_int_equal(mes_store_upload_add(store, &upload, &error), 0);
}

static void add_others(struct mes_store *store)
{
    struct mes_store_schedule schedule = {.id = next_id(),
                                          .company = "b",
                                          .name = "secret",
                                          .expression = "0 9 * * *",
                                          .zone = "UTC",
                                          .document = "{}",
                                          .is_paused = true,
                                          .created_at = EARLIER};
    struct mes_store_webhook webhook = {.id = next_id(),
                                        .company = "b",
                                        .url = "https://b.example/secret",
                                        .events = "",
                                        .created_at = EARLIER};
    struct mes_store_captured captured = {.id = next_id(),
                                          .company = "b",
                                          .job = b.job,
                                          .at = EARLIER,
                                          .sender = "a@b.example",
                                          .recipients = "[\"secret@b.example\"]",
                                          .subject = "Secret of b",
                                          .size = 3};
    struct mes_error error;
    b.schedule = schedule.id;
    b.webhook = webhook.id;
    b.captured = captured.id;
    assert_int_equal(mes_store_schedule_add(store, &schedule, &error), 0);
    assert_int_equal(mes_store_webhook_add(store, &webhook, &error), 0);
    assert_int_equal(mes_store_captured_add(store, &captured, MES_STR("raw"), &error), 0);
}

static void add_key(const char *company, const char *scopes, char out[MES_API_KEY_SPACE])
{
    const struct mes_api_key_wish wish = {.name = company, .company = company, .scopes = scopes};
    rig_key(&rig, &wish, out);
}

static bool take_key_id(void *context, const struct mes_store_key *key)
{
    *(int64_t *)context = key->id;
    return true;
}

/* One account that sends nothing is enough for the handlers that look at the list. */
static struct mes_roster *load_roster(void)
{
    static const char settings[] =
        "{\"senderEmailAccountList\":[{\"name\":\"trial\",\"transport\":\"capture\","
        "\"fromMailAddress\":\"a@a.example\"}]}";
    static const char *const nothing[] = {NULL};
    struct mes_account_source source = {.environment = nothing};
    struct mes_roster *roster = NULL;
    struct mes_error error;
    char path[128], text[1000];
    (void)snprintf(path, sizeof path, "%s/AppSetting.json", rig.folder);
    source.path = path;
    assert_int_equal(mes_file_replace(path, mes_str_of(settings), &error), 0);
    if (mes_roster_load(&source, &roster, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    assert_int_equal(mes_file_remove(path, &error), 0);
    return roster;
}

static struct mes_roster *hold_roster(void *context)
{
    return mes_roster_hold(context);
}

static void drop_roster(void *context, struct mes_roster *roster)
{
    (void)context;
    mes_roster_drop(&roster);
}

static int begin(void **state)
{
    struct mes_error error;
    (void)state;
    rig_open(&rig);
    add_key("a", "admin", key_a);
    add_key("b", "admin", key_b);
    assert_int_equal(mes_store_key_list(mes_store_reads(rig.store), "b", take_key_id, &b.key, &error), 0);
    assert_int_equal(mes_store_begin(rig.store, &error), 0);
    add_job(rig.store);
    add_file(rig.store);
    add_others(rig.store);
    assert_int_equal(mes_store_commit(rig.store, &error), 0);
    rig.services.context = load_roster();
    rig.services.hold_roster = hold_roster;
    rig.services.drop_roster = drop_roster;
    rig.options.public_url = "https://mail.example.hk/";
    rig_serve(&rig);
    return 0;
}

static int end(void **state)
{
    struct mes_roster *roster = rig.services.context;
    (void)state;
    rig_close(&rig);
    mes_roster_drop(&roster);
    return 0;
}

static int64_t id_for(const char *path)
{
    static const struct {
        const char *part;
        const int64_t *id;
    } known[] = {{"/messages/", &b.job},      {"/keys/", &b.key},           {"/uploads/", &b.upload},
                 {"/captured/", &b.captured}, {"/schedules/", &b.schedule}, {"/webhooks/", &b.webhook}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(path, known[i].part) != NULL)
            return *known[i].id;
    fail_msg("%s: say above what company b has of this", path);
    return 0;
}

/* A body that keeps to the route's schema, so that only the id can be refused. */
static const char *body_for(const struct mes_api_route *route)
{
    static const struct {
        const char *schema, *body;
    } known[] = {{"Resolution", "{\"delivered\":true}"},
                 {"MessageChange", "{\"subject\":\"x\"}"},
                 {"ScheduleChange", "{\"name\":\"x\"}"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(route->body, known[i].schema) == 0)
            return known[i].body;
    return route->method == MES_API_GET ? NULL : "{}";
}

/* "GET /api/v1/messages/ID/source/0" */
static void write_line(const struct mes_api_route *route, int64_t id, const char *query, char out[256])
{
    char text[MES_ID_SPACE];
    size_t size = (size_t)snprintf(out, 256, "%s ", mes_api_method_name(route->method));
    for (const char *at = route->path; *at != '\0'; at++) {
        const char *value = strncmp(at, "{id}", 4) == 0 ? mes_id_text(text, id) : "0";
        if (*at != '{') {
            out[size++] = *at;
            continue;
        }
        size += (size_t)snprintf(out + size, 256 - size, "%s", value);
        at = strchr(at, '}');
    }
    (void)snprintf(out + size, 256 - size, "%s", query);
}

static void F01_every_route_wants_a_key(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < mes_api_routes.count; i++) {
        const struct mes_api_route *route = &mes_api_routes.rows[i];
        if (route->scope == MES_API_NONE)
            continue;
        write_line(route, 1, "", line);
        char *answer = rig_ask(&rig, line, "", NULL);
        if (rig_status_of(answer) != 401)
            fail_msg("%s: %u", line, rig_status_of(answer));
        assert_non_null(strstr(answer, "WWW-Authenticate: Bearer"));
        mes_free(answer);
        assert_int_equal(
            rig_ask_status(&rig, line, "me_0123456789abcdef0123456789abcdef0123456789abcdef0123", NULL), 401);
    }
}

static void F01_scopes(void **state)
{
    char keys[3][MES_API_KEY_SPACE];
    static const char *const scopes[] = {"send", "read", "send,read"};
    static const unsigned bits[] = {MES_API_SEND, MES_API_READ, MES_API_SEND | MES_API_READ};
    struct mes_buf body;
    char line[256];
    (void)state;
    mes_buf_init(&body, 1000);
    for (size_t i = 0; i < 3; i++) {
        const char *list = i == 2 ? "\"send\",\"read\"" : i == 1 ? "\"read\"" : "\"send\"";
        mes_buf_clear(&body);
        mes_buf_add_format(&body, "{\"name\":\"%s\",\"scopes\":[%s]}", scopes[i], list);
        char *answer = rig_ask(&rig, "POST /api/v1/keys", rig.key, mes_buf_text(&body));
        assert_int_equal(rig_status_of(answer), 201);
        memcpy(keys[i], strstr(answer, "\"me_") + 1, MES_API_KEY_SIZE);
        keys[i][MES_API_KEY_SIZE] = '\0';
        mes_free(answer);
    }
    mes_buf_fini(&body);
    for (size_t i = 0; i < mes_api_routes.count; i++) {
        const struct mes_api_route *route = &mes_api_routes.rows[i];
        if (route->scope == MES_API_NONE)
            continue;
        write_line(route, 1, "", line);
        for (size_t k = 0; k < 3; k++)
            if ((bits[k] & route->scope) == 0)
                assert_int_equal(rig_ask_status(&rig, line, keys[k], NULL), 403);
            else
                assert_int_not_equal(rig_ask_status(&rig, line, keys[k], NULL), 403);
    }
}

static void F01_revoked_and_expired(void **state)
{
    char line[128];
    char key[MES_API_KEY_SPACE] = "";
    char id[MES_ID_SPACE] = "";
    (void)state;
    char *answer = rig_ask(&rig, "POST /api/v1/keys", key_a, "{\"name\":\"short\",\"scopes\":[\"read\"]}");
    memcpy(key, strstr(answer, "\"me_") + 1, MES_API_KEY_SIZE);
    memcpy(id, strstr(answer, "\"id\":\"") + 6, MES_ID_SIZE);
    mes_free(answer);
    assert_int_equal(rig_ask_status(&rig, "GET /api/v1/messages", key, NULL), 200);
    (void)snprintf(line, sizeof line, "DELETE /api/v1/keys/%s", id);
    assert_int_equal(rig_ask_status(&rig, line, key_b, NULL), 404);
    assert_int_equal(rig_ask_status(&rig, "GET /api/v1/messages", key, NULL), 200);
    assert_int_equal(rig_ask_status(&rig, line, key_a, NULL), 204);
    assert_int_equal(rig_ask_status(&rig, "GET /api/v1/messages", key, NULL), 401);
    assert_int_equal(rig_ask_status(&rig, line, key_a, NULL), 404);
    assert_int_equal(
        rig_ask_status(&rig, "POST /api/v1/keys", key_a,
                       "{\"name\":\"x\",\"scopes\":[\"read\"],\"expiresAt\":\"2020-01-01T00:00:00Z\"}"),
        422);
}

/* What can be told from an answer but its date and number. */
static void strip(char *answer)
{
    static const char *const varying[] = {"Date: ", "X-Request-Id: ", "\"id\":\""};
    for (size_t i = 0; i < sizeof varying / sizeof *varying; i++) {
        char *at = strstr(answer, varying[i]);
        for (at = at != NULL ? at + strlen(varying[i]) : NULL; at != NULL && *at != '\r' && *at != '"'; at++)
            *at = '-';
    }
}

static void F02_ids_of_another_company(void **state)
{
    char foreign[256], nobodys[256];
    size_t walked = 0;
    (void)state;
    for (size_t i = 0; i < mes_api_routes.count; i++) {
        const struct mes_api_route *route = &mes_api_routes.rows[i];
        /* Webhooks need a part of the service that is not here: tests/e2e/api_test.py walks over them. */
        if (strstr(route->path, "{id}") == NULL || strstr(route->path, "/webhooks/") != NULL)
            continue;
        write_line(route, id_for(route->path), "", foreign);
        write_line(route, 1, "", nobodys);
        char *answer = rig_ask(&rig, foreign, key_a, body_for(route));
        char *other = rig_ask(&rig, nobodys, key_a, body_for(route));
        if (rig_status_of(answer) != 404)
            fail_msg("%s: %s", foreign, answer);
        strip(answer);
        strip(other);
        assert_string_equal(answer, other);
        mes_free(answer);
        mes_free(other);
        walked++;
    }
    assert_true(walked > 10);
}

/* So that the test above would notice wrong ids. */
static void the_other_company_sees_its_own(void **state)
{
    static const char *const paths[] = {"/api/v1/messages/{id}", "/api/v1/messages/{id}/recipients"};
    char line[256];
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const struct mes_api_route route = {.method = MES_API_GET, .path = paths[i]};
        write_line(&route, b.job, "", line);
        assert_int_equal(rig_ask_status(&rig, line, key_b, NULL), 200);
        assert_int_equal(rig_ask_status(&rig, line, rig.key, NULL), 200);
        write_line(&route, b.job, "?company=b", line);
        assert_int_equal(rig_ask_status(&rig, line, rig.key, NULL), 200);
        write_line(&route, b.job, "?company=a", line);
        assert_int_equal(rig_ask_status(&rig, line, rig.key, NULL), 404);
    }
}

static void F02_another_company_by_name(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < mes_api_routes.count; i++) {
        const struct mes_api_route *route = &mes_api_routes.rows[i];
        if (route->scope == MES_API_NONE)
            continue;
        write_line(route, 1, "?company=b", line);
        unsigned status = rig_ask_status(&rig, line, key_a, body_for(route));
        if (status != 404)
            fail_msg("%s: %u", line, status);
    }
    assert_int_equal(rig_ask_status(&rig, "POST /api/v1/keys", key_a,
                                    "{\"name\":\"x\",\"scopes\":[\"send\"],\"company\":\"b\"}"),
                     404);
    assert_int_equal(
        rig_ask_status(&rig, "POST /api/v1/messages", key_a,
                       "{\"to\":[\"x@a.example\"],\"subject\":\"x\",\"text\":\"x\",\"company\":\"b\"}"),
        404);
}

static void F02_lists_show_nothing_of_others(void **state)
{
    const int64_t ids[] = {b.job, b.key, b.upload, b.schedule, b.webhook, b.captured};
    char line[256], text[MES_ID_SPACE];
    (void)state;
    for (size_t i = 0; i < mes_api_routes.count; i++) {
        const struct mes_api_route *route = &mes_api_routes.rows[i];
        if (route->method != MES_API_GET || route->scope == MES_API_NONE || strchr(route->path, '{') != NULL)
            continue;
        write_line(route, 0, "", line);
        char *answer = rig_ask(&rig, line, key_a, NULL);
        assert_null(strstr(answer, "ecret"));
        for (size_t k = 0; k < sizeof ids / sizeof *ids; k++)
            assert_null(strstr(answer, mes_id_text(text, ids[k])));
        mes_free(answer);
    }
}

static void figures_are_of_all_companies(void **state)
{
    (void)state;
    assert_int_equal(rig_ask_status(&rig, "GET /metrics", key_a, NULL), 403);
    char *answer = rig_ask(&rig, "GET /metrics", rig.key, NULL);
    assert_int_equal(rig_status_of(answer), 200);
    assert_non_null(strstr(answer, "mailenhance_jobs{state=\"held\"} 1\n"));
    assert_non_null(strstr(answer, "mailenhance_recipients_waiting{status=\"queued\"} 1\n"));
    assert_non_null(strstr(answer, "mailenhance_http_answers_total{class=\"4xx\"} "));
    assert_non_null(strstr(answer, "mailenhance_accept_seconds_bucket{le=\"0.001\"} "));
    assert_non_null(strstr(answer, "mailenhance_attempts_total{class=\"in_doubt\"} 0\n"));
    mes_free(answer);
}

static void F19_links_do_not_follow_the_host(void **state)
{
    static const char forged[] =
        "GET /api/v1/openapi.json HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n"
        "X-Forwarded-Proto: http\r\nForwarded: host=evil.example\r\nConnection: close\r\n\r\n";
    (void)state;
    char *answer = rig_talk(&rig, forged, sizeof forged - 1);
    assert_non_null(strstr(answer, "\"servers\":[{\"url\":\"https://mail.example.hk\"}]"));
    assert_null(strstr(answer, "evil"));
    mes_free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(F01_every_route_wants_a_key),      cmocka_unit_test(F01_scopes),
        cmocka_unit_test(F01_revoked_and_expired),          cmocka_unit_test(F02_ids_of_another_company),
        cmocka_unit_test(the_other_company_sees_its_own),   cmocka_unit_test(F02_another_company_by_name),
        cmocka_unit_test(F02_lists_show_nothing_of_others), cmocka_unit_test(figures_are_of_all_companies),
        cmocka_unit_test(F19_links_do_not_follow_the_host),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
