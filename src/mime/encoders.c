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

/* The text from here on; most texts hold no CR, and then their lines are found faster. */
struct rest {
    struct mes_str text;
    bool has_cr;
};

static struct rest rest_of(struct mes_str text)
{
    return (struct rest){text, text.size > 0 && memchr(text.data, '\r', text.size) != NULL};
}

static size_t end_of_line(const struct rest *rest)
{
    size_t at = 0;
    const char *data = rest->text.data;
    if (!rest->has_cr) {
        const char *end = memchr(data, '\n', rest->text.size);
        return end != NULL ? (size_t)(end - data) : rest->text.size;
    }
    while (at < rest->text.size && data[at] != '\n' && data[at] != '\r')
        at++;
    return at;
}

/* Takes a line off the front; `*has_end_out` tells whether CR, LF or CRLF stood behind it. */
static struct mes_str next_line(struct rest *rest, bool *has_end_out)
{
    struct mes_str text = rest->text;
    size_t at = end_of_line(rest);
    bool is_crlf = at + 1 < text.size && text.data[at] == '\r' && text.data[at + 1] == '\n';
    *has_end_out = at < text.size;
    rest->text = mes_str_skip(text, at + (is_crlf ? 2 : 1));
    return mes_str_cut(text, 0, at);
}

enum mes_encoding mes_mime_encoding_of(struct mes_str text)
{
    struct facts facts = {.is_plain = true};
    struct rest rest = rest_of(text);
    bool has_end;
    /* Three characters for a foreign byte against four for any three bytes. */
    size_t most_foreign = text.size / 6;
    while (rest.text.size > 0 && facts.foreign <= most_foreign)
        look_at_line(next_line(&rest, &has_end), &facts);
    if (facts.foreign == 0 && facts.is_plain)
        return MES_ENCODING_7BIT;
    return facts.foreign > most_foreign ? MES_ENCODING_BASE64 : MES_ENCODING_QUOTED_PRINTABLE;
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
    struct rest rest = rest_of(text);
    bool has_end = false;
    while (rest.text.size > 0) {
        add(next_line(&rest, &has_end), out);
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
