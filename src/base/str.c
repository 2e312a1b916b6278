#include "base/str.h"

#include <string.h>

struct mes_str mes_str_of(const char *text)
{
    return text != NULL ? (struct mes_str){text, strlen(text)} : (struct mes_str){"", 0};
}

struct mes_str mes_str_make(const char *data, size_t size)
{
    return (struct mes_str){data, size};
}

char mes_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool same_nocase(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (mes_lower(a[i]) != mes_lower(b[i]))
            return false;
    return true;
}

bool mes_str_eq(struct mes_str a, struct mes_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool mes_str_eq_nocase(struct mes_str a, struct mes_str b)
{
    return a.size == b.size && same_nocase(a.data, b.data, a.size);
}

bool mes_str_starts(struct mes_str text, struct mes_str with)
{
    return text.size >= with.size && mes_str_eq(mes_str_cut(text, 0, with.size), with);
}

bool mes_str_starts_nocase(struct mes_str text, struct mes_str with)
{
    return text.size >= with.size && same_nocase(text.data, with.data, with.size);
}

bool mes_str_ends_nocase(struct mes_str text, struct mes_str with)
{
    return text.size >= with.size && same_nocase(text.data + text.size - with.size, with.data, with.size);
}

size_t mes_str_find(struct mes_str text, struct mes_str what, size_t from)
{
    if (from > text.size)
        return SIZE_MAX;
    if (what.size == 0)
        return from;
    if (what.size > text.size - from)
        return SIZE_MAX; /* an empty text may have no bytes to look at */
    const char *found = memmem(text.data + from, text.size - from, what.data, what.size);
    return found != NULL ? (size_t)(found - text.data) : SIZE_MAX;
}

size_t mes_str_find_nocase(struct mes_str text, struct mes_str what, size_t from)
{
    for (size_t i = from; i + what.size <= text.size; i++)
        if (same_nocase(text.data + i, what.data, what.size))
            return i;
    return SIZE_MAX;
}

struct mes_str mes_str_skip(struct mes_str text, size_t from)
{
    if (from >= text.size)
        return (struct mes_str){text.data != NULL ? text.data + text.size : NULL, 0};
    return (struct mes_str){text.data + from, text.size - from};
}

struct mes_str mes_str_cut(struct mes_str text, size_t from, size_t size)
{
    struct mes_str rest = mes_str_skip(text, from);
    return (struct mes_str){rest.data, size < rest.size ? size : rest.size};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mes_str mes_str_trim(struct mes_str text)
{
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool mes_str_next(struct mes_str *rest, char separator, struct mes_str *part_out)
{
    if (rest->data == NULL)
        return false;
    const char *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    if (end == NULL) {
        *part_out = *rest;
        *rest = (struct mes_str){NULL, 0};
        return true;
    }
    size_t size = (size_t)(end - rest->data);
    *part_out = (struct mes_str){rest->data, size};
    rest->data += size + 1;
    rest->size -= size + 1;
    return true;
}

bool mes_str_to_uint(struct mes_str text, uint64_t most, uint64_t *value_out)
{
    uint64_t value = 0;
    if (text.size == 0)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > most)
        return false;
    *value_out = value;
    return true;
}
