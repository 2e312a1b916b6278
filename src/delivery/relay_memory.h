/* What a relay bears: remembered by host, port and EHLO keywords, because greetings carry dates and ids. */
#ifndef MES_DELIVERY_RELAY_MEMORY_H
#define MES_DELIVERY_RELAY_MEMORY_H

#include "mes/memory.h"
#include "smtp/session.h"

struct mes_relay_key {
    const char *host;
    unsigned port;
    struct mes_str keywords; /* as mes_smtp_session_keywords has them */
};

/* What is kept, or MES_SMTP_RELAY_UNKNOWN when there is nothing, or it is older than 30 days. `now`: wall
 * clock. */
enum mes_smtp_relay mes_relay_memory_load(const struct mes_memory *memory, const struct mes_relay_key *key,
                                          int64_t now);

/* Keeps it with a word on why. */
void mes_relay_memory_note(const struct mes_memory *memory, const struct mes_relay_key *key,
                           enum mes_smtp_relay relay, const char *reason, int64_t now);

#endif
