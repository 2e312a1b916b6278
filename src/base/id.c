#include "base/id.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

enum { MES_ID_COUNT_BITS = 20, MES_ID_DIGIT_BITS = 5 };

static const char id_digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
static _Atomic int64_t newest;

int64_t mes_id_next(const struct mes_clock *clock)
{
    int64_t first = mes_id_first(mes_clock_wall(clock));
    int64_t last = atomic_load(&newest);
    int64_t id;
    do
        id = first > last ? first : last + 1;
    while (!atomic_compare_exchange_weak(&newest, &last, id));
    return id;
}

void mes_id_note(int64_t id)
{
    int64_t last = atomic_load(&newest);
    while (last < id && !atomic_compare_exchange_weak(&newest, &last, id))
        continue;
}

int64_t mes_id_time(int64_t id)
{
    return id >> MES_ID_COUNT_BITS;
}

int64_t mes_id_first(int64_t time)
{
    return time * (INT64_C(1) << MES_ID_COUNT_BITS);
}

const char *mes_id_text(char out[MES_ID_SPACE], int64_t id)
{
    assert(id >= 0);
    for (int i = MES_ID_SIZE - 1; i >= 0; i--) {
        out[i] = id_digits[id & 31];
        id >>= MES_ID_DIGIT_BITS;
    }
    out[MES_ID_SIZE] = '\0';
    return out;
}

bool mes_id_parse(struct mes_str text, int64_t *id_out)
{
    uint64_t id = 0;
    if (text.size != MES_ID_SIZE || text.data[0] > '7')
        return false; /* 13 digits have room for 65 bits */
    for (size_t i = 0; i < text.size; i++) {
        const char *digit = memchr(id_digits, text.data[i], sizeof id_digits - 1);
        if (digit == NULL)
            return false;
        id = id << MES_ID_DIGIT_BITS | (uint64_t)(digit - id_digits);
    }
    *id_out = (int64_t)id;
    return true;
}
