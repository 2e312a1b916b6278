/* Turns a message of any line ends into the lines that follow DATA (RFC 5321 4.5.2) or BDAT (RFC 3030). */
#ifndef MES_SMTP_BODY_H
#define MES_SMTP_BODY_H

#include "base/buf.h"
#include "base/source.h"

/* Private members. */
struct mes_smtp_body {
    struct mes_source *source;
    struct mes_str rest; /* of the piece at hand */
    bool is_stuffed;
    bool is_at_line_start;
    bool is_after_cr; /* the last byte read was a CR; its CRLF is written already */
    bool has_ended;
    uint64_t written; /* bytes put out so far */
};

/* The source is borrowed. `is_stuffed`: dots are doubled, as DATA wants it. */
void mes_smtp_body_init(struct mes_smtp_body *body, struct mes_source *source, bool is_stuffed);

/* Appends at most `room` bytes (2 or more are needed for any progress). Every CR, LF and CRLF comes out as
 * CRLF, so that neither stands alone, and every '.' at the beginning of a stuffed line is doubled, wherever
 * pieces end: however a relay takes lone CRs and LFs, it can see no end of the message but ours. Returns
 * MES_PULL_PIECE when there is more but no room, MES_PULL_END when all was written (the last line ended; the
 * dot is the caller's), MES_PULL_LATER and MES_PULL_FAILED as the source said. A NUL fails too: RFC 5321 has
 * none, and a relay that passes over it would see a dot at the beginning of a line where there is none. */
enum mes_pull mes_smtp_body_write(struct mes_smtp_body *body, struct mes_buf *out, size_t room);

#endif
