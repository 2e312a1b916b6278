/* What is known about accounts between messages and over a restart: health, limits, relays. */
#ifndef MES_STORE_MEMORY_H
#define MES_STORE_MEMORY_H

#include "store/store.h"

/* As mes_store_job_each. */
typedef bool mes_store_memory_each(void *context, const char *key, const char *value);
int mes_store_memory_load(struct mes_store_reader *reader, mes_store_memory_each *each, void *context,
                          struct mes_error *error) MES_MUST_USE;

/* `value` NULL forgets the key. */
int mes_store_memory_note(struct mes_store *store, const char *key, const char *value,
                          struct mes_error *error) MES_MUST_USE;

#endif
