#include "base/log_line.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/utf8.h"
#include "base/zone.h"

/* What is kept free while values are written: the mark of a cut value, the quotation mark, "}" and the line
 * feed. */
enum { TAIL = 8, ESCAPE_MOST = 6, DAY_MS = 86400000 };

static size_t room(const struct mes_log_line *line)
{
    size_t most = sizeof line->bytes - TAIL;
    return line->size < most ? most - line->size : 0;
}

static void add(struct mes_log_line *line, const char *data, size_t size)
{
    assert(line->size + size <= sizeof line->bytes);
    memcpy(line->bytes + line->size, data, size);
    line->size += size;
}

static void add_text(struct mes_log_line *line, const char *text)
{
    add(line, text, strlen(text));
}

static const char *short_escape(uint32_t c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* C0, DEL and C1; the line and paragraph separators; the marks, embeddings and isolates that turn the
 * direction. */
static bool is_unfit(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || c == 0x200e ||
           c == 0x200f || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* The next character of `text` as it stands between quotation marks, in at most ESCAPE_MOST bytes. */
static struct mes_str next_shown(struct mes_str text, size_t *at, char escape[ESCAPE_MOST + 1])
{
    uint32_t c;
    size_t from = *at;
    bool is_valid = mes_utf8_next(text, at, &c);
    if (!is_valid)
        *at = from + 1;
    if (!is_valid || c == 0) /* many programs refuse a JSON text with \u0000 */
        return MES_STR("\xef\xbf\xbd");
    const char *known = short_escape(c);
    if (known != NULL)
        return mes_str_of(known);
    if (!is_unfit(c))
        return mes_str_cut(text, from, *at - from);
    (void)snprintf(escape, ESCAPE_MOST + 1, "\\u%04x", (unsigned)c & 0xffffU);
    return mes_str_make(escape, ESCAPE_MOST);
}

static void add_quoted(struct mes_log_line *line, struct mes_str text)
{
    char escape[ESCAPE_MOST + 1];
    add_text(line, "\"");
    for (size_t at = 0; at < text.size;) {
        struct mes_str shown = next_shown(text, &at, escape);
        if (shown.size > room(line)) {
            add_text(line, "…");
            break;
        }
        add(line, shown.data, shown.size);
    }
    add_text(line, "\"");
}

/* May it stand without quotation marks? */
static bool is_plain(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f || strchr("\"\\=", text.data[i]) != NULL)
            return false;
    return text.size > 0;
}

static void add_value(struct mes_log_line *line, enum mes_log_format format, struct mes_str text)
{
    if (format == MES_LOG_KEY_VALUE && text.size <= room(line) && is_plain(text))
        add(line, text.data, text.size);
    else
        add_quoted(line, text);
}

static struct mes_str local_time(char out[40], const struct mes_zone *zone, int64_t time)
{
    int offset = zone != NULL ? mes_zone_offset(zone, time) : 0;
    int64_t local = time + (int64_t)offset * 1000;
    int64_t days = local / DAY_MS - (local % DAY_MS < 0 ? 1 : 0);
    int64_t rest = local - days * DAY_MS;
    struct mes_date date = mes_calendar_date(days);
    int size = snprintf(out, 40, "%04lld-%02u-%02uT%02d:%02d:%02d.%03d", (long long)date.year, date.month,
                        date.day, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
                        (int)(rest % 1000));
    int minutes = (offset < 0 ? -offset : offset) / 60;
    if (size > 0 && size < 40)
        size += offset == 0 ? snprintf(out + size, 40 - (size_t)size, "Z")
                            : snprintf(out + size, 40 - (size_t)size, "%c%02d:%02d", offset < 0 ? '-' : '+',
                                       minutes / 60, minutes % 60);
    return mes_str_of(out);
}

static void add_key(struct mes_log_line *line, enum mes_log_format format, const char *key)
{
    bool is_first = line->size == 0;
    if (format == MES_LOG_JSON) {
        add_text(line, is_first ? "{\"" : ",\"");
        add_text(line, key);
        add_text(line, "\":");
    } else {
        add_text(line, is_first ? "" : " ");
        add_text(line, key);
        add_text(line, "=");
    }
}

static void add_field(struct mes_log_line *line, const struct mes_log_head *head,
                      const struct mes_log_field *field)
{
    char text[40];
    /* Room for the key with its marks, and for the longest number or time. */
    if (strlen(field->key) + sizeof text + 8 > room(line))
        return;
    add_key(line, head->format, field->key);
    switch (field->kind) {
    case MES_LOG_KIND_TEXT:
        add_value(line, head->format, field->text);
        break;
    case MES_LOG_KIND_NUMBER:
        (void)snprintf(text, sizeof text, "%lld", (long long)field->number);
        add_text(line, text);
        break;
    case MES_LOG_KIND_FLAG:
        add_text(line, field->number != 0 ? "true" : "false");
        break;
    case MES_LOG_KIND_TIME:
        add_value(line, head->format, local_time(text, head->zone, field->number));
        break;
    case MES_LOG_KIND_END:
        break;
    }
}

void mes_log_line_write(struct mes_log_line *line, const struct mes_log_head *head,
                        const struct mes_log_field *fields)
{
    static const char *const levels[] = {
        [MES_LOG_INFO] = "info", [MES_LOG_WARNING] = "warning", [MES_LOG_ERROR] = "error"};
    const struct mes_log_field first[] = {MES_LOG_TIME("time", head->time),
                                          MES_LOG_TEXT("level", levels[head->level]),
                                          MES_LOG_TEXT("event", head->event)};
    line->size = 0;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        add_field(line, head, &first[i]);
    for (; fields->kind != MES_LOG_KIND_END; fields++)
        if (fields->key != NULL)
            add_field(line, head, fields);
    add_text(line, head->format == MES_LOG_JSON ? "}\n" : "\n");
}
