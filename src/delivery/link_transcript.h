/* The lines of a link's conversation, as many as fit: its login, and behind it the latest. */
#ifndef MES_DELIVERY_LINK_TRANSCRIPT_H
#define MES_DELIVERY_LINK_TRANSCRIPT_H

#include "base/buf.h"
#include "base/secret.h"

enum { MES_LINK_TRANSCRIPT = 64 * 1024 };

struct mes_link_transcript {
    struct mes_buf lines;
    size_t login;     /* bytes of the lines up to the login, which stay */
    bool is_login;    /* they are still coming */
    uint64_t dropped; /* bytes taken out behind them */
};

/* Takes no memory yet. */
void mes_link_transcript_init(struct mes_link_transcript *transcript);
void mes_link_transcript_fini(struct mes_link_transcript *transcript);

/* What cannot be kept is left out; when the latest lines have no room, the oldest behind the login go. */
void mes_link_transcript_add(struct mes_link_transcript *transcript, char direction, struct mes_str line);
/* The login is over. */
void mes_link_transcript_end_login(struct mes_link_transcript *transcript);
/* A mail begins: where. `is_alone`: no other is under way, so that what was said for earlier ones can go. */
uint64_t mes_link_transcript_mark(struct mes_link_transcript *transcript, bool is_alone);

/* Appends the login and what was said since `mark`, as valid UTF-8, with `secret` (NULL: none) hidden. */
void mes_link_transcript_write(const struct mes_link_transcript *transcript, uint64_t mark,
                               const struct mes_secret *secret, struct mes_buf *out);

#endif
