#include <string.h>

#include "base/utf8.h"
#include "i18n/say.h"

const char *mes_error_text(const struct mes_error *error, enum mes_language language, char *out, size_t size)
{
    struct mes_buf text;
    if (size == 0)
        return out;
    mes_buf_init(&text, 16 * 1024);
    mes_say_error(&text, language, error);
    struct mes_str shown = mes_utf8_cut(mes_buf_str(&text), size - 1);
    memcpy(out, shown.data, shown.size);
    out[shown.size] = '\0';
    mes_buf_fini(&text);
    return out;
}
