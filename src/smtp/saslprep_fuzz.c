/* Any text as a password: what is prepared is UTF-8, and preparing it again changes nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "smtp/saslprep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_buf once, twice;
    mes_buf_init(&once, SIZE_MAX);
    mes_buf_init(&twice, SIZE_MAX);
    if (mes_smtp_saslprep(mes_str_make((const char *)data, size), &once) &&
        (!mes_utf8_is_valid(mes_buf_str(&once)) || !mes_smtp_saslprep(mes_buf_str(&once), &twice) ||
         !mes_str_eq(mes_buf_str(&once), mes_buf_str(&twice))))
        abort();
    mes_buf_fini(&once);
    mes_buf_fini(&twice);
    return 0;
}
