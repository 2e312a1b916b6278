/* Plays the server's and the host's part of a script. */
#include <stdlib.h>
#include <string.h>

#include "script.h"

static bool is_word(struct mes_str word, const char *name)
{
    return mes_str_eq(word, mes_str_of(name));
}

/* --- The host --- */

static int64_t read_clock(void *context)
{
    return ((struct talk *)context)->time;
}

static struct talk_message *message_of(const struct mes_smtp_message *message)
{
    return message->context;
}

static enum mes_pull pull(struct mes_source *source, struct mes_str *piece_out)
{
    struct talk_message *message = (struct talk_message *)source;
    enum talk_way way = message->talk->way;
    struct mes_str rest = mes_str_skip(mes_buf_str(&message->body), message->pulled);
    size_t most = way == TALK_BYTES ? 1 : way == TALK_DELAYED ? 7000 : 40000;
    if (way == TALK_DELAYED && !message->is_later) {
        message->is_later = true;
        return MES_PULL_LATER;
    }
    message->is_later = false;
    if (mes_str_starts(rest, MES_STR("FAIL")))
        return MES_PULL_FAILED;
    size_t fails_at = mes_str_find(mes_str_cut(rest, 0, most + 3), MES_STR("FAIL"), 0);
    *piece_out = mes_str_cut(rest, 0, fails_at < most ? fails_at : most);
    message->pulled += piece_out->size;
    return piece_out->size > 0 ? MES_PULL_PIECE : MES_PULL_END;
}

static void submit_one(struct talk *talk)
{
    for (size_t i = 0; i < talk->message_count; i++) {
        if (talk->messages[i].is_submitted)
            continue;
        talk->messages[i].is_submitted = true;
        if (mes_smtp_session_submit(talk->session, &talk->messages[i].message) != 0)
            talk_fail(talk, "message %zu was not taken", i + 1);
        return;
    }
}

static void on_ready(void *context, struct mes_smtp_session *session)
{
    struct talk *talk = context;
    if (talk->readies++ == 0)
        mes_smtp_session_set_relay(session, talk->relay);
    if (!mes_smtp_session_has_room(session))
        talk_fail(talk, "ready without room");
    if (!talk->is_held)
        submit_one(talk);
}

static void give_permit(struct talk *talk, struct talk_message *message)
{
    size_t number = (size_t)(message - talk->messages) + 1;
    message->is_granted = true;
    mes_smtp_session_permit(talk->session, &message->message, number != talk->refused_permit);
}

static void on_want_permit(void *context, struct mes_smtp_session *session,
                           const struct mes_smtp_message *message)
{
    struct talk *talk = context;
    (void)session;
    if (message_of(message)->is_wanted)
        talk_fail(talk, "a permit was asked for twice");
    message_of(message)->is_wanted = true;
    bool is_refused = (size_t)(message_of(message) - talk->messages) + 1 == talk->refused_permit;
    bool is_late = talk->way == TALK_DELAYED || message_of(message) + 1 == talk->messages + talk->late_permit;
    if (is_refused ? talk->is_refused_early : !is_late)
        give_permit(talk, message_of(message));
}

static void on_withdrawn(void *context, struct mes_smtp_session *session,
                         const struct mes_smtp_message *message)
{
    struct talk *talk = context;
    (void)session;
    if (message_of(message)->is_withdrawn || !message_of(message)->is_wanted || message_of(message)->is_done)
        talk_fail(talk, "a permit was withdrawn at the wrong time");
    message_of(message)->is_withdrawn = true;
}

static void keep_text(struct mes_buf *texts, struct mes_str *text)
{
    char *copy = mes_buf_reserve(texts, text->size);
    memcpy(copy, text->data, text->size);
    mes_buf_commit(texts, text->size);
    *text = mes_str_make(copy, text->size);
}

static void on_done(void *context, struct mes_smtp_session *session, const struct mes_smtp_result *result)
{
    struct talk *talk = context;
    struct talk_message *message = message_of(result->message);
    (void)session;
    if (message->is_done || talk->is_ended)
        talk_fail(talk, "done at the wrong time");
    message->is_done = true;
    message->result = *result;
    for (size_t i = 0; i < result->message->count; i++) {
        message->outcomes[i] = result->outcomes[i];
        keep_text(&message->texts, &message->outcomes[i].enhanced);
        keep_text(&message->texts, &message->outcomes[i].text);
    }
}

