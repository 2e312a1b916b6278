#include "cli/status.h"

#include "i18n/say.h"

/* -1: the caller's status for what is missing. */
static const struct {
    int code, status;
} statuses[] = {
    {MES_OK, MES_CLI_EXIT_OK},
    {MES_E_NOMEM, MES_CLI_EXIT_OSERR},
    {MES_E_SYSTEM, MES_CLI_EXIT_OSERR},
    {MES_E_USAGE, MES_CLI_EXIT_USAGE}, /* only ever about the command line itself */
    {MES_E_INPUT, MES_CLI_EXIT_DATA},
    {MES_E_CORRUPT, MES_CLI_EXIT_DATA},
    {MES_E_CONFLICT, MES_CLI_EXIT_DATA},
    {MES_E_CONFIG, MES_CLI_EXIT_CONFIG},
    {MES_E_TLS, MES_CLI_EXIT_CONFIG},
    {MES_E_NOT_FOUND, -1},
    {MES_E_FILE, -1},
    {MES_E_LIMIT, -1},
    {MES_E_FULL, MES_CLI_EXIT_IOERR},
    {MES_E_STORAGE, MES_CLI_EXIT_IOERR},
    {MES_E_BUSY, MES_CLI_EXIT_TEMPFAIL},
    {MES_E_CANCELLED, MES_CLI_EXIT_TEMPFAIL},
};

int mes_cli_status_of(int code, int missing)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].code == code)
            return statuses[i].status >= 0 ? statuses[i].status : missing;
    return MES_CLI_EXIT_SOFTWARE;
}

static bool is_config_only(const struct mes_result *result)
{
    for (size_t i = 0; i < result->attempt_count; i++)
        if (result->attempts[i].class_ != MES_CLASS_CONFIG)
            return false;
    return result->attempt_count > 0;
}

void mes_cli_tally_add(struct mes_cli_tally *tally, const struct mes_result *result)
{
    tally->count[result->status]++;
    if (result->status == MES_STATUS_FAILED && is_config_only(result))
        tally->config_only++;
}

size_t mes_cli_tally_done(const struct mes_cli_tally *tally)
{
    size_t done = 0;
    for (int status = 0; status < MES_STATUS_COUNT; status++)
        done += tally->count[status];
    return done;
}

void mes_cli_tally_text(struct mes_buf *out, enum mes_language language, const struct mes_cli_tally *tally)
{
    mes_say(out, language, MES_SAY_cli_tally,
            MES_ARGS(MES_NUMBER(tally->count[MES_STATUS_SENT]), MES_NUMBER(tally->count[MES_STATUS_FAILED]),
                     MES_NUMBER(tally->count[MES_STATUS_DEFERRED]),
                     MES_NUMBER(tally->count[MES_STATUS_IN_DOUBT])));
}

int mes_cli_tally_status(const struct mes_cli_tally *tally)
{
    size_t all = mes_cli_tally_done(tally) + tally->rejected;
    if (all > 0 && tally->config_only == all)
        return MES_CLI_EXIT_CONFIG;
    if (tally->count[MES_STATUS_FAILED] > 0 || tally->rejected > 0)
        return MES_CLI_EXIT_UNAVAILABLE;
    if (tally->count[MES_STATUS_DEFERRED] > 0 || tally->count[MES_STATUS_IN_DOUBT] > 0)
        return MES_CLI_EXIT_TEMPFAIL;
    return MES_CLI_EXIT_OK;
}
