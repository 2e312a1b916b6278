#include "smtp/session.h"

#include <assert.h>

#include "base/alloc.h"
#include "smtp/command.h"
#include "smtp/state.h"
#include "smtp/transcript.h"

enum wait { WAIT_GREETING, WAIT_READ, WAIT_FINAL, WAIT_QUIT };

static const struct {
    enum mes_smtp_step (*send)(struct mes_smtp_session *session);
    enum mes_smtp_step (*on)(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                             const struct mes_smtp_reply *reply);
    enum mes_step report;
    enum wait wait;
} steps[] = {
#define STEP(name, send, on, report, wait, follow)                                                           \
    [MES_SMTP_STEP_##name] = {send, on, MES_STEP_##report, WAIT_##wait},
#include "smtp/steps.def"
#undef STEP
};

int64_t mes_smtp_now(const struct mes_smtp_session *session)
{
    return mes_clock_monotonic(session->options.clock);
}

enum mes_step mes_smtp_reported(enum mes_smtp_step step)
{
    return steps[step].report;
}

/* The only place where the step changes. */
static void set_step(struct mes_smtp_session *session, enum mes_smtp_step step)
{
    if (session->is_over)
        step = MES_SMTP_STEP_END;
    if (step == MES_SMTP_STEP_STAY)
        return;
    session->step = step;
    if (step == MES_SMTP_STEP_TLS)
        session->reply_since = mes_smtp_now(session);
}

/* --- Output --- */

static size_t waiting(const struct mes_smtp_session *session)
{
    return session->out.size - session->out_at;
}

uint64_t mes_smtp_put_total(const struct mes_smtp_session *session)
{
    return session->sent + waiting(session);
}

struct mes_buf *mes_smtp_put_begin(struct mes_smtp_session *session, size_t *start_out)
{
    size_t size = waiting(session);
    if (size == 0)
        session->progress_since = mes_smtp_now(session);
    /* Moved only when at least as much was handed over as is left: all in all linear. */
    if (session->out_at > 0 && session->out_at >= size) {
        mes_buf_consume(&session->out, session->out_at);
        session->out_at = 0;
    }
    *start_out = session->out.size;
    return &session->out;
}

static void start_reply_clock(struct mes_smtp_session *session)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    if (front != NULL && session->reply_since < 0 && front->end <= session->sent)
        session->reply_since = mes_smtp_now(session);
}

static void push(struct mes_smtp_session *session, enum mes_smtp_step step, unsigned recipient)
{
    bool is_of_message = step >= MES_SMTP_STEP_MAIL && step <= MES_SMTP_STEP_LONE_DOT;
    struct mes_smtp_entry entry = {.step = step,
                                   .recipient = recipient,
                                   .slot = is_of_message ? session->current : NULL,
                                   .end = mes_smtp_put_total(session)};
    mes_smtp_ring_push(&session->ring, entry);
    start_reply_clock(session);
}

bool mes_smtp_put_end(struct mes_smtp_session *session, size_t start, enum mes_smtp_step step,
                      unsigned recipient)
{
    bool is_envelope = step == MES_SMTP_STEP_MAIL || step == MES_SMTP_STEP_RCPT;
    size_t most = is_envelope ? MES_SMTP_ENVELOPE_MOST : MES_SMTP_COMMAND_MOST;
    bool is_utf8 = is_envelope && session->current->message->needs_smtputf8;
    bool is_ended = step == MES_SMTP_STEP_ANSWER ? mes_smtp_command_end_answer(&session->out, start)
                                                 : mes_smtp_command_end(&session->out, start, most, is_utf8);
    if (!is_ended)
        return false;
    struct mes_str line = mes_str_skip(mes_buf_str(&session->out), start);
    mes_smtp_transcript_sent(session, mes_str_cut(line, 0, line.size - 2), step);
    push(session, step, recipient);
    return true;
}