static void on_learned(void *context, struct mes_smtp_session *session, enum mes_smtp_fact fact)
{
    struct talk *talk = context;
    (void)session;
    talk->facts |= 1u << fact;
}

static void on_ended(void *context, struct mes_smtp_session *session, const struct mes_smtp_outcome *outcome,
                     bool blameless)
{
    struct talk *talk = context;
    (void)session;
    if (talk->is_ended)
        talk_fail(talk, "ended twice");
    talk->is_ended = true;
    talk->is_blameless = blameless;
    talk->ended = *outcome;
    keep_text(&talk->ended_text, &talk->ended.enhanced);
    keep_text(&talk->ended_text, &talk->ended.text);
}

static void on_trace(void *context, struct mes_smtp_session *session, char direction, struct mes_str line)
{
    struct talk *talk = context;
    (void)session;
    mes_buf_add_format(&talk->trace, "    %c %.*s\n", direction, MES_STR_ARGS(line));
}

/* --- The wire --- */

static void pump(struct talk *talk)
{
    for (;;) {
        struct mes_str output = mes_smtp_session_output(talk->session);
        if (mes_smtp_session_deadline(talk->session) == 0) { /* it hashes a password */
            mes_smtp_session_tick(talk->session);
            continue;
        }
        if (output.size == 0 || talk->is_stalled)
            return;
        if (talk->way == TALK_BYTES)
            output.size = 1;
        if (talk->way != TALK_WIRE)
            mes_buf_add_str(&talk->client, output);
        else if (!talk_wire_to_server(talk->wire, output, &talk->client))
            talk_fail(talk, "what the client sent did not arrive");
        mes_smtp_session_sent(talk->session, output.size);
    }
}

/* Does a body of this message, the last chunk of it, wait to be looked at? */
static bool has_last_of(const struct talk *talk, const struct talk_message *message)
{
    struct mes_str client = mes_buf_str(&talk->client), rest = mes_buf_str(&message->plain);
    rest = mes_str_skip(rest, message->chunked);
    size_t last = mes_str_find(client, MES_STR(" LAST\r\n"), 0);
    return last != SIZE_MAX && rest.size > 0 && mes_str_starts(mes_str_skip(client, last + 7), rest);
}

/* The session can do nothing more by itself: gives what it waits for. False when it waits for nothing. */
static bool wake(struct talk *talk)
{
    for (size_t i = 0; i < talk->message_count; i++) {
        struct talk_message *message = &talk->messages[i];
        if (message->is_later && !message->is_done) {
            mes_smtp_session_body_ready(talk->session);
            pump(talk);
            return true;
        }
        if (!message->is_wanted || message->is_granted || message->is_done)
            continue;
        if (mes_str_find(mes_buf_str(&talk->client), MES_STR("\r\n.\r\n"), 0) != SIZE_MAX)
            talk_fail(talk, "a dot was sent without its permit");
        if (has_last_of(talk, message))
            talk_fail(talk, "BDAT LAST was sent without its permit");
        give_permit(talk, message);
        pump(talk);
        return true;
    }
    return false;
}

/* Remembers which reply was the answer to a dot. */
static void note_reply(struct talk *talk, char c)
{
    mes_buf_add_char(&talk->reply, c);
    if (c != '\n')
        return;
    bool is_last = talk->reply.size < 4 || talk->reply.data[3] != '-';
    talk->replied += is_last;
    for (size_t i = 0; i < talk->message_count && is_last; i++)
        if (talk->messages[i].reply_number == talk->replied)
            talk->messages[i].final_code = (int)strtol(talk->reply.data, NULL, 10);
    if (is_last && talk->awaiting > 0) {
        talk->messages[talk->awaiting - 1].final_code = (int)strtol(talk->reply.data, NULL, 10);
        talk->awaiting = 0;
    }
    mes_buf_clear(&talk->reply);
}

