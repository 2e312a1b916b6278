/* A relay that answers anything at any time, permits and time at random. What must hold whatever it does:
 * each message is done exactly once, its dot never goes out twice or without its permit or with another body,
 * and once the relay has seen the dot the session says so. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "smtp/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES = 6, RECIPIENTS = 3, COMMANDS = 512, TURNS = 400 };

enum verb { HELLO, STARTTLS, AUTH, MAIL, RCPT, DATA, RSET, CHUNK, DOT, OTHER };

struct mail {
    struct mes_source source; /* first */
    struct mes_smtp_message message;
    struct mes_str body;
    size_t pulled;
    bool is_later;
    bool is_submitted, is_wanted, is_granted, is_done, is_dot_seen;
    bool is_refused, is_taken; /* what its dot was answered, where that is certain */
};

/* What the relay has to answer. */
struct command {
    enum verb verb;
    struct mail *mail; /* of a dot; NULL: not known */
};

/* Both ends: the host of the session, and a relay that understands what it is sent. */
struct world {
    const uint8_t *data;
    size_t size;
    size_t at;
    int64_t time;
    struct mes_smtp_session *session;
    struct mail mails[MESSAGES];
    struct mes_buf line;
    struct mes_buf body;
    bool is_in_data;
    size_t chunk_left; /* of a chunk by BDAT */
    bool is_last;
    struct command commands[COMMANDS];
    size_t first, count;
    bool has_recipient; /* in the transaction whose commands are being answered */
    bool is_confused;   /* it has answered what was not asked: it may take commands for a body now */
    bool is_ended;
    enum mes_smtp_relay relay;
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static uint8_t next(struct world *world)
{
    return world->at < world->size ? world->data[world->at++] : 0;
}

static int64_t read_clock(void *context)
{
    return ((struct world *)context)->time;
}

static enum mes_pull pull(struct mes_source *source, struct mes_str *piece_out)
{
    struct mail *mail = (struct mail *)source;
    mail->is_later = !mail->is_later;
    if (mail->is_later && mail->body.size % 3 == 0)
        return MES_PULL_LATER;
    *piece_out = mes_str_cut(mail->body, mail->pulled, mail->body.size % 7 + 1);
    mail->pulled += piece_out->size;
    return piece_out->size > 0 ? MES_PULL_PIECE : MES_PULL_END;
}

static struct mail *mail_of(const struct mes_smtp_message *message)
{
    return message->context;
}

static void on_ready(void *context, struct mes_smtp_session *session)
{
    struct world *world = context;
    mes_smtp_session_set_relay(session, world->relay);
    if (!mes_smtp_session_has_room(session))
        return;
    for (size_t i = 0; i < MESSAGES; i++) {
        if (world->mails[i].is_submitted)
            continue;
        world->mails[i].is_submitted = true;
        require(mes_smtp_session_submit(session, &world->mails[i].message) == 0);
        return;
    }
}

static void on_want_permit(void *context, struct mes_smtp_session *session,
                           const struct mes_smtp_message *message)
{
    struct world *world = context;
    require(!mail_of(message)->is_wanted);
    mail_of(message)->is_wanted = true;
    if (next(world) % 2 == 0) {
        mail_of(message)->is_granted = true;
        mes_smtp_session_permit(session, message, true);
    }
}

static void on_withdrawn(void *context, struct mes_smtp_session *session,
                         const struct mes_smtp_message *message)
{
    (void)context;
    (void)session;
    struct mail *mail = mail_of(message);
    require(mail->is_wanted && !mail->is_done && (!mail->is_dot_seen || mail->is_refused));
}

static void check_outcome(const struct world *world, const struct mes_smtp_result *result,
                          const struct mes_smtp_outcome *outcome)
{
    const struct mail *mail = mail_of(result->message);
    bool is_reply = outcome->cause == MES_SMTP_REPLIED;
    require(is_reply ? outcome->code >= 200 && outcome->code <= 599 : outcome->code == 0);
    require(outcome->text.size <= MES_SMTP_TEXT_MOST);
    require(outcome->cause != MES_SMTP_NOT_TRIED || !(mail->is_taken || result->dot_written));
    if (is_reply && outcome->code < 300)
        require(outcome->step == MES_STEP_DOT && (mail->is_dot_seen || world->is_confused));
}

static void on_done(void *context, struct mes_smtp_session *session, const struct mes_smtp_result *result)
{
    struct world *world = context;
    struct mail *mail = mail_of(result->message);
    (void)session;
    require(mail->is_submitted && !mail->is_done && !world->is_ended);
    mail->is_done = true;
    require(!result->dot_written || mail->is_granted);
    require(!mail->is_dot_seen || result->dot_written || mail->is_refused);
    require(result->accepted <= result->message->count);
    for (size_t i = 0; i < result->message->count; i++)
        check_outcome(world, result, &result->outcomes[i]);
}

static void on_ended(void *context, struct mes_smtp_session *session, const struct mes_smtp_outcome *outcome,
                     bool blameless)
{
    struct world *world = context;
    (void)session;
    (void)outcome;
    (void)blameless;
    require(!world->is_ended);
    world->is_ended = true;
    for (size_t i = 0; i < MESSAGES; i++)
        require(world->mails[i].is_submitted == world->mails[i].is_done);
}

static void on_trace(void *context, struct mes_smtp_session *session, char direction, struct mes_str line)
{
    (void)context;
    (void)session;
    require(direction != '>' || mes_str_find(line, MES_STR("sEcReT"), 0) == SIZE_MAX);
}

/* --- The relay --- */

/* The body as it came, dot-stuffing taken off: which message was it? */
static struct mail *take_body(struct world *world)
{
    struct mes_str body = mes_buf_str(&world->body);
    if (body.size == 0 || world->is_confused)
        return NULL; /* a lone dot, or who knows what */
    size_t index = (size_t)(body.data[0] - '0');
    require(index < MESSAGES);
    struct mail *mail = &world->mails[index];
    require(mail->is_submitted && !mail->is_done && !mail->is_dot_seen && mail->is_granted);
    mail->is_dot_seen = true;
    size_t at = 0; /* the same text but for line ends */
    for (size_t i = 0; i < mail->body.size; i++) {
        char c = mail->body.data[i];
        if (c == '\r' || c == '\n') {
            i += c == '\r' && i + 1 < mail->body.size && mail->body.data[i + 1] == '\n';
            c = '\n';
        }
        require(at < body.size && body.data[at++] == c);
    }
    require(at == body.size || (at + 1 == body.size && body.data[at] == '\n'));
    return mail;
}

static void push(struct world *world, enum verb verb, struct mail *mail)
{
    if (world->count < COMMANDS)
        world->commands[(world->first + world->count++) % COMMANDS] = (struct command){verb, mail};
}

static void end_chunk(struct world *world)
{
    push(world, world->is_last ? DOT : CHUNK, world->is_last ? take_body(world) : NULL);
    if (world->is_last)
        mes_buf_clear(&world->body);
}

static void begin_chunk(struct world *world, struct mes_str line)
{
    char text[32] = "";
    char *end;
    require(line.size < sizeof text);
    memcpy(text, line.data, line.size);
    world->chunk_left = strtoul(text + 5, &end, 10);
    world->is_last = strcmp(end, " LAST") == 0;
    require(end > text + 5 && (world->is_last || *end == '\0') && world->chunk_left <= 65536);
    if (world->chunk_left == 0)
        end_chunk(world);
}

/* A byte of a chunk: CR LF is kept as LF, and neither comes alone. */
static void take_chunk_byte(struct world *world, char c)
{
    if (c != '\r')
        mes_buf_add_char(&world->body, c);
    if (--world->chunk_left == 0)
        end_chunk(world);
}

static void take_line(struct world *world, struct mes_str line)
{
    static const char *const names[] = {"EHLO",      "STARTTLS", "AUTH", "MAIL FROM:<",
                                        "RCPT TO:<", "DATA",     "RSET", "BDAT "};
    enum verb verb = HELLO;
    if (world->is_in_data && mes_str_eq(line, MES_STR("."))) {
        world->is_in_data = false;
        push(world, DOT, take_body(world));
        mes_buf_clear(&world->body);
        return;
    }
    if (world->is_in_data) {
        mes_buf_add_str(&world->body, mes_str_skip(line, line.size > 0 && line.data[0] == '.'));
        mes_buf_add_char(&world->body, '\n');
        return;
    }
    while (verb < DOT && !mes_str_starts(line, mes_str_of(names[verb])))
        verb++;
    if (verb == MAIL || verb == RSET)
        mes_buf_clear(&world->body);
    if (verb == CHUNK)
        begin_chunk(world, line);
    else
        push(world, verb == DOT ? OTHER : verb, NULL);
}

static void take_bytes(struct world *world, struct mes_str bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (world->chunk_left > 0) {
            take_chunk_byte(world, bytes.data[i]);
            continue;
        }
        mes_buf_add_char(&world->line, bytes.data[i]);
        struct mes_str line = mes_buf_str(&world->line);
        if (bytes.data[i] != '\n')
            continue;
        require(line.size >= 2 && line.data[line.size - 2] == '\r');
        require(memchr(line.data, '\r', line.size) == line.data + line.size - 2);
        take_line(world, mes_str_cut(line, 0, line.size - 2));
        mes_buf_clear(&world->line);
    }
}

