#include "hook/deliverer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/id.h"
#include "hook/fate.h"
#include "hook/settle_test.h"
#include "hook/signature.h"
#include "store/fixture_test.h"
#include "store/webhook.h"

enum { HOUR = 3600 * 1000 };

static const unsigned char master[MES_STORE_FOLDER_SECRET_SIZE] = "the master secret of this folder";

struct stand {
    struct scratch *scratch;
    _Atomic int64_t now;
    struct mes_clock clock;
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_store *store;
    struct mes_courier *courier;
    struct mes_hook_events *events;
    struct mes_hook_deliverer *deliverer;
    struct web *web;
};

static int64_t turned_by_hand(void *context)
{
    return atomic_load((_Atomic int64_t *)context);
}

static void on_written(void *context)
{
    struct stand *fixture = context;
    mes_hook_deliverer_nudge(fixture->deliverer);
}

static void make_client(struct stand *fixture, const char *allowed)
{
    struct mes_http_client_options options = {.loop = fixture->loop};
    assert_int_equal(mes_guard_allow(&options.guard, mes_str_of(allowed), NULL), 0);
    assert_int_equal(mes_http_client_new(&options, &fixture->client, NULL), 0);
}

static int set_up(void **state)
{
    struct stand *fixture = calloc(1, sizeof *fixture);
    void *scratch = NULL;
    if (scratch_begin(&scratch) != 0)
        return -1;
    fixture->scratch = scratch;
    fixture->web = web_start();
    atomic_init(&fixture->now, mes_clock_wall(mes_clock_system()));
    fixture->clock = (struct mes_clock){turned_by_hand, turned_by_hand, &fixture->now};
    const struct mes_hook_events_options events = {
        .clock = &fixture->clock, .on_written = on_written, .context = fixture};
    assert_int_equal(mes_loop_new(&fixture->clock, &fixture->loop, NULL), 0);
    assert_int_equal(mes_hook_events_new(&events, &fixture->events, NULL), 0);
    assert_int_equal(mes_store_open(fixture->scratch->database, NULL, &fixture->store, NULL), 0);
    make_client(fixture, "127.0.0.1");
    *state = fixture;
    return 0;
}

static void start(struct stand *fixture)
{
    const struct mes_hook_deliverer_options options = {
        .loop = fixture->loop, .client = fixture->client, .events = fixture->events, .secret = master};
    const struct mes_courier_options courier = {.store = fixture->store, .blob_folder = ""};
    assert_int_equal(mes_hook_deliverer_new(&options, &fixture->deliverer, NULL), 0);
    assert_int_equal(mes_courier_start(&courier, &fixture->courier, NULL), 0);
    mes_hook_deliverer_start(fixture->deliverer, fixture->courier);
}

/* From here on the test may look into the store itself. */
static void stop(struct stand *fixture)
{
    if (fixture->deliverer == NULL)
        return;
    mes_hook_deliverer_stop(fixture->deliverer);
    mes_courier_stop(&fixture->courier);
    mes_hook_deliverer_free(&fixture->deliverer);
}

static int tear_down(void **state)
{
    struct stand *fixture = *state;
    void *scratch = fixture->scratch;
    stop(fixture);
    mes_http_client_free(&fixture->client);
    mes_loop_free(&fixture->loop);
    mes_hook_events_free(&fixture->events);
    mes_store_close(&fixture->store);
    web_stop(&fixture->web);
    (void)scratch_end(&scratch);
    free(fixture);
    return 0;
}

/* --- what the store thread does for the test --- */

struct order {
    struct mes_courier_command command; /* first */
    struct stand *fixture;
    void (*act)(struct stand *fixture, struct mes_store *store, int64_t webhook);
    int64_t webhook;
    atomic_bool is_done;
};

static int run_order(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct order *order = (struct order *)command;
    (void)error;
    order->act(order->fixture, store, order->webhook);
    return 0;
}

static void order_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct order *order = (struct order *)command;
    (void)error;
    assert_int_equal(code, 0);
    atomic_store(&order->is_done, true);
}

static void turn(struct stand *fixture)
{
    mes_loop_step(fixture->loop, 1);
}

