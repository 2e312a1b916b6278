/* What must have come of a conversation: the `then` lines, and what always holds. */
#include <stdlib.h>
#include <string.h>

#include "script.h"

static const char *const causes[] = {
#define CAUSE(name, sentence) #name,
#include "smtp/causes.def"
#undef CAUSE
};

static const char *const step_names[] = {"limit",    "resolve", "connect",  "proxy", "tls",
                                         "greeting", "ehlo",    "starttls", "auth",  "mail",
                                         "rcpt",     "data",    "body",     "dot",   "quit"};

/* The outcome in one word. */
static const char *status(const struct talk_message *message, const struct mes_smtp_outcome *outcome)
{
    if (outcome->cause == MES_SMTP_REPLIED && outcome->code < 400)
        return outcome->step == MES_STEP_DOT ? "SENT" : "REPLIED";
    if (outcome->cause == MES_SMTP_REPLIED)
        return "REFUSED";
    if (message->result.dot_written && outcome->step == MES_STEP_DOT)
        return "IN_DOUBT";
    return causes[outcome->cause];
}

static bool is_word(struct mes_str word, const char *name)
{
    return mes_str_eq_nocase(word, mes_str_of(name));
}

/* The details behind the status: "at rcpt code 550 enhanced 5.1.1 text no such user". */
static bool expect_details(struct talk *talk, const struct mes_smtp_outcome *outcome, struct mes_str rest)
{
    for (struct mes_str key = talk_word(&rest); key.size > 0; key = talk_word(&rest)) {
        struct mes_buf text;
        bool is_right;
        mes_buf_init(&text, 4096);
        if (is_word(key, "text")) {
            talk_unescape(mes_str_trim(rest), &text);
            is_right = talk_matches(mes_buf_str(&text), outcome->text);
            rest = MES_STR("");
        } else if (is_word(key, "at")) {
            is_right = is_word(talk_word(&rest), step_names[outcome->step]);
        } else if (is_word(key, "code")) {
            is_right = strtol(talk_word(&rest).data, NULL, 10) == outcome->code;
        } else if (is_word(key, "enhanced")) {
            is_right = mes_str_eq(talk_word(&rest), outcome->enhanced);
        } else if (is_word(key, "by_token")) {
            is_right = outcome->by_token;
        } else if (is_word(key, "blameless") || is_word(key, "blamed")) {
            is_right = talk->is_blameless == is_word(key, "blameless");
        } else {
            is_right = talk_fail(talk, "unknown word '%.*s'", MES_STR_ARGS(key));
        }
        mes_buf_fini(&text);
        if (!is_right)
            return talk_fail(talk, "wrong %.*s: at %s, code %d, enhanced '%.*s', text '%.*s'%s",
                             MES_STR_ARGS(key), step_names[outcome->step], outcome->code,
                             MES_STR_ARGS(outcome->enhanced), MES_STR_ARGS(outcome->text),
                             talk->is_blameless ? ", blameless" : "");
    }
    return true;
}

static struct talk_message *find(struct talk *talk, unsigned long number)
{
    if (number == 0 || number > talk->message_count) {
        talk_fail(talk, "there is no message %lu", number);
        return NULL;
    }
    if (!talk->messages[number - 1].is_done) {
        talk_fail(talk, "message %lu is not done", number);
        return NULL;
    }
    return &talk->messages[number - 1];
}

static bool expect_recipient(struct talk *talk, struct talk_message *message, size_t index,
                             struct mes_str rest)
{
    struct mes_str is = talk_word(&rest), wanted = talk_word(&rest);
    if (!is_word(is, "=="))
        return talk_fail(talk, "'==' is missing");
    if (index >= message->message.count)
        return talk_fail(talk, "there is no recipient %zu", index + 1);
    const char *found = status(message, &message->outcomes[index]);
    if (!is_word(wanted, found))
        return talk_fail(talk, "recipient %zu is %s at %s, code %d", index + 1, found,
                         step_names[message->outcomes[index].step], message->outcomes[index].code);
    return expect_details(talk, &message->outcomes[index], rest);
}

static bool expect_rcpt(struct talk *talk, struct mes_str rest)
{
    struct mes_str number = talk_word(&rest);
    size_t dot = mes_str_find(number, MES_STR("."), 0);
    unsigned long first = strtoul(number.data, NULL, 10);
    unsigned long second = dot != SIZE_MAX ? strtoul(number.data + dot + 1, NULL, 10) : first;
    struct talk_message *message = find(talk, dot != SIZE_MAX ? first : 1);
    return message != NULL && expect_recipient(talk, message, second - 1, rest);
}

static bool expect_message(struct talk *talk, struct mes_str rest)
{
    struct talk_message *message = find(talk, strtoul(talk_word(&rest).data, NULL, 10));
    for (size_t i = 0; message != NULL && i < message->message.count; i++)
        if (!expect_recipient(talk, message, i, rest))
            return false;
    return message != NULL;
}

