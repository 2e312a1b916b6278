/* A growing byte buffer with a hard limit fixed at birth. Failure is remembered: append all you want, ask
 * once. */
#ifndef MES_BASE_BUF_H
#define MES_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_buf {
    char *data; /* NUL behind the last byte once anything was added */
    size_t size;
    size_t capacity;
    size_t limit;
    int failed; /* 0, MES_E_NOMEM or MES_E_LIMIT; later appends do nothing */
};

/* No memory is taken yet. `limit` is the most bytes it will ever hold. */
void mes_buf_init(struct mes_buf *buf, size_t limit);
/* Frees and leaves an empty buffer with the same limit. */
void mes_buf_fini(struct mes_buf *buf);
/* Empties, keeps the memory, forgets a failure. */
void mes_buf_clear(struct mes_buf *buf);

/* Appends; what does not fit makes the buffer fail and changes nothing. */
void mes_buf_add(struct mes_buf *buf, const char *data, size_t size);
void mes_buf_add_str(struct mes_buf *buf, struct mes_str text);
void mes_buf_add_text(struct mes_buf *buf, const char *text);
void mes_buf_add_char(struct mes_buf *buf, char c);
void mes_buf_add_uint(struct mes_buf *buf, uint64_t value);
void mes_buf_add_format(struct mes_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `size` more bytes at the end, or NULL (then the buffer has failed). Commit what was written. */
char *mes_buf_reserve(struct mes_buf *buf, size_t size) MES_MUST_USE;
void mes_buf_commit(struct mes_buf *buf, size_t size);

/* Removes `size` bytes from the front. */
void mes_buf_consume(struct mes_buf *buf, size_t size);
/* Cuts to `size` bytes. */
void mes_buf_truncate(struct mes_buf *buf, size_t size);

struct mes_str mes_buf_str(const struct mes_buf *buf);
/* The content ended by NUL; "" when empty. Valid until the next append. */
const char *mes_buf_text(const struct mes_buf *buf);
/* Moves the memory to the caller (mes_free); the buffer is empty again. NULL when it failed or memory ran
 * out. */
char *mes_buf_take(struct mes_buf *buf, size_t *size_out) MES_MUST_USE;

/* 0, or the remembered failure put into `error` (which may be NULL). */
int mes_buf_check(const struct mes_buf *buf, struct mes_error *error) MES_MUST_USE;

#endif
