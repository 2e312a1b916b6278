#include "i18n/advice.h"

#include <string.h>

#include "mes/report.h"

static const struct {
    const char *id;
    const char *texts[3];
} rows[] = {
#define ADVICE(id, en, zh_hk, zh_cn) {id, {[MES_EN] = en, [MES_ZH_HK] = zh_hk, [MES_ZH_CN] = zh_cn}},
#include "i18n/advice.def"
#undef ADVICE
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const char *mes_advice_id_at(size_t index)
{
    return index < ROW_COUNT ? rows[index].id : NULL;
}

const char *mes_advice_text(const char *advice_id, enum mes_language language)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].id, advice_id) == 0)
            return rows[i].texts[language];
    }
    return "";
}
