#include "delivery/dispatch_queue.h"

void mes_dispatch_queue_init(struct mes_dispatch_queue *queue)
{
    *queue = (struct mes_dispatch_queue){.first = NULL};
    queue->last = &queue->first;
    queue->urgent_end = &queue->first;
    queue->returned_end = &queue->first;
}

/* Puts it in at `place`, the link of the dispatch that it comes behind. */
static void insert(struct mes_dispatch_queue *queue, struct mes_dispatch **place,
                   struct mes_dispatch *dispatch)
{
    dispatch->next = *place;
    *place = dispatch;
    if (dispatch->next == NULL)
        queue->last = &dispatch->next;
    if (dispatch->is_urgent && place == queue->urgent_end)
        queue->urgent_end = &dispatch->next;
    queue->count++;
}

void mes_dispatch_queue_append(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch)
{
    insert(queue, dispatch->is_urgent ? queue->urgent_end : queue->last, dispatch);
}

void mes_dispatch_queue_put_back(struct mes_dispatch_queue *queue, struct mes_dispatch *dispatch)
{
    insert(queue, queue->returned_end, dispatch);
    queue->returned_end = &dispatch->next;
}

struct mes_dispatch *mes_dispatch_queue_pop(struct mes_dispatch_queue *queue)
{
    struct mes_dispatch *dispatch = queue->first;
    if (dispatch == NULL)
        return NULL;
    queue->first = dispatch->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    if (queue->urgent_end == &dispatch->next)
        queue->urgent_end = &queue->first;
    if (queue->returned_end == &dispatch->next)
        queue->returned_end = &queue->first;
    queue->count--;
    dispatch->next = NULL;
    return dispatch;
}
