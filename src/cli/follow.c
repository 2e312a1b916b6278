#include "cli/follow.h"

#include <string.h>

#include "base/clock.h"
#include "base/process.h"
#include "cli/progress.h"
#include "cli/queue.h"
#include "cli/status.h"

enum { AGAIN_MS = 1000, AGAIN_MOST = 30, PATH_MOST = 512, WORDS_MOST = 1024 };

struct following {
    const struct mes_cli_service *service;
    struct mes_cli_events events;
    struct mes_cli_progress progress;
    struct mes_cli_tally tally;
    int64_t cancelled;
    bool is_over;
};

static volatile bool is_stopped;

static void stop(void)
{
    is_stopped = true;
}

static void clear_progress(void *context)
{
    struct following *following = context;
    mes_cli_progress_clear(&following->progress);
}

static void take_counts(struct following *following, const struct mes_json_value *counts)
{
    size_t *count = following->tally.count;
    count[MES_STATUS_SENT] = (size_t)mes_cli_service_number(counts, "sent");
    count[MES_STATUS_FAILED] = (size_t)mes_cli_service_number(counts, "failed");
    count[MES_STATUS_DEFERRED] = (size_t)mes_cli_service_number(counts, "deferred");
    count[MES_STATUS_IN_DOUBT] = (size_t)mes_cli_service_number(counts, "in_doubt");
    following->cancelled = mes_cli_service_number(counts, "cancelled");
    following->progress.expected =
        mes_cli_tally_done(&following->tally) + (size_t)(mes_cli_service_number(counts, "queued"));
    mes_cli_progress_update(&following->progress, &following->tally);
}

static bool on_event(void *context, const char *name, const char *data)
{
    struct following *following = context;
    struct mes_json *json = NULL;
    if (mes_json_parse("event", mes_str_of(data), MES_JSON_KEYS_EXACT, &json, NULL) != 0)
        return true; /* of a later version, perhaps */
    const struct mes_json_value *root = mes_json_root(json);
    if (strcmp(name, "progress") == 0)
        take_counts(following, root);
    if (strcmp(name, "state") == 0) {
        const char *state = mes_cli_service_text(root, "state");
        following->is_over = strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
    }
    mes_json_free(&json);
    return true;
}

static bool on_answer(void *context, struct mes_str piece)
{
    struct following *following = context;
    return mes_cli_events_feed(&following->events, piece);
}

/* Asked again and again, so it also brings what the last event came too soon for. */
static bool is_ended(void *context)
{
    struct following *following = context;
    if (following->progress.expected > 0)
        mes_cli_progress_update(&following->progress, &following->tally);
    return is_stopped;
}

/* Until the service ends the stream, which it does when the job is over, or the connection is lost. */
static int listen_once(struct following *following, const char *id)
{
    struct mes_http_answer answer;
    struct mes_buf path, last;
    mes_buf_init(&path, PATH_MOST);
    mes_buf_init(&last, PATH_MOST);
    mes_buf_add_format(&path, "/api/v1/messages/%s/events", id);
    mes_buf_add_format(&last, "Last-Event-ID: %s", following->events.last_id);
    const struct mes_cli_question question = {
        .path = mes_buf_text(&path),
        .header = following->events.last_id[0] != '\0' ? mes_buf_text(&last) : NULL,
        .on_answer = on_answer,
        .is_ended = is_ended,
        .context = following,
    };
    int status = mes_cli_service_ask(following->service, &question, &answer);
    if (status == MES_CLI_EXIT_OK) {
        /* Nothing more to come, for who has seen some of it already. */
        following->is_over = following->is_over || answer.status == 204;
        mes_http_answer_fini(&answer);
    }
    mes_buf_fini(&path);
    mes_buf_fini(&last);
    return status;
}

static int listen_to_the_end(struct following *following, const char *id)
{
    int status = MES_CLI_EXIT_OK;
    for (int tries = 0; tries < AGAIN_MOST && !is_stopped && !following->is_over; tries++) {
        if (tries > 0)
            mes_clock_sleep(AGAIN_MS);
        status = listen_once(following, id);
        if (status != MES_CLI_EXIT_OK && status != MES_CLI_EXIT_TEMPFAIL)
            break;
    }
    return status;
}

/* What a job's end means to a script. */
static int status_of(const struct following *following)
{
    return following->cancelled > 0 && following->tally.count[MES_STATUS_FAILED] == 0
               ? MES_CLI_EXIT_UNAVAILABLE
               : mes_cli_tally_status(&following->tally);
}

int mes_cli_follow(const struct mes_cli_service *service, const char *id)
{
    struct mes_cli *cli = service->cli;
    struct following following = {.service = service};
    struct mes_buf words;
    mes_buf_init(&words, WORDS_MOST);
    mes_say(&words, cli->language, MES_SAY_cli_waiting_ends, MES_ARGS(id));
    mes_cli_events_init(&following.events, on_event, &following);
    mes_cli_progress_init(&following.progress, cli->language, SIZE_MAX);
    following.progress.expected = 0; /* until the first event tells */
    cli->before_line = clear_progress;
    cli->context = &following;
    is_stopped = false;
    mes_process_on_stop(stop, mes_buf_text(&words));
    int status = listen_to_the_end(&following, id);
    mes_process_on_stop(NULL, NULL);
    mes_cli_progress_clear(&following.progress);
    cli->before_line = NULL;
    if (following.is_over) {
        status = mes_cli_queue_show_job(service, id);
        if (status == MES_CLI_EXIT_OK)
            status = mes_cli_queue_show_recipients(service, id);
        if (status == MES_CLI_EXIT_OK)
            status = status_of(&following);
    } else if (status == MES_CLI_EXIT_OK) {
        status = MES_CLI_EXIT_TEMPFAIL;
    }
    mes_cli_events_fini(&following.events);
    mes_buf_fini(&words);
    return status;
}
