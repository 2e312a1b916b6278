#include "template/filter.h"

#include <utf8proc.h>

#include "base/error.h"
#include "base/utf8.h"
#include "i18n/say.h"
#include "template/date.h"

static const struct {
    const char *name;
    size_t least, most; /* arguments */
} known[] = {
    [MES_FILTER_DEFAULT] = {"default", 1, 1},
    [MES_FILTER_UPPER] = {"upper", 0, 0},
    [MES_FILTER_LOWER] = {"lower", 0, 0},
    [MES_FILTER_DATE] = {"date", 1, 2},
};

/* One call of a filter as it stands in the text. */
struct call {
    struct mes_str name;
    struct mes_str arguments[2];
    size_t count;
};

static struct mes_str skip_blanks(struct mes_str text)
{
    while (text.size > 0 &&
           (text.data[0] == ' ' || text.data[0] == '\t' || text.data[0] == '\r' || text.data[0] == '\n'))
        text = mes_str_skip(text, 1);
    return text;
}

/* Takes everything up to one of `ends` off the front. */
static struct mes_str take_word(struct mes_str *rest, const char *ends)
{
    size_t size = 0;
    while (size < rest->size && mes_str_find(mes_str_of(ends), mes_str_cut(*rest, size, 1), 0) == SIZE_MAX)
        size++;
    struct mes_str word = mes_str_trim(mes_str_cut(*rest, 0, size));
    *rest = mes_str_skip(*rest, size);
    return word;
}

/* "text", 'text', or a bare word. */
static bool take_argument(struct mes_str *rest, struct mes_str *argument_out)
{
    *rest = skip_blanks(*rest);
    if (rest->size == 0)
        return false;
    if (rest->data[0] != '"' && rest->data[0] != '\'') {
        *argument_out = take_word(rest, ",|");
        return argument_out->size > 0;
    }
    size_t end = mes_str_find(*rest, mes_str_cut(*rest, 0, 1), 1);
    if (end == SIZE_MAX)
        return false;
    *argument_out = mes_str_cut(*rest, 1, end - 1);
    *rest = skip_blanks(mes_str_skip(*rest, end + 1));
    return true;
}

static bool take_call(struct mes_str *rest, struct call *call)
{
    char separator = ':';
    *call = (struct call){.name = take_word(rest, ":|")};
    while (rest->size > 0 && rest->data[0] == separator) {
        *rest = mes_str_skip(*rest, 1);
        if (call->count == 2 || !take_argument(rest, &call->arguments[call->count]))
            return false;
        call->count++;
        separator = ',';
    }
    return rest->size == 0 || rest->data[0] == '|';
}

static int check_call(const struct call *call, enum mes_template_filter_kind *kind_out)
{
    int32_t offset;
    size_t i = 0;
    while (i < sizeof known / sizeof known[0] && !mes_str_eq(call->name, mes_str_of(known[i].name)))
        i++;
    if (i == sizeof known / sizeof known[0])
        return MES_SAY_template_unknown_filter;
    *kind_out = (enum mes_template_filter_kind)i;
    if (call->count < known[i].least || call->count > known[i].most)
        return MES_SAY_template_filter_arguments;
    if (i == MES_FILTER_DATE && !mes_template_date_may_format(call->arguments[0]))
        return MES_SAY_template_date_format;
    if (call->count == 2 && !mes_template_date_parse_zone(call->arguments[1], &offset))
        return MES_SAY_template_date_zone;
    return 0;
}

int mes_template_filter_parse(struct mes_arena *arena, struct mes_str text,
                              const struct mes_template_filter **filters_out, struct mes_str *problem_out)
{
    const struct mes_template_filter **link = filters_out;
    for (bool is_more = true; is_more; text = mes_str_skip(text, 1)) {
        struct call call;
        enum mes_template_filter_kind kind = MES_FILTER_DEFAULT;
        *problem_out = mes_str_trim(text);
        if (!take_call(&text, &call))
            return MES_SAY_template_filter_arguments;
        int sentence = check_call(&call, &kind);
        if (sentence != 0)
            return sentence;
        struct mes_template_filter *filter = mes_arena_alloc(arena, sizeof *filter);
        if (filter == NULL)
            return MES_ERROR_NOMEM;
        *filter = (struct mes_template_filter){
            .kind = kind, .argument = call.arguments[0], .zone = call.arguments[1]};
        *link = filter;
        link = &filter->next;
        is_more = text.size > 0; /* at the bar before the next one */
    }
    return 0;
}

static void add_mapped(struct mes_buf *out, struct mes_str value, utf8proc_int32_t (*map)(utf8proc_int32_t))
{
    uint32_t character;
    for (size_t at = 0; at < value.size;) {
        if (mes_utf8_next(value, &at, &character))
            mes_utf8_add(out, (uint32_t)map((utf8proc_int32_t)character));
        else
            mes_buf_add_char(out, value.data[at++]);
    }
}

static int32_t fixed_offset(const void *zone, int64_t utc_seconds)
{
    (void)utc_seconds;
    return *(const int32_t *)zone;
}

static bool add_date(const struct mes_template_filter *filter, const struct mes_template_zone *zone,
                     struct mes_str value, struct mes_buf *out)
{
    struct mes_template_date date;
    int32_t offset = 0;
    struct mes_template_zone fixed = {fixed_offset, &offset};
    if (!mes_template_date_parse(value, &date))
        return false;
    if (filter->zone.data != NULL && mes_template_date_parse_zone(filter->zone, &offset))
        zone = &fixed;
    mes_template_date_write(&date, filter->argument, zone, out);
    return true;
}

bool mes_template_filter_apply(const struct mes_template_filter *filter, const struct mes_template_zone *zone,
                               struct mes_str value, struct mes_buf *out)
{
    switch (filter->kind) {
    case MES_FILTER_DATE:
        return add_date(filter, zone, value, out);
    case MES_FILTER_UPPER:
        add_mapped(out, value, utf8proc_toupper);
        return true;
    case MES_FILTER_LOWER:
        add_mapped(out, value, utf8proc_tolower);
        return true;
    case MES_FILTER_DEFAULT:
        break;
    }
    mes_buf_add_str(out, value);
    return true;
}
