#include "delivery/retry_time.h"

enum { SECONDS_MOST = 3600, NUMBER_MOST = 100000 };

static const struct {
    const char *word;
    int seconds;
} units[] = {
    {"second", 1}, {"sec", 1},   {"minute", 60}, {"min", 60},    {"hour", 3600},
    {"秒", 1},     {"分钟", 60}, {"分鐘", 60},   {"小时", 3600}, {"小時", 3600},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int unit_of(struct mes_str text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (mes_str_starts_nocase(text, mes_str_of(units[i].word)))
            return units[i].seconds;
    }
    return 0;
}

/* Does a word that makes the number a rate stand before it? */
static bool is_rate(struct mes_str before)
{
    before = mes_str_trim(before);
    return mes_str_ends_nocase(before, MES_STR("per")) || mes_str_ends_nocase(before, MES_STR("every")) ||
           mes_str_ends_nocase(before, MES_STR("/")) || mes_str_ends_nocase(before, MES_STR("last")) ||
           mes_str_ends_nocase(before, MES_STR("past")) || mes_str_ends_nocase(before, MES_STR("within"));
}

int mes_retry_time_find(struct mes_str text)
{
    size_t at = 0;
    while (at < text.size) {
        size_t start = at;
        while (at < text.size && is_digit(text.data[at]))
            at++;
        uint64_t number = 0;
        int unit = at > start ? unit_of(mes_str_trim(mes_str_skip(text, at))) : 0;
        if (unit > 0 && mes_str_to_uint(mes_str_cut(text, start, at - start), NUMBER_MOST, &number) &&
            number > 0 && !is_rate(mes_str_cut(text, 0, start))) {
            uint64_t seconds = number * (uint64_t)unit;
            return seconds > SECONDS_MOST ? SECONDS_MOST : (int)seconds;
        }
        at += at == start;
    }
    return 0;
}
