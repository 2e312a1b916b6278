/* Dispatches that wait, the urgent ones first, else in their order; linked by their `next`. */
#ifndef MES_DELIVERY_DISPATCH_QUEUE_H
#define MES_DELIVERY_DISPATCH_QUEUE_H

#include "delivery/transport.h"

struct mes_dispatch_queue {
    struct mes_dispatch *first;
    struct mes_dispatch **last;
    struct mes_dispatch **urgent_end;   /* behind the last urgent one */
    struct mes_dispatch **returned_end; /* behind the last one that was put back */
    size_t count;
};

void mes_dispatch_queue_init(struct mes_dispatch_queue *queue);
void mes_dispatch_queue_append(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch);
/* To the front, behind those that were put back before it and still wait. */
void mes_dispatch_queue_put_back(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch);
/* The first one, NULL when none waits. */
struct mes_dispatch *mes_dispatch_queue_pop(struct mes_dispatch_queue *queue);

#endif
