/* Any text as an answer to EHLO: the keywords come out sorted, each once. */
#include <stdint.h>
#include <stdlib.h>

#include "smtp/ehlo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int order(struct mes_str a, struct mes_str b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (mes_lower(a.data[i]) != mes_lower(b.data[i]))
            return mes_lower(a.data[i]) - mes_lower(b.data[i]);
    return a.size < b.size ? -1 : a.size > b.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_smtp_ehlo ehlo;
    mes_smtp_ehlo_init(&ehlo);
    if (!mes_smtp_ehlo_parse(&ehlo, mes_str_make((const char *)data, size)))
        abort();
    struct mes_str rest = mes_buf_str(&ehlo.keywords), last = MES_STR(""), word;
    size_t count = 0;
    while (rest.size > 0 && mes_str_next(&rest, ' ', &word)) {
        if (word.size == 0 || (count++ > 0 && order(last, word) >= 0))
            abort();
        last = word;
    }
    if (count > MES_SMTP_KEYWORDS_MOST || (!ehlo.size && ehlo.size_limit != 0))
        abort();
    mes_smtp_ehlo_fini(&ehlo);
    return 0;
}
