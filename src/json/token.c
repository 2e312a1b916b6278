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

struct mes_json_token mes_json_token_before(struct mes_str text, size_t offset)
{
    struct mes_json_token found = {.offset = text.size};
    struct mes_json_token token;
    for (size_t at = 0; mes_json_token_next(text, &at, &token) && token.offset < offset;)
        found = token;
    return found;
}
