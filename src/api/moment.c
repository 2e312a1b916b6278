#include "api/moment.h"

#include "base/instant.h"
#include "i18n/say.h"

int mes_api_moment_parse(struct mes_str text, const struct mes_zone *zone, int64_t *ms_out,
                         enum mes_zone_local *local_out, struct mes_error *error)
{
    int64_t local;
    *local_out = MES_ZONE_ONCE;
    if (mes_instant_parse(text, ms_out))
        return 0;
    if (!mes_instant_parse_local(text, &local))
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_moment, MES_ARGS(MES_TEXT(text)));
    if (zone == NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_moment_zone, MES_ARGS(MES_TEXT(text)));
    *local_out = mes_zone_to_utc(zone, local, ms_out);
    return 0;
}