static bool expect_session(struct talk *talk, struct mes_str rest)
{
    struct mes_str is = talk_word(&rest), wanted = talk_word(&rest);
    if (!talk->is_ended)
        return talk_fail(talk, "the session has not ended");
    if (!is_word(is, "==") || !is_word(wanted, causes[talk->ended.cause]))
        return talk_fail(talk, "the session ended as %s at %s", causes[talk->ended.cause],
                         step_names[talk->ended.step]);
    return expect_details(talk, &talk->ended, rest);
}

static bool expect_fact(struct talk *talk, struct mes_str word, bool is_wanted)
{
    static const char *const names[] = {"p_works", "x_works",   "x_refused", "x_cut",   "b_works",
                                        "b_slow",  "b_refused", "b_cut",     "p_broken"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_word(word, names[i]))
            return ((talk->facts >> i & 1) != 0) == is_wanted ||
                   talk_fail(talk, "%s was%s learned", names[i], is_wanted ? " not" : "");
    return talk_fail(talk, "unknown fact '%.*s'", MES_STR_ARGS(word));
}

static bool expect_wanted(struct talk *talk, unsigned long number)
{
    unsigned long wanted = 0;
    for (size_t i = 0; i < talk->message_count; i++)
        wanted += talk->messages[i].is_wanted;
    return wanted == number || talk_fail(talk, "%lu permits were asked for", wanted);
}

bool talk_expect(struct talk *talk, struct mes_str rest)
{
    struct mes_str what = talk_word(&rest);
    if (is_word(what, "rcpt"))
        return expect_rcpt(talk, rest);
    if (is_word(what, "message"))
        return expect_message(talk, rest);
    if (is_word(what, "session"))
        return expect_session(talk, rest);
    if (is_word(what, "alive"))
        return !talk->is_ended || talk_fail(talk, "the session ended as %s", causes[talk->ended.cause]);
    if (is_word(what, "fact"))
        return expect_fact(talk, talk_word(&rest), true);
    if (is_word(what, "no"))
        return (void)talk_word(&rest), expect_fact(talk, talk_word(&rest), false);
    if (is_word(what, "withdrawn"))
        return talk->messages[strtoul(talk_word(&rest).data, NULL, 10) - 1].is_withdrawn ||
               talk_fail(talk, "the permit was not withdrawn");
    if (is_word(what, "wanted"))
        return expect_wanted(talk, strtoul(talk_word(&rest).data, NULL, 10));
    if (is_word(what, "keywords"))
        return mes_str_eq(mes_str_trim(rest), mes_smtp_session_keywords(talk->session)) ||
               talk_fail(talk, "keywords: '%.*s'", MES_STR_ARGS(mes_smtp_session_keywords(talk->session)));
    return talk_fail(talk, "unknown expectation '%.*s'", MES_STR_ARGS(what));
}

/* Never "sent" without the final 2xx; never anything but a reply or a doubt once the relay has seen the dot.
 */
static bool outcome_holds(struct talk *talk, const struct talk_message *message, size_t number,
                          const struct mes_smtp_outcome *outcome)
{
    const char *found = status(message, outcome);
    bool is_answered = message->is_dot_seen && message->final_code != 0;
    if (strcmp(found, "SENT") == 0 && !(is_answered && message->final_code / 100 == 2))
        return talk_fail(talk, "message %zu was called sent without its final reply", number);
    bool was_taken = outcome->step == MES_STEP_DOT || !message->result.dot_written;
    if (message->is_dot_seen && !is_answered && was_taken && strcmp(found, "IN_DOUBT") != 0)
        return talk_fail(talk, "message %zu may have arrived and was called %s", number, found);
    if (outcome->cause == MES_SMTP_NOT_TRIED && message->result.dot_written)
        return talk_fail(talk, "message %zu would be sent twice", number);
    return true;
}

static bool holds(struct talk *talk, const struct talk_message *message, size_t number)
{
    for (size_t i = 0; i < message->message.count; i++)
        if (!outcome_holds(talk, message, number, &message->outcomes[i]))
            return false;
    if (message->is_withdrawn && message->result.dot_written)
        return talk_fail(talk, "the permit of message %zu was withdrawn behind its dot", number);
    if (message->is_wanted && !message->is_withdrawn && !message->result.dot_written &&
        talk->refused_permit != number)
        return talk_fail(talk, "the permit of message %zu was never withdrawn", number);
    return true;
}

bool talk_invariants(struct talk *talk)
{
    struct mes_str trace = mes_buf_str(&talk->trace), password = mes_secret_reveal(talk->secret),
                   token = mes_secret_reveal(talk->token);
    for (size_t i = 0; i < talk->message_count; i++) {
        const struct talk_message *message = &talk->messages[i];
        if (message->is_done && !holds(talk, message, i + 1))
            return false;
        if (message->is_submitted && !message->is_done && talk->is_ended)
            return talk_fail(talk, "message %zu was forgotten", i + 1);
    }
    if (password.size > 0 && mes_str_find(trace, password, 0) != SIZE_MAX)
        return talk_fail(talk, "the transcript holds the password");
    if (token.size > 0 && mes_str_find(trace, token, 0) != SIZE_MAX)
        return talk_fail(talk, "the transcript holds the access token");
    return true;
}
