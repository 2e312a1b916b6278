#include "queue/progress.h"

#include <string.h>

static uint64_t take_number(struct mes_str *rest, uint64_t most, bool *is_valid)
{
    struct mes_str part;
    uint64_t value = 0;
    if (!mes_str_next(rest, ' ', &part) || !mes_str_to_uint(part, most, &value))
        *is_valid = false;
    return value;
}

void mes_progress_parse(const char *text, struct mes_progress *progress_out)
{
    struct mes_str rest = mes_str_of(text);
    bool is_valid = rest.size > 0;
    *progress_out = (struct mes_progress){
        .passes = (unsigned)take_number(&rest, UINT32_MAX, &is_valid),
        .doubts = (unsigned)take_number(&rest, UINT32_MAX, &is_valid),
        .crashes = (unsigned)take_number(&rest, UINT32_MAX, &is_valid),
        .transient_answers = (unsigned)take_number(&rest, UINT32_MAX, &is_valid),
        .first_transient_at = (int64_t)take_number(&rest, INT64_MAX, &is_valid),
        .counts_from = (int64_t)take_number(&rest, INT64_MAX, &is_valid),
        .waited_ms = (int64_t)take_number(&rest, INT64_MAX, &is_valid),
    };
    if (is_valid && rest.size < sizeof progress_out->keeper) {
        if (rest.size > 0)
            memcpy(progress_out->keeper, rest.data, rest.size);
        return;
    }
    *progress_out = (struct mes_progress){0};
}

void mes_progress_write(const struct mes_progress *progress, struct mes_buf *out)
{
    mes_buf_add_format(out, "%u %u %u %u %lld %lld %lld %s", progress->passes, progress->doubts,
                       progress->crashes, progress->transient_answers,
                       (long long)progress->first_transient_at, (long long)progress->counts_from,
                       (long long)progress->waited_ms, progress->keeper);
}

const char *mes_progress_text(const struct mes_progress *progress, struct mes_arena *arena)
{
    struct mes_buf text;
    mes_buf_init(&text, MES_PROGRESS_KEEPER_SPACE + 200);
    mes_progress_write(progress, &text);
    const char *copy = mes_arena_copy(arena, mes_buf_str(&text));
    mes_buf_fini(&text);
    return copy != NULL ? copy : "";
}
