#include "hook/alert.h"

#include "hook/fate.h"
#include "hook/receiver.h"
#include "hook/settle_test.h"
#include "store/fixture_test.h"

struct stand {
    struct scratch *scratch;
    _Atomic int64_t now;
    struct mes_clock clock;
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_store *store;
    struct mes_courier *courier;
    struct mes_hook_alerts *alerts;
    struct web *web;
    char urls[2][100];
    const char *to[2];
    unsigned mails;
    bool takes_mails;
    char mail[3000]; /* the last one: "address|subject|text" */
};

static int64_t turned_by_hand(void *context)
{
    return atomic_load((_Atomic int64_t *)context);
}

static bool on_mail(void *context, const char *address, const char *subject, const char *text)
{
    struct stand *stand = context;
    stand->mails++;
    (void)snprintf(stand->mail, sizeof stand->mail, "%s|%s|%s", address, subject, text);
    return stand->takes_mails;
}

static struct mes_hook_alerts_options options_of(struct stand *stand, size_t count)
{
    return (struct mes_hook_alerts_options){.loop = stand->loop,
                                            .client = stand->client,
                                            .language = MES_EN,
                                            .to = stand->to,
                                            .to_count = count,
                                            .on_mail = on_mail,
                                            .context = stand};
}

static int set_up(void **state)
{
    struct stand *stand = calloc(1, sizeof *stand);
    struct mes_http_client_options client = {.loop = NULL};
    void *scratch = NULL;
    if (scratch_begin(&scratch) != 0)
        return -1;
    stand->scratch = scratch;
    stand->web = web_start();
    stand->takes_mails = true;
    atomic_init(&stand->now, NOON_MS);
    stand->clock = (struct mes_clock){turned_by_hand, turned_by_hand, &stand->now};
    assert_int_equal(mes_loop_new(&stand->clock, &stand->loop, NULL), 0);
    assert_int_equal(mes_store_open(stand->scratch->database, NULL, &stand->store, NULL), 0);
    client.loop = stand->loop;
    assert_int_equal(mes_guard_allow(&client.guard, MES_STR("127.0.0.1"), NULL), 0);
    assert_int_equal(mes_http_client_new(&client, &stand->client, NULL), 0);
    *state = stand;
    return 0;
}

static void make(struct stand *stand, const char *first, const char *second)
{
    const char *paths[2] = {first, second};
    size_t count = 0;
    for (size_t i = 0; i < 2 && paths[i] != NULL; i++) {
        if (paths[i][0] == '/')
            (void)snprintf(stand->urls[i], sizeof stand->urls[i], "http://127.0.0.1:%u%s",
                           web_port(stand->web), paths[i]);
        else
            (void)snprintf(stand->urls[i], sizeof stand->urls[i], "%s", paths[i]);
        stand->to[count++] = stand->urls[i];
    }
    const struct mes_hook_alerts_options options = options_of(stand, count);
    assert_int_equal(mes_hook_alerts_new(&options, &stand->alerts, NULL), 0);
}

static void start(struct stand *stand)
{
    const struct mes_courier_options courier = {.store = stand->store, .blob_folder = ""};
    assert_int_equal(mes_courier_start(&courier, &stand->courier, NULL), 0);
    mes_hook_alerts_start(stand->alerts, stand->courier);
}

static void stop(struct stand *stand)
{
    if (stand->alerts == NULL)
        return;
    mes_hook_alerts_stop(stand->alerts);
    mes_courier_stop(&stand->courier);
    mes_hook_alerts_free(&stand->alerts);
}

static int tear_down(void **state)
{
    struct stand *stand = *state;
    void *scratch = stand->scratch;
    stop(stand);
    mes_http_client_free(&stand->client);
    mes_loop_free(&stand->loop);
    mes_store_close(&stand->store);
    web_stop(&stand->web);
    (void)scratch_end(&scratch);
    free(stand);
    return 0;
}

static void settle(struct stand *stand)
{
    settle_all(stand->loop, stand->courier, stand->web);
}

static void pass(struct stand *stand, int64_t ms)
{
    settle(stand);
    stand->now += ms;
    settle(stand);
}

static void raise_alert(struct stand *stand, enum mes_hook_alert_kind kind, const char *company,
                        const char *subject)
{
    const struct mes_hook_alert alert = {
        .kind = kind, .company = company, .subject = subject, .detail = "detail"};
    mes_hook_alert_raise(stand->alerts, &alert);
}

