/* A line on the terminal that shows how far a piece of long work is: an upload, a backup. */
#ifndef MES_CLI_BAR_H
#define MES_CLI_BAR_H

#include "base/clock.h"
#include "cli/cli.h"

struct mes_cli_bar {
    struct mes_cli *cli;
    bool is_on;    /* standard error is a terminal */
    bool is_shown; /* it stands on the terminal now */
    int64_t drawn; /* when, by the monotonic clock */
};

void mes_cli_bar_init(struct mes_cli_bar *bar, struct mes_cli *cli);
/* Draws it anew, ten times a second at most. `sentence` says what is done; `total` 0: nobody knows how much.
 */
void mes_cli_bar_update(struct mes_cli_bar *bar, int sentence, uint64_t done, uint64_t total);
/* Takes it away, so that a line can be written. */
void mes_cli_bar_clear(struct mes_cli_bar *bar);

/* Its text for a terminal of `width` columns. */
void mes_cli_bar_text(struct mes_buf *out, const char *what, unsigned percent, size_t width);

#endif
