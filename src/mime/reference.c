/* Character references of HTML: &name; &#number; &#xnumber; */
#include <string.h>

#include "base/utf8.h"
#include "mime/html.h"

enum { NAME_MOST = 16, LEGACY_MOST = 6, NUMBER_MOST = 0x110000 };

static const struct entity {
    const char *name;
    uint32_t character;
    bool is_legacy;
} entities[] = {
#define ENTITY(name, character, is_legacy) {name, character, is_legacy},
#include "mime/entities.def"
#undef ENTITY
};

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z');
}

static const struct entity *find(struct mes_str name)
{
    size_t low = 0, high = sizeof entities / sizeof entities[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(entities[middle].name, name.data, name.size);
        if (order == 0 && entities[middle].name[name.size] == '\0')
            return &entities[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The WHATWG table for numbers that meant windows-1252; 0 for those that stay. */
static uint32_t from_windows(uint32_t number)
{
    static const uint16_t characters[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                            0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                            0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                            0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};
    return number >= 0x80 && number < 0xA0 ? characters[number - 0x80] : 0;
}

static int digit_of(char c, unsigned base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (base == 16 && mes_lower(c) >= 'a' && mes_lower(c) <= 'f')
        return mes_lower(c) - 'a' + 10;
    return -1;
}

static size_t read_number(struct mes_str text, uint32_t *character_out)
{
    bool is_hex = text.size > 2 && mes_lower(text.data[2]) == 'x';
    unsigned base = is_hex ? 16 : 10;
    size_t begin = is_hex ? 3 : 2;
    size_t at = begin;
    uint32_t number = 0;
    for (; at < text.size && digit_of(text.data[at], base) >= 0; at++) {
        number = number * base + (uint32_t)digit_of(text.data[at], base);
        if (number > NUMBER_MOST)
            number = NUMBER_MOST;
    }
    if (at == begin)
        return 0;
    uint32_t meant = from_windows(number);
    *character_out = number == 0 ? 0xFFFD : meant != 0 ? meant : number;
    return at < text.size && text.data[at] == ';' ? at + 1 : at;
}

/* Without its semicolon a name counts when it is an old one; in an attribute only when no letter, digit or
 * '=' follows, so that "?a=1&copy=2" stays. */
static size_t read_legacy(struct mes_str text, size_t size, bool is_attribute, uint32_t *character_out)
{
    for (size = size < LEGACY_MOST ? size : LEGACY_MOST; size > 1; size--) {
        const struct entity *entity = find(mes_str_cut(text, 1, size));
        if (entity == NULL || !entity->is_legacy)
            continue;
        char behind = size + 1 < text.size ? text.data[size + 1] : '\0';
        if (is_attribute && (is_alphanumeric(behind) || behind == '='))
            return 0;
        *character_out = entity->character;
        return size + 1;
    }
    return 0;
}

size_t mes_mime_html_reference(struct mes_str text, bool is_attribute, uint32_t *character_out)
{
    if (text.size < 3 || text.data[0] != '&')
        return 0;
    if (text.data[1] == '#')
        return read_number(text, character_out);
    size_t size = 0;
    while (size < NAME_MOST && size + 1 < text.size && is_alphanumeric(text.data[size + 1]))
        size++;
    const struct entity *entity = find(mes_str_cut(text, 1, size));
    if (size + 1 < text.size && text.data[size + 1] == ';' && entity != NULL) {
        *character_out = entity->character;
        return size + 2;
    }
    return read_legacy(text, size, is_attribute, character_out);
}

void mes_mime_html_decode(struct mes_str text, bool is_attribute, struct mes_buf *out)
{
    for (size_t at = 0; at < text.size;) {
        uint32_t character = 0xFFFD;
        size_t size = mes_mime_html_reference(mes_str_skip(text, at), is_attribute, &character);
        if (size > 0)
            at += size;
        else if (!mes_utf8_next(text, &at, &character))
            at++;
        mes_utf8_add(out, character);
    }
}
