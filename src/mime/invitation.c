#include "mime/invitation.h"

#include <string.h>

#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/header_rules.h"
#include "mime/limits.h"

enum { MES_FOLD = 75 /* RFC 5545 3.1 */, MES_NESTING = 8, MES_COMPONENT_NAME = 40 };

/* A component that is open. */
struct component {
    char name[MES_COMPONENT_NAME];
    size_t name_size;
    size_t line;
    bool needs_uid, has_uid;
};

struct reading {
    struct mes_str rest;
    size_t line;             /* of `property`, from 1 */
    size_t next_line;        /* of `rest` */
    struct mes_buf property; /* one content line, unfolded */
    struct component open[MES_NESTING];
    size_t depth;
    size_t entries;
    const char *method; /* NULL: none was seen */
    size_t method_line;
    bool is_over;
    struct mes_str wished;
    struct mes_error *error;
};

/* RFC 5546 1.4 */
static const char *const methods[] = {"PUBLISH", "REQUEST", "REPLY",   "ADD",
                                      "CANCEL",  "REFRESH", "COUNTER", "DECLINECOUNTER"};

static int refuse(const struct reading *reading, size_t line, int sentence, struct mes_str what)
{
    return mes_fail(reading->error, MES_E_INPUT, sentence, MES_ARGS(MES_NUMBER(line), MES_TEXT(what)));
}

static struct mes_str take_line(struct reading *reading)
{
    struct mes_str rest = reading->rest;
    size_t at = 0;
    while (at < rest.size && rest.data[at] != '\r' && rest.data[at] != '\n')
        at++;
    bool is_crlf = at + 1 < rest.size && rest.data[at] == '\r' && rest.data[at + 1] == '\n';
    reading->rest = mes_str_skip(rest, at + (is_crlf ? 2 : 1));
    reading->next_line++;
    return mes_str_cut(rest, 0, at);
}

static bool is_folded(struct mes_str rest)
{
    return rest.size > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t');
}

/* False at the end of the text. */
static bool take_property(struct reading *reading)
{
    mes_buf_clear(&reading->property);
    while (reading->rest.size > 0 && reading->property.size == 0) {
        reading->line = reading->next_line;
        mes_buf_add_str(&reading->property, take_line(reading));
        while (is_folded(reading->rest))
            mes_buf_add_str(&reading->property, mes_str_skip(take_line(reading), 1));
    }
    return reading->property.size > 0;
}

/* Folds between characters, for those who unfold later than they decode. */
static void write_property(struct mes_buf *out, struct mes_str property)
{
    struct mes_str part = mes_utf8_cut(property, MES_FOLD);
    mes_buf_add_str(out, part);
    for (property = mes_str_skip(property, part.size); property.size > 0;
         property = mes_str_skip(property, part.size)) {
        part = mes_utf8_cut(property, MES_FOLD - 1);
        mes_buf_add_text(out, "\r\n ");
        mes_buf_add_str(out, part);
    }
    mes_buf_add_text(out, "\r\n");
}

/* "NAME;PARAM="a:b":VALUE". False when it is nothing of the kind. */
static bool split(struct mes_str property, struct mes_str *name_out, struct mes_str *value_out)
{
    size_t name = 0, at;
    bool is_quoted = false;
    while (name < property.size && property.data[name] != ';' && property.data[name] != ':')
        name++;
    for (at = name; at < property.size && (is_quoted || property.data[at] != ':'); at++)
        if (property.data[at] == '"')
            is_quoted = !is_quoted;
    *name_out = mes_str_cut(property, 0, name);
    *value_out = mes_str_trim(mes_str_skip(property, at + 1));
    return mes_mime_is_token(*name_out) && at < property.size;
}

static int check_characters(const struct reading *reading)
{
    struct mes_str text = mes_buf_str(&reading->property);
    bool is_good = mes_utf8_is_valid(text);
    for (size_t i = 0; i < text.size && is_good; i++)
        is_good = ((unsigned char)text.data[i] >= ' ' || text.data[i] == '\t') && text.data[i] != 0x7F;
    return is_good ? 0 : refuse(reading, reading->line, MES_SAY_invitation_characters, MES_STR(""));
}

