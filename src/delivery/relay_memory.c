#include "delivery/relay_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "delivery/memory_ram.h"

#define MES_RELAY_KEPT_MS (INT64_C(30) * 24 * 60 * 60 * 1000)
enum { MES_RELAY_NAME_SPACE = 4096, MES_RELAY_VALUE_SPACE = 128 };

static const struct {
    enum mes_smtp_relay relay;
    char letter;
} letters[] = {{MES_SMTP_RELAY_X, 'X'},         {MES_SMTP_RELAY_B, 'B'}, {MES_SMTP_RELAY_B_SLOW, 'S'},
               {MES_SMTP_RELAY_B_REFUSED, 'R'}, {MES_SMTP_RELAY_P, 'P'}, {MES_SMTP_RELAY_LOCK_STEP, 'L'}};

static void write_key(char out[MES_MEMORY_KEY_SPACE], const struct mes_relay_key *key)
{
    char name[MES_RELAY_NAME_SPACE];
    (void)snprintf(name, sizeof name, "%s:%u %.*s", key->host, key->port, MES_STR_ARGS(key->keywords));
    mes_memory_key(out, "relay", name);
}

enum mes_smtp_relay mes_relay_memory_load(const struct mes_memory *memory, const struct mes_relay_key *key,
                                          int64_t now)
{
    char name[MES_MEMORY_KEY_SPACE], value[MES_RELAY_VALUE_SPACE], letter;
    int64_t noted;
    write_key(name, key);
    if (!memory->load(memory->context, name, value, sizeof value))
        return MES_SMTP_RELAY_UNKNOWN;
    if (sscanf(value, "%c %" SCNd64, &letter, &noted) != 2 || noted > now || now - noted > MES_RELAY_KEPT_MS)
        return MES_SMTP_RELAY_UNKNOWN;
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (letters[i].letter == letter)
            return letters[i].relay;
    return MES_SMTP_RELAY_UNKNOWN;
}

void mes_relay_memory_note(const struct mes_memory *memory, const struct mes_relay_key *key,
                           enum mes_smtp_relay relay, const char *reason, int64_t now)
{
    char name[MES_MEMORY_KEY_SPACE], value[MES_RELAY_VALUE_SPACE];
    write_key(name, key);
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (letters[i].relay != relay)
            continue;
        (void)snprintf(value, sizeof value, "%c %" PRId64 " %s", letters[i].letter, now, reason);
        memory->note(memory->context, name, value);
    }
}
