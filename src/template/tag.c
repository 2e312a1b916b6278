#include "template/tag.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The Mustache specification's "standalone" rule. */
static void look_around(struct mes_str text, struct mes_template_tag *tag)
{
    size_t begin = tag->begin;
    size_t end = tag->end;
    if (tag->kind == '\0' || strchr("#^/!>=", tag->kind) == NULL)
        return;
    while (begin > 0 && is_blank(text.data[begin - 1]))
        begin--;
    if (begin > 0 && text.data[begin - 1] != '\n')
        return;
    while (end < text.size && is_blank(text.data[end]))
        end++;
    if (end + 1 < text.size && text.data[end] == '\r' && text.data[end + 1] == '\n')
        end++;
    if (end < text.size && text.data[end] != '\n')
        return;
    tag->is_alone = true;
    tag->line_begin = begin;
    tag->line_end = end < text.size ? end + 1 : end;
}

/* Takes what marks the tag's kind off both ends of its inside; false when the end is not there. */
static bool read_kind(struct mes_str text, size_t inside, const struct mes_template_delimiters *delimiters,
                      struct mes_template_tag *tag)
{
    while (inside < text.size && is_blank(text.data[inside]))
        inside++;
    char c = inside < text.size ? text.data[inside] : '\0';
    tag->kind = c != '\0' && strchr("{&#^/!>=", c) != NULL ? c : '\0';
    size_t begin = inside + (tag->kind != '\0');
    size_t end = mes_str_find(text, delimiters->close, begin);
    const char *mark = tag->kind == '{' ? "}" : tag->kind == '=' ? "=" : NULL;
    if (mark != NULL) {
        size_t marked = mes_str_find(text, mes_str_of(mark), begin);
        while (marked != SIZE_MAX && !mes_str_starts(mes_str_skip(text, marked + 1), delimiters->close))
            marked = mes_str_find(text, mes_str_of(mark), marked + 1);
        end = marked != SIZE_MAX ? marked + 1 : SIZE_MAX;
    }
    if (end == SIZE_MAX)
        return false;
    tag->content = mes_str_trim(mes_str_cut(text, begin, end - (mark != NULL) - begin));
    tag->end = end + delimiters->close.size;
    return true;
}

enum mes_template_scan mes_template_tag_next(struct mes_str text, size_t from,
                                             const struct mes_template_delimiters *delimiters,
                                             struct mes_template_tag *tag_out)
{
    size_t begin = mes_str_find(text, delimiters->open, from);
    if (begin == SIZE_MAX)
        return MES_SCAN_NONE;
    *tag_out = (struct mes_template_tag){.begin = begin};
    if (!read_kind(text, begin + delimiters->open.size, delimiters, tag_out))
        return MES_SCAN_UNCLOSED;
    look_around(text, tag_out);
    return MES_SCAN_TAG;
}

enum mes_template_scan mes_template_tag_next_old(struct mes_str text, size_t from,
                                                 const struct mes_str *names, size_t count,
                                                 struct mes_template_tag *tag_out)
{
    for (size_t begin = mes_str_find(text, MES_STR("{"), from); begin != SIZE_MAX;
         begin = mes_str_find(text, MES_STR("{"), begin + 1)) {
        struct mes_str rest = mes_str_skip(text, begin + 1);
        for (size_t i = 0; i < count; i++) {
            if (!mes_str_starts_nocase(rest, names[i]) ||
                !mes_str_starts(mes_str_skip(rest, names[i].size), MES_STR("}")))
                continue;
            *tag_out = (struct mes_template_tag){
                .begin = begin, .end = begin + names[i].size + 2, .content = names[i]};
            return MES_SCAN_TAG;
        }
    }
    return MES_SCAN_NONE;
}

bool mes_template_tag_delimiters(struct mes_str content, struct mes_template_delimiters *delimiters_out)
{
    size_t size = 0;
    while (size < content.size && strchr(" \t\r\n", content.data[size]) == NULL)
        size++;
    struct mes_str open = mes_str_cut(content, 0, size);
    struct mes_str close = mes_str_trim(mes_str_skip(content, size));
    if (open.size == 0 || close.size == 0)
        return false;
    for (size_t i = 0; i < content.size; i++)
        if (content.data[i] == '=' || content.data[i] == '\0')
            return false;
    for (size_t i = 0; i < close.size; i++)
        if (strchr(" \t\r\n", close.data[i]) != NULL)
            return false;
    *delimiters_out = (struct mes_template_delimiters){open, close};
    return true;
}

bool mes_template_tag_is_name(struct mes_str name)
{
    if (mes_str_eq(name, MES_STR(".")))
        return true;
    char before = '.';
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if ((unsigned char)c < 0x20 || c == 0x7f || strchr("\"'{}<>#^&|=!", c) != NULL ||
            (c == '.' && before == '.'))
            return false;
        before = c;
    }
    return before != '.';
}
