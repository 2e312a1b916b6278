/* Work that would hold up the loop, such as writing a file, done in another thread. */
#ifndef MES_NET_WORK_H
#define MES_NET_WORK_H

#include "mes/error.h"

struct mes_loop;
struct mes_work;

struct mes_work_options {
    void (*run)(void *context); /* once, in another thread */
    void (*on_done)(
        void *context); /* afterwards, from mes_loop_step; the work is gone and `*work_out` NULL */
    void *context;
};

/* `work_out` stays valid until on_done. Fails with MES_E_NOMEM or MES_E_SYSTEM; then nothing is run. */
int mes_work_start(struct mes_loop *loop, const struct mes_work_options *options, struct mes_work **work_out,
                   struct mes_error *error) MES_MUST_USE;
/* Waits until `run` has returned; on_done is not called. Any time but inside `run`; a NULL inside is allowed.
 */
void mes_work_finish(struct mes_work **work);

#endif