static void clear_alert(struct stand *stand, enum mes_hook_alert_kind kind, const char *company,
                        const char *subject)
{
    const struct mes_hook_alert alert = {.kind = kind, .company = company, .subject = subject};
    mes_hook_alert_clear(stand->alerts, &alert);
}

static bool newest_has(struct stand *stand, const char *text)
{
    char request[5000];
    return strstr(web_newest(stand->web, request, sizeof request), text) != NULL;
}

static void trouble_is_told_once_and_its_end_once(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    for (int i = 0; i < 3; i++) {
        raise_alert(stand, MES_HOOK_ALERT_all_down, "acme", "");
        pass(stand, MES_HOOK_RECEIVER_APART_MS);
    }
    assert_int_equal(web_requests(stand->web), 1);
    assert_true(newest_has(stand, "{\"text\":\"No account of acme can send"));
    for (int i = 0; i < 3; i++) {
        clear_alert(stand, MES_HOOK_ALERT_all_down, "acme", "");
        pass(stand, MES_HOOK_RECEIVER_APART_MS);
    }
    assert_int_equal(web_requests(stand->web), 2);
    assert_true(newest_has(stand, "{\"text\":\"An account of acme can send again.\"}"));
    raise_alert(stand, MES_HOOK_ALERT_all_down, "acme", "");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests(stand->web), 3);
}

static void each_company_and_subject_is_its_own(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    raise_alert(stand, MES_HOOK_ALERT_login, "acme", "one");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    raise_alert(stand, MES_HOOK_ALERT_login, "acme", "two");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    raise_alert(stand, MES_HOOK_ALERT_login, NULL, "one");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests(stand->web), 3);
    assert_true(newest_has(stand, "\\\"one\\\" of the general list"));
    clear_alert(stand, MES_HOOK_ALERT_login, "acme", "two");
    raise_alert(stand, MES_HOOK_ALERT_login, "acme", "one");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests(stand->web), 4);
    assert_true(newest_has(stand, "{\"text\":\"The account \\\"two\\\" of acme can log in again.\"}"));
}

static void a_kind_without_an_end_is_told_each_time(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    for (int i = 0; i < 2; i++) {
        raise_alert(stand, MES_HOOK_ALERT_job_held, "", "01h");
        pass(stand, MES_HOOK_RECEIVER_APART_MS);
    }
    assert_int_equal(web_requests(stand->web), 2);
}

static void what_stands_is_not_told_after_a_restart(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    raise_alert(stand, MES_HOOK_ALERT_disk, "", "");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    stop(stand);
    make(stand, "/ok", NULL);
    raise_alert(stand, MES_HOOK_ALERT_disk, "", ""); /* before the start */
    raise_alert(stand, MES_HOOK_ALERT_backup, "", "");
    settle(stand);
    start(stand);
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests(stand->web), 2);
    assert_true(newest_has(stand, "{\"text\":\"The newest backup is older than two days (detail)."));
}

static void what_comes_together_goes_together(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    for (char c = 'a'; c < 'd'; c++)
        raise_alert(stand, MES_HOOK_ALERT_schedule_late, "", (char[2]){c, '\0'});
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests(stand->web), 1);
    assert_true(newest_has(stand, "The schedule a missed"));
    assert_true(
        newest_has(stand, "\\nThe schedule c missed its time because the service was not running.\"}"));
}

static void a_flood_is_counted(void **state)
{
    struct stand *stand = *state;
    make(stand, "/ok", NULL);
    start(stand);
    for (int i = 0; i < 200; i++)
        raise_alert(stand, MES_HOOK_ALERT_quarantined, "", "01h");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests(stand->web), 1);
    assert_true(newest_has(stand, "further alerts; see the log.\"}"));
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests(stand->web), 1);
    raise_alert(stand, MES_HOOK_ALERT_quarantined, "", "01h");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests(stand->web), 2);
    assert_false(newest_has(stand, "further"));
}

