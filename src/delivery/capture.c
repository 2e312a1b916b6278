#include "delivery/capture.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/error.h"
#include "delivery/dispatch_queue.h"
#include "net/timer.h"

enum { MES_CAPTURE_MAGIC = 0x43415054, MES_CAPTURE_MOST = 16 };

/* A mail that waits for the host's word. */
struct held {
    struct held *next;
    struct mes_dispatch *dispatch;
    struct mes_wire wire;
    struct mes_buf bytes;
    const char **recipients;
    struct mes_captured mail;
};

struct capture {
    struct mes_transport transport; /* first, so that the one is the other */
    unsigned magic;
    struct mes_capture_options options;
    struct mes_transport_events events;
    struct mes_timer *timer; /* work that must not happen inside a caller's call */
    struct mes_dispatch_queue queue;
    struct held *held;
    size_t held_count;
    bool is_closed; /* cancelled or draining */
    bool is_draining;
};

static struct capture *checked(void *context)
{
    struct capture *capture = context;
    assert(capture->magic == MES_CAPTURE_MAGIC);
    return capture;
}

static void plan(struct capture *capture)
{
    if (!mes_timer_is_active(capture->timer))
        mes_timer_start(capture->timer, 0);
}

/* ---- outcomes ---- */

static void tell(struct capture *capture, struct mes_dispatch *dispatch,
                 const struct mes_verdict_input *facts, const struct mes_evidence *evidence)
{
    dispatch->evidence = evidence;
    for (size_t i = 0; i < dispatch->mail->recipient_count; i++)
        if (dispatch->mail->recipients[i].fate == MES_FATE_OPEN)
            capture->events.on_outcome(capture->events.context, dispatch, i, facts);
    dispatch->evidence = NULL;
    capture->events.on_done(capture->events.context, dispatch);
}

static void free_held(struct held *held)
{
    mes_compose_wire_fini(&held->wire);
    mes_buf_fini(&held->bytes);
    mes_free(held->recipients);
    mes_free(held);
}

static void return_all(struct capture *capture)
{
    for (struct mes_dispatch *dispatch; (dispatch = mes_dispatch_queue_pop(&capture->queue)) != NULL;)
        capture->events.on_returned(capture->events.context, dispatch);
}

/* ---- a mail is captured ---- */

static bool has_recipient(const struct held *held, const char *address)
{
    for (size_t i = 0; i < held->mail.recipient_count; i++)
        if (mes_str_eq_nocase(mes_str_of(held->recipients[i]), mes_str_of(address)))
            return true;
    return false;
}

static void add_recipients(struct held *held, const char *archive)
{
    const struct mes_delivery_mail *mail = held->dispatch->mail;
    for (size_t i = 0; i < mail->recipient_count; i++)
        if (mail->recipients[i].fate == MES_FATE_OPEN)
            held->recipients[held->mail.recipient_count++] = mail->recipients[i].address;
    if (archive[0] != '\0' && !has_recipient(held, archive))
        held->recipients[held->mail.recipient_count++] = archive;
    held->mail.recipients = held->recipients;
}

static int fill(struct held *held, struct mes_error *error)
{
    const struct mes_dispatch *dispatch = held->dispatch;
    int code =
        mes_compose_job_render(dispatch->job, dispatch->mail->index, &dispatch->identity, &held->wire, error);
    if (code == 0)
        code = mes_compose_wire_gather(&held->wire, &held->bytes, error);
    held->mail.sender = held->wire.sender;
    held->mail.bytes = mes_buf_str(&held->bytes);
    return code;
}

static struct held *new_held(struct mes_dispatch *dispatch)
{
    struct held *held = mes_alloc(sizeof *held);
    if (held == NULL)
        return NULL;
    held->dispatch = dispatch;
    mes_compose_wire_init(&held->wire);
    mes_buf_init(&held->bytes, SIZE_MAX);
    held->recipients = mes_alloc((dispatch->mail->recipient_count + 1) * sizeof *held->recipients);
    if (held->recipients != NULL)
        return held;
    free_held(held);
    return NULL;
}

static void fail(struct capture *capture, struct mes_dispatch *dispatch, const struct mes_error *error)
{
    static const struct mes_evidence none = {.tls = "none", .sender = ""};
    char text[512];
    const struct mes_verdict_input facts = {
        .step = MES_STEP_MAIL,
        .cause = MES_CAUSE_INTERNAL,
        .text = mes_str_of(mes_error_text(error, MES_EN, text, sizeof text)),
    };
    tell(capture, dispatch, &facts, &none);
}

static void take(struct capture *capture, struct mes_dispatch *dispatch)
{
    struct mes_error error = {0};
    struct held *held = new_held(dispatch);
    dispatch->started = mes_loop_now(capture->options.loop);
    int code = held != NULL ? fill(held, &error) : mes_fail_nomem(&error);
    if (code != 0) {
        if (held != NULL)
            free_held(held);
        fail(capture, dispatch, &error);
        return;
    }
    add_recipients(held, capture->options.state->settings->archive_bcc);
    held->next = capture->held;
    capture->held = held;
    capture->held_count++;
    capture->options.on_captured(capture->options.context, &capture->transport, dispatch, &held->mail);
}

