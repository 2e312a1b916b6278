#include "mime/words.h"

#include "base/base64.h"
#include "base/utf8.h"

enum {
    MES_WORD_LINE = 76,  /* of a line that holds an encoded word: RFC 2047 section 2 */
    MES_WORD_MOST = 75,  /* of one encoded word */
    MES_WORD_FRAME = 12, /* =?UTF-8?B??= */
    MES_WORD_LEAST = 12  /* room below which a new line is begun: four bytes quoted */
};

bool mes_mime_words_needed(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (((c < ' ' || c > '~') && c != '\t') || (c == '=' && i + 1 < text.size && text.data[i + 1] == '?'))
            return true;
    }
    return false;
}

/* The few that may stand as they are in every place, a phrase too: RFC 2047 section 5 (3). */
static bool is_safe(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') || c == '!' || c == '*' ||
           c == '+' || c == '-' || c == '/';
}

static size_t quoted_width(struct mes_str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.size; i++)
        width += is_safe(text.data[i]) || text.data[i] == ' ' ? 1 : 3;
    return width;
}

/* The longest front part of whole characters that fits into `room`. */
static struct mes_str fitting_part(struct mes_str text, size_t room, bool is_quoted)
{
    if (!is_quoted) {
        struct mes_str part = mes_utf8_cut(text, room / 4 * 3);
        return part.size > 0 ? part : mes_str_cut(text, 0, room / 4 * 3);
    }
    size_t at = 0, width = 0;
    while (at < text.size) {
        size_t unit = mes_utf8_valid_size(mes_str_skip(text, at));
        unit = unit > 0 ? unit : 1;
        width += quoted_width(mes_str_cut(text, at, unit));
        if (width > room)
            break;
        at += unit;
    }
    return mes_str_cut(text, 0, at);
}

static void add_quoted(struct mes_str text, struct mes_buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        char hex[3] = {'=', digits[c >> 4], digits[c & 15]};
        if (c == ' ')
            mes_buf_add_char(out, '_');
        else if (is_safe((char)c))
            mes_buf_add_char(out, (char)c);
        else
            mes_buf_add(out, hex, sizeof hex);
    }
}

void mes_mime_words_add(struct mes_str text, size_t *column, struct mes_buf *out)
{
    bool is_quoted = quoted_width(text) <= mes_base64_size(text.size);
    while (text.size > 0) {
        if (*column + MES_WORD_FRAME + MES_WORD_LEAST > MES_WORD_LINE) {
            mes_buf_add(out, "\r\n ", 3);
            *column = 1;
        }
        size_t room = MES_WORD_LINE - *column < MES_WORD_MOST ? MES_WORD_LINE - *column : MES_WORD_MOST;
        struct mes_str part = fitting_part(text, room - MES_WORD_FRAME, is_quoted);
        size_t before = out->size;
        mes_buf_add_text(out, is_quoted ? "=?UTF-8?Q?" : "=?UTF-8?B?");
        if (is_quoted)
            add_quoted(part, out);
        else
            mes_base64_add(out, part.data, part.size);
        mes_buf_add(out, "?=", 2);
        *column += out->size - before;
        text = mes_str_skip(text, part.size);
        if (text.size > 0) {
            mes_buf_add(out, "\r\n ", 3);
            *column = 1;
        }
    }
}
