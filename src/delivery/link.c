#include "delivery/link.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/link_facts.h"
#include "delivery/link_parts.h"
#include "net/loop.h"
#include "net/timer.h"

static struct mes_link *checked(void *context)
{
    struct mes_link *link = context;
    assert(link->magic == MES_LINK_MAGIC);
    return link;
}

static void settle(struct mes_link *link);

static void on_body_ready(void *context)
{
    struct mes_link *link = checked(context);
    mes_smtp_session_body_ready(link->session);
    settle(link);
}

/* ---- what the session says ---- */

static void on_ready(void *context, struct mes_smtp_session *session)
{
    struct mes_link *link = checked(context);
    link->session = session;
    if (!link->is_ready) {
        link->is_ready = true;
        link->idle_since = mes_loop_now(link->options.loop);
        mes_link_transcript_end_login(&link->transcript);
        link->events.on_ready(link->events.context, link);
    }
    mes_link_take_mails(link);
}

static void on_want_permit(void *context, struct mes_smtp_session *session,
                           const struct mes_smtp_message *message)
{
    struct mes_link *link = checked(context);
    const struct mes_link_slot *slot = message->context;
    (void)session;
    link->events.on_want_permit(link->events.context, link, slot->dispatch);
}

static void on_withdrawn(void *context, struct mes_smtp_session *session,
                         const struct mes_smtp_message *message)
{
    struct mes_link *link = checked(context);
    const struct mes_link_slot *slot = message->context;
    (void)session;
    if (link->events.on_withdrawn != NULL)
        link->events.on_withdrawn(link->events.context, link, slot->dispatch);
}

static void on_done(void *context, struct mes_smtp_session *session, const struct mes_smtp_result *result)
{
    (void)session;
    mes_link_mail_done(checked(context), result);
}

static void on_learned(void *context, struct mes_smtp_session *session, enum mes_smtp_fact fact)
{
    struct mes_link *link = checked(context);
    (void)session;
    link->events.on_learned(link->events.context, link, fact);
}

static void tell_ended(struct mes_link *link, struct mes_link_end *end)
{
    struct mes_buf transcript;
    struct mes_evidence evidence = {.tls = mes_link_tls(link), .sender = ""};
    mes_buf_init(&transcript, SIZE_MAX);
    if (link->options.wants_transcript && link->mails == 0)
        mes_link_transcript_write(&link->transcript, 0, link->options.smtp.secret, &transcript);
    evidence.transcript = mes_buf_str(&transcript);
    end->evidence = &evidence;
    link->is_over = true;
    link->events.on_ended(link->events.context, link, end);
    mes_buf_fini(&transcript);
}

enum { SHOWN_MOST = 256 * 1024 };

/* The token of an access has a life of its own, so whoever knows the account's password does not know it. */
static struct mes_str hide_token(const struct mes_link *link, struct mes_str text, struct mes_buf *shown)
{
    mes_buf_init(shown, SHOWN_MOST);
    if (mes_secret_is_empty(link->options.smtp.token))
        return text;
    mes_secret_hide(link->options.smtp.token, text, shown);
    return mes_buf_str(shown);
}

static void on_session_ended(void *context, struct mes_smtp_session *session,
                             const struct mes_smtp_outcome *outcome, bool blameless)
{
    struct mes_link *link = checked(context);
    struct mes_link_end end = {.is_blameless = blameless || link->is_cancelled,
                               .was_ready = link->is_ready,
                               .opened_at = link->opened_at,
                               .mechanism = mes_smtp_session_mechanism(session)};
    mes_link_facts(outcome, NULL, &end.facts);
    mes_link_refine(link, outcome, &end.facts);
    struct mes_buf shown;
    end.facts.text = hide_token(link, end.facts.text, &shown);
    tell_ended(link, &end);
    mes_buf_fini(&shown);
}

static void on_trace(void *context, struct mes_smtp_session *session, char direction, struct mes_str line)
{
    struct mes_link *link = checked(context);
    struct mes_buf shown;
    (void)session;
    line = hide_token(link, line, &shown);
    if (link->options.wants_transcript)
        mes_link_transcript_add(&link->transcript, direction, line);
    if (link->events.on_trace != NULL)
        link->events.on_trace(link->events.context, direction, line);
    mes_buf_fini(&shown);
}

/* ---- bytes and time ---- */

static void destroy(struct mes_link *link)
{
    for (unsigned i = 0; i < link->slot_count; i++)
        mes_link_slot_fini(&link->slots[i]);
    mes_free(link->slots);
    mes_link_transcript_fini(&link->transcript);
    mes_smtp_session_free(&link->session);
    mes_timer_free(&link->timer);
    if (link->untold > 0)
        mes_conn_free(&link->conn); /* a dot that counts as unsent must not leave now */
    else
        mes_conn_close(&link->conn);
    link->magic = 0;
    mes_free(link);
}

