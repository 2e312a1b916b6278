/* Finds the known word that a mistyped one was meant to be. */
#ifndef MES_BASE_NEAREST_H
#define MES_BASE_NEAREST_H

#include "base/str.h"

struct mes_nearest {
    struct mes_str word;
    const char *found; /* NULL while no offered word is close enough to be worth naming */
    size_t distance;
};

/* Starts a search. `word` is borrowed. */
void mes_nearest_init(struct mes_nearest *nearest, struct mes_str word);

/* Considers one known word, which is borrowed too; of equally near ones the first offered wins. Near means:
 * at most a third of the letters added, missing, wrong or swapped with their neighbour, case left aside. */
void mes_nearest_offer(struct mes_nearest *nearest, const char *known);

#endif