static void perform(struct stand *fixture, void (*act)(struct stand *, struct mes_store *, int64_t),
                    int64_t webhook)
{
    struct order order = {.command = {.run = run_order, .done = order_done},
                          .fixture = fixture,
                          .act = act,
                          .webhook = webhook};
    mes_courier_post(fixture->courier, &order.command);
    while (!atomic_load(&order.is_done))
        turn(fixture);
}

/* A webhook of the company "1", "2" … at that path of the server. */
static void add_webhook(struct stand *fixture, int64_t id, const char *path)
{
    char url[100], company[2] = {(char)('0' + id), '\0'};
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", web_port(fixture->web), path);
    const struct mes_store_webhook webhook = {.id = id, .company = company, .url = url, .created_at = 1};
    assert_int_equal(mes_store_begin(fixture->store, NULL), 0);
    assert_int_equal(mes_store_webhook_add(fixture->store, &webhook, NULL), 0);
    assert_int_equal(mes_store_commit(fixture->store, NULL), 0);
}

static void happen(struct stand *fixture, struct mes_store *store, int64_t webhook)
{
    char company[2] = {(char)('0' + webhook), '\0'};
    const struct mes_queue_recipient_news news = {.company = company,
                                                  .job = 9,
                                                  .address = "a@example.com",
                                                  .status = "sent",
                                                  .account = "first",
                                                  .code = 250};
    assert_int_equal(mes_hook_on_recipient(fixture->events, store, &news, NULL), 0);
}

static void happen_ten_times(struct stand *fixture, struct mes_store *store, int64_t webhook)
{
    for (int i = 0; i < 10; i++)
        happen(fixture, store, webhook);
}

/* What a person does by DELETE and by …/resume. */
static void delete (struct stand *fixture, struct mes_store *store, int64_t webhook)
{
    const struct mes_store_ref ref = {.company = NULL, .id = webhook};
    assert_int_equal(mes_store_webhook_remove(store, ref, NULL), 0);
    mes_hook_events_changed(fixture->events);
}

static void wait_for(struct stand *fixture, const char *path, unsigned count)
{
    for (int turns = 0; turns < 5000 && web_requests_to(fixture->web, path) < count; turns++)
        turn(fixture);
    assert_int_equal(web_requests_to(fixture->web, path), count);
}

static void settle(struct stand *fixture)
{
    settle_all(fixture->loop, fixture->courier, fixture->web);
}

/* --- what is left, once stopped --- */

struct left {
    struct mes_store_webhook row;
    char result[100];
    unsigned count;
    int64_t event, attempts, due_at; /* of the first */
};

static bool see_event(void *context, const struct mes_store_webhook_event *event)
{
    struct left *left = context;
    if (left->count++ == 0) {
        left->event = event->id;
        left->attempts = event->attempts;
        left->due_at = event->due_at;
    }
    return true;
}

static struct left left_of(struct stand *fixture, int64_t webhook)
{
    struct left left = {.count = 0};
    struct mes_arena arena;
    struct mes_store_reader *reads = mes_store_reads(fixture->store);
    const struct mes_store_ref ref = {.company = NULL, .id = webhook};
    const struct mes_store_webhook_due due = {.webhook = webhook, .now = INT64_MAX, .limit = 1000};
    mes_arena_init(&arena, 100000);
    assert_int_equal(mes_store_webhook_load(reads, ref, &arena, &left.row, NULL), 0);
    (void)snprintf(left.result, sizeof left.result, "%s", left.row.last_result);
    assert_int_equal(mes_store_webhook_event_due(reads, due, see_event, &left, NULL), 0);
    mes_arena_fini(&arena);
    return left;
}

static void header_of(struct stand *fixture, const char *name, char *out, size_t size)
{
    static char request[100000];
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *value = strstr(web_newest(fixture->web, request, sizeof request), wanted);
    assert_non_null(value);
    value += strlen(wanted);
    (void)snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
}

