/* Whatever the parser accepts must come out the same when it is parsed again, and must be harmless in a
 * command. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/address.h"
#include "mime/limits.h"

static int check(void *context, const struct mes_address *address)
{
    struct mes_arena *arena = context;
    struct mes_address again;
    struct mes_str spec = mes_str_of(address->spec);
    if (spec.size > MES_LIMIT_ADDRESS || address->local_size > MES_LIMIT_LOCAL || spec.data[0] == '-')
        abort();
    if (strlen(address->name) > MES_LIMIT_NAME || !mes_utf8_is_valid(spec))
        abort();
    for (size_t i = 0; i < spec.size; i++)
        if ((unsigned char)spec.data[i] < 0x20 || spec.data[i] == 0x7F)
            abort();
    if (mes_mime_address_parse(spec, arena, NULL, &again, NULL) != 0)
        abort();
    if (strcmp(again.spec, address->spec) != 0 || again.needs_smtputf8 != address->needs_smtputf8 ||
        again.local_size != address->local_size || again.name[0] != '\0')
        abort();
    return 0;
}

static int pass(void *context, const struct mes_error *error)
{
    (void)context;
    (void)error;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_arena arena;
    const struct mes_address_sink sink = {.on_address = check, .on_bad = pass, .context = &arena};
    struct mes_error error;
    mes_arena_init(&arena, SIZE_MAX);
    struct mes_str text = {(const char *)data, size};
    (void)mes_mime_address_list(text, &arena, &sink, &error);
    mes_arena_fini(&arena);
    return 0;
}
