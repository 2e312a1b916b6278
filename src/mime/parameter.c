#include "mime/parameter.h"

#include <string.h>

#include "base/utf8.h"
#include "mime/limits.h"
#include "mime/words.h"

/* Room on a line of continuation: 78 less the blank, `filename*NN*=UTF-8''` and the `;`. */
enum { MES_PARAMETER_ROOM = 54, MES_PARAMETER_QUOTED = 900 };

/* RFC 2231 section 7: attribute-char. */
static bool is_attribute_char(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') ||
           (c != '\0' && strchr("!#$&+-.^_`|~", c) != NULL);
}

/* Can it stand between quotes as it is? A backslash could, but readers disagree about it. */
static bool is_simple(struct mes_str value)
{
    bool has_backslash = memchr(value.data, '\\', value.size) != NULL;
    bool has_quote = memchr(value.data, '"', value.size) != NULL;
    return !mes_mime_words_needed(value) && !has_backslash && !has_quote &&
           value.size <= MES_PARAMETER_QUOTED;
}

static size_t escaped_size(struct mes_str text)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++)
        size += is_attribute_char(text.data[i]) ? 1 : 3;
    return size;
}

static void add_escaped(struct mes_str text, struct mes_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char hex[3] = {'%', digits[c >> 4], digits[c & 15]};
        if (is_attribute_char((char)c))
            mes_buf_add_char(out, (char)c);
        else
            mes_buf_add(out, hex, sizeof hex);
    }
}

/* Whole characters that fit on one line once they are escaped. */
static struct mes_str fitting_part(struct mes_str text)
{
    size_t at = 0, width = 0;
    while (at < text.size) {
        size_t unit = mes_utf8_valid_size(mes_str_skip(text, at));
        unit = unit > 0 ? unit : 1;
        width += escaped_size(mes_str_cut(text, at, unit));
        if (width > MES_PARAMETER_ROOM)
            break;
        at += unit;
    }
    return mes_str_cut(text, 0, at);
}

static void begin(struct mes_buf *out, const char *name)
{
    mes_buf_add(out, ";\r\n ", 4);
    mes_buf_add_text(out, name);
}

static void add_continued(struct mes_buf *out, const char *name, struct mes_str value)
{
    for (unsigned number = 0; value.size > 0; number++) {
        struct mes_str part = fitting_part(value);
        begin(out, name);
        mes_buf_add_char(out, '*');
        mes_buf_add_uint(out, number);
        mes_buf_add_text(out, number == 0 ? "*=UTF-8''" : "*=");
        add_escaped(part, out);
        value = mes_str_skip(value, part.size);
    }
}

void mes_mime_parameter_add(struct mes_buf *out, const char *name, struct mes_str value)
{
    if (value.size == 0 || is_simple(value)) {
        begin(out, name);
        mes_buf_add_text(out, "=\"");
        mes_buf_add_str(out, value);
        mes_buf_add_char(out, '"');
    } else if (escaped_size(value) <= MES_PARAMETER_ROOM) {
        begin(out, name);
        mes_buf_add_text(out, "*=UTF-8''");
        add_escaped(value, out);
    } else {
        add_continued(out, name, value);
    }
}

void mes_mime_parameter_add_words(struct mes_buf *out, const char *name, struct mes_str value)
{
    if (value.size == 0 || is_simple(value)) {
        mes_mime_parameter_add(out, name, value);
        return;
    }
    struct mes_buf harmless;
    mes_buf_init(&harmless, SIZE_MAX);
    /* Some readers decode the words before they look for the closing quote. */
    for (size_t i = 0; i < value.size; i++)
        mes_buf_add_char(&harmless, value.data[i] == '"' || value.data[i] == '\\' ? '_' : value.data[i]);
    begin(out, name);
    mes_buf_add_text(out, "=\"");
    size_t column = strlen(name) + 3;
    mes_mime_words_add(mes_buf_str(&harmless), &column, out);
    mes_buf_add_char(out, '"');
    if (harmless.failed != 0)
        out->failed = harmless.failed;
    mes_buf_fini(&harmless);
}