static void cut(struct talk *talk)
{
    talk->is_cut = true;
    if (talk->way == TALK_WIRE && !talk_wire_cut(talk->wire))
        talk_fail(talk, "the client did not notice the cut");
    mes_smtp_session_closed(talk->session);
}

static void hand_in(struct talk *talk, struct mes_str bytes)
{
    mes_smtp_session_received(talk->session, bytes);
    pump(talk);
}

static void hand_in_by_wire(struct talk *talk, struct mes_str bytes)
{
    struct mes_buf arrived;
    mes_buf_init(&arrived, SIZE_MAX);
    if (!talk_wire_to_client(talk->wire, bytes, &arrived))
        talk_fail(talk, "what the server sent did not arrive");
    hand_in(talk, mes_buf_str(&arrived));
    mes_buf_fini(&arrived);
}

static void deliver(struct talk *talk, struct mes_str bytes)
{
    if (talk->way == TALK_CUT && talk->delivered + bytes.size > talk->cut_after)
        bytes.size = talk->cut_after - talk->delivered;
    for (size_t i = 0; i < bytes.size; i++)
        note_reply(talk, bytes.data[i]);
    talk->delivered += bytes.size;
    if (talk->way == TALK_MERGED) {
        mes_buf_add_str(&talk->server, bytes);
    } else if (talk->way == TALK_WIRE) {
        hand_in_by_wire(talk, bytes);
    } else if (talk->way == TALK_BYTES) {
        for (size_t i = 0; i < bytes.size; i++)
            hand_in(talk, mes_str_cut(bytes, i, 1));
    } else {
        hand_in(talk, bytes);
    }
    if (talk->way == TALK_CUT && talk->delivered == talk->cut_after)
        cut(talk);
}

static void flush_merged(struct talk *talk)
{
    if (talk->server.size == 0)
        return;
    hand_in(talk, mes_buf_str(&talk->server));
    mes_buf_clear(&talk->server);
}

/* --- The script --- */

static bool server_line(struct talk *talk, struct mes_str text, bool is_raw)
{
    struct mes_buf bytes;
    if (talk->client.size > 0 && !talk->is_loose)
        return talk_fail(talk, "the client went on to say '%.*s'", MES_STR_ARGS(mes_buf_str(&talk->client)));
    mes_buf_init(&bytes, 1024 * 1024);
    if (is_raw)
        talk_unescape(text, &bytes);
    else
        mes_buf_add_str(&bytes, text);
    mes_buf_add_text(&bytes, is_raw ? "" : "\r\n");
    deliver(talk, mes_buf_str(&bytes));
    mes_buf_fini(&bytes);
    return true;
}

static bool client_line(struct talk *talk, struct mes_str pattern)
{
    struct mes_str have;
    size_t end;
    do {
        have = mes_buf_str(&talk->client);
        end = mes_str_find(have, MES_STR("\r\n"), 0);
    } while (end == SIZE_MAX && wake(talk));
    if (end == SIZE_MAX)
        return talk_fail(talk, "the client said nothing ('%.*s')", MES_STR_ARGS(have));
    struct mes_str line = mes_str_cut(have, 0, end);
    if (!talk_matches(pattern, line))
        return talk_fail(talk, "the client said '%.*s'", MES_STR_ARGS(line));
    mes_buf_consume(&talk->client, end + 2);
    talk->asked++;
    return true;
}

/* "BDAT 86 LAST" at the beginning of what the client said: the bytes of the line, 0 when there is none. */
static size_t chunk_head(struct mes_str client, size_t *size_out, bool *is_last_out)
{
    size_t end = mes_str_find(client, MES_STR("\r\n"), 0);
    if (end == SIZE_MAX || !mes_str_starts(client, MES_STR("BDAT ")))
        return 0;
    struct mes_str rest = mes_str_cut(client, 5, end - 5);
    *size_out = strtoul(talk_word(&rest).data, NULL, 10);
    *is_last_out = is_word(talk_word(&rest), "LAST");
    return end + 2;
}

