#include "hook/deliverer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "hook/alert.h"
#include "hook/deliverer_parts.h"
#include "hook/signature.h"
#include "http/url.h"
#include "net/inbox.h"
#include "net/loop.h"
#include "net/timer.h"

enum {
    ROUND_LIMIT = 32 * 1024 * 1024,
    LOOK_MS = 60 * 1000, /* the longest between two looks */
    AGAIN_MS = 5 * 1000, /* after a failure of the database */
    LANES = 1024         /* busy or failing webhooks that are remembered */
};

/* One event on its way. */
struct delivery {
    struct mes_hook_deliverer *deliverer;
    struct delivery *next, **place;
    struct mes_http_exchange *exchange;
    struct mes_hook_verdict *verdict; /* filled at the end; made first, so that the end needs no memory */
    int64_t attempts;
    char url[MES_HTTP_URL_SHOWN]; /* as it may be shown */
};

struct mes_hook_deliverer {
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_hook_events *events;
    struct mes_hook_alerts *alerts;
    struct mes_log *log;
    struct mes_courier *courier; /* NULL before the start and after the stop */
    struct mes_inbox *inbox;
    struct mes_timer *timer;
    struct mes_mailbox_item bell;
    atomic_bool is_rung;
    bool is_looking;  /* a round is with the courier */
    bool looks_again; /* something came meanwhile */
    unsigned turn;
    unsigned in_flight;
    struct delivery *first;
    size_t lane_count;
    struct mes_hook_lane lanes[LANES];
    unsigned char secret[MES_STORE_FOLDER_SECRET_SIZE];
};

static void look(struct mes_hook_deliverer *deliverer);

static int64_t wall(const struct mes_hook_deliverer *deliverer)
{
    return mes_clock_wall(mes_loop_clock(deliverer->loop));
}

/* --- errands --- */

/* Store thread: the command becomes the letter that goes back. */
static void on_committed(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_hook_errand *errand = (struct mes_hook_errand *)command;
    (void)error;
    errand->code = code;
    bool is_posted = mes_inbox_post(errand->deliverer->inbox, &command->item);
    assert(is_posted); /* the courier is stopped before the inbox is freed */
    (void)is_posted;
}

static void dispatch(struct mes_hook_deliverer *deliverer, struct mes_hook_errand *errand,
                     int (*run)(struct mes_courier_command *, struct mes_store *, struct mes_error *),
                     void (*back)(struct mes_hook_errand *))
{
    errand->deliverer = deliverer;
    errand->back = back;
    errand->command.run = run;
    errand->command.done = on_committed;
    mes_courier_post(deliverer->courier, &errand->command);
}

static void on_item(void *context, struct mes_mailbox_item *item)
{
    struct mes_hook_deliverer *deliverer = context;
    if (item != &deliverer->bell) {
        struct mes_hook_errand *errand = (struct mes_hook_errand *)item;
        errand->back(errand);
        return;
    }
    atomic_store(&deliverer->is_rung, false);
    look(deliverer);
}

void mes_hook_deliverer_nudge(struct mes_hook_deliverer *deliverer)
{
    if (!atomic_exchange(&deliverer->is_rung, true) && !mes_inbox_post(deliverer->inbox, &deliverer->bell))
        atomic_store(&deliverer->is_rung, false);
}

/* --- lanes --- */

static struct mes_hook_lane *find_lane(struct mes_hook_deliverer *deliverer, int64_t webhook)
{
    for (size_t i = 0; i < deliverer->lane_count; i++)
        if (deliverer->lanes[i].webhook == webhook)
            return &deliverer->lanes[i];
    return NULL;
}

/* NULL: too many are remembered already. */
static struct mes_hook_lane *open_lane(struct mes_hook_deliverer *deliverer, int64_t webhook)
{
    struct mes_hook_lane *lane = find_lane(deliverer, webhook);
    if (lane != NULL || deliverer->lane_count == LANES)
        return lane;
    lane = &deliverer->lanes[deliverer->lane_count++];
    *lane = (struct mes_hook_lane){.webhook = webhook};
    return lane;
}

static void close_lane(struct mes_hook_deliverer *deliverer, struct mes_hook_lane *lane)
{
    *lane = deliverer->lanes[--deliverer->lane_count];
}

