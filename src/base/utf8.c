#include "base/utf8.h"

static bool is_tail(struct mes_str text, size_t at, unsigned char low, unsigned char high)
{
    return at < text.size && (unsigned char)text.data[at] >= low && (unsigned char)text.data[at] <= high;
}

/* RFC 3629 section 4: the second byte's range depends on the first. */
size_t mes_utf8_valid_size(struct mes_str text)
{
    if (text.size == 0)
        return 0;
    unsigned char first = (unsigned char)text.data[0];
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return is_tail(text, 1, 0x80, 0xBF) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
        unsigned char high = first == 0xED ? 0x9F : 0xBF;
        return is_tail(text, 1, low, high) && is_tail(text, 2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        unsigned char low = first == 0xF0 ? 0x90 : 0x80;
        unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
        bool valid =
            is_tail(text, 1, low, high) && is_tail(text, 2, 0x80, 0xBF) && is_tail(text, 3, 0x80, 0xBF);
        return valid ? 4 : 0;
    }
    return 0;
}

bool mes_utf8_is_valid(struct mes_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    for (size_t at = 0; at < text.size;) {
        /* ASCII and U+1000 to U+CFFF (most of CJK), which need no look at the first byte's exceptions. */
        bool is_common = at + 2 < text.size && bytes[at] >= 0xE1 && bytes[at] <= 0xEC &&
                         (bytes[at + 1] & 0xC0) == 0x80 && (bytes[at + 2] & 0xC0) == 0x80;
        size_t size = bytes[at] < 0x80 ? 1 : is_common ? 3 : mes_utf8_valid_size(mes_str_skip(text, at));
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

bool mes_utf8_is_ascii(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

bool mes_utf8_next(struct mes_str text, size_t *at, uint32_t *character_out)
{
    static const unsigned char first_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    struct mes_str rest = mes_str_skip(text, *at);
    size_t size = mes_utf8_valid_size(rest);
    if (size == 0)
        return false;
    uint32_t character = (uint32_t)((unsigned char)rest.data[0] & first_bits[size]);
    for (size_t i = 1; i < size; i++)
        character = character << 6 | ((unsigned char)rest.data[i] & 0x3FU);
    *at += size;
    *character_out = character;
    return true;
}

void mes_utf8_add(struct mes_buf *buf, uint32_t c)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = 0xFFFD;
    if (c < 0x80) {
        mes_buf_add_char(buf, (char)c);
    } else if (c < 0x800) {
        mes_buf_add(buf, (char[]){(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, 2);
    } else if (c < 0x10000) {
        mes_buf_add(
            buf, (char[]){(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
            3);
    } else {
        mes_buf_add(buf,
                    (char[]){(char)(0xF0 | c >> 18), (char)(0x80 | (c >> 12 & 0x3F)),
                             (char)(0x80 | (c >> 6 & 0x3F)), (char)(0x80 | (c & 0x3F))},
                    4);
    }
}

struct mes_str mes_utf8_cut(struct mes_str text, size_t size)
{
    if (size >= text.size)
        return text;
    while (size > 0 && ((unsigned char)text.data[size] & 0xC0) == 0x80)
        size--;
    return mes_str_cut(text, 0, size);
}
