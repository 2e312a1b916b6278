#include "cli/options.h"

enum { MES_CLI_LONGEST_DURATION_S = 7 * 24 * 3600 };

static int64_t seconds_of(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 24 * 3600;
    default:
        return 0;
    }
}

bool mes_cli_parse_duration(struct mes_str text, int64_t *milliseconds_out)
{
    int64_t total = 0;
    size_t digits = 0;
    if (text.size == 0)
        return false;
    for (size_t at = 0; at < text.size; at++) {
        uint64_t number;
        if (text.data[at] >= '0' && text.data[at] <= '9') {
            digits++;
            continue;
        }
        if (!mes_str_to_uint(mes_str_cut(text, at - digits, digits), MES_CLI_LONGEST_DURATION_S, &number) ||
            seconds_of(text.data[at]) == 0)
            return false;
        total += (int64_t)number * seconds_of(text.data[at]);
        digits = 0;
    }
    *milliseconds_out = total * 1000;
    return digits == 0 && total <= MES_CLI_LONGEST_DURATION_S;
}
