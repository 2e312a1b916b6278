#include "cli/progress.h"

#include <stdio.h>

#include "base/terminal.h"

enum {
    MES_CLI_PROGRESS_EVERY_MS = 100,
    MES_CLI_PROGRESS_BAR = 30,
    MES_CLI_PROGRESS_LEAST_BAR = 8,
    MES_CLI_PROGRESS_LIMIT = 1024
};

void mes_cli_progress_init(struct mes_cli_progress *progress, enum mes_language language, size_t expected)
{
    *progress = (struct mes_cli_progress){
        .clock = mes_clock_system(),
        .language = language,
        .is_on = expected > 1 && mes_terminal_is_live(stderr),
        .expected = expected,
        .drawn = INT64_MIN / 2,
    };
}

static void add_bar(struct mes_buf *out, const struct mes_cli_progress *progress, size_t done, size_t width)
{
    size_t filled = progress->expected > 0 ? done * width / progress->expected : 0;
    mes_buf_add_text(out, " [");
    for (size_t i = 0; i < width; i++)
        mes_buf_add_char(out, i < filled ? '#' : '.');
    mes_buf_add_char(out, ']');
}

void mes_cli_progress_text(struct mes_buf *out, const struct mes_cli_progress *progress,
                           const struct mes_cli_tally *tally, size_t width)
{
    struct mes_buf words;
    size_t done = mes_cli_tally_done(tally);
    mes_buf_init(&words, MES_CLI_PROGRESS_LIMIT);
    mes_cli_tally_text(&words, progress->language, tally);
    mes_buf_add_format(out, "%zu/%zu", done, progress->expected);
    /* No script needs more columns than UTF-8 bytes, so bytes are a safe measure. */
    size_t needed = out->size + words.size + 1;
    size_t left = width > needed + 4 ? width - needed - 4 : 0;
    if (left >= MES_CLI_PROGRESS_LEAST_BAR)
        add_bar(out, progress, done, left < MES_CLI_PROGRESS_BAR ? left : MES_CLI_PROGRESS_BAR);
    if (needed < width)
        mes_buf_add_format(out, " %s", mes_buf_text(&words));
    mes_buf_fini(&words);
}

void mes_cli_progress_update(struct mes_cli_progress *progress, const struct mes_cli_tally *tally)
{
    int64_t now = mes_clock_monotonic(progress->clock);
    if (!progress->is_on || now - progress->drawn < MES_CLI_PROGRESS_EVERY_MS)
        return;
    struct mes_buf text;
    mes_buf_init(&text, MES_CLI_PROGRESS_LIMIT);
    mes_cli_progress_text(&text, progress, tally, mes_terminal_width(stderr));
    (void)fprintf(stderr, "\r%s\033[K", mes_buf_text(&text));
    (void)fflush(stderr);
    mes_buf_fini(&text);
    progress->is_shown = true;
    progress->drawn = now;
}

void mes_cli_progress_clear(struct mes_cli_progress *progress)
{
    if (!progress->is_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->is_shown = false;
    progress->drawn = INT64_MIN / 2; /* the next result brings it back */
}
