#include "net/queue.h"

void mes_queue_init(struct mes_queue *queue, size_t limit)
{
    mes_buf_init(&queue->buf, limit);
    queue->taken = 0;
}

void mes_queue_fini(struct mes_queue *queue)
{
    mes_buf_fini(&queue->buf);
    queue->taken = 0;
}

struct mes_str mes_queue_view(const struct mes_queue *queue)
{
    return mes_str_skip(mes_buf_str(&queue->buf), queue->taken);
}

void mes_queue_take(struct mes_queue *queue, size_t size)
{
    queue->taken += size;
    if (queue->taken < queue->buf.size)
        return;
    mes_buf_clear(&queue->buf);
    queue->taken = 0;
}

size_t mes_queue_room(const struct mes_queue *queue)
{
    return queue->buf.limit - (queue->buf.size - queue->taken);
}

char *mes_queue_reserve(struct mes_queue *queue, size_t size)
{
    /* What is left moves to the front only when the end is reached, so taking little by little stays cheap.
     */
    if (queue->taken > 0 && queue->buf.size + size >= queue->buf.capacity) {
        mes_buf_consume(&queue->buf, queue->taken);
        queue->taken = 0;
    }
    return mes_buf_reserve(&queue->buf, size);
}

void mes_queue_commit(struct mes_queue *queue, size_t size)
{
    mes_buf_commit(&queue->buf, size);
}