bool mes_smtp_put_data(struct mes_smtp_session *session, size_t start, struct mes_str data,
                       enum mes_smtp_step step)
{
    if (!mes_smtp_command_end(&session->out, start, MES_SMTP_COMMAND_MOST, false))
        return false;
    struct mes_str line = mes_str_skip(mes_buf_str(&session->out), start);
    mes_smtp_transcript_sent(session, mes_str_cut(line, 0, line.size - 2), step);
    mes_buf_add_str(&session->out, data);
    if (session->out.failed != 0)
        return false;
    push(session, step, 0);
    return true;
}

void mes_smtp_drop_output(struct mes_smtp_session *session)
{
    mes_wipe(session->out.data, session->out.size);
    mes_buf_clear(&session->out);
    session->out_at = 0;
}

/* --- Sending --- */

static bool is_dot_waited_for(const struct mes_smtp_session *session, bool must_be_written)
{
    for (unsigned i = 0; i < session->slot_count; i++) {
        const struct mes_smtp_slot *slot = &session->slots[i];
        if (slot->state == MES_SMTP_SLOT_SENDING && slot->is_dot_put &&
            (!must_be_written || mes_smtp_slot_is_dot_written(slot, session->sent)))
            return true;
    }
    return false;
}

/* A message whose permit was refused: quietly forgotten if nothing of it was put out, else the end. */
static void apply_refusal(struct mes_smtp_session *session, struct mes_smtp_slot *slot)
{
    bool is_sending = slot->state == MES_SMTP_SLOT_SENDING;
    enum mes_step step = slot->is_put ? mes_smtp_place_of(session, slot) : MES_STEP_MAIL;
    if (slot->permit != MES_SMTP_PERMIT_REFUSED || slot->is_dot_put ||
        !(is_sending || slot->state == MES_SMTP_SLOT_QUEUED))
        return;
    if (is_sending && slot->is_put && !slot->is_by_b) {
        session->is_closing = true;
        return;
    }
    mes_smtp_slot_decide_rest(slot, step, MES_SMTP_CANCELLED, NULL);
    if (slot->is_put)
        return; /* what sends it finds nobody left */
    slot->state = MES_SMTP_SLOT_DONE;
    if (is_sending)
        set_step(session, MES_SMTP_STEP_READY);
}

static bool is_cancelled(const struct mes_smtp_session *session)
{
    return session->grace_until != INT64_MAX;
}

static void close_if_due(struct mes_smtp_session *session)
{
    if (session->is_closing && !is_dot_waited_for(session, is_cancelled(session)))
        set_step(session, mes_smtp_end(session, MES_SMTP_CANCELLED, mes_smtp_place(session), NULL));
}

/* Sends what may be sent now. */
static void advance(struct mes_smtp_session *session)
{
    for (unsigned i = 0; i < session->slot_count; i++)
        apply_refusal(session, &session->slots[i]);
    close_if_due(session);
    while (!session->is_closing && steps[session->step].send != NULL && mes_smtp_may_send_now(session)) {
        enum mes_smtp_step step = session->step;
        uint64_t put = mes_smtp_put_total(session);
        set_step(session, steps[step].send(session));
        if (session->out.failed != 0)
            set_step(session, mes_smtp_end(session, MES_SMTP_NO_MEMORY, mes_smtp_reported(step), NULL));
        if (session->step == step && mes_smtp_put_total(session) == put)
            break;
    }
}

void mes_smtp_run(struct mes_smtp_session *session)
{
    if (session->is_running)
        return;
    session->is_running = true;
    do
        advance(session);
    while (mes_smtp_tell(session));
    session->is_running = false;
}

/* --- Replies --- */

