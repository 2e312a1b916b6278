/* What the service's database costs, without HTTP and SMTP.
 * usage: store path MESSAGES [GROUP]   the whole way of single-recipient messages of 4 KB: accepted with a
 * lease, dot marked, result; GROUP (64) of them share each commit store rows ROWS               the rows of
 * one large job, 1000 a commit store lease WAITING           leases of 256 with so many jobs waiting In a
 * folder of its own under $TMPDIR or /tmp; put it on the disk that is to be measured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/attempt.h"
#include "store/content.h"
#include "store/flight.h"

enum { DOCUMENT_BYTES = 4096, GROUP_MOST = 4096, LEASE = 256 };

static const char progress[] = "keeper=first;transient=0";
static struct mes_store *store;
static struct mes_error error;
static char document[DOCUMENT_BYTES + 1];

static void check(int code)
{
    char text[1024];
    if (code == 0)
        return;
    fprintf(stderr, "store: %s\n", mes_error_text(&error, MES_EN, text, sizeof text));
    exit(1);
}

struct watch {
    int64_t wall;
    double cpu;
};

static double cpu_now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static struct watch start(void)
{
    return (struct watch){mes_clock_monotonic(mes_clock_system()), cpu_now()};
}

/* Takes the time since `watch` and adds it to `sum`. */
static void add(struct watch *sum, struct watch watch)
{
    struct watch now = start();
    sum->wall += now.wall - watch.wall;
    sum->cpu += now.cpu - watch.cpu;
}

static void tell(const char *what, struct watch sum, long count)
{
    printf("%-28s %9.0f/s %8.1f CPU us each\n", what,
           (double)count * 1000 / (double)(sum.wall > 0 ? sum.wall : 1), sum.cpu * 1e6 / (double)count);
}

static struct mes_store_job job_of(int64_t id)
{
    int64_t now = mes_id_time(id);
    return (struct mes_store_job){.id = id,
                                  .company = "",
                                  .state = MES_STORE_QUEUED,
                                  .priority = 5,
                                  .created_at = now,
                                  .send_at = now,
                                  .asked_by = 1,
                                  .subject = "Your order has been sent",
                                  .mails = 1,
                                  .counts[MES_STORE_STATUS_QUEUED] = 1};
}

static void accept_job(int64_t id, bool is_leased)
{
    struct mes_store_job job = job_of(id);
    const struct mes_store_recipient row = {.job = id, .address = "someone@example.com", .name = "Some One"};
    const struct mes_store_flight flight = {.job = id, .token = id, .since = job.created_at};
    job.state = is_leased ? MES_STORE_SENDING : MES_STORE_QUEUED;
    job.next_at = is_leased ? 0 : job.send_at;
    job.cursor = is_leased;
    check(mes_store_job_add(store, &job, &error));
    check(mes_store_content_put(store, id, mes_str_make(document, DOCUMENT_BYTES), &error));
    check(mes_store_recipient_add(store, &row, &error));
    if (is_leased)
        check(mes_store_flight_add(store, &flight, &error));
}

static void mark_dot(int64_t id)
{
    const struct mes_store_flight flight = {
        .job = id, .token = id, .doubts = 1, .account = "first", .since = mes_id_time(id)};
    bool is_ours = false;
    check(mes_store_flight_mark_dot(store, &flight, &is_ours, &error));
}

static void note_result(int64_t id)
{
    char message_id[64];
    snprintf(message_id, sizeof message_id, "<%" PRId64 ".0@mail.example.com>", id);
    struct mes_store_attempt attempt = {
        .job = id,
        .at = mes_id_time(id),
        .account = "first",
        .step = "dot",
        .code = 250,
        .enhanced = "2.0.0",
        .reply = "Ok: queued as 4bN0hJ1Yk2z9",
        .milliseconds = 81,
        .sender = "noreply@example.com",
        .tls = "TLSv1.3 TLS_AES_256_GCM_SHA384",
        .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .message_id = message_id};
    const struct mes_store_recipient row = {.job = id,
                                            .status = MES_STORE_STATUS_SENT,
                                            .attempts = 1,
                                            .account = attempt.account,
                                            .code = 250,
                                            .enhanced = attempt.enhanced,
                                            .reply = attempt.reply,
                                            .message_id = message_id,
                                            .progress = progress,
                                            .done_at = attempt.at};
    const struct mes_store_job_change change = {.id = id,
                                                .set = MES_STORE_JOB_STATE | MES_STORE_JOB_DONE_AT,
                                                .state = MES_STORE_DONE,
                                                .done_at = attempt.at,
                                                .counts = {-1, 1}};
    const struct mes_store_flight flight = {.job = id, .token = id};
    bool is_ours = false;
    check(mes_store_attempt_add(store, &attempt, &error));
    check(mes_store_recipient_set(store, &row, &error));
    check(mes_store_job_change(store, &change, &error));
    check(mes_store_flight_remove(store, &flight, &is_ours, &error));
}

