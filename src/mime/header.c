#include "mime/header.h"

#include <string.h>

#include "mime/header_rules.h"
#include "mime/limits.h"
#include "mime/words.h"

/* A quoted name longer than this goes as encoded words, which can be folded anywhere. */
enum { MES_QUOTED_NAME = 60 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t begin(struct mes_buf *out, const char *name)
{
    size_t size = strlen(name);
    mes_buf_add(out, name, size);
    mes_buf_add(out, ": ", 2);
    return size + 2;
}

struct mes_fold mes_mime_fold_next(struct mes_str value, bool is_structured)
{
    struct mes_fold fold = {0};
    bool is_bracketed = false;
    while (fold.blanks < value.size && is_blank(value.data[fold.blanks]))
        fold.blanks++;
    for (fold.size = fold.blanks; fold.size < value.size; fold.size++) {
        char c = value.data[fold.size];
        bool is_next_item = c == '<' && fold.size > fold.blanks && value.data[fold.size - 1] == ',';
        if (!is_bracketed && (is_blank(c) || (is_structured && is_next_item)))
            break;
        if (is_structured && (c == '<' || c == '>'))
            is_bracketed = c == '<';
    }
    return fold;
}

/* Folds only where a fold leaves the value as it is, or (between two <…>) where a blank means nothing. */
static void add_folded(struct mes_str value, bool is_structured, size_t *column, struct mes_buf *out)
{
    bool is_first = true;
    while (value.size > 0) {
        struct mes_fold fold = mes_mime_fold_next(value, is_structured);
        size_t most = is_first ? MES_LIMIT_LINE : MES_LIMIT_SOFT_LINE;
        if (*column + fold.size > most) {
            mes_buf_add_text(out, fold.blanks > 0 ? "\r\n" : "\r\n ");
            *column = fold.blanks > 0 ? 0 : 1;
        }
        mes_buf_add(out, value.data, fold.size);
        *column += fold.size;
        value = mes_str_skip(value, fold.size);
        is_first = false;
    }
}

/* Is there a word that no line can hold? */
static bool has_endless_word(struct mes_str value)
{
    while (value.size > 0) {
        struct mes_fold fold = mes_mime_fold_next(value, false);
        if (fold.size > MES_LIMIT_LINE - MES_LIMIT_HEADER_NAME - 2)
            return true;
        value = mes_str_skip(value, fold.size);
    }
    return false;
}

void mes_mime_header_add_text(struct mes_buf *out, const char *name, struct mes_str value)
{
    size_t column = begin(out, name);
    value = mes_str_trim(value);
    if (mes_mime_words_needed(value) || has_endless_word(value))
        mes_mime_words_add(value, &column, out);
    else
        add_folded(value, false, &column, out);
    mes_buf_add(out, "\r\n", 2);
}

void mes_mime_header_add_custom(struct mes_buf *out, const char *name, struct mes_str value)
{
    if (!mes_mime_header_is_structured(mes_str_of(name))) {
        mes_mime_header_add_text(out, name, value);
        return;
    }
    size_t column = begin(out, name);
    add_folded(mes_str_trim(value), true, &column, out);
    mes_buf_add(out, "\r\n", 2);
}

/* Words of atext (RFC 5322 3.2.3) parted by single blanks may stand without quotes. */
static bool is_bare_phrase(struct mes_str name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (c == ' ' ? name.data[i - 1] == ' ' : strchr("()<>[]:;@\\,.\"\t", c) != NULL)
            return false;
    }
    return true;
}

static void add_quoted(struct mes_str name, size_t *column, struct mes_buf *out)
{
    size_t before = out->size;
    mes_buf_add_char(out, '"');
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"' || name.data[i] == '\\')
            mes_buf_add_char(out, '\\');
        mes_buf_add_char(out, name.data[i]);
    }
    mes_buf_add_char(out, '"');
    *column += out->size - before;
}

static void add_name(struct mes_str name, size_t *column, struct mes_buf *out)
{
    if (mes_mime_words_needed(name) || name.size > MES_QUOTED_NAME)
        mes_mime_words_add(name, column, out);
    else if (is_bare_phrase(name))
        add_folded(name, false, column, out);
    else
        add_quoted(name, column, out);
}

static void add_mailbox(const struct mes_mailbox *mailbox, size_t *column, struct mes_buf *out)
{
    struct mes_str name = mes_str_trim(mailbox->name);
    if (name.size == 0) {
        mes_buf_add_str(out, mailbox->spec);
        *column += mailbox->spec.size;
        return;
    }
    add_name(name, column, out);
    bool is_over = *column + mailbox->spec.size + 3 > MES_LIMIT_SOFT_LINE;
    mes_buf_add_text(out, is_over ? "\r\n <" : " <");
    mes_buf_add_str(out, mailbox->spec);
    mes_buf_add_char(out, '>');
    *column = (is_over ? 1 : *column + 1) + mailbox->spec.size + 2;
}

void mes_mime_header_add_mailboxes(struct mes_buf *out, const char *name, const struct mes_mailbox *mailboxes,
                                   size_t count)
{
    size_t column = begin(out, name);
    for (size_t i = 0; i < count; i++) {
        size_t width = mailboxes[i].name.size + mailboxes[i].spec.size + 5;
        bool is_over = i > 0 && column + width > MES_LIMIT_SOFT_LINE;
        if (i > 0)
            mes_buf_add_text(out, is_over ? ",\r\n " : ", ");
        column = i == 0 ? column : is_over ? 1 : column + 2;
        add_mailbox(&mailboxes[i], &column, out);
    }
    mes_buf_add(out, "\r\n", 2);
}

struct day {
    int64_t year;
    unsigned month, day; /* from 1 */
    unsigned weekday;    /* 0 = Sunday */
};

/* The proleptic Gregorian calendar counted in eras of 400 years that begin on 1 March. */
static struct day day_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    struct day day = {.month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9),
                      .day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1)};
    day.year = year_of_era + era * 400 + (day.month <= 2 ? 1 : 0);
    day.weekday = (unsigned)(((days_since_1970 + 4) % 7 + 7) % 7);
    return day;
}

void mes_mime_header_add_date(struct mes_buf *out, int64_t unix_seconds, int zone_minutes)
{
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t local = unix_seconds + (int64_t)zone_minutes * 60;
    int64_t of_day = (local % 86400 + 86400) % 86400;
    struct day day = day_of((local - of_day) / 86400);
    int east = zone_minutes < 0 ? -zone_minutes : zone_minutes;
    mes_buf_add_format(out, "Date: %.3s, %02u %.3s %04lld %02d:%02d:%02d %c%02d%02d\r\n",
                       weekdays + day.weekday * 3, day.day, months + (day.month - 1) * 3, (long long)day.year,
                       (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60),
                       zone_minutes < 0 ? '-' : '+', east / 60, east % 60);
}
