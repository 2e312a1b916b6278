#include "delivery/reply_text.h"

#include "base/transcode.h"
#include "base/utf8.h"

enum { DECODED_MOST = 64 * 1024 };

static void add_byte(struct mes_buf *out, char c)
{
    mes_buf_add_format(out, "\\x%02X", (unsigned)(unsigned char)c);
}

/* Any line end, and the blanks around it, is one space. */
static size_t skip_line_end(struct mes_str text, size_t at)
{
    while (at < text.size && (text.data[at] == '\r' || text.data[at] == '\n'))
        at++;
    return at;
}

static bool is_control(uint32_t c)
{
    return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0);
}

/* Valid UTF-8 with its control characters as bytes. */
static void add_shown(struct mes_buf *out, struct mes_str text)
{
    size_t at = 0;
    while (at < text.size) {
        size_t next = skip_line_end(text, at);
        uint32_t character = 0;
        if (next > at) {
            mes_buf_add_text(out, next < text.size ? " " : "");
        } else if (mes_utf8_next(text, &next, &character) && is_control(character)) {
            for (size_t i = at; i < next; i++)
                add_byte(out, text.data[i]);
        } else {
            mes_buf_add(out, text.data + at, next - at);
        }
        at = next;
    }
}

/* Bytes above 127 each on their own, so that no half character is shown as a wrong one. */
static void add_escaped(struct mes_buf *out, struct mes_str text)
{
    for (size_t at = 0; at < text.size;) {
        size_t start = at;
        while (at < text.size && (unsigned char)text.data[at] < 0x80)
            at++;
        add_shown(out, mes_str_cut(text, start, at - start));
        for (; at < text.size && (unsigned char)text.data[at] >= 0x80; at++)
            add_byte(out, text.data[at]);
    }
}

/* GB18030 decodes nearly everything. What nobody writes into a reply means that it was something else. */
static bool is_likely(struct mes_str text)
{
    size_t at = 0;
    uint32_t c;
    while (mes_utf8_next(text, &at, &c)) {
        bool is_private = (c >= 0xE000 && c <= 0xF8FF) || c >= 0xF0000;
        if (is_private || (c >= 0x80 && is_control(c)))
            return false;
    }
    return true;
}

void mes_reply_text_add(struct mes_buf *out, struct mes_str raw)
{
    if (mes_utf8_is_valid(raw)) {
        add_shown(out, raw);
        return;
    }
    struct mes_buf decoded;
    mes_buf_init(&decoded, DECODED_MOST);
    bool is_chinese = mes_transcode_to_utf8(&decoded, "GB18030", raw) && mes_buf_check(&decoded, NULL) == 0 &&
                      is_likely(mes_buf_str(&decoded));
    if (is_chinese)
        add_shown(out, mes_buf_str(&decoded));
    else
        add_escaped(out, raw);
    mes_buf_fini(&decoded);
}
