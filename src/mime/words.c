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

static struct mes_str first_character(struct mes_str text)
{
    size_t size = mes_utf8_valid_size(text);
    return mes_str_cut(text, 0, size > 0 ? size : 1);
}

/* The longest front part of whole characters that fits into `room` as Q. */
static struct mes_str fitting_q(struct mes_str text, size_t room)
{
    size_t at = 0, width = 0;
    while (at < text.size) {
        struct mes_str character = first_character(mes_str_skip(text, at));
        width += quoted_width(character);
        if (width > room)
            break;
        at += character.size;
    }
    return mes_str_cut(text, 0, at);
}

/* The same as B, without padding unless it is the end of the text: some readers join the words before they
 * decode them, and stop at the padding. Empty when there is no such part. */
static struct mes_str fitting_b(struct mes_str text, size_t room)
{
    struct mes_str part = mes_utf8_cut(text, room / 4 * 3);
    while (part.size < text.size && part.size % 3 != 0)
        part = mes_utf8_cut(part, part.size - 1);
    return part;
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

static void add_word(struct mes_str part, bool is_quoted, struct mes_buf *out)
{
    mes_buf_add_text(out, is_quoted ? "=?UTF-8?Q?" : "=?UTF-8?B?");
    if (is_quoted)
        add_quoted(part, out);
    else
        mes_base64_add(out, part.data, part.size);
    mes_buf_add(out, "?=", 2);
}

void mes_mime_words_add(struct mes_str text, size_t *column, struct mes_buf *out)
{
    bool is_shorter_quoted = quoted_width(text) <= mes_base64_size(text.size);
    while (text.size > 0) {
        if (*column + MES_WORD_FRAME + MES_WORD_LEAST > MES_WORD_LINE) {
            mes_buf_add(out, "\r\n ", 3);
            *column = 1;
        }
        size_t room = MES_WORD_LINE - *column < MES_WORD_MOST ? MES_WORD_LINE - *column : MES_WORD_MOST;
        struct mes_str part = {NULL, 0};
        if (!is_shorter_quoted)
            part = fitting_b(text, room - MES_WORD_FRAME);
        /* One character as Q changes where the groups of three lie. */
        bool is_quoted = part.size == 0;
        if (is_quoted)
            part = is_shorter_quoted ? fitting_q(text, room - MES_WORD_FRAME) : first_character(text);
        size_t before = out->size;
        add_word(part, is_quoted, out);
        *column += out->size - before;
        text = mes_str_skip(text, part.size);
        if (text.size > 0) {
            mes_buf_add(out, "\r\n ", 3);
            *column = 1;
        }
    }
}
