/* Single values of the whole service: the epoch, when the last backup was made … */
#ifndef MES_STORE_META_H
#define MES_STORE_META_H

#include "store/store.h"

/* `fallback` when there is none. */
int mes_store_meta_number(struct mes_store_reader *reader, const char *key, int64_t fallback,
                          int64_t *number_out, struct mes_error *error) MES_MUST_USE;
int mes_store_meta_put_number(struct mes_store *store, const char *key, int64_t number,
                              struct mes_error *error) MES_MUST_USE;
int mes_store_meta_put_text(struct mes_store *store, const char *key, const char *text,
                            struct mes_error *error) MES_MUST_USE;

#endif
