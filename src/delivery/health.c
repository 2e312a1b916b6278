#include "delivery/health.h"

#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "delivery/memory_ram.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    SHORT_FIRST = 15 * SECOND,
    LONG_FIRST = 15 * MINUTE,
    REST_MOST = 60 * MINUTE,
    STRIKES_MOST = 1000,
    FINGERPRINT_MOST = (1 << 20) - 1
};

#define KIND "health"

uint32_t mes_health_fingerprint(const struct mes_str *settings, size_t count)
{
    unsigned char digest[MES_DIGEST_SIZE];
    if (!mes_digest(settings, count, digest))
        return 0;
    uint32_t all = (uint32_t)digest[0] << 16 | (uint32_t)digest[1] << 8 | digest[2];
    return all & FINGERPRINT_MOST;
}

static void become_well(struct mes_health *health)
{
    *health = (struct mes_health){.fingerprint = health->fingerprint};
}

/* "1 FINGERPRINT REST STRIKES UNTIL ALARMED ADVICE" */
static bool parse(struct mes_health *health, struct mes_str text)
{
    enum { VERSION, FINGERPRINT, REST, STRIKES, UNTIL, ALARMED, NUMBERS };
    static const uint64_t most[NUMBERS] = {1, FINGERPRINT_MOST, MES_REST_CHANGE, STRIKES_MOST, INT64_MAX, 1};
    uint64_t numbers[NUMBERS];
    struct mes_str part;
    for (int i = 0; i < NUMBERS; i++) {
        if (!mes_str_next(&text, ' ', &part) || !mes_str_to_uint(part, most[i], &numbers[i]))
            return false;
    }
    if (numbers[VERSION] != 1 || numbers[REST] == MES_REST_NONE || text.size >= sizeof health->advice)
        return false;
    *health = (struct mes_health){.fingerprint = (uint32_t)numbers[FINGERPRINT],
                                  .rest = (enum mes_rest)numbers[REST],
                                  .strikes = (unsigned)numbers[STRIKES],
                                  .until = (int64_t)numbers[UNTIL],
                                  .alarmed = numbers[ALARMED] == 1};
    if (text.size > 0)
        memcpy(health->advice, text.data, text.size);
    return true;
}

void mes_health_load(struct mes_health *health, const struct mes_memory *memory, const char *account,
                     uint32_t fingerprint)
{
    char key[MES_MEMORY_KEY_SPACE], value[MES_MEMORY_VALUE_SPACE];
    bool is_kept = memory->load(memory->context, mes_memory_key(key, KIND, account), value, sizeof value) &&
                   parse(health, mes_str_of(value));
    if (!is_kept || health->fingerprint != fingerprint)
        *health = (struct mes_health){.fingerprint = fingerprint};
}

void mes_health_save(const struct mes_health *health, const struct mes_memory *memory, const char *account)
{
    char key[MES_MEMORY_KEY_SPACE];
    mes_memory_key(key, KIND, account);
    if (health->rest == MES_REST_NONE) {
        memory->note(memory->context, key, NULL);
        return;
    }
    struct mes_buf value;
    mes_buf_init(&value, MES_MEMORY_VALUE_SPACE);
    mes_buf_add_format(&value, "1 %u %d %u %lld %d %s", health->fingerprint, (int)health->rest,
                       health->strikes, (long long)health->until, health->alarmed, health->advice);
    if (mes_buf_check(&value, NULL) == 0)
        memory->note(memory->context, key, mes_buf_text(&value));
    mes_buf_fini(&value);
}

int64_t mes_health_ready_at(const struct mes_health *health, int64_t now)
{
    if (health->rest == MES_REST_NONE)
        return 0;
    if (health->until == INT64_MAX)
        return INT64_MAX;
    /* A rest that is longer than any can be: the clock was put back. */
    bool is_over = health->until <= now || health->until - now > 2 * (int64_t)REST_MOST;
    if (!is_over)
        return health->until;
    return health->is_probing ? now + SECOND : 0;
}

bool mes_health_is_probed(const struct mes_health *health, int64_t now)
{
    return health->is_probing && mes_health_ready_at(health, now) == now + SECOND;
}

bool mes_health_begin(struct mes_health *health)
{
    health->is_probing = health->rest != MES_REST_NONE;
    return health->is_probing;
}

bool mes_health_on_success(struct mes_health *health, bool was_probe)
{
    if (was_probe)
        become_well(health);
    return was_probe;
}

static int64_t rest_time(enum mes_rest rest, unsigned strikes, uint32_t random)
{
    int64_t time = rest == MES_REST_SHORT ? SHORT_FIRST : LONG_FIRST;
    for (unsigned i = 1; i < strikes && time < REST_MOST; i++)
        time *= 2;
    if (time > REST_MOST)
        time = REST_MOST;
    return time + (int64_t)((uint64_t)(time / 5) * random >> 32);
}

bool mes_health_on_failure(struct mes_health *health, const struct mes_verdict *verdict, bool was_probe,
                           int64_t now, uint32_t random)
{
    bool blames = verdict->rest != MES_REST_NONE && verdict->rest != MES_REST_QUOTA;
    if (!blames) {
        mes_health_on_abandon(health, was_probe);
        return false;
    }
    bool is_known = health->rest != MES_REST_NONE && !was_probe;
    if (is_known && verdict->rest <= health->rest)
        return false;
    if (!is_known && health->strikes < STRIKES_MOST)
        health->strikes++;
    health->rest = verdict->rest;
    health->until = verdict->rest == MES_REST_CHANGE
                        ? INT64_MAX
                        : now + rest_time(verdict->rest, health->strikes, random);
    if (was_probe)
        health->is_probing = false;
    struct mes_str advice = mes_str_cut(mes_str_of(verdict->advice_id), 0, sizeof health->advice - 1);
    memset(health->advice, 0, sizeof health->advice);
    memcpy(health->advice, advice.data, advice.size);
    bool is_alarm = verdict->alarm && !health->alarmed;
    health->alarmed = health->alarmed || verdict->alarm;
    return is_alarm;
}

void mes_health_on_abandon(struct mes_health *health, bool was_probe)
{
    if (was_probe)
        health->is_probing = false;
}

void mes_health_wake(struct mes_health *health)
{
    if (health->rest != MES_REST_NONE)
        health->until = 0;
}
