/* Mails that a capture account took instead of sending them. */
#ifndef MES_STORE_CAPTURED_H
#define MES_STORE_CAPTURED_H

#include "base/buf.h"
#include "store/store.h"

struct mes_store_captured {
    int64_t id;
    const char *company;
    int64_t job;
    int64_t number;
    int64_t at;
    const char *sender;
    const char *recipients; /* a JSON list of addresses */
    const char *subject;
    int64_t size; /* of the raw mail */
};

/* Keeps a mail, `raw` being its bytes. */
int mes_store_captured_add(struct mes_store *store, const struct mes_store_captured *captured,
                           struct mes_str raw, struct mes_error *error) MES_MUST_USE;

/* As mes_store_job_each. */
typedef bool mes_store_captured_each(void *context, const struct mes_store_captured *captured);

/* Newest first. */
struct mes_store_captured_page {
    const char *company; /* NULL: all */
    int64_t before;      /* an id; 0 at first */
    unsigned limit;
};
int mes_store_captured_list(struct mes_store_reader *reader, const struct mes_store_captured_page *page,
                            mes_store_captured_each *each, void *context,
                            struct mes_error *error) MES_MUST_USE;
/* Calls `each` (may be NULL) with the row and appends the mail's bytes to `raw_out` (may be NULL).
 * MES_E_NOT_FOUND, MES_E_LIMIT. */
struct mes_store_captured_wish {
    struct mes_store_ref ref;
    mes_store_captured_each *each;
    void *context;
};
int mes_store_captured_load(struct mes_store_reader *reader, const struct mes_store_captured_wish *wish,
                            struct mes_buf *raw_out, struct mes_error *error) MES_MUST_USE;

#endif
