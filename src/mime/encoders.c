#include "mime/encoders.h"

#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "mime/limits.h"

enum { MES_QUOTED_LINE = 76 };

static const struct mes_str from_line = {"From ", 5};

struct facts {
    size_t foreign; /* bytes that quoted-printable must write as =XX */
    bool is_plain;  /* may go as 7bit */
};

static bool is_printable(char c)
{
    return (c >= ' ' && c <= '~') || c == '\t';
}

static void look_at_line(struct mes_str line, struct facts *facts)
{
    for (size_t i = 0; i < line.size; i++)
        facts->foreign += !is_printable(line.data[i]);
    if (line.size > MES_LIMIT_LINE)
        facts->is_plain = false;
    if (line.size == 0)
        return;
    char last = line.data[line.size - 1];
    if (line.data[0] == '.' || last == ' ' || last == '\t' || mes_str_starts(line, from_line))
        facts->is_plain = false;
}

/* Takes a line off the front of `*rest`; `*has_end_out` tells whether CR, LF or CRLF stood behind it. */
static struct mes_str next_line(struct mes_str *rest, bool *has_end_out)
{
    size_t at = 0;
    while (at < rest->size && rest->data[at] != '\n' && rest->data[at] != '\r')
        at++;
    struct mes_str line = mes_str_cut(*rest, 0, at);
    *has_end_out = at < rest->size;
    bool is_crlf = at + 1 < rest->size && rest->data[at] == '\r' && rest->data[at + 1] == '\n';
    *rest = mes_str_skip(*rest, at + (is_crlf ? 2 : 1));
    return line;
}

enum mes_encoding mes_mime_encoding_of(struct mes_str text)
{
    struct facts facts = {.is_plain = true};
    struct mes_str rest = text;
    bool has_end;
    while (rest.size > 0)
        look_at_line(next_line(&rest, &has_end), &facts);
    if (facts.foreign == 0 && facts.is_plain)
        return MES_ENCODING_7BIT;
    /* Three characters for a foreign byte against four for any three bytes. */
    return facts.foreign > text.size / 6 ? MES_ENCODING_BASE64 : MES_ENCODING_QUOTED_PRINTABLE;
}

const char *mes_mime_encoding_name(enum mes_encoding encoding)
{
    static const char *const names[] = {"7bit", "quoted-printable", "base64"};
    return names[encoding];
}

static void add_hex(struct mes_buf *out, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned byte = (unsigned char)c;
    char text[3] = {'=', digits[byte >> 4], digits[byte & 15]};
    mes_buf_add(out, text, sizeof text);
}

/* Does the byte need =XX at this place? A blank does at the end of a line, a dot and "From " at its front. */
static bool must_quote(struct mes_str line, size_t at, size_t column)
{
    char c = line.data[at];
    if (c == ' ' || c == '\t')
        return at + 1 == line.size;
    if (column == 0 && (c == '.' || (c == 'F' && mes_str_starts(mes_str_skip(line, at), from_line))))
        return true;
    return c == '=' || !is_printable(c);
}

/* Bytes of the character at `at`, so that a soft line break does not part them. */
static size_t unit_at(struct mes_str line, size_t at)
{
    size_t size = mes_utf8_valid_size(mes_str_skip(line, at));
    return size > 0 ? size : 1;
}

static void quote_line(struct mes_str line, struct mes_buf *out)
{
    size_t column = 0;
    for (size_t at = 0; at < line.size;) {
        size_t unit = unit_at(line, at);
        size_t width = must_quote(line, at, column) ? unit * 3 : 1;
        /* One column is kept for the '=' of a soft break, but for the very last unit. */
        size_t room = MES_QUOTED_LINE - (at + unit < line.size ? 1 : 0);
        if (column + width > room) {
            mes_buf_add(out, "=\r\n", 3);
            column = 0;
            width = must_quote(line, at, column) ? unit * 3 : 1;
        }
        for (size_t i = 0; width > 1 && i < unit; i++)
            add_hex(out, line.data[at + i]);
        if (width == 1)
            mes_buf_add_char(out, line.data[at]);
        column += width;
        at += unit;
    }
}

static void add_line(struct mes_str line, struct mes_buf *out)
{
    mes_buf_add_str(out, line);
}

static void each_line(struct mes_str text, void (*add)(struct mes_str line, struct mes_buf *out),
                      struct mes_buf *out)
{
    bool has_end = false;
    while (text.size > 0) {
        add(next_line(&text, &has_end), out);
        if (has_end)
            mes_buf_add(out, "\r\n", 2);
    }
}

static void encode_base64(struct mes_str text, struct mes_buf *out)
{
    struct mes_base64_lines lines = {0};
    char *at = mes_buf_reserve(out, mes_base64_lines_room(text.size));
    if (at == NULL)
        return;
    size_t size = mes_base64_lines_add(&lines, text.data, text.size, at);
    size += mes_base64_lines_end(&lines, at + size);
    mes_buf_commit(out, size > 0 ? size - 2 : 0);
}

/* What base64 hides must have canonical line ends too: RFC 2045 6.8. */
static void encode_canonical(struct mes_str text, struct mes_buf *out)
{
    if (memchr(text.data, '\n', text.size) == NULL && memchr(text.data, '\r', text.size) == NULL) {
        encode_base64(text, out);
        return;
    }
    struct mes_buf canonical;
    mes_buf_init(&canonical, SIZE_MAX);
    each_line(text, add_line, &canonical);
    if (canonical.failed != 0)
        out->failed = canonical.failed;
    else
        encode_base64(mes_buf_str(&canonical), out);
    mes_buf_fini(&canonical);
}

void mes_mime_text_encode(struct mes_str text, enum mes_encoding encoding, struct mes_buf *out)
{
    if (text.size == 0)
        return;
    switch (encoding) {
    case MES_ENCODING_7BIT:
        each_line(text, add_line, out);
        break;
    case MES_ENCODING_QUOTED_PRINTABLE:
        each_line(text, quote_line, out);
        break;
    case MES_ENCODING_BASE64:
        encode_canonical(text, out);
        break;
    }
}
