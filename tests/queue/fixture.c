#include <assert.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/file.h"
#include "queue/queue_test.h"

enum { PATIENCE_TURNS = 3000, TURN_MS = 5, TEXT = 600 };

static int64_t monotonic(void *context)
{
    struct queue_testing *testing = context;
    return mes_clock_monotonic(mes_clock_system()) + atomic_load(&testing->ahead_ms);
}

static int64_t hasty(void *context)
{
    struct queue_testing *testing = context;
    return monotonic(context) + atomic_fetch_add(&testing->courier_ms, testing->courier_haste_ms);
}

static int64_t wall(void *context)
{
    struct queue_testing *testing = context;
    return mes_clock_wall(mes_clock_system()) + atomic_load(&testing->ahead_ms) +
           atomic_load(&testing->set_ms);
}

static const char *path_in(const struct queue_testing *testing, const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", testing->folder, name);
    return path;
}

/* ---- news ---- */

static void on_alert(void *context, const char *name, const char *detail)
{
    struct queue_testing *testing = context;
    (void)detail;
    (void)snprintf(testing->alerts + strlen(testing->alerts),
                   sizeof testing->alerts - strlen(testing->alerts), "%s ", name);
}

static void on_account(void *context, const struct mes_carrier_account_news *news)
{
    struct queue_testing *testing = context;
    size_t used = strlen(testing->account_news);
    (void)snprintf(testing->account_news + used, sizeof testing->account_news - used, "%s:%s%s ",
                   news->account, news->until > 0 ? "rests" : "well", news->is_alarm ? "!" : "");
}

static void on_fallback(void *context, const char *company, const char *account, bool is_in_use)
{
    struct queue_testing *testing = context;
    size_t used = strlen(testing->fallback_news);
    (void)company;
    (void)snprintf(testing->fallback_news + used, sizeof testing->fallback_news - used, "%c%s ",
                   is_in_use ? '+' : '-', account);
}

/* ---- the whole ---- */

void queue_testing_start(struct queue_testing *testing)
{
    struct mes_error error = {0};
    const struct mes_account_source source = {.path = path_in(testing, "AppSetting.json")};
    char database[128], journal[128];
    (void)snprintf(database, sizeof database, "%s/queue.db", testing->folder);
    (void)snprintf(journal, sizeof journal, "%s/journal", testing->folder);
    assert_int_equal(mes_loop_new(&testing->clock, &testing->loop, &error), 0);
    assert_int_equal(mes_store_open(database, &testing->clock, &testing->store, &error), 0);
    assert_int_equal(mes_store_readers_new(database, 2, &testing->readers, &error), 0);
    assert_int_equal(mes_store_journal_open(journal, &testing->journal, &error), 0);
    assert_int_equal(mes_roster_load(&source, &testing->roster, &error), 0);
    assert_int_equal(mes_queue_memory_new(testing->store, &testing->memory, &error), 0);
    const struct mes_carrier_options carrier = {
        .loop = testing->loop,
        .roster = testing->roster,
        .memory = testing->memory,
        .listener = {.on_account = on_account, .on_fallback = on_fallback, .context = testing},
    };
    assert_int_equal(mes_carrier_new(&carrier, &testing->carrier, &error), 0);
    const struct mes_courier_options courier = {
        .store = testing->store,
        .journal = testing->journal,
        .carrier = testing->carrier,
        .clock = &testing->courier_clock,
        .blob_folder = testing->folder,
        .was_crash = true,
        .listener = {.on_alert = on_alert, .context = testing},
    };
    assert_int_equal(mes_courier_start(&courier, &testing->courier, &error), 0);
    mes_carrier_set_courier(testing->carrier, testing->courier);
    mes_queue_memory_set_courier(testing->memory, testing->courier);
}