/* One chunk of the message. */
static bool take_chunk(struct talk *talk, struct talk_message *message, bool *is_last_out)
{
    size_t head, size = 0, number = (size_t)(message - talk->messages) + 1;
    while ((head = chunk_head(mes_buf_str(&talk->client), &size, is_last_out)) == 0 ||
           talk->client.size < head + size)
        if (!wake(talk))
            return talk_fail(talk, "this is no chunk of message %zu: '%.*s'", number,
                             MES_STR_ARGS(mes_buf_str(&talk->client)));
    struct mes_str have = mes_str_cut(mes_buf_str(&talk->client), head, size);
    struct mes_str wanted = mes_str_cut(mes_buf_str(&message->plain), message->chunked, size);
    if (!mes_str_eq(have, wanted))
        return talk_fail(talk, "these %zu bytes are not those of message %zu", size, number);
    message->chunked += size;
    mes_buf_consume(&talk->client, head + size);
    talk->asked++;
    return true;
}

/* "B: 1": the body of message 1 to its end. "B: 1 begins": one chunk that is not the last. */
static bool chunk_lines(struct talk *talk, struct mes_str rest)
{
    size_t number = strtoul(talk_word(&rest).data, NULL, 10);
    bool is_part = is_word(talk_word(&rest), "begins"), is_last = false;
    if (number == 0 || number > talk->message_count)
        return talk_fail(talk, "there is no message %zu", number);
    struct talk_message *message = &talk->messages[number - 1];
    do
        if (!take_chunk(talk, message, &is_last))
            return false;
    while (!is_last && !is_part);
    if (is_part)
        return !is_last || talk_fail(talk, "message %zu has ended", number);
    if (message->chunked != message->plain.size)
        return talk_fail(talk, "message %zu has %zu bytes, not %zu", number, message->plain.size,
                         message->chunked);
    message->is_dot_seen = true;
    message->reply_number = talk->asked + 1; /* the greeting is one, too */
    return (message->is_granted && number != talk->refused_permit) ||
           talk_fail(talk, "BDAT LAST of message %zu came without its permit", number);
}

static bool body_lines(struct talk *talk, struct mes_str rest)
{
    size_t number = strtoul(talk_word(&rest).data, NULL, 10);
    if (number == 0 || number > talk->message_count)
        return talk_fail(talk, "there is no message %zu", number);
    struct talk_message *message = &talk->messages[number - 1];
    struct mes_str wanted = mes_buf_str(&message->wire);
    if (is_word(talk_word(&rest), "begins"))
        wanted.size = talk->client.size < wanted.size ? talk->client.size : wanted.size - 3;
    while (talk->client.size < wanted.size && wake(talk))
        continue;
    if (!mes_str_starts(mes_buf_str(&talk->client), wanted))
        return talk_fail(talk, "this is not the body of message %zu (%zu bytes wanted, %zu there)", number,
                         wanted.size, talk->client.size);
    mes_buf_consume(&talk->client, wanted.size);
    if (wanted.size < message->wire.size)
        return true;
    message->is_dot_seen = true;
    talk->asked++;
    talk->awaiting = number;
    if (!message->is_granted || number == talk->refused_permit)
        return talk_fail(talk, "the dot of message %zu came without its permit", number);
    return true;
}

static bool be_silent(struct talk *talk)
{
    while (wake(talk))
        continue;
    return talk->client.size == 0 ||
           talk_fail(talk, "the client said '%.*s'", MES_STR_ARGS(mes_buf_str(&talk->client)));
}

static bool start_tls(struct talk *talk)
{
    if (!mes_smtp_session_wants_tls(talk->session))
        return talk_fail(talk, "the client does not want TLS");
    bool is_late = talk->options.tls != MES_SMTP_TLS_AT_ONCE;
    if (talk->way == TALK_WIRE && is_late && !talk_wire_secure(talk->wire))
        return talk_fail(talk, "TLS could not be set up");
    if (talk->binding.size > 0)
        mes_smtp_session_bind(talk->session, talk->binding_type, talk->binding);
    mes_smtp_session_secured(talk->session);
    return true;
}