static void send_some(struct world *world, size_t most)
{
    struct mes_str output = mes_smtp_session_output(world->session);
    require(output.size <= 160 * 1024);
    output = mes_str_cut(output, 0, most);
    struct mes_buf copy;
    mes_buf_init(&copy, SIZE_MAX);
    mes_buf_add_str(&copy, output);
    take_bytes(world, mes_buf_str(&copy)); /* the relay may have it before the session knows */
    mes_smtp_session_sent(world->session, output.size);
    mes_buf_fini(&copy);
}

static void receive(struct world *world, struct mes_str bytes)
{
    size_t portion = next(world) % 3 == 0 ? 1 : bytes.size;
    for (size_t at = 0; at < bytes.size; at += portion)
        mes_smtp_session_received(world->session, mes_str_cut(bytes, at, portion));
}

static void note_answer(struct world *world, const struct command *command, const char *text)
{
    if (command->verb == DATA && strncmp(text, "354", 3) == 0)
        world->is_in_data = true;
    if (command->verb == MAIL || command->verb == RSET)
        world->has_recipient = false;
    if (command->verb == RCPT && text[0] == '2')
        world->has_recipient = true;
    if (command->mail == NULL)
        return;
    command->mail->is_refused = text[0] >= '4' || !world->has_recipient; /* then nobody got it */
    command->mail->is_taken = text[0] == '2' && world->has_recipient && !world->is_confused;
}