/* May free the transport, by way of on_drained. */
static void on_due(void *context)
{
    struct capture *capture = checked(context);
    while (!capture->is_closed && capture->queue.count > 0 && capture->held_count < MES_CAPTURE_MOST)
        take(capture, mes_dispatch_queue_pop(&capture->queue));
    if (!capture->is_closed)
        return;
    return_all(capture);
    if (!capture->is_draining || capture->held != NULL)
        return;
    capture->is_draining = false;
    if (capture->events.on_drained != NULL)
        capture->events.on_drained(capture->events.context, &capture->transport);
}

/* ---- the host's word ---- */

static struct held *remove_held(struct capture *capture, const struct mes_dispatch *dispatch)
{
    struct held **at = &capture->held;
    while (*at != NULL && (*at)->dispatch != dispatch)
        at = &(*at)->next;
    struct held *held = *at;
    if (held == NULL)
        return NULL;
    *at = held->next;
    capture->held_count--;
    return held;
}

static void digest(struct mes_str bytes, unsigned char out[MES_DIGEST_SIZE], struct mes_evidence *evidence)
{
    struct mes_digest_stream *stream = mes_digest_stream_new();
    if (stream == NULL)
        return;
    mes_digest_stream_add(stream, bytes.data, bytes.size);
    if (mes_digest_stream_end(stream, out))
        evidence->sha256 = out;
    mes_digest_stream_free(&stream);
}

void mes_capture_done(struct mes_transport *transport, struct mes_dispatch *dispatch, bool kept,
                      const char *note)
{
    struct capture *capture = checked(transport);
    struct held *held = remove_held(capture, dispatch);
    if (held == NULL)
        return;
    unsigned char sha256[MES_DIGEST_SIZE];
    struct mes_evidence evidence = {.tls = "none", .sender = held->mail.sender};
    const struct mes_verdict_input facts = {
        .step = MES_STEP_DOT,
        .cause = kept ? MES_CAUSE_REPLY : MES_CAUSE_INTERNAL,
        .code = kept ? 250 : 0,
        .enhanced = kept ? MES_STR("2.0.0") : MES_STR(""),
        .text = mes_str_of(note),
        .accepted = (unsigned)held->mail.recipient_count,
    };
    if (kept && capture->events.wants_digest)
        digest(held->mail.bytes, sha256, &evidence);
    tell(capture, dispatch, &facts, &evidence);
    free_held(held);
    plan(capture);
}

/* ---- the transport's face ---- */

static void start(struct mes_transport *transport, struct mes_dispatch *dispatch)
{
    struct capture *capture = checked(transport);
    mes_dispatch_queue_append(&capture->queue, dispatch);
    plan(capture);
}

/* None is ever asked for. */
static void permit(struct mes_transport *transport, struct mes_dispatch *dispatch, bool granted)
{
    (void)transport;
    (void)dispatch;
    (void)granted;
}

static void drain(struct mes_transport *transport)
{
    struct capture *capture = checked(transport);
    capture->is_closed = true;
    capture->is_draining = true;
    plan(capture);
}

/* The host's word is on its way in any case. */
static void cancel(struct mes_transport *transport, int64_t grace_ms)
{
    struct capture *capture = checked(transport);
    (void)grace_ms;
    capture->is_closed = true;
    plan(capture);
}

static void capture_free(struct mes_transport **transport)
{
    struct capture *capture = checked(*transport);
    capture->is_closed = true;
    while (capture->held != NULL) {
        struct held *held = remove_held(capture, capture->held->dispatch);
        capture->events.on_returned(capture->events.context, held->dispatch);
        free_held(held);
    }
    return_all(capture);
    mes_timer_free(&capture->timer);
    capture->magic = 0;
    mes_free(capture);
    *transport = NULL;
}

int mes_capture_new(const struct mes_capture_options *options, const struct mes_transport_events *events,
                    struct mes_transport **transport_out, struct mes_error *error)
{
    static const struct mes_transport_face face = {start, permit, NULL, drain, cancel, capture_free};
    struct capture *capture = mes_alloc(sizeof *capture);
    if (capture == NULL)
        return mes_fail_nomem(error);
    capture->transport.face = &face;
    capture->magic = MES_CAPTURE_MAGIC;
    capture->options = *options;
    capture->events = *events;
    mes_dispatch_queue_init(&capture->queue);
    int code = mes_timer_new(options->loop, on_due, capture, &capture->timer, error);
    if (code != 0) {
        mes_free(capture);
        return code;
    }
    *transport_out = &capture->transport;
    return 0;
}
