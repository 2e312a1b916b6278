#include "json/token.h"

#include <string.h>

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static size_t text_end(struct mes_str text, size_t at)
{
    for (at++; at < text.size && text.data[at] != '"'; at++)
        if (text.data[at] == '\\')
            at++;
    return at < text.size ? at + 1 : text.size;
}

static size_t word_end(struct mes_str text, size_t at)
{
    while (at < text.size && !is_one_of(text.data[at], "{}[]:,\" \t\r\n"))
        at++;
    return at;
}

bool mes_json_token_next(struct mes_str text, size_t *at, struct mes_json_token *token_out)
{
    while (*at < text.size && is_one_of(text.data[*at], " \t\r\n"))
        ++*at;
    if (*at == text.size)
        return false;
    char c = text.data[*at];
    size_t end = *at + 1;
    *token_out = (struct mes_json_token){.kind = c, .offset = *at};
    if (c == '"') {
        end = text_end(text, *at);
    } else if (!is_one_of(c, "{}[]:,")) {
        token_out->kind = 'w';
        end = word_end(text, *at);
    }
    token_out->size = end - *at;
    *at = end;
    return true;
}

static unsigned unit_at(struct mes_str token, size_t at)
{
    unsigned unit = 0;
    for (size_t i = at; i < at + 4 && i < token.size; i++) {
        char c = mes_lower(token.data[i]);
        unit = unit * 16 + (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    return unit;
}

size_t mes_json_token_text_size(struct mes_str token)
{
    size_t size = 0;
    for (size_t at = 1; at + 1 < token.size;) {
        bool is_unit = token.data[at] == '\\' && token.data[at + 1] == 'u';
        unsigned unit = is_unit ? unit_at(token, at + 2) : 0;
        bool is_pair = unit >= 0xd800 && unit < 0xdc00;
        size += is_pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
        at += is_pair ? 12 : is_unit ? 6 : token.data[at] == '\\' ? 2 : 1;
    }
    return size;
}

struct mes_json_token mes_json_token_before(struct mes_str text, size_t offset)
{
    struct mes_json_token found = {.offset = text.size};
    struct mes_json_token token;
    for (size_t at = 0; mes_json_token_next(text, &at, &token) && token.offset < offset;)
        found = token;
    return found;
}