/* Those that are idle and well are not remembered, nor are those that the round did not find any more. */
static void tidy_lanes(struct mes_hook_deliverer *deliverer, const struct mes_hook_round *round)
{
    for (size_t i = 0; i < round->lane_count; i++) {
        struct mes_hook_lane *lane = find_lane(deliverer, round->lanes[i].webhook);
        if (lane != NULL && lane->in_flight == 0 && (lane->failures == 0 || !round->is_known[i]))
            close_lane(deliverer, lane);
    }
}

static unsigned chance(void)
{
    uint16_t bits;
    return mes_random_bytes(&bits, sizeof bits, NULL) == 0 ? bits : 0;
}

static void note_end(struct mes_hook_deliverer *deliverer, const struct mes_hook_verdict *verdict,
                     bool is_taken)
{
    struct mes_hook_lane *lane = find_lane(deliverer, verdict->webhook);
    if (lane == NULL)
        return;
    lane->in_flight--;
    lane->failures = is_taken ? 0 : lane->failures + 1;
    lane->rest_until = 0;
    if (lane->failures >= MES_HOOK_PATIENCE)
        lane->rest_until = verdict->try.now + mes_hook_wait(lane->failures - MES_HOOK_PATIENCE + 1,
                                                            verdict->try.retry_after_s, verdict->chance);
}

/* --- one delivery --- */

static void unlink_delivery(struct delivery *delivery)
{
    *delivery->place = delivery->next;
    if (delivery->next != NULL)
        delivery->next->place = delivery->place;
    delivery->deliverer->in_flight--;
}

static void tell_people(struct mes_hook_deliverer *deliverer, const struct mes_hook_verdict *verdict)
{
    char id[MES_ID_SPACE];
    const struct mes_hook_alert alert = {.kind = MES_HOOK_ALERT_webhook_paused,
                                         .company = verdict->company,
                                         .subject = mes_id_text(id, verdict->webhook),
                                         .detail = verdict->result};
    mes_log(deliverer->log, MES_LOG_WARNING,
            verdict->fate == MES_HOOK_DISABLED ? "webhook.disabled" : "webhook.paused",
            MES_LOG_TEXT("webhook", id), MES_LOG_TEXT("company", verdict->company),
            MES_LOG_TEXT("result", verdict->result));
    if (deliverer->alerts != NULL)
        mes_hook_alert_raise(deliverer->alerts, &alert);
}

/* When it could not be written the event is told again once its lease is over. */
static void on_verdict_written(struct mes_hook_errand *errand)
{
    struct mes_hook_verdict *verdict = (struct mes_hook_verdict *)errand;
    struct mes_hook_deliverer *deliverer = errand->deliverer;
    if (errand->code == 0 && verdict->is_news) {
        mes_hook_events_changed(verdict->events);
        tell_people(deliverer, verdict);
    }
    mes_free(verdict);
    look(deliverer);
}

static void log_end(const struct delivery *delivery, const struct mes_http_result *result)
{
    char id[MES_ID_SPACE];
    mes_log(delivery->deliverer->log, MES_LOG_WARNING, "webhook.failed",
            MES_LOG_TEXT("webhook", mes_id_text(id, delivery->verdict->webhook)),
            MES_LOG_TEXT("url", delivery->url), MES_LOG_TEXT("result", result->text),
            MES_LOG_NUMBER("tries", delivery->attempts + 1), MES_LOG_NUMBER("ms", result->milliseconds));
}

static void on_answer(void *context, const struct mes_http_result *result)
{
    struct delivery *delivery = context;
    struct mes_hook_deliverer *deliverer = delivery->deliverer;
    struct mes_hook_verdict *verdict = delivery->verdict;
    verdict->try = (struct mes_hook_try){.end = result->end,
                                         .status = result->status,
                                         .retry_after_s = result->retry_after_s,
                                         .tries = delivery->attempts + 1,
                                         .event_at = mes_id_time(verdict->event),
                                         .now = wall(deliverer)};
    verdict->chance = chance();
    (void)mes_shown_text(verdict->result, sizeof verdict->result, mes_str_of(result->text));
    bool is_taken = mes_hook_fate(&verdict->try) == MES_HOOK_TOLD;
    if (!is_taken)
        log_end(delivery, result);
    note_end(deliverer, verdict, is_taken);
    unlink_delivery(delivery);
    mes_free(delivery);
    dispatch(deliverer, &verdict->errand, mes_hook_verdict_run, on_verdict_written);
}

