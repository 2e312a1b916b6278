/* Any bytes as an expression, and as quiet hours: what is taken must answer with moments that go forward and
 * fit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "queue/cron.h"
#include "queue/quiet.h"

enum { TIMES = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_cron(struct mes_str text, const struct mes_zone *zone, int64_t from)
{
    struct mes_cron cron;
    int64_t times[TIMES], again;
    if (mes_cron_parse(text, &cron, NULL) != 0)
        return;
    size_t count = mes_cron_list(&cron, zone, from, TIMES, times);
    for (size_t i = 0; i < count; i++)
        if (times[i] <= (i == 0 ? from : times[i - 1]) || !mes_cron_next(&cron, zone, times[i] - 1, &again) ||
            again != times[i])
            abort();
}

static void check_quiet(struct mes_str text, const struct mes_zone *zone, int64_t from)
{
    struct mes_quiet quiet;
    if (mes_quiet_parse(text, &quiet, NULL) != 0)
        return;
    int64_t next = mes_quiet_next(&quiet, zone, from);
    if (next < from || mes_quiet_next(&quiet, zone, next) != next)
        abort();
}

/* The first five bytes choose the zone and the time, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"UTC", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca"};
    static struct mes_zone *zones[sizeof names / sizeof names[0]];
    uint32_t seconds;
    if (size < sizeof seconds + 1)
        return 0;
    size_t chosen = data[0] % (sizeof names / sizeof names[0]);
    if (zones[chosen] == NULL && mes_zone_load(names[chosen], &zones[chosen], NULL) != 0)
        abort();
    memcpy(&seconds, data + 1, sizeof seconds);
    struct mes_str text = mes_str_make((const char *)data + 5, size - 5);
    check_cron(text, zones[chosen], (int64_t)seconds * 1000);
    check_quiet(text, zones[chosen], (int64_t)seconds * 1000);
    return 0;
}
