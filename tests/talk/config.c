/* Reading a script: words, times, options and messages. */
#include <stdlib.h>
#include <string.h>

#include "script.h"

struct mes_str talk_word(struct mes_str *rest)
{
    struct mes_str word = {"", 0};
    *rest = mes_str_trim(*rest);
    if (rest->size > 0 && rest->data[0] == '"') {
        size_t end = mes_str_find(*rest, MES_STR("\""), 1);
        word = mes_str_cut(*rest, 1, end - 1);
        *rest = mes_str_skip(*rest, end + 1);
    } else if (mes_str_next(rest, ' ', &word) && rest->data == NULL) {
        *rest = MES_STR("");
    }
    return word;
}

int64_t talk_time(struct mes_str text)
{
    uint64_t value;
    bool is_ms = mes_str_ends_nocase(text, MES_STR("ms"));
    size_t unit = is_ms ? 2 : 1;
    if (text.size <= unit || !mes_str_to_uint(mes_str_cut(text, 0, text.size - unit), 1000000, &value))
        return -1;
    return (int64_t)value * (is_ms ? 1 : 1000);
}

static char hex(struct mes_str text, size_t at)
{
    char digits[3] = {text.data[at], text.data[at + 1], '\0'};
    return (char)strtol(digits, NULL, 16);
}

void talk_unescape(struct mes_str text, struct mes_buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        const char *known = "r\rn\nt\t0\0\\\\";
        if (text.data[i] != '\\' || i + 1 == text.size) {
            mes_buf_add_char(out, text.data[i]);
            continue;
        }
        char c = text.data[++i];
        if (c == 'x' && i + 2 < text.size) {
            mes_buf_add_char(out, hex(text, i + 1));
            i += 2;
            continue;
        }
        for (size_t k = 0; k < 10; k += 2)
            if (known[k] == c)
                mes_buf_add_char(out, known[k + 1]);
    }
}

bool talk_matches(struct mes_str pattern, struct mes_str text)
{
    size_t star = SIZE_MAX, resume = 0, p = 0, t = 0;
    while (t < text.size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size && pattern.data[p] == '*')
        p++;
    return p == pattern.size;
}

static int choose(struct talk *talk, struct mes_str word, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++)
        if (mes_str_eq_nocase(word, mes_str_of(names[i])))
            return i;
    talk_fail(talk, "unknown word '%.*s'", MES_STR_ARGS(word));
    return 0;
}

static bool is_word(struct mes_str word, const char *name)
{
    return mes_str_eq(word, mes_str_of(name));
}

/* Options that are one word of a list; false when `key` is none of them. */
static bool set_choice(struct talk *talk, struct mes_str key, struct mes_str value)
{
    static const char *const tls[] = {"none", "at_once", "starttls", "where_offered", NULL};
    static const char *const paces[] = {"auto", "off", "P", "X", "B", NULL};
    static const char *const relays[] = {"unknown", "x", "b", "b_slow", "b_refused", "p", "lock_step", NULL};
    struct mes_smtp_options *options = &talk->options;
    if (is_word(key, "tls"))
        options->tls = (enum mes_smtp_tls)choose(talk, value, tls);
    else if (is_word(key, "pace"))
        options->pace = (enum mes_smtp_pace)choose(talk, value, paces);
    else if (is_word(key, "relay"))
        talk->relay = (enum mes_smtp_relay)choose(talk, value, relays);
    else
        return false;
    return true;
}

/* The same for those that are a time or any text. */
static bool set_time_or_text(struct mes_smtp_options *options, struct mes_str key, struct mes_str value)
{
    int64_t *time = is_word(key, "greeting") ? &options->greeting_ms
                    : is_word(key, "read")   ? &options->read_ms
                    : is_word(key, "write")  ? &options->write_ms
                    : is_word(key, "final")  ? &options->final_ms
                                             : NULL;
    struct mes_str *text = is_word(key, "user")    ? &options->user
                           : is_word(key, "host")  ? &options->host
                           : is_word(key, "ehlo")  ? &options->ehlo_name
                           : is_word(key, "nonce") ? &options->nonce
                                                   : NULL;
    if (time != NULL)
        *time = talk_time(value);
    if (text != NULL)
        *text = value;
    return time != NULL || text != NULL;
}