/* Answers the oldest command, well or badly. */
static void answer(struct world *world)
{
    static const char hello[] =
        "250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-SIZE 1000\r\n250-STARTTLS\r\n"
        "250 AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER\r\n";
    static const char *const good[] = {hello,
                                       "220 go\r\n",
                                       "235 2.7.0 ok\r\n",
                                       "250 ok\r\n",
                                       "250 2.1.5 ok\r\n",
                                       "354 go\r\n",
                                       "250 2.0.0 flushed\r\n",
                                       "250 2.0.0 octets\r\n",
                                       "250 2.0.0 queued\r\n",
                                       "221 bye\r\n"};
    static const char *const bad[] = {"451 4.7.1 later\r\n", "550-5.1.1 no\r\n550 5.1.1 never\r\n",
                                      "421 closing\r\n",     "503 bad sequence\r\n",
                                      "334 AAAA\r\n",        "504 what\r\n",
                                      "354 go\r\n",          "250 ok\r\n"};
    uint8_t choice = next(world);
    struct command command = {OTHER, NULL};
    world->is_confused = world->is_confused || world->count == 0;
    if (world->count > 0) {
        command = world->commands[world->first];
        world->first = (world->first + 1) % COMMANDS;
        world->count--;
    }
    const char *text = choice < 200 ? good[command.verb] : bad[choice % 8];
    note_answer(world, &command, text);
    receive(world, mes_str_of(text));
}

static void say_anything(struct world *world)
{
    size_t size = next(world);
    struct mes_str rest = mes_str_make((const char *)world->data + world->at, world->size - world->at);
    struct mes_str bytes = mes_str_cut(rest, 0, size);
    world->at += bytes.size;
    world->is_confused = true;
    receive(world, bytes);
}

static void decide_permits(struct world *world, bool is_granted)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        struct mail *mail = &world->mails[i];
        if (!mail->is_wanted || mail->is_granted || mail->is_done)
            continue;
        mail->is_granted = is_granted;
        mes_smtp_session_permit(world->session, &mail->message, is_granted);
    }
}

