/* Reads plain JSON (RFC 8259) as it arrives: bytes in any pieces go in, one event after the other comes out.
 */
#ifndef MES_JSON_PULL_H
#define MES_JSON_PULL_H

#include "base/buf.h"

enum { MES_JSON_PULL_DEPTH = 64 };

enum mes_json_event {
    MES_JSON_MORE, /* feed the next piece, or say that there is none */
    MES_JSON_OPEN_OBJECT,
    MES_JSON_CLOSE_OBJECT,
    MES_JSON_OPEN_LIST,
    MES_JSON_CLOSE_LIST,
    MES_JSON_KEY,    /* `text` is the key, its value comes next */
    MES_JSON_STRING, /* `text` holds the characters, escapes decoded */
    MES_JSON_NUMBER, /* `text` is the number as it is written */
    MES_JSON_TRUE,
    MES_JSON_FALSE,
    MES_JSON_NOTHING, /* null */
    MES_JSON_DONE,    /* one whole value has been read, and nothing follows */
    MES_JSON_BROKEN   /* `fault` says why, `offset` where; it stays so */
};

enum mes_json_pull_fault {
    MES_JSON_NO_FAULT,
    MES_JSON_FAULT_TOKEN,  /* what stands at `offset` cannot stand there */
    MES_JSON_FAULT_WORD,   /* neither a number nor true, false or null */
    MES_JSON_FAULT_TEXT,   /* a control character, a wrong escape or half a surrogate pair in a text */
    MES_JSON_FAULT_UTF8,   /* not UTF-8 */
    MES_JSON_FAULT_NUL,    /* \u0000 */
    MES_JSON_FAULT_EARLY,  /* the end came too early */
    MES_JSON_FAULT_DEEP,   /* more than MES_JSON_PULL_DEPTH brackets are open */
    MES_JSON_FAULT_LONG,   /* a text or number is longer than the limit */
    MES_JSON_FAULT_MEMORY, /* out of memory */
    MES_JSON_FAULTS
};

/* Read `text`, `offset` and `fault`; the rest is the parser's own. */
struct mes_json_pull {
    struct mes_str text; /* of the last event; valid until the next call of any function */
    uint64_t offset;     /* in the whole document: where the last event's token begins */
    enum mes_json_pull_fault fault;

    struct mes_str piece;
    size_t at;            /* what of it is read */
    uint64_t piece_start; /* in the document */
    bool is_ended;
    unsigned char expects; /* what may stand next */
    bool is_in_token;      /* a text, number or word is not whole yet */
    bool is_text, is_escaped;
    uint64_t lists; /* bit n: the n-th open bracket, from 0 the outermost, is a list's */
    unsigned depth;
    struct mes_buf held;    /* the part of a token that came with earlier pieces */
    struct mes_buf decoded; /* a text that has escapes */
};

/* No memory is taken before a token stands across two pieces or has an escape. `most_text`: the most bytes
 * that a text or number may have as it is written. */
void mes_json_pull_init(struct mes_json_pull *pull, size_t most_text);
void mes_json_pull_fini(struct mes_json_pull *pull);
/* Ready for another document; keeps its memory. */
void mes_json_pull_reset(struct mes_json_pull *pull);

/* Only after MES_JSON_MORE, or before the first event. The bytes are the caller's and must stay until `next`
 * says MES_JSON_MORE, MES_JSON_DONE or MES_JSON_BROKEN. */
void mes_json_pull_feed(struct mes_json_pull *pull, struct mes_str piece);
/* The last piece was fed. */
void mes_json_pull_end(struct mes_json_pull *pull);

/* Events are the same whatever the pieces. A key that comes twice is the caller's business. */
enum mes_json_event mes_json_pull_next(struct mes_json_pull *pull);

#endif