static bool set_number(struct mes_smtp_options *options, struct mes_str key, struct mes_str value)
{
    unsigned *number = is_word(key, "port")              ? &options->port
                       : is_word(key, "most_recipients") ? &options->most_recipients
                       : is_word(key, "depth")           ? &options->depth
                       : is_word(key, "ahead")           ? &options->ahead
                                                         : NULL;
    if (number != NULL)
        *number = (unsigned)strtoul(value.data, NULL, 10);
    return number != NULL;
}

static enum mes_smtp_mechanism mechanism_of(struct talk *talk, struct mes_str value)
{
    enum mes_smtp_mechanism mechanism = mes_smtp_mechanism_find(value);
    if (mechanism == MES_SMTP_MECHANISM_AUTO && !is_word(value, "auto"))
        talk_fail(talk, "unknown word '%.*s'", MES_STR_ARGS(value));
    return mechanism;
}

static bool set_option(struct talk *talk, struct mes_str rest)
{
    struct mes_smtp_options *options = &talk->options;
    struct mes_str key = talk_word(&rest), value = talk_word(&rest);
    if (is_word(key, "password"))
        talk->secret = mes_secret_new(value);
    else if (is_word(key, "token"))
        talk->token = mes_secret_new(value);
    else if (is_word(key, "mechanism"))
        options->mechanism = mechanism_of(talk, value);
    else if (is_word(key, "minimum"))
        options->minimum = mechanism_of(talk, value);
    else if (is_word(key, "binding")) {
        talk->binding_type = value;
        talk->binding = talk_word(&rest);
    } else if (is_word(key, "unchecked"))
        options->is_certificate_unchecked = true;
    else if (is_word(key, "plaintext"))
        options->plaintext_auth = true;
    else if (!set_choice(talk, key, value) && !set_time_or_text(options, key, value) &&
             !set_number(options, key, value))
        return talk_fail(talk, "unknown option '%.*s'", MES_STR_ARGS(key));
    options->secret = talk->secret;
    options->token = talk->token;
    return true;
}

/* The rule of RFC 5321 4.5.2 told once more, one byte at a time. */
static void make_wire(struct talk_message *message)
{
    struct mes_str text = mes_buf_str(&message->body);
    bool is_start = true;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '\r' || c == '\n') {
            i += c == '\r' && i + 1 < text.size && text.data[i + 1] == '\n';
            mes_buf_add_text(&message->wire, "\r\n");
            mes_buf_add_text(&message->plain, "\r\n");
            is_start = true;
            continue;
        }
        mes_buf_add_text(&message->wire, is_start && c == '.' ? "." : "");
        mes_buf_add_char(&message->wire, c);
        mes_buf_add_char(&message->plain, c);
        is_start = false;
    }
    mes_buf_add_text(&message->wire, is_start ? ".\r\n" : "\r\n.\r\n");
    mes_buf_add_text(&message->plain, is_start ? "" : "\r\n");
}

static void fill_body(struct talk_message *message, size_t number, size_t size)
{
    mes_buf_add_format(&message->body, "Subject: number %zu\r\n\r\n.a line with a dot\r\n", number);
    for (size_t i = 0; message->body.size < size; i++)
        mes_buf_add_format(&message->body, "%sline %zu\r\n", i % 7 == 0 ? "." : "", i);
    mes_buf_add_text(&message->body, "no end");
}

