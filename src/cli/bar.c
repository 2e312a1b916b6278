#include "cli/bar.h"

#include <stdio.h>

#include "base/terminal.h"

enum { EVERY_MS = 100, WIDEST = 40, LEAST = 8, TEXT_MOST = 1024 };

void mes_cli_bar_init(struct mes_cli_bar *bar, struct mes_cli *cli)
{
    *bar = (struct mes_cli_bar){.cli = cli, .is_on = mes_terminal_is_live(stderr), .drawn = INT64_MIN / 2};
}

void mes_cli_bar_text(struct mes_buf *out, const char *what, unsigned percent, size_t width)
{
    size_t start = out->size;
    mes_buf_add_format(out, "%s %u %%", what, percent);
    /* No script needs more columns than UTF-8 bytes, so bytes are a safe measure. */
    size_t used = out->size - start + 4;
    size_t left = width > used ? width - used : 0;
    if (left < LEAST)
        return;
    if (left > WIDEST)
        left = WIDEST;
    mes_buf_add_text(out, " [");
    for (size_t i = 0; i < left; i++)
        mes_buf_add_char(out, i < left * percent / 100 ? '#' : '.');
    mes_buf_add_char(out, ']');
}

void mes_cli_bar_update(struct mes_cli_bar *bar, int sentence, uint64_t done, uint64_t total)
{
    int64_t now = mes_clock_monotonic(mes_clock_system());
    struct mes_buf text;
    if (!bar->is_on || now - bar->drawn < EVERY_MS)
        return;
    unsigned percent = total > 0 && done < total ? (unsigned)((double)done * 100 / (double)total) : 100;
    mes_buf_init(&text, TEXT_MOST);
    mes_cli_bar_text(&text, mes_say_text(bar->cli->language, sentence), percent, mes_terminal_width(stderr));
    (void)fprintf(stderr, "\r%s\033[K", mes_buf_text(&text));
    (void)fflush(stderr);
    mes_buf_fini(&text);
    bar->is_shown = true;
    bar->drawn = now;
}

void mes_cli_bar_clear(struct mes_cli_bar *bar)
{
    if (!bar->is_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    bar->is_shown = false;
    bar->drawn = INT64_MIN / 2;
}