static void one_that_fails_is_tried_for_a_day_and_hinders_nobody(void **state)
{
    struct stand *stand = *state;
    make(stand, "/status/500", "/ok");
    start(stand);
    raise_alert(stand, MES_HOOK_ALERT_job_held, "", "first");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests_to(stand->web, "/ok"), 1);
    assert_int_equal(web_requests_to(stand->web, "/status/500"), 1);
    raise_alert(stand, MES_HOOK_ALERT_job_held, "", "second");
    pass(stand, MES_HOOK_RECEIVER_APART_MS);
    assert_int_equal(web_requests_to(stand->web, "/ok"), 2);
    assert_int_equal(web_requests_to(stand->web, "/status/500"), 1);
    pass(stand, MES_HOOK_TRY_FIRST_MS);
    assert_int_equal(web_requests_to(stand->web, "/status/500"), 2);
    assert_true(newest_has(stand, "first") && newest_has(stand, "second"));
    pass(stand, MES_HOOK_RECEIVER_GIVE_UP_MS);
    assert_int_equal(web_requests_to(stand->web, "/status/500"), 3);
    pass(stand, MES_HOOK_RECEIVER_GIVE_UP_MS);
    assert_int_equal(web_requests_to(stand->web, "/status/500"), 3);
}

static void a_mail_is_handed_to_the_queue(void **state)
{
    struct stand *stand = *state;
    make(stand, "ops@example.hk", NULL);
    start(stand);
    stand->takes_mails = false;
    raise_alert(stand, MES_HOOK_ALERT_schedule_late, "", "a");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(stand->mails, 1);
    stand->takes_mails = true;
    pass(stand, MES_HOOK_TRY_FIRST_MS + 1000);
    assert_int_equal(stand->mails, 2);
    assert_string_equal(
        stand->mail,
        "ops@example.hk|Mailenhance: The schedule a missed its time because the service was not running.|"
        "The schedule a missed its time because the service was not running.");
    pass(stand, MES_HOOK_TRY_FIRST_MS);
    assert_int_equal(stand->mails, 2);
}

static void receivers_change_with_the_settings(void **state)
{
    struct stand *stand = *state;
    struct mes_error error;
    char text[1000];
    make(stand, "/ok", NULL);
    start(stand);
    struct mes_hook_alerts_options options = options_of(stand, 1);
    stand->to[0] = "https://canary@example.com/";
    assert_int_equal(mes_hook_alerts_reload(stand->alerts, &options, &error), MES_E_CONFIG);
    assert_null(strstr(mes_error_text(&error, MES_EN, text, sizeof text), "canary"));
    raise_alert(stand, MES_HOOK_ALERT_job_held, "", "a");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests(stand->web), 1);
    stand->to[0] = "ops@example.hk";
    options.language = MES_ZH_HK;
    assert_int_equal(mes_hook_alerts_reload(stand->alerts, &options, &error), 0);
    raise_alert(stand, MES_HOOK_ALERT_job_held, "", "b");
    pass(stand, MES_HOOK_RECEIVER_GATHER_MS);
    assert_int_equal(web_requests(stand->web), 1);
    assert_non_null(strstr(stand->mail, "郵件工作 b 已被扣起"));
}

static void every_kind_has_its_sentences(void **state)
{
    (void)state;
    for (int i = 0; i < MES_HOOK_ALERT_COUNT; i++) {
        const struct mes_hook_alert alert = {
            .kind = (enum mes_hook_alert_kind)i, .subject = "s", .detail = "d"};
        enum mes_hook_alert_kind parsed;
        assert_true(mes_hook_alert_parse(mes_hook_alert_id(alert.kind), &parsed));
        assert_int_equal(parsed, i);
        for (int is_over = 0; is_over <= mes_hook_alert_ends(alert.kind); is_over++) {
            struct mes_buf out;
            mes_buf_init(&out, 1000);
            mes_hook_alert_say(&alert, is_over, MES_ZH_CN, &out);
            assert_in_range(out.size, 10, 999);
            mes_buf_fini(&out);
        }
    }
    enum mes_hook_alert_kind none;
    assert_false(mes_hook_alert_parse("nothing.known", &none));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trouble_is_told_once_and_its_end_once),
        TEST(each_company_and_subject_is_its_own),
        TEST(a_kind_without_an_end_is_told_each_time),
        TEST(what_stands_is_not_told_after_a_restart),
        TEST(what_comes_together_goes_together),
        TEST(a_flood_is_counted),
        TEST(one_that_fails_is_tried_for_a_day_and_hinders_nobody),
        TEST(a_mail_is_handed_to_the_queue),
        TEST(receivers_change_with_the_settings),
        cmocka_unit_test(every_kind_has_its_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