static void add_recipient(struct talk_message *message, struct mes_str word)
{
    char *copy = message->address[message->message.count];
    struct mes_buf address;
    mes_buf_init(&address, sizeof message->address[0]);
    talk_unescape(word, &address);
    memcpy(copy, mes_buf_text(&address), address.size);
    message->recipients[message->message.count++].address = mes_str_make(copy, address.size);
    mes_buf_fini(&address);
}

static void set_notify(struct mes_smtp_recipient *recipient, struct mes_str notify)
{
    recipient->notify = notify;
    recipient->original = notify.size > 0 ? recipient->address : MES_STR("");
}

/* What the message needs of the relay, and its ending; false when `word` is none of these. */
static bool set_need(struct talk_message *message, struct mes_str word)
{
    bool *need = is_word(word, "smtputf8")     ? &message->message.needs_smtputf8
                 : is_word(word, "8bit")       ? &message->message.needs_8bitmime
                 : is_word(word, "requiretls") ? &message->message.requires_tls
                 : is_word(word, "fails")      ? &message->does_fail
                                               : NULL;
    if (need != NULL)
        *need = true;
    return need != NULL;
}

/* Words of a message line after the number. */
static void set_message(struct talk *talk, struct talk_message *message, size_t number, struct mes_str rest)
{
    static const char *const returns[] = {"unsaid", "full", "headers", NULL};
    size_t size = 0;
    bool is_to = false;
    struct mes_str notify = MES_STR("");
    for (struct mes_str word = talk_word(&rest); word.size > 0; word = talk_word(&rest)) {
        if (is_word(word, "from")) {
            message->message.sender = talk_word(&rest);
        } else if (is_word(word, "bytes")) {
            size = (size_t)strtoul(talk_word(&rest).data, NULL, 10);
        } else if (is_word(word, "body")) {
            talk_unescape(talk_word(&rest), &message->body);
        } else if (set_need(message, word)) {
            continue;
        } else if (is_word(word, "envid")) {
            message->message.envelope_id = talk_word(&rest);
        } else if (is_word(word, "ret")) {
            message->message.dsn_return = (enum mes_smtp_return)choose(talk, talk_word(&rest), returns);
        } else if (is_word(word, "notify")) {
            notify = talk_word(&rest);
        } else if (is_word(word, "to")) {
            is_to = true;
        } else if (is_to && message->message.count < TALK_RECIPIENTS) {
            add_recipient(message, word);
        } else {
            talk_fail(talk, "unknown word '%.*s'", MES_STR_ARGS(word));
        }
    }
    for (size_t i = 0; i < message->message.count; i++)
        set_notify(&message->recipients[i], notify);
    if (message->body.size == 0)
        fill_body(message, number, size);
    mes_buf_add_text(&message->body, message->does_fail ? "FAIL" : "");
    message->source.size = message->body.size;
    make_wire(message);
}

bool talk_configure(struct talk *talk, struct mes_str line, bool *was_out)
{
    struct mes_str rest = line;
    struct mes_str word = talk_word(&rest);
    *was_out = true;
    if (is_word(word, "option"))
        return set_option(talk, rest);
    if (is_word(word, "hold")) {
        talk->is_held = true;
        return true;
    }
    if (is_word(word, "permit")) {
        if (is_word(talk_word(&rest), "late")) {
            talk->late_permit = strtoul(talk_word(&rest).data, NULL, 10);
            return true;
        }
        talk->refused_permit = strtoul(talk_word(&rest).data, NULL, 10);
        talk->is_refused_early = is_word(talk_word(&rest), "early");
        return true;
    }
    if (!is_word(word, "message")) {
        *was_out = false;
        return true;
    }
    struct mes_str number = talk_word(&rest);
    if (talk->message_count == TALK_MESSAGES || strtoul(number.data, NULL, 10) != talk->message_count + 1)
        return talk_fail(talk, "messages are numbered 1, 2, 3 … up to %d", TALK_MESSAGES);
    struct talk_message *message = &talk->messages[talk->message_count++];
    set_message(talk, message, talk->message_count, rest);
    return talk->complaint.size == 0;
}
