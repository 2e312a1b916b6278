#include "base/nearest.h"

enum { MES_NEAREST_LONGEST = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The cheapest way to make a[..i] into b[..j], given the cells around it (optimal string alignment). */
static size_t cell(struct mes_str a, struct mes_str b, size_t i, size_t j,
                   size_t rows[3][MES_NEAREST_LONGEST + 1])
{
    const size_t *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
    char from = mes_lower(a.data[i - 1]), to = mes_lower(b.data[j - 1]);
    size_t cost = before[j - 1] + (from != to);
    cost = least(cost, before[j] + 1);
    cost = least(cost, rows[i % 3][j - 1] + 1);
    bool is_swap = i > 1 && j > 1 && from == mes_lower(b.data[j - 2]) && mes_lower(a.data[i - 2]) == to;
    return is_swap ? least(cost, earlier[j - 2] + 1) : cost;
}

static size_t distance_between(struct mes_str a, struct mes_str b)
{
    size_t rows[3][MES_NEAREST_LONGEST + 1];
    for (size_t j = 0; j <= b.size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.size; i++) {
        rows[i % 3][0] = i;
        for (size_t j = 1; j <= b.size; j++)
            rows[i % 3][j] = cell(a, b, i, j, rows);
    }
    return rows[a.size % 3][b.size];
}

void mes_nearest_init(struct mes_nearest *nearest, struct mes_str word)
{
    *nearest = (struct mes_nearest){.word = word, .distance = word.size / 3 + 1};
}

void mes_nearest_offer(struct mes_nearest *nearest, const char *known)
{
    struct mes_str offered = mes_str_of(known);
    if (nearest->word.size > MES_NEAREST_LONGEST || offered.size > MES_NEAREST_LONGEST)
        return;
    size_t distance = distance_between(nearest->word, offered);
    if (distance >= nearest->distance)
        return;
    nearest->distance = distance;
    nearest->found = known;
}
