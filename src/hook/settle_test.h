/* Turns a loop until what was begun has gone its way through the courier and the web server. */
#ifndef MES_HOOK_SETTLE_TEST_H
#define MES_HOOK_SETTLE_TEST_H

#include <stdatomic.h>

#include "net/loop.h"
#include "queue/courier.h"
#include "tests/net/web.h"

/* A command that does nothing: when it is done, so is what was posted before it. */
struct settle_barrier {
    struct mes_courier_command command; /* first */
    atomic_bool is_done;
};

static inline int settle_run(struct mes_courier_command *command, struct mes_store *store,
                             struct mes_error *error)
{
    (void)command;
    (void)store;
    (void)error;
    return 0;
}

static inline void settle_done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    (void)code;
    (void)error;
    atomic_store(&((struct settle_barrier *)command)->is_done, true);
}

static inline void settle_turn(struct mes_loop *loop, int turns)
{
    while (turns-- > 0)
        mes_loop_step(loop, 1);
}

/* `courier` NULL: there is none yet. */
static inline void settle_all(struct mes_loop *loop, struct mes_courier *courier, struct web *web)
{
    for (int i = 0; i < 4; i++) {
        struct settle_barrier barrier = {.command = {.run = settle_run, .done = settle_done}};
        if (courier != NULL)
            mes_courier_post(courier, &barrier.command);
        while (courier != NULL && !atomic_load(&barrier.is_done))
            settle_turn(loop, 1);
        settle_turn(loop, 5);
        while (!web_is_quiet(web))
            settle_turn(loop, 1);
        settle_turn(loop, 3);
    }
}

#endif
