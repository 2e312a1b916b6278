/* Who rests and until when: the cool-down of an account after failures that are its own fault. Pure functions
 * of (state, event, now); the host's memory keeps the state over a restart. Loop thread. */
#ifndef MES_DELIVERY_HEALTH_H
#define MES_DELIVERY_HEALTH_H

#include "base/str.h"
#include "delivery/verdict.h"
#include "mes/memory.h"

enum { MES_HEALTH_ADVICE_SPACE = 64 };

/* All times are wall-clock milliseconds, so that they mean the same after a restart. */
struct mes_health {
    uint32_t fingerprint;                 /* of the settings this state belongs to */
    enum mes_rest rest;                   /* why it rests; `none`: it is well */
    unsigned strikes;                     /* failures since the last success: each doubles the rest */
    int64_t until;                        /* end of the rest; INT64_MAX: until the settings change */
    bool alarmed;                         /* the one alarm of this illness was given */
    bool is_probing;                      /* a probe is under way (never stored) */
    char advice[MES_HEALTH_ADVICE_SPACE]; /* what to change, as of the last failure */
};

/* A number that changes with the settings (host, port, TLS, user, password …) and is too short to find a
 * password from it: 20 bits of their SHA-256. */
uint32_t mes_health_fingerprint(const struct mes_str *settings, size_t count);

/* The state that is kept for the account, or a well one when there is none, when it cannot be read, or when
 * the fingerprint differs: changed settings wake an account. */
void mes_health_load(struct mes_health *health, const struct mes_memory *memory, const char *account,
                     uint32_t fingerprint);
void mes_health_save(const struct mes_health *health, const struct mes_memory *memory, const char *account);

/* 0: a message may be given to this account now. Else the time to ask again (INT64_MAX: when the settings
 * change). An account whose rest is over takes one probe; until mes_health_on_success, on_failure or
 * on_abandon it takes no second one and the answer is `now` + 1 s. */
int64_t mes_health_ready_at(const struct mes_health *health, int64_t now);

/* Only its probe keeps a message waiting: soon the account is well or rests again. */
bool mes_health_is_probed(const struct mes_health *health, int64_t now);

/* A message is given to the account. True: it is the probe. Call only when ready. */
bool mes_health_begin(struct mes_health *health);

/* `was_probe` is what begin said. True: the account just became well, its queue is free. A success that
 * began before the rest wakes nobody. */
bool mes_health_on_success(struct mes_health *health, bool was_probe);

/* The account failed: it rests as the verdict says, longer each time, by up to a fifth longer still as
 * `random` (any 32 random bits) has it. A failure of a session that began before the rest adds no strike.
 * True: the alarm has to be given now. */
bool mes_health_on_failure(struct mes_health *health, const struct mes_verdict *verdict, bool was_probe,
                           int64_t now, uint32_t random);

/* The attempt ended without saying anything about the account (cancelled, recipient refused …). */
void mes_health_on_abandon(struct mes_health *health, bool was_probe);

/* Ends the rest at once; the next message is a probe. For a person who has repaired something. */
void mes_health_wake(struct mes_health *health);

#endif
