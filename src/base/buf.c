#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"

enum { MES_BUF_FIRST = 64 };

void mes_buf_init(struct mes_buf *buf, size_t limit)
{
    *buf = (struct mes_buf){.limit = limit};
}

void mes_buf_fini(struct mes_buf *buf)
{
    mes_free(buf->data);
    mes_buf_init(buf, buf->limit);
}

void mes_buf_clear(struct mes_buf *buf)
{
    buf->failed = 0;
    mes_buf_truncate(buf, 0);
}

static bool grow(struct mes_buf *buf, size_t more)
{
    if (buf->failed != 0)
        return false;
    if (more > buf->limit - buf->size) {
        buf->failed = MES_E_LIMIT;
        return false;
    }
    size_t needed = buf->size + more;
    if (needed < buf->capacity)
        return true;
    size_t capacity = buf->capacity > 0 ? buf->capacity : MES_BUF_FIRST;
    while (capacity <= needed)
        capacity = capacity > SIZE_MAX / 2 ? needed + 1 : capacity * 2;
    if (buf->limit < SIZE_MAX && capacity > buf->limit + 1)
        capacity = buf->limit + 1;
    char *data = mes_realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = MES_E_NOMEM;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

char *mes_buf_reserve(struct mes_buf *buf, size_t size)
{
    return grow(buf, size) ? buf->data + buf->size : NULL;
}

void mes_buf_commit(struct mes_buf *buf, size_t size)
{
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void mes_buf_add(struct mes_buf *buf, const char *data, size_t size)
{
    if (size == 0 || !grow(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    mes_buf_commit(buf, size);
}

void mes_buf_add_str(struct mes_buf *buf, struct mes_str text)
{
    mes_buf_add(buf, text.data, text.size);
}

void mes_buf_add_text(struct mes_buf *buf, const char *text)
{
    mes_buf_add(buf, text, strlen(text));
}

void mes_buf_add_char(struct mes_buf *buf, char c)
{
    mes_buf_add(buf, &c, 1);
}

void mes_buf_add_uint(struct mes_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    mes_buf_add(buf, digits + at, sizeof digits - at);
}

void mes_buf_add_format(struct mes_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size <= 0 || !grow(buf, (size_t)size))
        return;
    va_start(args, format);
    (void)vsnprintf(buf->data + buf->size, (size_t)size + 1, format, args);
    va_end(args);
    mes_buf_commit(buf, (size_t)size);
}

void mes_buf_consume(struct mes_buf *buf, size_t size)
{
    if (size == 0)
        return;
    memmove(buf->data, buf->data + size, buf->size - size);
    mes_buf_truncate(buf, buf->size - size);
}

void mes_buf_truncate(struct mes_buf *buf, size_t size)
{
    buf->size = size;
    if (buf->data != NULL)
        buf->data[size] = '\0';
}

struct mes_str mes_buf_str(const struct mes_buf *buf)
{
    return (struct mes_str){buf->data != NULL ? buf->data : "", buf->size};
}

const char *mes_buf_text(const struct mes_buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

char *mes_buf_take(struct mes_buf *buf, size_t *size_out)
{
    char *data = NULL;
    if (buf->failed == 0)
        data = buf->data != NULL ? buf->data : mes_copy("", 0);
    if (size_out != NULL)
        *size_out = data != NULL ? buf->size : 0;
    if (data != NULL)
        buf->data = NULL;
    mes_buf_fini(buf);
    return data;
}

int mes_buf_check(const struct mes_buf *buf, struct mes_error *error)
{
    if (buf->failed == MES_E_LIMIT)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(buf->limit)));
    if (buf->failed != 0)
        return mes_fail_nomem(error);
    return 0;
}