static void G03_a_delivery_is_signed(void **state)
{
    struct stand *fixture = *state;
    char id[100], at[100], given[100], secret[MES_HOOK_SECRET_SPACE], signature[MES_HOOK_SIGNATURE_SPACE];
    char type[100], request[10000];
    add_webhook(fixture, 1, "/ok");
    start(fixture);
    perform(fixture, happen, 1);
    wait_for(fixture, "/ok", 1);
    header_of(fixture, "Mailenhance-Id", id, sizeof id);
    header_of(fixture, "Mailenhance-Timestamp", at, sizeof at);
    header_of(fixture, "Mailenhance-Event", type, sizeof type);
    header_of(fixture, "Mailenhance-Signature", given, sizeof given);
    const char *body = strstr(web_newest(fixture->web, request, sizeof request), "\r\n\r\n") + 4;
    assert_true(mes_hook_secret(master, 1, secret));
    assert_true(mes_hook_sign(secret, id, at, mes_str_of(body), signature));
    assert_string_equal(given, signature);
    assert_string_equal(type, "recipient.sent");
    assert_memory_equal(body, "{\"id\":\"", 7);
    assert_memory_equal(body + 7, id, MES_ID_SIZE);
    settle(fixture);
    stop(fixture);
    struct left left = left_of(fixture, 1);
    assert_int_equal(left.count, 0);
    assert_int_equal(left.row.told_at, fixture->now);
    assert_string_equal(left.result, "answered 200");
    assert_int_equal(web_requests(fixture->web), 1);
}

static void what_waited_for_the_start_is_told(void **state)
{
    struct stand *fixture = *state;
    add_webhook(fixture, 1, "/ok");
    assert_int_equal(mes_store_begin(fixture->store, NULL), 0);
    const struct mes_store_webhook_event event = {
        .id = 5, .webhook = 1, .event = "job.done", .body = MES_STR("{}"), .due_at = fixture->now};
    assert_int_equal(mes_store_webhook_event_add(fixture->store, &event, NULL), 0);
    assert_int_equal(mes_store_commit(fixture->store, NULL), 0);
    start(fixture);
    wait_for(fixture, "/ok", 1);
}

static void G02_a_failure_is_tried_again_under_its_id(void **state)
{
    struct stand *fixture = *state;
    char first[100], second[100];
    add_webhook(fixture, 1, "/status/500");
    start(fixture);
    perform(fixture, happen, 1);
    wait_for(fixture, "/status/500", 1);
    header_of(fixture, "Mailenhance-Id", first, sizeof first);
    settle(fixture);
    fixture->now += MES_HOOK_TRY_FIRST_MS * 12 / 10;
    wait_for(fixture, "/status/500", 2);
    header_of(fixture, "Mailenhance-Id", second, sizeof second);
    assert_string_equal(first, second);
    settle(fixture);
    stop(fixture);
    struct left left = left_of(fixture, 1);
    assert_int_equal(left.count, 1);
    assert_int_equal(left.attempts, 2);
    assert_in_range(left.due_at - fixture->now, 16000, 24000);
    assert_int_equal(left.row.state, MES_STORE_WEBHOOK_ACTIVE);
    assert_int_equal(left.row.failing_since, fixture->now - MES_HOOK_TRY_FIRST_MS * 12 / 10);
    assert_string_equal(left.result, "answered 500");
}

static void G02_a_day_of_failures_pauses_it(void **state)
{
    struct stand *fixture = *state;
    add_webhook(fixture, 1, "/status/503");
    start(fixture);
    perform(fixture, happen, 1);
    wait_for(fixture, "/status/503", 1);
    settle(fixture);
    fixture->now += 25 * HOUR;
    wait_for(fixture, "/status/503", 2);
    settle(fixture);
    perform(fixture, happen, 1); /* nobody wants it any more */
    fixture->now += 25 * HOUR;
    settle(fixture);
    assert_int_equal(web_requests(fixture->web), 2);
    stop(fixture);
    struct left left = left_of(fixture, 1);
    assert_int_equal(left.row.state, MES_STORE_WEBHOOK_PAUSED);
    assert_int_equal(left.count, 1);
}

static void G02_gone_is_disabled(void **state)
{
    struct stand *fixture = *state;
    add_webhook(fixture, 1, "/status/410");
    start(fixture);
    perform(fixture, happen_ten_times, 1);
    wait_for(fixture, "/status/410", MES_HOOK_AT_ONCE);
    settle(fixture);
    perform(fixture, happen, 1);
    settle(fixture);
    assert_int_equal(web_requests(fixture->web), MES_HOOK_AT_ONCE);
    stop(fixture);
    struct left left = left_of(fixture, 1);
    assert_int_equal(left.row.state, MES_STORE_WEBHOOK_DISABLED);
    assert_int_equal(left.count, 0);
}

