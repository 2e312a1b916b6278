/* Exit statuses: those of sysexits.h, so that scripts can tell what to do next. */
#ifndef MES_CLI_STATUS_H
#define MES_CLI_STATUS_H

#include "base/buf.h"
#include "mes/error.h"
#include "mes/report.h"

enum mes_cli_status {
    MES_CLI_EXIT_OK = 0,
    MES_CLI_EXIT_USAGE = 64,       /* the command line is wrong */
    MES_CLI_EXIT_DATA = 65,        /* an address, file, template or variable is wrong; nothing was sent */
    MES_CLI_EXIT_UNAVAILABLE = 69, /* at least one recipient failed for good */
    MES_CLI_EXIT_SOFTWARE = 70,    /* a fault of this program */
    MES_CLI_EXIT_OSERR = 71,       /* the system refused memory, a thread, a socket */
    MES_CLI_EXIT_IOERR = 74,       /* the results could not be written */
    MES_CLI_EXIT_TEMPFAIL = 75,    /* at least one recipient is deferred or in doubt */
    MES_CLI_EXIT_NOPERM = 77,      /* the service does not take the key, or the key may not do this */
    MES_CLI_EXIT_CONFIG = 78       /* the account list or the settings cannot be used */
};

/* The status for an error code. `missing` is the one for a file that cannot be read or something not found:
 * MES_CLI_EXIT_CONFIG while settings are loaded, MES_CLI_EXIT_DATA for the message. */
int mes_cli_status_of(int code, int missing);

/* Adds up what became of all recipients. */
struct mes_cli_tally {
    size_t count[MES_STATUS_COUNT]; /* by status */
    size_t config_only;             /* of the failed ones: those that every account's settings kept back */
    size_t rejected;                /* addresses left out by --skip-invalid */
};

void mes_cli_tally_add(struct mes_cli_tally *tally, const struct mes_result *result);
/* How many results there were. */
size_t mes_cli_tally_done(const struct mes_cli_tally *tally);
/* "3 sent, 1 failed, 0 deferred, 0 in doubt" */
void mes_cli_tally_text(struct mes_buf *out, enum mes_language language, const struct mes_cli_tally *tally);
int mes_cli_tally_status(const struct mes_cli_tally *tally);

#endif
