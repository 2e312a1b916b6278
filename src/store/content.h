/* The content of a job: one JSON document, written once. */
#ifndef MES_STORE_CONTENT_H
#define MES_STORE_CONTENT_H

#include "base/buf.h"
#include "store/store.h"

/* Stores it, in place of the one that is there. */
int mes_store_content_put(struct mes_store *store, int64_t job, struct mes_str document,
                          struct mes_error *error) MES_MUST_USE;

/* Appends the document to `document_out`, as far as its limit. MES_E_NOT_FOUND: no such job of that company,
 * or its content was removed for its age. MES_E_LIMIT: larger than the buffer may grow. */
int mes_store_content_load(struct mes_store_reader *reader, struct mes_store_ref job,
                           struct mes_buf *document_out, struct mes_error *error) MES_MUST_USE;

#endif
