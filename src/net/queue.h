/* Bytes that come in at one end and go out at the other, with a limit. */
#ifndef MES_NET_QUEUE_H
#define MES_NET_QUEUE_H

#include "base/buf.h"

struct mes_queue {
    struct mes_buf buf;
    size_t taken; /* bytes at the front of `buf` that are gone already */
};

/* No memory is taken yet. fini leaves an empty queue with the same limit. */
void mes_queue_init(struct mes_queue *queue, size_t limit);
void mes_queue_fini(struct mes_queue *queue);

/* All that is in it, valid until the next call; and taking from the front of that. */
struct mes_str mes_queue_view(const struct mes_queue *queue);
void mes_queue_take(struct mes_queue *queue, size_t size);

/* How many more bytes it may hold. */
size_t mes_queue_room(const struct mes_queue *queue);
/* Space for `size` bytes behind the last, at most mes_queue_room; NULL when memory is used up. Commit what
 * was written. */
char *mes_queue_reserve(struct mes_queue *queue, size_t size) MES_MUST_USE;
void mes_queue_commit(struct mes_queue *queue, size_t size);

#endif
