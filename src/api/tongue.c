#include "api/tongue.h"

#include "i18n/say.h"

/* "0.8" as 800; 1000 without one. Anything else is not wanted. */
static unsigned weight_of(struct mes_str parameters)
{
    struct mes_str parameter;
    unsigned weight = 1000;
    while (mes_str_next(&parameters, ';', &parameter)) {
        parameter = mes_str_trim(parameter);
        if (!mes_str_starts_nocase(parameter, MES_STR("q=")))
            continue;
        struct mes_str digits = mes_str_skip(parameter, 2);
        weight = digits.size > 0 && digits.data[0] == '1' ? 1000 : 0;
        unsigned place = 100;
        for (size_t i = 2; weight < 1000 && i < digits.size && i < 5; i++, place /= 10)
            if (digits.data[i] >= '0' && digits.data[i] <= '9')
                weight += (unsigned)(digits.data[i] - '0') * place;
    }
    return weight;
}

enum mes_language mes_api_tongue(struct mes_str accepted)
{
    enum mes_language best = MES_EN;
    unsigned best_weight = 0;
    struct mes_str range;
    while (mes_str_next(&accepted, ',', &range)) {
        struct mes_str name;
        enum mes_language language;
        if (!mes_str_next(&range, ';', &name) || !mes_language_parse(mes_str_trim(name), &language))
            continue;
        unsigned weight = weight_of(range);
        if (weight <= best_weight)
            continue;
        best = language;
        best_weight = weight;
    }
    return best;
}