/* The timer is only set anew when it would ring too late; one that rings early finds nothing due. */
static void set_timer(struct mes_link *link)
{
    int64_t due = mes_smtp_session_deadline(link->session);
    if (mes_smtp_session_output(link->session).size > 0 && link->untold == 0)
        due = mes_loop_now(link->options.loop); /* its turn was over: it goes on in the next */
    if (link->is_ready && !link->is_quitting && mes_link_is_idle(link)) {
        int64_t idle_end = link->idle_since + link->options.idle_ms;
        due = idle_end < due ? idle_end : due;
    }
    if (due >= link->timer_due)
        return;
    int64_t now = mes_loop_now(link->options.loop);
    link->timer_due = due;
    mes_timer_start(link->timer, due > now ? due - now : 0);
}

static void end_without_session(struct mes_link *link, const struct mes_verdict_input *facts)
{
    struct mes_link_end end = {
        .facts = *facts, .is_blameless = link->is_cancelled, .opened_at = link->opened_at};
    tell_ended(link, &end);
}

/* Tells the session what the system has taken of its bytes by now: whether a dot has left must be known
 * exactly. */
static void tell_sent(struct mes_link *link)
{
    size_t unsent = mes_conn_unsent(link->conn);
    size_t sent = link->untold > unsent ? link->untold - unsent : 0;
    link->untold -= sent;
    if (sent > 0 && !link->is_over)
        mes_smtp_session_sent(link->session, sent);
}

/* Hands the session's bytes to the connection: a group goes out in one piece, and the next only when the
 * system has taken the last, so that a large body never piles up. A relay that takes bytes as fast as they
 * come gets no more than its share of a turn. */
static void write_output(struct mes_link *link)
{
    for (int groups = 0; groups < MES_LINK_GROUPS && !link->is_over && link->untold == 0; groups++) {
        struct mes_str out = mes_smtp_session_output(link->session);
        if (out.size == 0)
            return;
        link->untold = out.size;
        if (mes_conn_send(link->conn, out, NULL) != 0) {
            link->untold = 0;
            mes_smtp_session_sent(link->session, out.size); /* part of it may be gone */
            mes_smtp_session_closed(link->session);
            return;
        }
        tell_sent(link);
    }
}

/* Once, although the session wants it until the handshake is over. */
static void start_tls(struct mes_link *link)
{
    if (link->is_over || link->has_begun_tls || !mes_smtp_session_wants_tls(link->session))
        return;
    link->has_begun_tls = true;
    if (mes_conn_start_tls(link->conn, NULL) != 0)
        mes_smtp_session_closed(link->session);
}

/* What the session wants now. */
static void serve_session(struct mes_link *link)
{
    mes_link_take_mails(link);
    write_output(link);
    start_tls(link);
    if (!link->is_over && mes_smtp_session_wants_close(link->session))
        mes_smtp_session_closed(link->session);
}

/* A QUIT that still waits goes out if it can at once; nobody waits for its answer. */
static void write_rest(struct mes_link *link)
{
    struct mes_str rest = link->session != NULL ? mes_smtp_session_output(link->session) : MES_STR("");
    if (rest.size > 0 && link->untold == 0 && mes_conn_send(link->conn, rest, NULL) == 0)
        mes_smtp_session_sent(link->session, rest.size);
}

/* Ends everything that went into the session. May free the link. */
static void settle(struct mes_link *link)
{
    if (link->session != NULL && !link->is_over)
        serve_session(link);
    if (link->is_over) {
        write_rest(link);
        destroy(link);
    } else if (link->session != NULL) {
        set_timer(link);
    }
}

static void on_due(void *context)
{
    struct mes_link *link = checked(context);
    int64_t now = mes_loop_now(link->options.loop);
    link->timer_due = INT64_MAX;
    if (link->session == NULL)
        return;
    tell_sent(link);
    if (now >= mes_smtp_session_deadline(link->session)) {
        mes_smtp_session_tick(link->session);
    } else if (link->is_ready && mes_link_is_idle(link) && now >= link->idle_since + link->options.idle_ms) {
        mes_link_quit(link);
    }
    settle(link);
}

static void connected(struct mes_link *link)
{
    bool wants_lines = link->events.on_trace != NULL || link->options.wants_transcript;
    const struct mes_smtp_callbacks callbacks = {
        .on_ready = on_ready,
        .on_want_permit = link->events.on_want_permit != NULL ? on_want_permit : NULL,
        .on_withdrawn = on_withdrawn,
        .on_done = on_done,
        .on_learned = on_learned,
        .on_ended = on_session_ended,
        .on_trace = wants_lines ? on_trace : NULL, /* lines are only made for who reads them */
    };
    link->session = mes_smtp_session_new(&link->options.smtp, &callbacks, link);
    if (link->session == NULL)
        end_without_session(link, &(struct mes_verdict_input){.step = MES_STEP_CONNECT,
                                                              .cause = MES_CAUSE_INTERNAL,
                                                              .text = MES_STR("out of memory")});
}

static void secured(struct mes_link *link)
{
    struct mes_conn_binding binding;
    if (mes_conn_binding(link->conn, &binding))
        mes_smtp_session_bind(link->session, mes_str_of(binding.type),
                              mes_str_make((const char *)binding.bytes, binding.size));
    mes_smtp_session_secured(link->session);
}