enum { HEADERS = 5, HEADER_SPACE = 128 };

struct headers {
    char texts[HEADERS][HEADER_SPACE];
    const char *list[HEADERS + 1];
};

static bool write_headers(const struct mes_hook_deliverer *deliverer, const struct mes_hook_parcel *parcel,
                          struct headers *headers)
{
    char secret[MES_HOOK_SECRET_SPACE], signature[MES_HOOK_SIGNATURE_SPACE] = "", id[MES_ID_SPACE], time[24];
    (void)mes_id_text(id, parcel->event);
    (void)mes_number_text(time, wall(deliverer) / 1000);
    bool is_signed = mes_hook_secret(deliverer->secret, parcel->webhook, secret) &&
                     mes_hook_sign(secret, id, time, parcel->body, signature);
    mes_wipe(secret, sizeof secret);
    (void)snprintf(headers->texts[0], HEADER_SPACE, "Content-Type: application/json");
    (void)snprintf(headers->texts[1], HEADER_SPACE, "Mailenhance-Id: %s", id);
    (void)snprintf(headers->texts[2], HEADER_SPACE, "Mailenhance-Event: %s", parcel->type);
    (void)snprintf(headers->texts[3], HEADER_SPACE, "Mailenhance-Timestamp: %s", time);
    (void)snprintf(headers->texts[4], HEADER_SPACE, "Mailenhance-Signature: %s", signature);
    for (int i = 0; i < HEADERS; i++)
        headers->list[i] = headers->texts[i];
    headers->list[HEADERS] = NULL;
    return is_signed;
}

static struct delivery *delivery_new(struct mes_hook_deliverer *deliverer,
                                     const struct mes_hook_parcel *parcel)
{
    struct delivery *delivery = mes_alloc(sizeof *delivery);
    struct mes_hook_verdict *verdict = mes_alloc(sizeof *verdict);
    if (delivery == NULL || verdict == NULL) {
        mes_free(delivery);
        mes_free(verdict);
        return NULL;
    }
    verdict->events = deliverer->events;
    verdict->event = parcel->event;
    verdict->webhook = parcel->webhook;
    delivery->deliverer = deliverer;
    delivery->verdict = verdict;
    delivery->attempts = parcel->attempts;
    (void)mes_http_url_shown(parcel->url, delivery->url);
    return delivery;
}

static void delivery_free(struct delivery *delivery)
{
    mes_http_cancel(&delivery->exchange);
    mes_free(delivery->verdict);
    mes_free(delivery);
}

/* Without memory the event waits for the end of its lease. */
static void deliver(struct mes_hook_deliverer *deliverer, const struct mes_hook_parcel *parcel)
{
    struct headers headers;
    struct mes_hook_lane *lane = open_lane(deliverer, parcel->webhook);
    struct delivery *delivery = lane != NULL ? delivery_new(deliverer, parcel) : NULL;
    if (delivery == NULL)
        return;
    const struct mes_http_request request = {.url = parcel->url,
                                             .headers = headers.list,
                                             .body = parcel->body,
                                             .on_done = on_answer,
                                             .context = delivery};
    if (!write_headers(deliverer, parcel, &headers) ||
        mes_http_begin(deliverer->client, &request, &delivery->exchange, NULL) != 0) {
        delivery_free(delivery);
        return;
    }
    delivery->next = deliverer->first;
    delivery->place = &deliverer->first;
    if (delivery->next != NULL)
        delivery->next->place = &delivery->next;
    deliverer->first = delivery;
    deliverer->in_flight++;
    lane->in_flight++;
}

/* --- rounds --- */

static void round_free(struct mes_hook_round *round)
{
    mes_arena_fini(&round->arena);
    mes_free(round);
}

static struct mes_hook_round *round_new(const struct mes_hook_deliverer *deliverer)
{
    struct mes_hook_round *round = mes_alloc(sizeof *round);
    if (round == NULL)
        return NULL;
    mes_arena_init(&round->arena, ROUND_LIMIT);
    round->last = &round->first;
    round->now = wall(deliverer);
    round->turn = deliverer->turn;
    round->room = MES_HOOK_AT_ONCE_IN_ALL - deliverer->in_flight;
    round->lane_count = deliverer->lane_count;
    round->lanes = mes_arena_alloc(&round->arena, (deliverer->lane_count + 1) * sizeof *round->lanes);
    round->is_known = mes_arena_alloc(&round->arena, (deliverer->lane_count + 1) * sizeof *round->is_known);
    if (round->lanes == NULL || round->is_known == NULL) {
        round_free(round);
        return NULL;
    }
    memcpy(round->lanes, deliverer->lanes, deliverer->lane_count * sizeof *round->lanes);
    return round;
}