static void turn(struct world *world)
{
    uint8_t choice = next(world);
    if (choice < 100)
        send_some(world, SIZE_MAX);
    else if (choice < 190)
        answer(world);
    else if (choice < 200)
        send_some(world, choice % 5 + 1u);
    else if (choice < 210)
        mes_smtp_session_body_ready(world->session);
    else if (choice < 225)
        decide_permits(world, true);
    else if (choice < 228)
        decide_permits(world, false);
    else if (choice < 234)
        say_anything(world);
    else if (choice < 236)
        mes_smtp_session_cancel(world->session, 5000);
    else if (choice < 238)
        mes_smtp_session_quit(world->session);
    else if (choice < 239)
        mes_smtp_session_closed(world->session);
    else if (mes_smtp_session_wants_tls(world->session))
        mes_smtp_session_secured(world->session);
    world->time += next(world) % 16 == 0 ? 30000 : 0;
    if (world->time >= mes_smtp_session_deadline(world->session))
        mes_smtp_session_tick(world->session);
}

static void make_mails(struct world *world, const struct mes_smtp_recipient recipients[RECIPIENTS])
{
    static const char digits[] = "0123456789";
    static char bodies[MESSAGES][64];
    for (size_t i = 0; i < MESSAGES; i++) {
        struct mail *mail = &world->mails[i];
        size_t size = next(world) % 60 + 1u;
        bodies[i][0] = digits[i];
        for (size_t k = 1; k < size; k++)
            bodies[i][k] = "\r\n.\n\rab."[next(world) % 8];
        mail->body = mes_str_make(bodies[i], size);
        mail->source = (struct mes_source){.next = pull, .size = next(world) == 1 ? 5000 : size};
        mail->message = (struct mes_smtp_message){.sender = MES_STR("a@x"),
                                                  .recipients = recipients,
                                                  .count = next(world) % RECIPIENTS + 1u,
                                                  .source = &mail->source,
                                                  .context = mail};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mes_smtp_callbacks callbacks = {.on_ready = on_ready,
                                                        .on_want_permit = on_want_permit,
                                                        .on_withdrawn = on_withdrawn,
                                                        .on_done = on_done,
                                                        .on_ended = on_ended,
                                                        .on_trace = on_trace};
    struct mes_smtp_recipient recipients[RECIPIENTS] = {
        {.address = MES_STR("b@y")}, {.address = MES_STR("c@y\r\nQUIT")}, {.address = MES_STR("d@y")}};
    struct world world = {.data = data, .size = size, .time = 1};
    struct mes_clock clock = {read_clock, read_clock, &world};
    struct mes_secret *secret = mes_secret_new(MES_STR("sEcReT"));
    struct mes_smtp_options options = {.ehlo_name = MES_STR("c.example"),
                                       .greeting_ms = 60000,
                                       .read_ms = 60000,
                                       .write_ms = 60000,
                                       .final_ms = 600000,
                                       .clock = &clock,
                                       .secret = secret};
    uint8_t choice = next(&world);
    options.tls = (enum mes_smtp_tls)(choice % 4);
    options.user = choice & 4 ? MES_STR("u") : MES_STR("");
    options.plaintext_auth = choice & 8;
    options.pace = (enum mes_smtp_pace)(choice / 16 % 5);
    options.mechanism = (enum mes_smtp_mechanism)(next(&world) % MES_SMTP_MECHANISM_COUNT);
    options.token = mes_smtp_mechanism_has_token(options.mechanism) ? secret : NULL;
    options.most_recipients = choice & 128 ? 1 : 0;
    options.depth = next(&world) % 8;
    options.ahead = next(&world) % 4;
    world.relay = (enum mes_smtp_relay)(next(&world) % (MES_SMTP_RELAY_LOCK_STEP + 1));
    mes_buf_init(&world.line, SIZE_MAX);
    mes_buf_init(&world.body, SIZE_MAX);
    make_mails(&world, recipients);
    world.session = mes_smtp_session_new(&options, &callbacks, &world);
    require(world.session != NULL);
    receive(&world, MES_STR("220 mx\r\n"));
    for (size_t i = 0; i < TURNS && world.at < world.size && !world.is_ended; i++)
        turn(&world);
    mes_smtp_session_closed(world.session);
    require(world.is_ended && mes_smtp_session_wants_close(world.session));
    mes_smtp_session_free(&world.session);
    mes_secret_free(&secret);
    mes_buf_fini(&world.line);
    mes_buf_fini(&world.body);
    return 0;
}
