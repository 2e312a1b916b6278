#include "delivery/limit.h"

#include <string.h>

#include "base/buf.h"
#include "base/zone.h"
#include "delivery/memory_ram.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIND "limit"

/* How long what was learned is believed. */
#define RECIPIENTS_KEPT (30 * DAY)
#define CONNECTIONS_KEPT HOUR
#define BLOCK_MOST (2 * DAY)

static const struct {
    int64_t slot; /* ms */
    int count;
} shapes[MES_LIMIT_WINDOWS] = {
    [MES_LIMIT_MINUTE] = {5 * SECOND, 13}, [MES_LIMIT_HOUR] = {5 * MINUTE, 13}, [MES_LIMIT_DAY] = {HOUR, 25}};

/* ---- windows ---- */

static uint32_t *count_at(struct mes_limit_window *window, int kind, int64_t slot)
{
    return &window->counts[slot % shapes[kind].count];
}

static uint32_t add(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Makes `slot` the newest one. When the clock was put back, all that is known counts as taken now. */
static void advance(struct mes_limit_window *window, int kind, int64_t slot)
{
    int count = shapes[kind].count;
    uint32_t known = 0;
    if (slot < window->newest) {
        for (int i = 0; i < count; i++)
            known = add(known, window->counts[i]);
    }
    if (slot < window->newest || slot - window->newest >= count) {
        memset(window->counts, 0, sizeof window->counts);
        window->newest = slot;
        *count_at(window, kind, slot) = known;
    }
    while (window->newest < slot)
        *count_at(window, kind, ++window->newest) = 0;
}

static void window_take(struct mes_limit_window *window, int kind, uint32_t amount, int64_t now)
{
    int64_t slot = now / shapes[kind].slot;
    advance(window, kind, slot);
    uint32_t *count = count_at(window, kind, slot);
    *count = add(*count, amount);
}

static void window_give_back(struct mes_limit_window *window, int kind, uint32_t amount, int64_t taken_at)
{
    int64_t slot = taken_at / shapes[kind].slot;
    if (slot > window->newest || window->newest - slot >= shapes[kind].count)
        return;
    uint32_t *count = count_at(window, kind, slot);
    *count -= *count < amount ? *count : amount;
}

/* When `need` more fit below `most`. The copy is advanced, the caller's stays. */
static int64_t window_ready_at(struct mes_limit_window window, int kind, uint32_t most, uint32_t need,
                               int64_t now)
{
    advance(&window, kind, now / shapes[kind].slot);
    uint64_t used = 0;
    for (int i = 0; i < shapes[kind].count; i++)
        used += window.counts[i];
    if (used <= most - need)
        return 0;
    int64_t slot = window.newest - shapes[kind].count;
    while (used > most - need)
        used -= *count_at(&window, kind, ++slot);
    return (slot + shapes[kind].count) * shapes[kind].slot;
}

/* ---- the day of a provider that resets its quota at a fixed time ---- */

static int64_t offset_at(const struct mes_limit_rules *rules, int64_t time)
{
    return mes_zone_offset(rules->zone, time) * SECOND;
}

/* The last reset at or before `now`, or the one that many days ahead of it. Where the clocks change, the
 * offset at the reset itself counts. */
static int64_t reset_time(const struct mes_limit_rules *rules, int64_t now, int64_t ahead)
{
    int64_t reset = rules->reset_minute * MINUTE;
    int64_t since = now + offset_at(rules, now) - reset;
    int64_t local = (since / DAY - (since % DAY < 0) + ahead) * DAY + reset;
    return local - offset_at(rules, local - offset_at(rules, now));
}

static int64_t day_ready_at(const struct mes_limit *limit, const struct mes_limit_rules *rules, uint32_t most,
                            uint32_t need, int64_t now)
{
    uint32_t used = limit->day_start >= reset_time(rules, now, 0) ? limit->day_count : 0;
    return used <= most - need ? 0 : reset_time(rules, now, 1);
}

/* ---- together ---- */

static uint32_t rule_of(const struct mes_limit_rules *rules, int kind)
{
    const uint32_t most[MES_LIMIT_WINDOWS] = {rules->per_minute, rules->per_hour, rules->per_day};
    return most[kind];
}

static uint32_t bulk_share(uint32_t most, unsigned reserve_percent)
{
    return most - (uint32_t)((uint64_t)most * (reserve_percent > 100 ? 100 : reserve_percent) / 100);
}

int64_t mes_limit_ready_at(const struct mes_limit *limit, const struct mes_limit_rules *rules,
                           uint32_t amount, bool is_bulk, int64_t now)
{
    bool is_blocked = limit->blocked_until > now && limit->blocked_until - now <= BLOCK_MOST;
    int64_t ready_at = is_blocked ? limit->blocked_until : 0;
    for (int kind = 0; kind < MES_LIMIT_WINDOWS; kind++) {
        uint32_t rule = rule_of(rules, kind);
        if (rule == 0)
            continue;
        uint32_t most = is_bulk ? bulk_share(rule, rules->reserve_percent) : rule;
        if (most == 0)
            return INT64_MAX;
        uint32_t need = amount < most ? amount : most;
        int64_t at = kind == MES_LIMIT_DAY && rules->zone != NULL
                         ? day_ready_at(limit, rules, most, need, now)
                         : window_ready_at(limit->windows[kind], kind, most, need, now);
        ready_at = at > ready_at ? at : ready_at;
    }
    return ready_at;
}

void mes_limit_take(struct mes_limit *limit, const struct mes_limit_rules *rules, uint32_t amount,
                    int64_t now)
{
    for (int kind = 0; kind < MES_LIMIT_WINDOWS; kind++)
        window_take(&limit->windows[kind], kind, amount, now);
    if (rules->zone == NULL)
        return;
    int64_t day_start = reset_time(rules, now, 0);
    if (limit->day_start < day_start)
        limit->day_count = 0; /* a later one: the clock was put back, and what is known counts */
    limit->day_start = day_start;
    limit->day_count = add(limit->day_count, amount);
}

void mes_limit_give_back(struct mes_limit *limit, uint32_t amount, int64_t taken_at, int64_t now)
{
    if (taken_at > now)
        return; /* the clock was put back: that slot is another one now */
    for (int kind = 0; kind < MES_LIMIT_WINDOWS; kind++)
        window_give_back(&limit->windows[kind], kind, amount, taken_at);
    if (taken_at >= limit->day_start)
        limit->day_count -= limit->day_count < amount ? limit->day_count : amount;
}

static void block(struct mes_limit *limit, int64_t until)
{
    if (until > limit->blocked_until)
        limit->blocked_until = until;
}

void mes_limit_learn(struct mes_limit *limit, const struct mes_limit_rules *rules, enum mes_learn learn,
                     uint32_t value, int64_t now)
{
    switch (learn) {
    case MES_LEARN_QUOTA_15_MINUTES:
        block(limit, now + 15 * MINUTE);
        break;
    case MES_LEARN_QUOTA_HOUR:
        block(limit, now + HOUR);
        break;
    case MES_LEARN_QUOTA_DAY:
        block(limit, rules->zone != NULL ? reset_time(rules, now, 1) : now + HOUR);
        break;
    case MES_LEARN_RECIPIENTS:
        limit->recipients = value;
        limit->recipients_until = now + RECIPIENTS_KEPT;
        break;
    case MES_LEARN_CONNECTIONS:
        limit->connections = value > 0 ? value : 1;
        limit->connections_until = now + CONNECTIONS_KEPT;
        break;
    case MES_LEARN_NONE:
        break;
    }
}

uint32_t mes_limit_recipients(const struct mes_limit *limit, int64_t now)
{
    return now < limit->recipients_until ? limit->recipients : 0;
}

uint32_t mes_limit_connections(const struct mes_limit *limit, int64_t now)
{
    return now < limit->connections_until ? limit->connections : 0;
}

void mes_limit_wake(struct mes_limit *limit)
{
    limit->blocked_until = 0;
    limit->recipients = limit->connections = 0;
}

/* ---- kept over a restart: "1" and then every number, in the order of the struct ---- */

static bool take_number(struct mes_str *text, uint64_t most, uint64_t *value_out)
{
    struct mes_str part;
    return mes_str_next(text, ' ', &part) && mes_str_to_uint(part, most, value_out);
}

static bool take_time(struct mes_str *text, int64_t *time_out)
{
    uint64_t value = 0;
    bool ok = take_number(text, INT64_MAX / 2, &value);
    *time_out = (int64_t)value;
    return ok;
}

static bool take_count(struct mes_str *text, uint32_t *count_out)
{
    uint64_t value = 0;
    bool ok = take_number(text, UINT32_MAX, &value);
    *count_out = (uint32_t)value;
    return ok;
}

static bool parse(struct mes_limit *limit, struct mes_str text)
{
    uint64_t version;
    bool ok = take_number(&text, 1, &version) && version == 1;
    for (int kind = 0; ok && kind < MES_LIMIT_WINDOWS; kind++) {
        struct mes_limit_window *window = &limit->windows[kind];
        ok = take_time(&text, &window->newest);
        for (int i = 0; ok && i < shapes[kind].count; i++)
            ok = take_count(&text, &window->counts[i]);
    }
    return ok && take_time(&text, &limit->day_start) && take_count(&text, &limit->day_count) &&
           take_time(&text, &limit->blocked_until) && take_count(&text, &limit->recipients) &&
           take_time(&text, &limit->recipients_until) && take_count(&text, &limit->connections) &&
           take_time(&text, &limit->connections_until) && text.data == NULL;
}

void mes_limit_load(struct mes_limit *limit, const struct mes_memory *memory, const char *account)
{
    char key[MES_MEMORY_KEY_SPACE], value[MES_MEMORY_VALUE_SPACE];
    *limit = (struct mes_limit){0};
    if (memory->load(memory->context, mes_memory_key(key, KIND, account), value, sizeof value) &&
        !parse(limit, mes_str_of(value)))
        *limit = (struct mes_limit){0};
}

void mes_limit_save(const struct mes_limit *limit, const struct mes_memory *memory, const char *account)
{
    char key[MES_MEMORY_KEY_SPACE];
    struct mes_buf value;
    mes_buf_init(&value, MES_MEMORY_VALUE_SPACE - 1);
    mes_buf_add_char(&value, '1');
    for (int kind = 0; kind < MES_LIMIT_WINDOWS; kind++) {
        mes_buf_add_format(&value, " %lld", (long long)limit->windows[kind].newest);
        for (int i = 0; i < shapes[kind].count; i++)
            mes_buf_add_format(&value, " %u", limit->windows[kind].counts[i]);
    }
    mes_buf_add_format(&value, " %lld %u %lld %u %lld %u %lld", (long long)limit->day_start, limit->day_count,
                       (long long)limit->blocked_until, limit->recipients, (long long)limit->recipients_until,
                       limit->connections, (long long)limit->connections_until);
    if (mes_buf_check(&value, NULL) == 0)
        memory->note(memory->context, mes_memory_key(key, KIND, account), mes_buf_text(&value));
    mes_buf_fini(&value);
}
