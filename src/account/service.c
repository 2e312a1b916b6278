#include "account/service.h"

#include "i18n/say.h"

int mes_account_day_minute(struct mes_str text)
{
    uint64_t hour;
    uint64_t minute;
    bool is_time = text.size == 5 && text.data[2] == ':' &&
                   mes_str_to_uint(mes_str_cut(text, 0, 2), 23, &hour) &&
                   mes_str_to_uint(mes_str_cut(text, 3, 2), 59, &minute);
    return is_time ? (int)(hour * 60 + minute) : -1;
}

static bool is_url(struct mes_str text)
{
    return mes_str_starts_nocase(text, MES_STR("https://")) ||
           mes_str_starts_nocase(text, MES_STR("http://"));
}

void mes_account_check_service(const struct mes_account_globals *globals, struct mes_complaints *complaints)
{
    const struct mes_origin *origins = globals->origins;
    bool has_certificate = globals->tls_certificate_file[0] != '\0';
    bool has_key = globals->tls_key_file[0] != '\0';
    if (mes_account_day_minute(mes_str_of(globals->backup_at)) < 0)
        mes_account_complaints_problem(
            complaints, MES_SAY_account_not_time,
            MES_ARGS(MES_ORIGIN(&origins[MES_GLOBAL_SETTING_backup_at]), "backupAt", globals->backup_at));
    if (globals->public_url[0] != '\0' && !is_url(mes_str_of(globals->public_url)))
        mes_account_complaints_problem(
            complaints, MES_SAY_account_not_url,
            MES_ARGS(MES_ORIGIN(&origins[MES_GLOBAL_SETTING_public_url]), "publicUrl", globals->public_url));
    if (has_certificate != has_key)
        mes_account_complaints_problem(
            complaints, MES_SAY_account_needs_both,
            MES_ARGS(MES_ORIGIN(&origins[has_key ? MES_GLOBAL_SETTING_tls_key_file
                                                 : MES_GLOBAL_SETTING_tls_certificate_file]),
                     "tlsCertificateFile", "tlsKeyFile"));
}
