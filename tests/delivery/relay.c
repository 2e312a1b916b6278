#include "tests/delivery/relay.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

__attribute__((format(printf, 2, 3))) static void note(struct relay *relay, const char *format, ...)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    char text[2100];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)pthread_mutex_lock(&mutex);
    mes_buf_add_text(&relay->log, text);
    (void)pthread_mutex_unlock(&mutex);
}

static bool relay_take_body(struct relay *relay, struct peer_link *link)
{
    char line[2048];
    while (peer_read_line(link, line, sizeof line)) {
        if (strcmp(line, ".") == 0) {
            atomic_fetch_add(&relay->dots, 1);
            note(relay, "<dot>\n");
            return true;
        }
        note(relay, "%s\r\n", line[0] == '.' ? line + 1 : line);
        if (strcmp(line, "the last line") == 0)
            atomic_fetch_add(&relay->ends, 1);
    }
    note(relay, "<no dot>\n");
    return false;
}

/* XOAUTH2: a refusal comes with its reason, which the client answers with an empty line. */
static void relay_take_token(const struct relay *relay, struct peer_link *link, const char *line)
{
    char expected[200], reason[100];
    struct mes_buf heard;
    mes_buf_init(&heard, 10000);
    (void)snprintf(expected, sizeof expected, "auth=Bearer %s\1\1", relay->token);
    bool is_good = strncmp(line, "AUTH XOAUTH2 ", 13) == 0 &&
                   mes_base64_decode(mes_str_of(line + 13), &heard) &&
                   mes_str_find(mes_buf_str(&heard), mes_str_of(expected), 0) != SIZE_MAX;
    mes_buf_fini(&heard);
    if (!is_good) {
        peer_say(link, "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n");
        (void)peer_read_line(link, reason, sizeof reason);
    }
    peer_say(link, is_good ? "235 2.7.0 welcome\r\n" : "535 5.7.8 not this token\r\n");
}

/* Whatever it says of it, it reads the chunk. */
static bool relay_take_chunk(struct relay *relay, struct peer_link *link, const char *line)
{
    char chunk[2048];
    unsigned long size = strtoul(line + 5, NULL, 10);
    if (size >= sizeof chunk || !peer_read_bytes(link, chunk, size))
        return false;
    chunk[size] = '\0';
    bool is_last = strstr(line, " LAST") != NULL && relay->refuses_bdat == NULL;
    note(relay, "%s%s", chunk, is_last ? "<dot>\n" : "");
    atomic_fetch_add(&relay->dots, is_last);
    peer_say(link, relay->refuses_bdat != NULL ? relay->refuses_bdat : "250 2.0.0 octets");
    peer_say(link, "\r\n");
    return true;
}

static bool relay_take_data(struct relay *relay, struct peer_link *link, unsigned *message)
{
    peer_say(link, "354 go on\r\n");
    if (++*message == relay->cuts_after_354 || !relay_take_body(relay, link))
        return false;
    peer_say(link, "250 2.0.0 taken\r\n");
    return true;
}

/* False when the connection is over. */
static bool relay_answer(struct relay *relay, struct peer_link *link, const char *line, unsigned *message)
{
    bool is_refused = relay->refuses != NULL && strstr(line, relay->refuses) != NULL;
    if (strncmp(line, "EHLO", 4) == 0) {
        atomic_fetch_add(&relay->logins, 1);
        peer_say(link, relay->token != NULL ? "250-relay\r\n250-AUTH XOAUTH2\r\n"
                                            : "250-relay\r\n250-AUTH PLAIN\r\n");
        peer_say(link, relay->keywords != NULL ? relay->keywords : "250 PIPELINING");
        peer_say(link, "\r\n");
    } else if (strncmp(line, "AUTH", 4) == 0 && relay->token != NULL) {
        relay_take_token(relay, link, line);
    } else if (strncmp(line, "AUTH", 4) == 0) {
        peer_say(link, relay->refuses_login != NULL ? relay->refuses_login : "235 2.7.0 welcome");
        peer_say(link, "\r\n");
    } else if (strncmp(line, "RCPT", 4) == 0 && is_refused) {
        peer_say(link, "550 5.1.1 nobody here, s3cret-word\r\n");
    } else if (strcmp(line, "DATA") == 0 || strncmp(line, "BDAT ", 5) == 0) {
        return line[0] == 'D' ? relay_take_data(relay, link, message) : relay_take_chunk(relay, link, line);
    } else if (strcmp(line, "QUIT") == 0) {
        peer_say(link, "221 bye\r\n");
        return false;
    } else {
        peer_say(link, "250 2.1.0 ok\r\n");
    }
    return true;
}

void relay_script(struct peer_link *link)
{
    struct relay *relay = link->context;
    unsigned message = 0;
    char line[2048];
    note(relay, "<connection>\n");
    peer_say(link, "220 relay ready\r\n");
    do {
        if (!peer_read_line(link, line, sizeof line))
            return;
        note(relay, "%s\n", line);
    } while (relay_answer(relay, link, line, &message));
}