static void look_later(struct mes_hook_deliverer *deliverer, int64_t delay_ms)
{
    mes_timer_start(deliverer->timer, delay_ms < LOOK_MS ? delay_ms : LOOK_MS);
}

static void on_round_done(struct mes_hook_errand *errand)
{
    struct mes_hook_round *round = (struct mes_hook_round *)errand;
    struct mes_hook_deliverer *deliverer = errand->deliverer;
    bool is_good = errand->code == 0, is_running = deliverer->courier != NULL;
    deliverer->is_looking = false;
    if (is_good && is_running) {
        tidy_lanes(deliverer, round);
        for (const struct mes_hook_parcel *parcel = round->first; parcel != NULL; parcel = parcel->next)
            deliver(deliverer, parcel);
    }
    if (is_running)
        look_later(deliverer, !is_good              ? AGAIN_MS
                              : round->next_at != 0 ? round->next_at - wall(deliverer)
                                                    : LOOK_MS);
    round_free(round);
    if (deliverer->looks_again)
        look(deliverer);
}

/* One round at a time: what comes meanwhile makes another. */
static void look(struct mes_hook_deliverer *deliverer)
{
    if (deliverer->courier == NULL)
        return;
    deliverer->looks_again = deliverer->is_looking;
    if (deliverer->is_looking || deliverer->in_flight == MES_HOOK_AT_ONCE_IN_ALL)
        return;
    struct mes_hook_round *round = round_new(deliverer);
    if (round == NULL) {
        look_later(deliverer, AGAIN_MS);
        return;
    }
    deliverer->turn++;
    deliverer->is_looking = true;
    dispatch(deliverer, &round->errand, mes_hook_round_run, on_round_done);
}

static void on_timer(void *context)
{
    look(context);
}

/* --- the deliverer --- */

int mes_hook_deliverer_new(const struct mes_hook_deliverer_options *options,
                           struct mes_hook_deliverer **deliverer_out, struct mes_error *error)
{
    struct mes_hook_deliverer *deliverer = mes_alloc(sizeof *deliverer);
    *deliverer_out = NULL;
    if (deliverer == NULL)
        return mes_fail_nomem(error);
    deliverer->loop = options->loop;
    deliverer->client = options->client;
    deliverer->events = options->events;
    deliverer->alerts = options->alerts;
    deliverer->log = options->log;
    atomic_init(&deliverer->is_rung, false);
    memcpy(deliverer->secret, options->secret, sizeof deliverer->secret);
    int code = mes_inbox_new(options->loop, on_item, deliverer, &deliverer->inbox, error);
    if (code == 0)
        code = mes_timer_new(options->loop, on_timer, deliverer, &deliverer->timer, error);
    if (code != 0)
        mes_hook_deliverer_free(&deliverer);
    *deliverer_out = deliverer;
    return code;
}

void mes_hook_deliverer_start(struct mes_hook_deliverer *deliverer, struct mes_courier *courier)
{
    deliverer->courier = courier;
    look(deliverer);
}

void mes_hook_deliverer_stop(struct mes_hook_deliverer *deliverer)
{
    deliverer->courier = NULL;
    mes_timer_stop(deliverer->timer);
    while (deliverer->first != NULL) {
        struct delivery *delivery = deliverer->first;
        unlink_delivery(delivery);
        delivery_free(delivery);
    }
}

void mes_hook_deliverer_free(struct mes_hook_deliverer **deliverer_place)
{
    struct mes_hook_deliverer *deliverer = *deliverer_place;
    if (deliverer == NULL)
        return;
    if (deliverer->timer != NULL)
        mes_hook_deliverer_stop(deliverer);
    mes_inbox_free(&deliverer->inbox);
    mes_timer_free(&deliverer->timer);
    mes_wipe(deliverer->secret, sizeof deliverer->secret);
    mes_free(deliverer);
    *deliverer_place = NULL;
}
