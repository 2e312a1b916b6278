#include "mime/address.h"

#include "i18n/say.h"
#include "mime/address_item.h"
#include "mime/limits.h"

/* Without the blanks around it; the column moves along. */
static struct mes_address_item trimmed(struct mes_str text, size_t column)
{
    struct mes_address_item item = {mes_mime_trim_blanks(text), column};
    if (item.text.size > 0)
        item.column += (size_t)(item.text.data - text.data);
    return item;
}

int mes_mime_address_parse(struct mes_str text, struct mes_arena *arena, const struct mes_notices *notices,
                           struct mes_address *address_out, struct mes_error *error)
{
    struct mes_address_item item = trimmed(text, 1);
    return mes_mime_address_item_parse(&item, arena, notices, address_out, error);
}

/* The bytes of the separator at `at`; 0 when there is none. */
static size_t separator_at(struct mes_str text, size_t at)
{
    static const struct mes_str wide[] = {{"；", 3}, {"，", 3}, {"、", 3}};
    char c = text.data[at];
    if (c == ';' || c == ',')
        return 1;
    for (size_t i = 0; (unsigned char)c >= 0x80 && i < sizeof wide / sizeof wide[0]; i++)
        if (mes_str_starts(mes_str_skip(text, at), wide[i]))
            return wide[i].size;
    return 0;
}

/* The item at the front of `text`, up to a separator outside quotes and angle brackets. `*columns_out` counts
 * its characters. */
static struct mes_str item_at(struct mes_str text, size_t *columns_out)
{
    bool is_quoted = false, is_bracketed = false;
    size_t at = 0;
    *columns_out = 0;
    for (; at < text.size; at++) {
        char c = text.data[at];
        *columns_out += ((unsigned char)c & 0xC0) != 0x80;
        if (is_quoted && c == '\\' && at + 1 < text.size && (unsigned char)text.data[at + 1] < 0x80) {
            ++*columns_out;
            at++;
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (c == '<' || c == '>')) {
            is_bracketed = c == '<';
        } else if (!is_quoted && !is_bracketed && separator_at(text, at) > 0) {
            --*columns_out;
            break;
        }
    }
    return mes_str_cut(text, 0, at);
}

int mes_mime_address_list(struct mes_str text, struct mes_arena *arena, const struct mes_address_sink *sink,
                          struct mes_error *error)
{
    size_t column = 1, columns, count = 0;
    int code = 0;
    const size_t most = sink->most > 0 ? sink->most : MES_LIMIT_LIST;
    while (text.size > 0 && code == 0) {
        struct mes_str item = item_at(text, &columns);
        struct mes_address_item source = trimmed(item, column);
        struct mes_address address;
        struct mes_error found;
        text = mes_str_skip(text, item.size + (item.size < text.size ? separator_at(text, item.size) : 0));
        column += columns + 1;
        if (source.text.size == 0)
            continue;
        if (++count > most)
            return mes_fail(error, MES_E_LIMIT, MES_SAY_address_list_too_long, MES_ARGS(MES_NUMBER(most)));
        code = mes_mime_address_item_parse(&source, arena, sink->notices, &address, &found);
        if (code == MES_E_NOMEM)
            return mes_fail_nomem(error);
        code = code == 0 ? sink->on_address(sink->context, &address) : sink->on_bad(sink->context, &found);
    }
    return code;
}