/* RFC 5321 3.8: 421 may answer anything; then the relay closes. */
static enum mes_smtp_step on_421(struct mes_smtp_session *session, const struct mes_smtp_entry *entry,
                                 const struct mes_smtp_reply *reply)
{
    struct mes_smtp_slot *slot = entry->slot;
    enum mes_step step = mes_smtp_reported(entry->step);
    bool is_of_one = slot != NULL && slot->is_dot_put && entry->step == MES_SMTP_STEP_RCPT;
    if (is_of_one && !mes_smtp_slot_is_decided(slot, entry->recipient))
        mes_smtp_slot_decide(slot, entry->recipient, step, MES_SMTP_REPLIED, reply);
    if (slot != NULL && !is_of_one && !(entry->step == MES_SMTP_STEP_MAIL && slot->is_by_x))
        mes_smtp_slot_end_refused(slot, step, reply);
    return mes_smtp_end(session, MES_SMTP_REPLIED, step, reply);
}

/* A reply before all of its command was handed over, or without any. A refusal of the body, while it is being
 * sent, is taken as such; DATA cannot be ended without a dot, so the connection is. */
static enum mes_smtp_step on_early(struct mes_smtp_session *session, const struct mes_smtp_reply *reply)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    struct mes_smtp_slot *slot = NULL;
    bool is_in_body = session->step == MES_SMTP_STEP_BODY || session->step == MES_SMTP_STEP_DOT ||
                      session->step == MES_SMTP_STEP_CHUNK;
    if (front != NULL && (front->step == MES_SMTP_STEP_DOT || front->step == MES_SMTP_STEP_CHUNK ||
                          front->step == MES_SMTP_STEP_LAST))
        slot = front->slot;
    else if (front == NULL && is_in_body)
        slot = session->current;
    if (slot != NULL && reply->code >= 400) {
        enum mes_step step = mes_smtp_place_of(session, slot);
        mes_smtp_slot_end_refused(slot, step, reply);
        return mes_smtp_end(session, MES_SMTP_REPLIED, step, reply);
    }
    if (reply->code == 421)
        return mes_smtp_end(session, MES_SMTP_REPLIED, mes_smtp_place(session), reply);
    return mes_smtp_end(session, MES_SMTP_OUT_OF_TURN, mes_smtp_place(session), NULL);
}

/* Set-up is in lock-step, so each reply measures the way there and back. The greeting does not: the peer may
 * have taken its time before it spoke. */
static void note_round_trip(struct mes_smtp_session *session, const struct mes_smtp_entry *entry)
{
    int64_t time = mes_smtp_now(session) - session->reply_since;
    if (!session->was_ready && entry->step != MES_SMTP_STEP_GREETING && time < session->round_trip)
        session->round_trip = time;
}

static enum mes_smtp_step on_reply(struct mes_smtp_session *session, const struct mes_smtp_reply *reply)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    mes_smtp_transcript_received(session, reply);
    if (front == NULL || front->end > session->sent)
        return on_early(session, reply);
    if (reply->code == 421)
        return on_421(session, front, reply);
    note_round_trip(session, front);
    enum mes_smtp_step next = steps[front->step].on(session, front, reply);
    (void)mes_smtp_ring_pop(&session->ring);
    session->reply_since = -1;
    start_reply_clock(session);
    return next;
}

static bool is_quit_sent(const struct mes_smtp_session *session)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    return front != NULL && front->step == MES_SMTP_STEP_QUIT;
}

static enum mes_smtp_step take(struct mes_smtp_session *session, struct mes_str *bytes)
{
    struct mes_smtp_reply reply;
    if (is_quit_sent(session)) /* every message has its outcome: whatever it says is taken for a good-bye */
        return mes_smtp_end(session, MES_SMTP_REPLIED, MES_STEP_QUIT, NULL);
    if (session->step == MES_SMTP_STEP_TLS) {
        /* In clear behind the reply to STARTTLS: put in by somebody in between (CVE-2011-0411 and its kin).
         */
        mes_smtp_transcript_remark(session, "bytes in clear where TLS was to begin");
        return mes_smtp_end(session, MES_SMTP_GARBAGE, MES_STEP_STARTTLS, NULL);
    }
    switch (mes_smtp_parser_next(&session->parser, bytes, &reply)) {
    case MES_SMTP_PARSE_REPLY:
        return on_reply(session, &reply);
    case MES_SMTP_PARSE_BAD:
        mes_smtp_transcript_remark(session, "not an SMTP reply");
        return mes_smtp_end(session, MES_SMTP_GARBAGE, mes_smtp_place(session), NULL);
    case MES_SMTP_PARSE_NOMEM:
        return mes_smtp_end(session, MES_SMTP_NO_MEMORY, mes_smtp_place(session), NULL);
    case MES_SMTP_PARSE_MORE:
        break;
    }
    return MES_SMTP_STEP_STAY;
}