/* The event was on its way when the process ended: it comes again, and its id tells the receiver. */
static void G02_killed_after_the_post(void **state)
{
    struct stand *fixture = *state;
    char first[100], second[100];
    add_webhook(fixture, 1, "/hang");
    start(fixture);
    perform(fixture, happen, 1);
    wait_for(fixture, "/hang", 1);
    header_of(fixture, "Mailenhance-Id", first, sizeof first);
    stop(fixture);
    assert_int_equal(left_of(fixture, 1).count, 1);
    start(fixture);
    settle(fixture);
    assert_int_equal(web_requests(fixture->web), 1);
    fixture->now += MES_HOOK_LEASE_MS;
    wait_for(fixture, "/hang", 2);
    header_of(fixture, "Mailenhance-Id", second, sizeof second);
    assert_string_equal(first, second);
}

static void G01_one_that_hangs_delays_no_other(void **state)
{
    struct stand *fixture = *state;
    add_webhook(fixture, 1, "/hang");
    add_webhook(fixture, 2, "/ok");
    start(fixture);
    perform(fixture, happen_ten_times, 1);
    perform(fixture, happen_ten_times, 2);
    wait_for(fixture, "/ok", 10);
    wait_for(fixture, "/hang", MES_HOOK_AT_ONCE);
    settle(fixture);
    assert_int_equal(web_requests_to(fixture->web, "/hang"), MES_HOOK_AT_ONCE);
    /* After that it is tried by one request at a time, and rests in between. */
    fixture->now += MES_HTTP_TIMEOUT_MS;
    settle(fixture);
    assert_int_equal(web_requests_to(fixture->web, "/hang"), MES_HOOK_AT_ONCE);
    fixture->now += MES_HOOK_TRY_FIRST_MS * 3;
    wait_for(fixture, "/hang", MES_HOOK_AT_ONCE + 1);
    settle(fixture);
    assert_int_equal(web_requests_to(fixture->web, "/hang"), MES_HOOK_AT_ONCE + 1);
    perform(fixture, happen_ten_times, 2);
    wait_for(fixture, "/ok", 20);
    stop(fixture);
    assert_int_equal(left_of(fixture, 1).count, 10);
    assert_string_equal(left_of(fixture, 1).result, "no complete answer in time");
}

static void F08_an_internal_address_gets_nothing(void **state)
{
    struct stand *fixture = *state;
    mes_http_client_free(&fixture->client);
    make_client(fixture, "127.0.0.9");
    add_webhook(fixture, 1, "/ok");
    start(fixture);
    perform(fixture, happen, 1);
    settle(fixture);
    stop(fixture);
    struct left left = left_of(fixture, 1);
    assert_int_equal(left.attempts, 1);
    assert_string_equal(left.result, "a loopback address, which may not be called");
    assert_int_equal(web_connections(fixture->web, "127.0.0.1"), 0);
}

static void one_that_is_deleted_meanwhile(void **state)
{
    struct stand *fixture = *state;
    add_webhook(fixture, 1, "/hang");
    add_webhook(fixture, 2, "/ok");
    start(fixture);
    perform(fixture, happen, 1);
    wait_for(fixture, "/hang", 1);
    perform(fixture, delete, 1);
    fixture->now += MES_HTTP_TIMEOUT_MS;
    settle(fixture);
    perform(fixture, happen, 2);
    wait_for(fixture, "/ok", 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(G03_a_delivery_is_signed),
        TEST(what_waited_for_the_start_is_told),
        TEST(G02_a_failure_is_tried_again_under_its_id),
        TEST(G02_a_day_of_failures_pauses_it),
        TEST(G02_gone_is_disabled),
        TEST(G02_killed_after_the_post),
        TEST(G01_one_that_hangs_delays_no_other),
        TEST(F08_an_internal_address_gets_nothing),
        TEST(one_that_is_deleted_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
