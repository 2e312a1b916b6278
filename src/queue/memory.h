/* What the accounts' health, limits and relays have to remember over a restart: read once at the start, kept
 * in RAM, written down by the courier soon after it changes. Loop thread. */
#ifndef MES_QUEUE_MEMORY_H
#define MES_QUEUE_MEMORY_H

#include "mes/error.h"
#include "mes/memory.h"

struct mes_courier;
struct mes_queue_memory;
struct mes_store;

/* Reads all that the database has. Before the courier starts. */
int mes_queue_memory_new(struct mes_store *store, struct mes_queue_memory **memory_out,
                         struct mes_error *error) MES_MUST_USE;
/* Where changes go; until then they are kept. */
void mes_queue_memory_set_courier(struct mes_queue_memory *memory, struct mes_courier *courier);
/* After the courier has stopped. */
void mes_queue_memory_free(struct mes_queue_memory **memory);

/* Valid as long as `memory`. */
struct mes_memory mes_queue_memory_face(struct mes_queue_memory *memory);

#endif
