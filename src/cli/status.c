#include "cli/status.h"

#include "i18n/say.h"

int mes_cli_status_of(int code, int missing)
{
    switch (code) {
    case MES_OK:
        return MES_CLI_EXIT_OK;
    case MES_E_NOMEM:
    case MES_E_SYSTEM:
        return MES_CLI_EXIT_OSERR;
    case MES_E_USAGE: /* only ever about the command line itself */
        return MES_CLI_EXIT_USAGE;
    case MES_E_INPUT:
        return MES_CLI_EXIT_DATA;
    case MES_E_CONFIG:
    case MES_E_TLS:
        return MES_CLI_EXIT_CONFIG;
    case MES_E_NOT_FOUND:
    case MES_E_FILE:
    case MES_E_LIMIT:
        return missing;
    case MES_E_FULL:
    case MES_E_STORAGE:
        return MES_CLI_EXIT_IOERR;
    case MES_E_CORRUPT:
    case MES_E_CONFLICT:
        return MES_CLI_EXIT_DATA;
    case MES_E_BUSY:
    case MES_E_CANCELLED:
        return MES_CLI_EXIT_TEMPFAIL;
    default:
        return MES_CLI_EXIT_SOFTWARE;
    }
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
