#include <string.h>

#include "hook/alert.h"
#include "i18n/say.h"
#include "mes/report.h"

static const struct {
    const char *id;
    bool ends;
    int begun, over; /* sentences */
} kinds[] = {
#define OVER_true(name) MES_SAY_hook_alert_##name##_over
#define OVER_false(name) MES_SAY_none
#define ALERT(name, id, ends)                                                                                \
    [MES_HOOK_ALERT_##name] = {id, ends, MES_SAY_hook_alert_##name, OVER_##ends(name)},
#include "hook/alert.def"
#undef ALERT
};

const char *mes_hook_alert_id(enum mes_hook_alert_kind kind)
{
    return kinds[kind].id;
}

bool mes_hook_alert_ends(enum mes_hook_alert_kind kind)
{
    return kinds[kind].ends;
}

bool mes_hook_alert_parse(const char *id, enum mes_hook_alert_kind *kind_out)
{
    for (int i = 0; i < MES_HOOK_ALERT_COUNT; i++) {
        if (strcmp(kinds[i].id, id) == 0) {
            *kind_out = (enum mes_hook_alert_kind)i;
            return true;
        }
    }
    return false;
}

static const char *text_of(const char *text)
{
    return text != NULL ? text : "";
}

void mes_hook_alert_say(const struct mes_hook_alert *alert, bool is_over, enum mes_language language,
                        struct mes_buf *out)
{
    const char *company = text_of(alert->company), *detail = text_of(alert->detail);
    if (company[0] == '\0')
        company = mes_say_text(language, MES_SAY_hook_general);
    if (alert->kind == MES_HOOK_ALERT_login) /* the id of an advice */
        detail = mes_advice_text(detail, language);
    mes_say(out, language, is_over ? kinds[alert->kind].over : kinds[alert->kind].begun,
            MES_ARGS(company, text_of(alert->subject), text_of(detail)));
}