void mes_smtp_session_received(struct mes_smtp_session *session, struct mes_str bytes)
{
    while (bytes.size > 0 && !session->is_over) {
        set_step(session, take(session, &bytes));
        mes_smtp_run(session);
    }
}

/* --- What else comes from outside --- */

void mes_smtp_session_sent(struct mes_smtp_session *session, size_t size)
{
    assert(size <= waiting(session));
    if (size == 0)
        return;
    session->sent += size;
    session->out_at += size;
    session->progress_since = mes_smtp_now(session);
    if (waiting(session) == 0) {
        if (!session->was_ready) /* a password may have been in it */
            mes_wipe(session->out.data, session->out.size);
        mes_buf_clear(&session->out);
        session->out_at = 0;
    }
    start_reply_clock(session);
    mes_smtp_run(session);
}

void mes_smtp_session_secured(struct mes_smtp_session *session)
{
    if (session->step != MES_SMTP_STEP_TLS)
        return;
    session->is_secured = true;
    session->reply_since = -1;
    if (session->options.tls == MES_SMTP_TLS_AT_ONCE) {
        set_step(session, MES_SMTP_STEP_WAIT);
        push(session, MES_SMTP_STEP_GREETING, 0);
    } else {
        set_step(session, MES_SMTP_STEP_EHLO);
    }
    mes_smtp_run(session);
}

static enum mes_smtp_step end_by_silence(struct mes_smtp_session *session, enum mes_smtp_cause cause)
{
    if (is_quit_sent(session))
        return mes_smtp_end(session, MES_SMTP_REPLIED, MES_STEP_QUIT, NULL);
    if (session->step == MES_SMTP_STEP_TLS && cause == MES_SMTP_CUT)
        cause = MES_SMTP_TLS_FAILED;
    return mes_smtp_end(session, cause, mes_smtp_place(session), NULL);
}

void mes_smtp_session_closed(struct mes_smtp_session *session)
{
    set_step(session, end_by_silence(session, MES_SMTP_CUT));
    mes_smtp_run(session);
}

