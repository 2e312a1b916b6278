/* An alert as a mail: a transactional job of the service itself. */
#ifndef MES_HOOK_LETTER_H
#define MES_HOOK_LETTER_H

#include "base/clock.h"
#include "mes/error.h"

struct mes_courier;
struct mes_roster;

struct mes_hook_letter {
    const char *address;
    const char *subject;
    const char *text;
    const struct mes_clock *clock;
    const struct mes_roster *roster; /* its general list sends it */
};

/* Posts it to the courier and forgets it: retries are the queue's. Everything is copied. MES_E_NOMEM;
 * MES_E_INPUT for an address that is none. Any thread that may compile a small message. */
int mes_hook_letter_post(const struct mes_hook_letter *letter, struct mes_courier *courier,
                         struct mes_error *error) MES_MUST_USE;

#endif
