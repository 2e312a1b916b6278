/* Failures on the way to a success: told to people once for each account and reason, not once for each
 * recipient. */
#ifndef MES_CLI_NOTES_H
#define MES_CLI_NOTES_H

#include "cli/cli.h"
#include "mes/report.h"

enum { MES_CLI_NOTES = 64 };

struct mes_cli_notes {
    uint64_t told[MES_CLI_NOTES]; /* hashes */
    size_t count;
};

/* Tells, on standard error, each attempt of `result` that was not its last, unless the like was told before.
 * Starts out zeroed. */
void mes_cli_notes_tell(struct mes_cli_notes *notes, struct mes_cli *cli, const struct mes_result *result);

#endif