static void received(struct mes_link *link)
{
    struct mes_str bytes = mes_conn_received(link->conn);
    tell_sent(link);
    if (bytes.size == 0 || link->is_over)
        return;
    mes_smtp_session_received(link->session, bytes);
    mes_conn_consume(link->conn, bytes.size);
}

static void lost(struct mes_link *link)
{
    if (link->session != NULL) {
        received(link);
        if (!link->is_over)
            mes_smtp_session_closed(link->session);
        return;
    }
    struct mes_verdict_input facts;
    mes_link_conn_facts(mes_conn_failure(link->conn), &facts);
    end_without_session(link, &facts);
}

static void on_event(void *context, struct mes_conn *conn, enum mes_conn_event event)
{
    struct mes_link *link = checked(context);
    link->conn = conn;
    switch (event) {
    case MES_CONN_CONNECTED:
        connected(link);
        break;
    case MES_CONN_SECURED:
        secured(link);
        break;
    case MES_CONN_DATA:
        received(link);
        break;
    case MES_CONN_DRAINED:
        tell_sent(link);
        break;
    case MES_CONN_CLOSED:
    case MES_CONN_TIMEOUT:
    case MES_CONN_FAILED:
        lost(link);
        break;
    }
    settle(link);
}

/* ---- the link's own interface ---- */

static int make_slots(struct mes_link *link, struct mes_error *error)
{
    unsigned count = link->options.smtp.depth > 2 ? link->options.smtp.depth : 2;
    link->slots = mes_alloc(count * sizeof *link->slots);
    if (link->slots == NULL)
        return mes_fail_nomem(error);
    link->slot_count = count;
    for (unsigned i = 0; i < count; i++)
        mes_link_slot_init(&link->slots[i], link->options.loop, on_body_ready, link);
    return 0;
}

int mes_link_new(const struct mes_link_options *options, const struct mes_link_events *events,
                 struct mes_link **link_out, struct mes_error *error)
{
    struct mes_link *link = mes_alloc(sizeof *link);
    if (link == NULL)
        return mes_fail_nomem(error);
    link->magic = MES_LINK_MAGIC;
    link->options = *options;
    link->events = *events;
    link->timer_due = INT64_MAX;
    link->opened_at = mes_loop_now(options->loop);
    link->has_begun_tls = options->conn.is_tls_at_once;
    mes_link_transcript_init(&link->transcript);
    link->options.conn.on_event = on_event;
    link->options.conn.context = link;
    int code = make_slots(link, error);
    if (code == 0)
        code = mes_timer_new(options->loop, on_due, link, &link->timer, error);
    if (code == 0)
        code = mes_conn_open(options->loop, &link->options.conn, options->addresses, &link->conn, error);
    if (code != 0) {
        destroy(link);
        return code;
    }
    *link_out = link;
    return 0;
}

void mes_link_abort(struct mes_link *link)
{
    link->is_cancelled = true;
    tell_sent(link);
    if (link->is_ready && mes_link_is_idle(link)) {
        mes_smtp_session_quit(link->session);
        write_output(link);
    }
    if (link->session != NULL && !link->is_over)
        mes_smtp_session_closed(link->session);
    else if (link->session == NULL)
        end_without_session(
            link, &(struct mes_verdict_input){.step = MES_STEP_CONNECT, .cause = MES_CAUSE_CANCELLED});
    settle(link);
}

void mes_link_offer(struct mes_link *link)
{
    settle(link);
}

bool mes_link_permit(struct mes_link *link, const struct mes_dispatch *dispatch, bool granted)
{
    struct mes_link_slot *slot = link->slots;
    while (slot < link->slots + link->slot_count && slot->dispatch != dispatch)
        slot++;
    if (slot == link->slots + link->slot_count)
        return false;
    tell_sent(link);
    mes_smtp_session_permit(link->session, &slot->message, granted);
    settle(link);
    return true;
}

void mes_link_drain(struct mes_link *link)
{
    if (!link->is_ready) {
        mes_link_abort(link);
        return;
    }
    mes_link_quit(link);
    mes_smtp_session_recall(link->session);
    settle(link);
}

void mes_link_cancel(struct mes_link *link, int64_t grace_ms)
{
    if (link->session == NULL) {
        mes_link_abort(link);
        return;
    }
    link->is_cancelled = true;
    tell_sent(link);
    mes_smtp_session_cancel(link->session, grace_ms);
    settle(link);
}

struct mes_smtp_session *mes_link_session(struct mes_link *link)
{
    return link->session;
}

bool mes_link_is_ready(const struct mes_link *link)
{
    return link->is_ready && !link->is_over;
}

unsigned mes_link_held(const struct mes_link *link)
{
    return link->held;
}

unsigned mes_link_flow(const struct mes_link *link)
{
    return mes_smtp_session_flow(link->session);
}

bool mes_link_has_carried(const struct mes_link *link)
{
    return link->carried > 0;
}
