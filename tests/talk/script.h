/* The parts of the script runner: scripts/README in tests/talk/README.md says how a script reads. */
#ifndef MES_TALK_SCRIPT_H
#define MES_TALK_SCRIPT_H

#include "base/buf.h"
#include "base/secret.h"
#include "smtp/session.h"
#include "wire.h"

enum { TALK_LINES = 700, TALK_MESSAGES = 6, TALK_RECIPIENTS = 300 };

/* How a script is run. */
enum talk_way {
    TALK_PLAIN,   /* each server line in a read of its own */
    TALK_BYTES,   /* a byte a read, a byte a write, a byte a piece of the body */
    TALK_MERGED,  /* server lines that follow each other in one read */
    TALK_DELAYED, /* permits and bodies come only when the session can do nothing else */
    TALK_WIRE,    /* over loopback sockets with TLS, at once where the script leaves it open */
    TALK_CUT,     /* cut after so many server bytes */
    TALK_WAYS
};

/* What a script asks of one message, and what became of it. */
struct talk_message {
    struct mes_source source; /* first: what the session pulls */
    struct mes_smtp_message message;
    struct mes_smtp_recipient recipients[TALK_RECIPIENTS];
    char address[TALK_RECIPIENTS][64];
    struct mes_buf body;
    struct mes_buf wire;  /* the body as it must appear behind DATA, dot with it */
    struct mes_buf plain; /* the same behind BDAT: dots as they are */
    size_t chunked;       /* bytes of it that came in chunks */
    size_t reply_number;  /* of the reply to BDAT LAST, among all of the server's */
    struct talk *talk;
    size_t pulled;
    bool does_fail; /* at the end of its body */
    bool is_later;  /* said LATER last time */

    bool is_submitted, is_wanted, is_granted, is_withdrawn, is_done;
    bool is_dot_seen;
    int final_code; /* of the reply to the dot, once it was delivered whole */
    struct mes_smtp_result result;
    struct mes_smtp_outcome outcomes[TALK_RECIPIENTS];
    struct mes_buf texts;
};

/* One run of a script. */
struct talk {
    const char *path;
    const struct mes_str *lines;
    size_t count;
    size_t at; /* the line being played */
    enum talk_way way;
    size_t cut_after;

    struct mes_smtp_options options;
    struct mes_secret *secret, *token;
    struct mes_str binding_type, binding; /* of the TLS; empty: the session is told of none */
    enum mes_smtp_relay relay;
    struct mes_clock clock;
    int64_t time;
    struct mes_smtp_session *session;
    struct talk_message messages[TALK_MESSAGES];
    size_t message_count;
    size_t refused_permit; /* number of the message, 0: none */
    size_t late_permit;    /* the message whose permit comes only when nothing else can happen; 0: none */
    bool is_refused_early; /* as soon as it is asked for; else when nothing else can happen */
    bool is_held;          /* submits nothing by itself */
    bool is_stalled;       /* the server takes no bytes */
    bool is_loose;         /* bytes of the client may wait while the server speaks */

    struct talk_wire *wire; /* TALK_WIRE alone */
    struct mes_buf client;  /* what the session sent and no line has matched yet */
    struct mes_buf server;  /* TALK_MERGED: what waits to be read */
    size_t delivered;       /* server bytes in all */
    bool is_cut;
    size_t asked, replied; /* commands that want a reply, the connection among them, and replies */
    size_t awaiting;       /* message whose dot has no reply yet */
    struct mes_buf reply;  /* the server line that is being delivered */
    unsigned facts;
    bool is_ended;
    bool is_blameless;
    struct mes_smtp_outcome ended;
    struct mes_buf ended_text;
    unsigned readies;
    struct mes_buf trace;
    struct mes_buf complaint; /* empty: all is well */
};

/* Sets the complaint, unless there is one, and returns false. */
bool talk_fail(struct talk *talk, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Replaces \r \n \t \0 \xHH \\ in `text`. */
void talk_unescape(struct mes_str text, struct mes_buf *out);
/* '*' in the pattern stands for anything. */
bool talk_matches(struct mes_str pattern, struct mes_str text);
/* Takes the next word off the front. */
struct mes_str talk_word(struct mes_str *rest);
/* "61s", "250ms" in milliseconds; -1 when it is neither. */
int64_t talk_time(struct mes_str text);

/* option and message lines, before the session begins. False: complained. */
bool talk_configure(struct talk *talk, struct mes_str line, bool *was_out);
/* A `then` line. */
bool talk_expect(struct talk *talk, struct mes_str rest);
/* What must hold however a run ends. */
bool talk_invariants(struct talk *talk);
/* Plays the script; the session is there, whatever happened. */
void talk_play(struct talk *talk);

#endif
