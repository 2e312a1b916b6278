/* Any bytes as a zone file: what is taken must answer every question, and lead back to the time it started
 * from. */
#include <stdint.h>
#include <stdlib.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_zone *zone;
    int64_t back;
    if (mes_zone_parse("fuzz", mes_str_make((const char *)data, size), &zone, NULL) != 0)
        return 0;
    for (int64_t utc = -5000000000000; utc < 5000000000000; utc += 123456789012) {
        int64_t local = utc + 1000 * (int64_t)mes_zone_offset(zone, utc);
        if (mes_zone_to_utc(zone, local, &back) == MES_ZONE_ONCE &&
            mes_zone_offset(zone, back) * 1000 != local - back)
            abort();
    }
    mes_zone_free(&zone);
    return 0;
}
