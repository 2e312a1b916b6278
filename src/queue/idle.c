/* For a while there was nothing to do: what is kept for speed alone is given back. */
#include "base/process.h"
#include "queue/courier_parts.h"

enum { MES_IDLE_TURNS = 10 }; /* of a second each */

void mes_courier_be_idle(struct mes_courier *courier)
{
    if (++courier->idle_turns != MES_IDLE_TURNS)
        return;
    mes_warm_fini(&courier->warm);
    mes_store_shrink(courier->options.store);
    mes_process_give_back_memory();
}