static int64_t reply_time(const struct mes_smtp_session *session, enum mes_smtp_step step)
{
    switch (steps[step].wait) {
    case WAIT_GREETING:
        return session->options.greeting_ms;
    case WAIT_READ:
        return session->options.read_ms;
    case WAIT_FINAL:
        return session->options.final_ms;
    case WAIT_QUIT:
        return session->options.read_ms < MES_SMTP_QUIT_MS ? session->options.read_ms : MES_SMTP_QUIT_MS;
    }
    return 0;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t mes_smtp_session_deadline(const struct mes_smtp_session *session)
{
    const struct mes_smtp_entry *front = mes_smtp_ring_front(&session->ring);
    int64_t deadline = session->grace_until;
    if (session->is_over || session->step == MES_SMTP_STEP_WORK)
        return session->is_over ? INT64_MAX : 0;
    if (session->step == MES_SMTP_STEP_TLS)
        deadline = earlier(deadline, session->reply_since + session->options.greeting_ms);
    else if (front != NULL && session->reply_since >= 0)
        deadline = earlier(deadline, session->reply_since + reply_time(session, front->step));
    if (waiting(session) > 0)
        deadline = earlier(deadline, session->progress_since + session->options.write_ms);
    return deadline;
}

void mes_smtp_session_tick(struct mes_smtp_session *session)
{
    int64_t time = mes_smtp_now(session);
    bool is_grace_over = time >= session->grace_until;
    if (time < mes_smtp_session_deadline(session))
        return;
    if (session->step != MES_SMTP_STEP_WORK || is_grace_over)
        set_step(session, end_by_silence(session, is_grace_over ? MES_SMTP_CANCELLED : MES_SMTP_TIMEOUT));
    mes_smtp_run(session);
}

/* --- What the session wants, and what is known --- */

struct mes_str mes_smtp_session_output(const struct mes_smtp_session *session)
{
    return mes_str_skip(mes_buf_str(&session->out), session->out_at);
}

bool mes_smtp_session_wants_tls(const struct mes_smtp_session *session)
{
    return session->step == MES_SMTP_STEP_TLS && waiting(session) == 0;
}

bool mes_smtp_session_wants_close(const struct mes_smtp_session *session)
{
    return session->is_over;
}

struct mes_str mes_smtp_session_keywords(const struct mes_smtp_session *session)
{
    return mes_buf_str(&session->ehlo.keywords);
}

uint64_t mes_smtp_session_size_limit(const struct mes_smtp_session *session)
{
    return session->ehlo.size_limit;
}

/* --- Life --- */

struct mes_smtp_session *mes_smtp_session_new(const struct mes_smtp_options *options,
                                              const struct mes_smtp_callbacks *callbacks, void *context)
{
    struct mes_smtp_session *session = mes_alloc(sizeof *session);
    if (session == NULL)
        return NULL;
    session->slot_count = options->depth > 2 ? options->depth : 2;
    assert(session->slot_count <= MES_SMTP_DEPTH_MOST);
    session->slots = mes_alloc(session->slot_count * sizeof *session->slots);
    if (session->slots == NULL) {
        mes_free(session);
        return NULL;
    }
    session->options = *options;
    session->callbacks = *callbacks;
    session->context = context;
    if (options->clock == NULL)
        session->options.clock = mes_clock_system();
    session->grace_until = INT64_MAX;
    session->round_trip = INT64_MAX;
    mes_buf_init(&session->chunk, MES_SMTP_CHUNK_MOST);
    mes_buf_init(&session->out, MES_SMTP_OUTPUT_MOST);
    mes_buf_init(&session->trace, MES_SMTP_CHALLENGE_MOST + 16);
    mes_buf_init(&session->ended_text, 2 * MES_SMTP_TEXT_MOST);
    mes_smtp_parser_init(&session->parser);
    mes_smtp_ehlo_init(&session->ehlo);
    mes_smtp_auth_init(&session->auth);
    for (unsigned i = 0; i < session->slot_count; i++)
        mes_smtp_slot_init(&session->slots[i]);
    session->reply_since = -1;
    if (options->tls == MES_SMTP_TLS_AT_ONCE) {
        set_step(session, MES_SMTP_STEP_TLS);
    } else {
        set_step(session, MES_SMTP_STEP_WAIT);
        push(session, MES_SMTP_STEP_GREETING, 0);
    }
    return session;
}

void mes_smtp_session_free(struct mes_smtp_session **session)
{
    struct mes_smtp_session *old = *session;
    if (old == NULL)
        return;
    mes_smtp_drop_output(old);
    mes_buf_fini(&old->chunk);
    mes_buf_fini(&old->out);
    mes_buf_fini(&old->trace);
    mes_buf_fini(&old->ended_text);
    mes_smtp_parser_fini(&old->parser);
    mes_smtp_ehlo_fini(&old->ehlo);
    mes_smtp_auth_fini(&old->auth);
    for (unsigned i = 0; i < old->slot_count; i++)
        mes_smtp_slot_fini(&old->slots[i]);
    mes_free(old->slots);
    mes_free(old);
    *session = NULL;
}
