#include "delivery/dispatch_queue.h"

void mes_dispatch_queue_init(struct mes_dispatch_queue *queue)
{
    *queue = (struct mes_dispatch_queue){.first = NULL};
    queue->last = &queue->first;
}

void mes_dispatch_queue_append(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch)
{
    dispatch->next = NULL;
    *queue->last = dispatch;
    queue->last = &dispatch->next;
    queue->count++;
}

void mes_dispatch_queue_prepend(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch)
{
    dispatch->next = queue->first;
    if (queue->first == NULL)
        queue->last = &dispatch->next;
    queue->first = dispatch;
    queue->count++;
}

struct mes_dispatch *mes_dispatch_queue_pop(struct mes_dispatch_queue *queue)
{
    struct mes_dispatch *dispatch = queue->first;
    if (dispatch == NULL)
        return NULL;
    queue->first = dispatch->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->count--;
    dispatch->next = NULL;
    return dispatch;
}
