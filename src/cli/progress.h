/* A line on the terminal that shows how far a long list is. */
#ifndef MES_CLI_PROGRESS_H
#define MES_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/status.h"

struct mes_cli_progress {
    const struct mes_clock *clock;
    enum mes_language language;
    bool is_on;      /* standard error is a terminal and there is more than one recipient */
    bool is_shown;   /* the bar stands on the terminal now */
    size_t expected; /* results */
    int64_t drawn;   /* when, by the monotonic clock */
};

/* Off when standard error is no terminal or `expected` is below 2. */
void mes_cli_progress_init(struct mes_cli_progress *progress, enum mes_language language, size_t expected);

/* Draws it anew, ten times a second at most. */
void mes_cli_progress_update(struct mes_cli_progress *progress, const struct mes_cli_tally *tally);

/* Takes it away, so that a line can be written. */
void mes_cli_progress_clear(struct mes_cli_progress *progress);

/* The bar's text for a terminal of `width` columns: the count in any case, words and bar as there is room. */
void mes_cli_progress_text(struct mes_buf *out, const struct mes_cli_progress *progress,
                           const struct mes_cli_tally *tally, size_t width);

#endif