void queue_testing_begin(struct queue_testing *testing, const char *more)
{
    *testing = (struct queue_testing){.folder = "/tmp/mes-queue-XXXXXX"};
    testing->clock = (struct mes_clock){monotonic, wall, testing};
    testing->courier_clock = (struct mes_clock){hasty, wall, testing};
    assert_non_null(mkdtemp(testing->folder));
    mes_arena_init(&testing->arena, 64 * 1024 * 1024);
    testing->relay = relay_start();
    testing->second = relay_start();
    FILE *file = fopen(path_in(testing, "AppSetting.json"), "w");
    fprintf(
        file,
        "{\"globalConfig\":{\"timeZone\":\"UTC\"},\"senderEmailAccountList\":["
        "{\"name\":\"one\",\"senderServerHost\":\"127.0.0.1\",\"senderServerHostPort\":%u,"
        "\"fromMailAddress\":\"a@one.test\",\"connectTimeoutSeconds\":5,\"finalReplyTimeoutSeconds\":5%s},"
        "{\"name\":\"two\",\"senderServerHost\":\"127.0.0.1\",\"senderServerHostPort\":%u,"
        "\"fromMailAddress\":\"b@two.test\"}]}",
        relay_port(testing->relay), more, relay_port(testing->second));
    fclose(file);
    queue_testing_start(testing);
}

static void on_drained(void *context)
{
    struct queue_testing *testing = context;
    testing->is_drained = true;
}

static bool is_drained(struct queue_testing *testing, void *context)
{
    (void)context;
    return testing->is_drained;
}

static void close_all(struct queue_testing *testing)
{
    mes_courier_stop(&testing->courier);
    mes_carrier_free(&testing->carrier);
    mes_queue_memory_free(&testing->memory);
    mes_roster_drop(&testing->roster);
    mes_store_journal_close(&testing->journal);
    mes_store_readers_free(&testing->readers);
    mes_store_close(&testing->store);
    mes_loop_free(&testing->loop);
}

void queue_testing_stop(struct queue_testing *testing)
{
    testing->is_drained = false;
    mes_courier_pause(testing->courier);
    mes_carrier_drain(testing->carrier, 0, on_drained, testing);
    queue_testing_until(testing, is_drained, NULL);
    close_all(testing);
}

static void remove_entry(void *context, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (mes_file_is_folder(path)) {
        assert_int_equal(mes_file_list(path, remove_entry, path, NULL), 0);
        (void)rmdir(path);
    } else {
        (void)unlink(path);
    }
}

void queue_testing_end(struct queue_testing *testing)
{
    relay_release(testing->relay);
    relay_release(testing->second);
    if (testing->loop != NULL)
        queue_testing_stop(testing);
    relay_stop(&testing->relay);
    relay_stop(&testing->second);
    mes_arena_fini(&testing->arena);
    assert_int_equal(mes_file_list(testing->folder, remove_entry, testing->folder, NULL), 0);
    (void)rmdir(testing->folder);
}

void queue_testing_pass(struct queue_testing *testing, int64_t milliseconds)
{
    atomic_fetch_add(&testing->ahead_ms, milliseconds);
    mes_courier_nudge(testing->courier);
    mes_loop_step(testing->loop, 0);
}

void queue_testing_until(struct queue_testing *testing,
                         bool (*is_so)(struct queue_testing *testing, void *context), void *context)
{
    for (int i = 0; i < PATIENCE_TURNS; i++) {
        if (is_so(testing, context))
            return;
        mes_loop_step(testing->loop, TURN_MS);
    }
    fail_msg("it did not come to that");
}

/* ---- jobs ---- */

static const char *address_of(const struct queue_job *job, size_t index, char out[TEXT])
{
    const char *text = job->addresses[index < 1 || strchr(job->addresses[0], '#') == NULL ? index : 0];
    if (strchr(job->addresses[0], '#') != NULL)
        text = job->addresses[0];
    const char *place = strchr(text, '#');
    if (place == NULL)
        (void)snprintf(out, TEXT, "%s", text);
    else
        (void)snprintf(out, TEXT, "%.*s%zu%s", (int)(place - text), text, index, place + 1);
    return out;
}

struct answered {
    atomic_bool is_answered;
    enum mes_intake_result result;
};

static void on_done(struct mes_intake *intake, enum mes_intake_result result, const struct mes_error *error)
{
    struct answered *answered = intake->context;
    (void)error;
    answered->result = result;
    atomic_store(&answered->is_answered, true);
}