static bool host_action(struct talk *talk, struct mes_str word, struct mes_str rest)
{
    if (is_word(word, "wait")) {
        while (wake(talk))
            continue;
        talk->time += talk_time(talk_word(&rest));
        mes_smtp_session_tick(talk->session);
    } else if (is_word(word, "submit")) {
        submit_one(talk);
    } else if (is_word(word, "recall")) {
        mes_smtp_session_recall(talk->session);
    } else if (is_word(word, "quit")) {
        mes_smtp_session_quit(talk->session);
    } else if (is_word(word, "cancel")) {
        mes_smtp_session_cancel(talk->session, talk_time(talk_word(&rest)));
    } else if (is_word(word, "stall") || is_word(word, "flow")) {
        talk->is_stalled = is_word(word, "stall");
    } else if (is_word(word, "loose")) {
        talk->is_loose = true;
    } else if (is_word(word, "anything")) {
        while (wake(talk))
            continue;
        mes_buf_clear(&talk->client);
    } else {
        return talk_fail(talk, "unknown word '%.*s'", MES_STR_ARGS(word));
    }
    return true;
}

static bool play_line(struct talk *talk, struct mes_str line)
{
    struct mes_str rest = line;
    struct mes_str word = talk_word(&rest), text = mes_str_skip(line, 3);
    bool is_server = is_word(word, "S:") || is_word(word, "R:");
    if (!is_server)
        flush_merged(talk);
    bool is_good = is_server                  ? server_line(talk, text, is_word(word, "R:"))
                   : is_word(word, "C:")      ? client_line(talk, text)
                   : is_word(word, "D:")      ? body_lines(talk, rest)
                   : is_word(word, "B:")      ? chunk_lines(talk, rest)
                   : is_word(word, "then")    ? talk_expect(talk, rest)
                   : is_word(word, "tls")     ? start_tls(talk)
                   : is_word(word, "cut")     ? (cut(talk), true)
                   : is_word(word, "silence") ? be_silent(talk)
                                              : host_action(talk, word, rest);
    pump(talk);
    return is_good && talk->complaint.size == 0;
}

static bool begin(struct talk *talk)
{
    static const struct mes_smtp_callbacks callbacks = {on_ready,   on_want_permit, on_withdrawn, on_done,
                                                        on_learned, on_ended,       on_trace};
    talk->clock = (struct mes_clock){read_clock, read_clock, talk};
    talk->options.clock = &talk->clock;
    for (size_t i = 0; i < talk->message_count; i++) {
        struct talk_message *message = &talk->messages[i];
        message->talk = talk;
        message->source.next = pull;
        message->message.source = &message->source;
        message->message.recipients = message->recipients;
        message->message.context = message;
        if (mes_buf_reserve(&message->texts, 512 * 1024) == NULL) /* so that no text moves */
            return false;
    }
    if (mes_buf_reserve(&talk->ended_text, 8 * 1024) == NULL)
        return false;
    bool is_late =
        talk->options.tls == MES_SMTP_TLS_STARTTLS || talk->options.tls == MES_SMTP_TLS_WHERE_OFFERED;
    if (talk->way == TALK_WIRE)
        talk->wire = talk_wire_open(!is_late);
    talk->session = mes_smtp_session_new(&talk->options, &callbacks, talk);
    pump(talk);
    return talk->session != NULL;
}

/* A line of the script; false ends the run. */
static bool step(struct talk *talk, struct mes_str line)
{
    bool was_configuration = false;
    if (line.size == 0 || line.data[0] == '#')
        return true;
    if (!talk_configure(talk, line, &was_configuration))
        return false;
    return was_configuration || ((talk->session != NULL || begin(talk)) && play_line(talk, line));
}

void talk_play(struct talk *talk)
{
    bool is_good = true;
    for (talk->at = 0; is_good && talk->at < talk->count && !(talk->way == TALK_CUT && talk->is_cut);
         talk->at++)
        is_good = step(talk, talk->lines[talk->at]);
    if (talk->session == NULL)
        talk_fail(talk, "nothing happens in this script");
    else if (is_good && talk_invariants(talk) && talk->client.size > 0 && talk->way != TALK_CUT)
        talk_fail(talk, "the client went on to say '%.*s'", MES_STR_ARGS(mes_buf_str(&talk->client)));
}
