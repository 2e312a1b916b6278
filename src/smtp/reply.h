/* Reads SMTP replies (RFC 5321 4.2) from bytes that come in any portions. */
#ifndef MES_SMTP_REPLY_H
#define MES_SMTP_REPLY_H

#include "base/buf.h"

enum {
    MES_SMTP_LINE_MOST = 4096,       /* bytes of a reply line, its end not counted */
    MES_SMTP_CHALLENGE_MOST = 12288, /* the same while AUTH runs: RFC 4954 section 4 */
    MES_SMTP_REPLY_LINES = 128,
    MES_SMTP_REPLY_BYTES = 64 * 1024 /* of all its lines together */
};

struct mes_smtp_reply {
    int code;                /* 200 to 599 */
    struct mes_str text;     /* its lines without the codes, joined by '\n'; raw bytes, no NUL and no CR */
    struct mes_str enhanced; /* "5.7.8" as the first line has it (RFC 2034); empty when there is none or when
                              * its class contradicts the code, which then decides alone */
    bool contradicts;        /* it was left out for that reason */
};

enum mes_smtp_parse {
    MES_SMTP_PARSE_MORE,  /* everything was used, the reply is not whole yet */
    MES_SMTP_PARSE_REPLY, /* a whole reply; what follows it is left in the input */
    MES_SMTP_PARSE_BAD,   /* not a reply, or over a limit */
    MES_SMTP_PARSE_NOMEM
};

/* Private members. */
struct mes_smtp_parser {
    struct mes_buf line; /* the beginning of a line that has not come whole */
    struct mes_buf text;
    size_t line_most;
    unsigned lines;
    int code;
};

/* Takes no memory yet. */
void mes_smtp_parser_init(struct mes_smtp_parser *parser);
void mes_smtp_parser_fini(struct mes_smtp_parser *parser);
/* The longest line that is accepted from now on. */
void mes_smtp_parser_set_line_most(struct mes_smtp_parser *parser, size_t line_most);

/* Reads from the front of `*input`, which then holds what was not used. `reply_out` is set with
 * MES_SMTP_PARSE_REPLY alone and valid until the next call. After BAD and NOMEM the parser must not be used.
 *
 * Strict: a code has three digits, the first 2 to 5 (the second may be any: "571" is often seen); then blank,
 * '-' or the end of the line; all codes of a reply agree; lines end in CRLF; no NUL, no other CR or LF
 * anywhere. */
enum mes_smtp_parse mes_smtp_parser_next(struct mes_smtp_parser *parser, struct mes_str *input,
                                         struct mes_smtp_reply *reply_out);

/* Is the beginning of a reply waiting for its rest? */
bool mes_smtp_parser_is_inside(const struct mes_smtp_parser *parser);

/* Appends at most `most` bytes of the text, without the enhanced code at the beginning of its lines. */
void mes_smtp_reply_add_text(const struct mes_smtp_reply *reply, size_t most, struct mes_buf *out);

#endif