static bool is_answered(struct queue_testing *testing, void *context)
{
    struct answered *answered = context;
    (void)testing;
    return atomic_load(&answered->is_answered);
}

static struct mes_compose_job *compile(struct queue_testing *testing, const struct queue_job *job,
                                       struct mes_buf *document)
{
    struct mes_error error = {0};
    struct mes_message *message = mes_message_new();
    struct mes_compose_job *compiled = NULL;
    char address[TEXT];
    for (size_t i = 0; i < job->count; i++)
        assert_int_equal(
            mes_message_add_recipient(message, MES_ROLE_TO, address_of(job, i, address), NULL, &error), 0);
    if (job->cc != NULL)
        assert_int_equal(mes_message_add_recipient(message, MES_ROLE_CC, job->cc, NULL, &error), 0);
    assert_int_equal(mes_message_set_subject(message, "你好", &error), 0);
    assert_int_equal(mes_message_set_text(message, "測試 text", &error), 0);
    const struct mes_compose_options options = {.domain = "one.test", .clock = &testing->clock};
    assert_int_equal(mes_compose_job_new(message, &options, &compiled, &error), 0);
    assert_int_equal(mes_compose_stored_write(message, compiled, document, &error), 0);
    mes_message_free(&message);
    return compiled;
}

static struct mes_intake_recipient *list_rows(const struct queue_job *job, size_t *count_out)
{
    size_t step = job->cc != NULL ? 2 : 1;
    struct mes_intake_recipient *rows = calloc(job->count * step, sizeof *rows);
    char address[TEXT];
    for (size_t i = 0; i < job->count; i++) {
        rows[i * step].address = strdup(address_of(job, i, address));
        if (step == 2)
            rows[i * step + 1].address = strdup(job->cc);
    }
    *count_out = job->count * step;
    return rows;
}

enum mes_intake_result queue_testing_try(struct queue_testing *testing, const struct queue_job *job,
                                         int64_t *id_out)
{
    struct mes_buf document;
    struct answered answered = {.is_answered = false};
    mes_buf_init(&document, 1024 * 1024);
    int64_t now = mes_clock_wall(&testing->clock);
    struct mes_intake intake = {
        .head = {.id = mes_id_next(&testing->clock),
                 .company = job->company != NULL ? job->company : "",
                 .kind = job->is_bulk ? MES_KIND_NOTICE : MES_KIND_TRANSACTIONAL,
                 .lane = job->is_bulk ? MES_LANE_BULK : MES_LANE_TRANSACTIONAL,
                 .priority = 5,
                 .account = job->account,
                 .on_doubt = job->on_doubt,
                 .late = job->late,
                 .created_at = now,
                 .send_at = now + job->send_in_ms,
                 .expires_at = job->expires_in_ms != 0 ? now + job->expires_in_ms : 0,
                 .zone = "UTC",
                 .quiet_hours = job->quiet_hours,
                 .subject = "你好",
                 .copies = job->cc != NULL ? 1 : 0},
        .key = {.name = job->key != NULL ? job->key : "", .status = 202, .answer = MES_STR("{}")},
        .on_done = on_done,
        .context = &answered,
    };
    intake.compiled = compile(testing, job, &document);
    intake.head.document = mes_buf_str(&document);
    intake.key.digest[0] = (unsigned char)job->count;
    struct mes_intake_recipient *rows = list_rows(job, &intake.recipient_count);
    intake.recipients = rows;
    mes_intake_post(testing->courier, &intake);
    queue_testing_until(testing, is_answered, &answered);
    for (size_t i = 0; i < intake.recipient_count; i++)
        free((char *)rows[i].address);
    free(rows);
    mes_compose_job_release(&intake.compiled);
    mes_buf_fini(&document);
    *id_out = intake.head.id;
    return answered.result;
}

int64_t queue_testing_post(struct queue_testing *testing, const struct queue_job *job)
{
    int64_t id = 0;
    assert_int_equal(queue_testing_try(testing, job, &id), MES_INTAKE_ACCEPTED);
    return id;
}

/* ---- looking ---- */