static void bench_path(long messages, long group)
{
    static int64_t ids[GROUP_MOST];
    struct watch accepted = {0}, dots = {0}, results = {0}, all = {0};
    struct watch begun = start();
    for (long done = 0; done < messages; done += group) {
        struct watch watch = start();
        check(mes_store_begin(store, &error));
        for (long i = 0; i < group; i++)
            accept_job(ids[i] = mes_id_next(mes_clock_system()), true);
        check(mes_store_commit(store, &error));
        add(&accepted, watch);
        watch = start();
        check(mes_store_begin(store, &error));
        for (long i = 0; i < group; i++)
            mark_dot(ids[i]);
        check(mes_store_commit(store, &error));
        add(&dots, watch);
        watch = start();
        check(mes_store_begin(store, &error));
        for (long i = 0; i < group; i++)
            note_result(ids[i]);
        check(mes_store_commit(store, &error));
        add(&results, watch);
    }
    add(&all, begun);
    tell("accept and lease", accepted, messages);
    tell("mark the dot", dots, messages);
    tell("result", results, messages);
    tell("the whole way", all, messages);
}

static void bench_rows(long rows)
{
    struct mes_store_job job = job_of(mes_id_next(mes_clock_system()));
    struct watch sum = {0}, begun = start();
    char address[64];
    job.state = MES_STORE_RECEIVING;
    job.counts[MES_STORE_STATUS_QUEUED] = 0;
    check(mes_store_begin(store, &error));
    check(mes_store_job_add(store, &job, &error));
    for (long i = 0; i < rows; i++) {
        snprintf(address, sizeof address, "someone.%ld@example.com", i);
        const struct mes_store_recipient row = {.job = job.id,
                                                .number = i,
                                                .address = address,
                                                .name = "Some One",
                                                .variables = "{\"name\":\"Some One\",\"code\":\"4711\"}"};
        check(mes_store_recipient_add(store, &row, &error));
        if (i % 1000 == 999) {
            check(mes_store_commit(store, &error));
            check(mes_store_begin(store, &error));
        }
    }
    check(mes_store_commit(store, &error));
    add(&sum, begun);
    tell("rows of one job", sum, rows);
}

struct leased {
    int64_t ids[LEASE];
    size_t count;
};

static bool note_lease(void *context, const struct mes_store_job *job)
{
    struct leased *leased = context;
    leased->ids[leased->count++] = job->id;
    return true;
}

static bool count_row(void *context, const struct mes_store_recipient *row)
{
    *(size_t *)context += strlen(row->address);
    return true;
}

static void lease_one(int64_t id, struct mes_buf *content)
{
    struct mes_store_reader *reader = mes_store_reads(store);
    const struct mes_store_flight flight = {.job = id, .token = id, .since = mes_id_time(id)};
    const struct mes_store_job_change change = {.id = id,
                                                .set = MES_STORE_JOB_STATE | MES_STORE_JOB_CURSOR |
                                                       MES_STORE_JOB_NEXT_AT,
                                                .state = MES_STORE_SENDING,
                                                .cursor = 1};
    size_t bytes = 0;
    mes_buf_clear(content);
    check(mes_store_content_load(reader, (struct mes_store_ref){NULL, id}, content, &error));
    check(mes_store_recipient_range(reader, (struct mes_store_range){id, 0, 1}, count_row, &bytes, &error));
    check(mes_store_flight_add(store, &flight, &error));
    check(mes_store_job_change(store, &change, &error));
}

static void bench_lease(long waiting)
{
    struct watch filled = {0}, leases = {0};
    struct watch begun = start();
    struct mes_buf content;
    long done = 0;
    mes_buf_init(&content, 1024 * 1024);
    for (long i = 0; i < waiting;) {
        check(mes_store_begin(store, &error));
        for (long end = i + LEASE; i < end; i++)
            accept_job(mes_id_next(mes_clock_system()), false);
        check(mes_store_commit(store, &error));
    }
    add(&filled, begun);
    tell("accept, to wait", filled, waiting);
    begun = start();
    while (done < waiting && done < 50000) {
        struct leased leased = {.count = 0};
        const struct mes_store_job_due due = {
            .company = "", .now = mes_clock_wall(mes_clock_system()), .limit = LEASE};
        check(mes_store_begin(store, &error));
        check(mes_store_job_next(mes_store_reads(store), &due, note_lease, &leased, &error));
        for (size_t i = 0; i < leased.count; i++)
            lease_one(leased.ids[i], &content);
        check(mes_store_commit(store, &error));
        done += (long)leased.count;
    }
    add(&leases, begun);
    tell("lease", leases, done);
    mes_buf_fini(&content);
}

int main(int count, char **argument)
{
    char folder[512], file[544], command[600];
    const char *where = getenv("TMPDIR");
    if (count < 3) {
        fprintf(stderr, "usage: store path MESSAGES [GROUP] | store rows ROWS | store lease WAITING\n");
        return 2;
    }
    snprintf(folder, sizeof folder, "%s/mes-bench-store-XXXXXX", where != NULL ? where : "/tmp");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    snprintf(file, sizeof file, "%s/queue.db", folder);
    memset(document, 'x', DOCUMENT_BYTES);
    check(mes_store_open(file, NULL, &store, &error));
    if (strcmp(argument[1], "path") == 0)
        bench_path(atol(argument[2]), count > 3 ? atol(argument[3]) : 64);
    else if (strcmp(argument[1], "rows") == 0)
        bench_rows(atol(argument[2]));
    else
        bench_lease(atol(argument[2]));
    mes_store_close(&store);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) == 0 ? 0 : 1;
}
