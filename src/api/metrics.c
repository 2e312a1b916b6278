#include "api/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "api/answer.h"
#include "api/server_parts.h"
#include "base/log.h"
#include "queue/carrier.h"
#include "store/figures.h"

enum { METRICS_LIMIT = 4 * 1024 * 1024 };

static const unsigned latencies[MES_API_LATENCIES] = {1,   2,   5,   10,   20,  50,
                                                      100, 200, 500, 1000, 5000}; /* ms */

/* A page of figures under way; the accounts' come from the loop thread. */
struct scrape {
    struct mes_carrier_request request; /* first */
    struct mes_api_request *api;
    struct mes_buf out;
};

void mes_api_metrics_init(struct mes_api_metrics *metrics)
{
    mes_mutex_init(&metrics->mutex);
}

void mes_api_metrics_fini(struct mes_api_metrics *metrics)
{
    mes_mutex_fini(&metrics->mutex);
}

void mes_api_metrics_count(struct mes_api_metrics *metrics, unsigned status, int64_t milliseconds)
{
    size_t bucket = 0;
    if (status / 100 < MES_API_STATUS_CLASSES)
        atomic_fetch_add_explicit(&metrics->answers[status / 100], 1, memory_order_relaxed);
    if (status != 202)
        return;
    while (bucket < MES_API_LATENCIES && milliseconds > latencies[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metrics->accepted[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metrics->accepted_ms, (uint64_t)milliseconds, memory_order_relaxed);
}

static void head(struct mes_buf *out, const char *name, const char *type, const char *help)
{
    mes_buf_add_format(out, "# HELP mailenhance_%s %s\n# TYPE mailenhance_%s %s\n", name, help, name, type);
}

static void add_label(struct mes_buf *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            mes_buf_add_char(out, '\\');
        if (*value == '\n')
            mes_buf_add_text(out, "\\n");
        else
            mes_buf_add_char(out, *value);
    }
}

static void add_figure(struct mes_buf *out, const char *name, const char *label, const char *value,
                       uint64_t figure)
{
    mes_buf_add_format(out, "mailenhance_%s{%s=\"", name, label);
    add_label(out, value);
    mes_buf_add_format(out, "\"} %" PRIu64 "\n", figure);
}

static void write_answers(struct mes_api_metrics *metrics, struct mes_buf *out)
{
    static const char *const classes[MES_API_STATUS_CLASSES] = {"", "", "2xx", "3xx", "4xx", "5xx"};
    uint64_t total = 0;
    head(out, "http_answers_total", "counter", "Answers by the class of their status");
    for (size_t i = 2; i < MES_API_STATUS_CLASSES; i++)
        add_figure(out, "http_answers_total", "class", classes[i], atomic_load(&metrics->answers[i]));
    head(out, "accept_seconds", "histogram", "From the request to the answer 202, the commit included");
    for (size_t i = 0; i < MES_API_LATENCIES; i++) {
        total += atomic_load(&metrics->accepted[i]);
        mes_buf_add_format(out, "mailenhance_accept_seconds_bucket{le=\"%u.%03u\"} %" PRIu64 "\n",
                           latencies[i] / 1000, latencies[i] % 1000, total);
    }
    total += atomic_load(&metrics->accepted[MES_API_LATENCIES]);
    uint64_t sum = atomic_load(&metrics->accepted_ms);
    mes_buf_add_format(out,
                       "mailenhance_accept_seconds_bucket{le=\"+Inf\"} %" PRIu64
                       "\nmailenhance_accept_seconds_sum %" PRIu64
                       ".%03u\nmailenhance_accept_seconds_count %" PRIu64 "\n",
                       total, sum / 1000, (unsigned)(sum % 1000), total);
}

static void write_depth(const struct mes_store_depth *depth, struct mes_buf *out)
{
    static const enum mes_store_status waiting[] = {MES_STORE_STATUS_QUEUED, MES_STORE_STATUS_DEFERRED,
                                                    MES_STORE_STATUS_IN_DOUBT};
    head(out, "jobs", "gauge", "Jobs that are not over, by state");
    for (int state = 0; state < MES_STORE_STATE_COUNT; state++)
        if (state != MES_STORE_DONE && state != MES_STORE_CANCELLED)
            add_figure(out, "jobs", "state", mes_store_state_name((enum mes_store_state)state),
                       (uint64_t)depth->jobs[state]);
    head(out, "recipients_waiting", "gauge", "Recipients of these jobs, by status");
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
        add_figure(out, "recipients_waiting", "status", mes_store_status_name(waiting[i]),
                   (uint64_t)depth->rows[waiting[i]]);
}

static void count_class(void *context, const char *name, int64_t count)
{
    struct mes_api_metrics *metrics = context;
    for (int class_ = 0; class_ < MES_CLASS_COUNT; class_++)
        if (strcmp(name, mes_class_name((enum mes_class)class_)) == 0)
            metrics->attempts[class_] += (uint64_t)count;
}

/* Counts what came since the last time; from the start of the server on. */
static int count_attempts(struct mes_api_metrics *metrics, struct mes_store_reader *reader,
                          struct mes_error *error)
{
    int code = 0;
    if (!metrics->has_begun)
        code = mes_store_figures_last_attempt(reader, &metrics->last_attempt, error);
    else
        code = mes_store_figures_attempts(reader, &metrics->last_attempt, count_class, metrics, error);
    metrics->has_begun = metrics->has_begun || code == 0;
    return code;
}

static int write_attempts(struct mes_api_metrics *metrics, struct mes_store_reader *reader,
                          struct mes_buf *out, struct mes_error *error)
{
    mes_mutex_lock(&metrics->mutex);
    int code = count_attempts(metrics, reader, error);
    head(out, "attempts_total", "counter",
         "Attempts by class since the first scrape; sent: without a failure");
    for (int class_ = 0; class_ < MES_CLASS_COUNT; class_++)
        add_figure(out, "attempts_total", "class",
                   class_ == MES_CLASS_NONE ? "sent" : mes_class_name((enum mes_class)class_),
                   metrics->attempts[class_]);
    mes_mutex_unlock(&metrics->mutex);
    return code;
}

static void write_single(struct mes_buf *out, const char *name, const char *type, const char *help,
                         uint64_t figure)
{
    head(out, name, type, help);
    mes_buf_add_format(out, "mailenhance_%s %" PRIu64 "\n", name, figure);
}

static void add_account(struct mes_buf *out, const char *name, const struct mes_carrier_account *account,
                        uint64_t figure)
{
    mes_buf_add_format(out, "mailenhance_%s{company=\"", name);
    add_label(out, account->company);
    mes_buf_add_text(out, "\",account=\"");
    add_label(out, account->name);
    mes_buf_add_format(out, "\"} %" PRIu64 "\n", figure);
}

static void write_resting(void *context, const struct mes_carrier_account *account)
{
    add_account(context, "account_resting", account, account->is_resting);
}

static void write_quota(void *context, const struct mes_carrier_account *account)
{
    add_account(context, "account_quota_used_up", account, account->is_quota_used);
}

static void write_day(void *context, const struct mes_carrier_account *account)
{
    add_account(context, "account_day_recipients", account, (uint64_t)account->used_day);
}

static void write_connections(void *context, const struct mes_carrier_account *account)
{
    add_account(context, "account_connections", account, account->connections);
}

/* On the loop thread. */
static void see_accounts(struct mes_carrier_request *request, struct mes_carrier *carrier)
{
    struct scrape *scrape = (struct scrape *)request;
    struct mes_buf *out = &scrape->out;
    head(out, "account_resting", "gauge", "1: it sends nothing now");
    mes_carrier_each_account(carrier, NULL, write_resting, out);
    head(out, "account_quota_used_up", "gauge", "1: the relay or the limits say so");
    mes_carrier_each_account(carrier, NULL, write_quota, out);
    head(out, "account_day_recipients", "gauge", "Recipients since its day began");
    mes_carrier_each_account(carrier, NULL, write_day, out);
    head(out, "account_connections", "gauge", "Connections that are open");
    mes_carrier_each_account(carrier, NULL, write_connections, out);
    mes_api_request_wake(scrape->api);
}

static void answer(struct mes_api_request *request)
{
    struct scrape *scrape = request->own;
    mes_api_answer_bytes(request, 200, "text/plain; version=0.0.4; charset=utf-8", &scrape->out);
}

static void free_scrape(struct mes_api_request *request)
{
    struct scrape *scrape = request->own;
    mes_buf_fini(&scrape->out);
}

static int write_own(struct scrape *scrape, struct mes_store_reader *reader, struct mes_error *error)
{
    struct mes_api_server *server = scrape->api->server;
    struct mes_store_depth depth;
    struct mes_buf *out = &scrape->out;
    int code = mes_store_figures_depth(reader, &depth, error);
    if (code != 0)
        return code;
    head(out, "build_info", "gauge", "The version, as a label");
    add_figure(out, "build_info", "version", MES_VERSION, 1);
    write_answers(&server->metrics, out);
    write_single(out, "http_waiting", "gauge", "Requests that wait for a commit",
                 mes_api_server_waiting(server));
    write_single(out, "log_lines_lost_total", "counter", "Lines of the log that nobody could write",
                 server->services.log != NULL ? mes_log_lost(server->services.log) : 0);
    write_depth(&depth, out);
    return write_attempts(&server->metrics, reader, out, error);
}

void mes_api_metrics(struct mes_api_request *request)
{
    struct scrape *scrape = mes_arena_alloc(&request->arena, sizeof *scrape);
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct mes_carrier *carrier = request->services->carrier;
    struct mes_error error;
    if (reader == NULL)
        return;
    if (request->caller.company[0] != '\0' || scrape == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_no_scope, NULL, MES_SAY_api_general_key, MES_NO_ARGS);
        return;
    }
    scrape->api = request;
    scrape->request.run = see_accounts;
    mes_buf_init(&scrape->out, METRICS_LIMIT);
    request->own = scrape;
    mes_api_request_on_over(request, free_scrape);
    if (write_own(scrape, reader, &error) != 0) {
        mes_api_refuse_failure(request, &error);
    } else if (carrier == NULL) {
        answer(request);
    } else {
        write_single(&scrape->out, "mails_in_flight", "gauge", "Mails that are being sent",
                     mes_carrier_in_flight(carrier));
        mes_api_request_wait(request, answer);
        mes_carrier_post(carrier, &scrape->request);
    }
}
