/* For the tests of this folder: a whole queue (store, courier, carrier) in a temporary folder, with a relay
 * of the test's own and a clock that the test turns. */
#ifndef MES_QUEUE_QUEUE_TEST_H
#define MES_QUEUE_QUEUE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "compose/stored.h"
#include "net/loop.h"
#include "queue/carrier.h"
#include "queue/control.h"
#include "queue/courier.h"
#include "queue/intake.h"
#include "queue/memory.h"
#include "queue/outcome.h"
#include "queue/roster.h"
#include "store/attempt.h"
#include "store/flight.h"
#include "store/folder.h"
#include "store/journal.h"
#include "store/meta.h"
#include "store/recipient.h"
#include "tests/queue/relay.h"

struct queue_testing {
    char folder[64];
    struct relay *relay;
    struct relay *second;
    struct mes_clock clock;
    _Atomic int64_t ahead_ms;
    _Atomic int64_t
        courier_ms; /* what the courier's own clock is ahead, and by how much more after each look */
    int64_t courier_haste_ms;
    struct mes_clock courier_clock;
    _Atomic int64_t set_ms; /* of the wall clock alone: somebody set it */
    struct mes_loop *loop;
    struct mes_store *store;
    struct mes_store_readers *readers;
    struct mes_store_journal *journal;
    struct mes_roster *roster;
    struct mes_queue_memory *memory;
    struct mes_carrier *carrier;
    struct mes_courier *courier;
    char alerts[256];
    char account_news[256];
    char fallback_news[64]; /* "+two " when it stands in, "-one " when the first sent again */
    bool is_drained;
    struct mes_arena arena; /* of what is read back */
};

/* Settings of the general list: "one" at the first relay, "two" at the second where there is one. */
void queue_testing_begin(struct queue_testing *testing, const char *more_settings);
/* The same folder again, as after a crash: nothing is drained, what was in flight stays written down. */
void queue_testing_stop(struct queue_testing *testing);
void queue_testing_start(struct queue_testing *testing);
void queue_testing_end(struct queue_testing *testing);

/* Puts the clock forward and has everybody look at it. */
void queue_testing_pass(struct queue_testing *testing, int64_t milliseconds);
/* Turns the loop until `is_so`; fails the test after some seconds. */
void queue_testing_until(struct queue_testing *testing,
                         bool (*is_so)(struct queue_testing *testing, void *context), void *context);

/* A job of `count` recipients: addresses[i], or PREFIX0@x.test, PREFIX1@x.test … of a single one with a '#'.
 * Posts it and waits for the commit. */
struct queue_job {
    const char *const *addresses;
    size_t count;
    bool is_bulk;
    const char *company, *key, *cc, *account, *quiet_hours;
    int64_t send_in_ms, expires_in_ms;
    enum mes_queue_late late;
    enum mes_queue_doubt on_doubt;
};
int64_t queue_testing_post(struct queue_testing *testing, const struct queue_job *job);
enum mes_intake_result queue_testing_try(struct queue_testing *testing, const struct queue_job *job,
                                         int64_t *id_out);

struct mes_store_job queue_testing_job(struct queue_testing *testing, int64_t id);
bool queue_testing_has_job(struct queue_testing *testing, int64_t id);
struct mes_store_recipient queue_testing_row(struct queue_testing *testing, int64_t id, int64_t number);
size_t queue_testing_attempts(struct queue_testing *testing, int64_t id, int64_t number);
struct mes_store_flight_counts queue_testing_flights(struct queue_testing *testing);
/* Waits until the job has that state, the row that status. */
void queue_testing_await_state(struct queue_testing *testing, int64_t id, enum mes_store_state state);
void queue_testing_await_status(struct queue_testing *testing, int64_t id, int64_t number,
                                enum mes_store_status status);

/* Does it and waits. */
struct mes_control queue_testing_control(struct queue_testing *testing, int64_t id,
                                         enum mes_control_action action, int64_t recipient,
                                         bool was_delivered);

#endif