static bool is_entry(struct mes_str name)
{
    static const char *const entries[] = {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"};
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (mes_str_eq_nocase(name, mes_str_of(entries[i])))
            return true;
    return false;
}

static int begin_component(struct reading *reading, struct mes_str name)
{
    bool is_calendar = mes_str_eq_nocase(name, MES_STR("VCALENDAR"));
    if (reading->is_over || is_calendar != (reading->depth == 0))
        return refuse(reading, reading->line, MES_SAY_invitation_begin, name);
    if (reading->depth == MES_NESTING || name.size > MES_COMPONENT_NAME)
        return refuse(reading, reading->line, MES_SAY_invitation_deep, name);
    struct component *component = &reading->open[reading->depth++];
    *component = (struct component){.name_size = name.size, .line = reading->line};
    memcpy(component->name, name.data, name.size);
    component->needs_uid = reading->depth == 2 && is_entry(name);
    reading->entries += component->needs_uid;
    return 0;
}

static int end_component(struct reading *reading, struct mes_str name)
{
    if (reading->depth == 0)
        return refuse(reading, reading->line, MES_SAY_invitation_end, name);
    const struct component *component = &reading->open[reading->depth - 1];
    struct mes_str begun = mes_str_make(component->name, component->name_size);
    if (!mes_str_eq_nocase(begun, name))
        return refuse(reading, reading->line, MES_SAY_invitation_end, name);
    if (component->needs_uid && !component->has_uid)
        return refuse(reading, component->line, MES_SAY_invitation_no_uid, begun);
    reading->is_over = --reading->depth == 0;
    return 0;
}

static int read_method(struct reading *reading, struct mes_str value)
{
    if (reading->method != NULL)
        return refuse(reading, reading->line, MES_SAY_invitation_method_twice, value);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (mes_str_eq_nocase(value, mes_str_of(methods[i])))
            reading->method = methods[i];
    if (reading->method == NULL)
        return refuse(reading, reading->line, MES_SAY_invitation_method, value);
    if (reading->wished.size == 0 || mes_str_eq_nocase(reading->wished, value))
        return 0;
    return mes_fail(reading->error, MES_E_INPUT, MES_SAY_invitation_method_other,
                    MES_ARGS(MES_NUMBER(reading->line), reading->method, MES_TEXT(reading->wished)));
}

static int read_property(struct reading *reading)
{
    struct mes_str name, value;
    int code = check_characters(reading);
    if (code != 0)
        return code;
    if (!split(mes_buf_str(&reading->property), &name, &value))
        return refuse(reading, reading->line, MES_SAY_invitation_property, mes_buf_str(&reading->property));
    if (mes_str_eq_nocase(name, MES_STR("BEGIN")))
        return begin_component(reading, value);
    if (mes_str_eq_nocase(name, MES_STR("END")))
        return end_component(reading, value);
    if (reading->depth == 0)
        return refuse(reading, reading->line, MES_SAY_invitation_begin, name);
    if (reading->depth == 1 && mes_str_eq_nocase(name, MES_STR("METHOD")))
        return read_method(reading, value);
    if (mes_str_eq_nocase(name, MES_STR("UID")) && value.size > 0)
        reading->open[reading->depth - 1].has_uid = true;
    return 0;
}

static int check_whole(const struct reading *reading)
{
    if (!reading->is_over && reading->depth == 0)
        return refuse(reading, 1, MES_SAY_invitation_begin, MES_STR(""));
    if (!reading->is_over)
        return refuse(reading, reading->open[reading->depth - 1].line, MES_SAY_invitation_open,
                      mes_str_make(reading->open[reading->depth - 1].name,
                                   reading->open[reading->depth - 1].name_size));
    if (reading->method == NULL)
        return refuse(reading, 1, MES_SAY_invitation_no_method, MES_STR(""));
    return reading->entries > 0 ? 0 : refuse(reading, 1, MES_SAY_invitation_nothing, MES_STR(""));
}

int mes_mime_invitation_write(struct mes_str text, struct mes_str method, struct mes_buf *out,
                              const char **method_out, struct mes_error *error)
{
    static const struct mes_str mark = {"\xEF\xBB\xBF", 3};
    struct reading reading = {.rest = mes_str_skip(text, mes_str_starts(text, mark) ? mark.size : 0),
                              .next_line = 1,
                              .wished = method,
                              .error = error};
    size_t begin = out->size;
    int code = 0;
    if (text.size > MES_LIMIT_CALENDAR)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_field_too_long,
                        MES_ARGS("calendar", MES_NUMBER(MES_LIMIT_CALENDAR)));
    mes_buf_init(&reading.property, SIZE_MAX);
    while (code == 0 && take_property(&reading)) {
        code = read_property(&reading);
        if (code == 0)
            write_property(out, mes_buf_str(&reading.property));
    }
    if (code == 0)
        code = mes_buf_check(&reading.property, error);
    if (code == 0)
        code = check_whole(&reading);
    if (code == 0)
        code = mes_buf_check(out, error);
    mes_buf_fini(&reading.property);
    if (code != 0)
        mes_buf_truncate(out, begin);
    *method_out = reading.method;
    return code;
}