static struct mes_store_reader *borrow(struct queue_testing *testing)
{
    struct mes_store_reader *reader = NULL;
    assert_int_equal(mes_store_readers_borrow(testing->readers, &reader, NULL), 0);
    return reader;
}

struct mes_store_job queue_testing_job(struct queue_testing *testing, int64_t id)
{
    struct mes_store_job job = {0};
    struct mes_store_reader *reader = borrow(testing);
    assert_int_equal(
        mes_store_job_load(reader, (struct mes_store_ref){NULL, id}, &testing->arena, &job, NULL), 0);
    mes_store_readers_give_back(testing->readers, &reader);
    return job;
}

bool queue_testing_has_job(struct queue_testing *testing, int64_t id)
{
    struct mes_store_job job;
    struct mes_store_reader *reader = borrow(testing);
    int code = mes_store_job_load(reader, (struct mes_store_ref){NULL, id}, &testing->arena, &job, NULL);
    mes_store_readers_give_back(testing->readers, &reader);
    return code == 0;
}

struct mes_store_recipient queue_testing_row(struct queue_testing *testing, int64_t id, int64_t number)
{
    struct mes_store_recipient row = {0};
    struct mes_store_reader *reader = borrow(testing);
    assert_int_equal(mes_store_recipient_load(reader, (struct mes_store_row){NULL, id, number},
                                              &testing->arena, &row, NULL),
                     0);
    mes_store_readers_give_back(testing->readers, &reader);
    return row;
}

static bool count_attempt(void *context, const struct mes_store_attempt *attempt)
{
    (void)attempt;
    ++*(size_t *)context;
    return true;
}

size_t queue_testing_attempts(struct queue_testing *testing, int64_t id, int64_t number)
{
    size_t count = 0;
    struct mes_store_reader *reader = borrow(testing);
    assert_int_equal(
        mes_store_attempt_of(reader, (struct mes_store_row){NULL, id, number}, count_attempt, &count, NULL),
        0);
    mes_store_readers_give_back(testing->readers, &reader);
    return count;
}

struct mes_store_flight_counts queue_testing_flights(struct queue_testing *testing)
{
    struct mes_store_flight_counts counts = {0};
    struct mes_store_reader *reader = borrow(testing);
    assert_int_equal(mes_store_flight_count(reader, 0, &counts, NULL), 0);
    mes_store_readers_give_back(testing->readers, &reader);
    return counts;
}

struct awaited {
    int64_t id, number;
    int wanted;
};

static bool has_state(struct queue_testing *testing, void *context)
{
    const struct awaited *awaited = context;
    return (int)queue_testing_job(testing, awaited->id).state == awaited->wanted;
}

void queue_testing_await_state(struct queue_testing *testing, int64_t id, enum mes_store_state state)
{
    struct awaited awaited = {id, 0, (int)state};
    queue_testing_until(testing, has_state, &awaited);
}

static bool has_status(struct queue_testing *testing, void *context)
{
    const struct awaited *awaited = context;
    return (int)queue_testing_row(testing, awaited->id, awaited->number).status == awaited->wanted;
}

void queue_testing_await_status(struct queue_testing *testing, int64_t id, int64_t number,
                                enum mes_store_status status)
{
    struct awaited awaited = {id, number, (int)status};
    queue_testing_until(testing, has_status, &awaited);
}

/* ---- doing ---- */

static void on_control(struct mes_control *control, const struct mes_error *error)
{
    (void)error;
    atomic_store((atomic_bool *)control->context, true);
}

static bool is_done(struct queue_testing *testing, void *context)
{
    (void)testing;
    return atomic_load((atomic_bool *)context);
}

struct mes_control queue_testing_control(struct queue_testing *testing, int64_t id,
                                         enum mes_control_action action, int64_t recipient,
                                         bool was_delivered)
{
    atomic_bool done = false;
    struct mes_control control = {.action = action,
                                  .job = id,
                                  .recipient = recipient,
                                  .was_delivered = was_delivered,
                                  .on_done = on_control,
                                  .context = &done};
    mes_control_post(testing->courier, &control);
    queue_testing_until(testing, is_done, &done);
    return control;
}
