#include "smtp/command.h"

#include <string.h>

#include "base/utf8.h"

bool mes_smtp_command_end(struct mes_buf *out, size_t start, size_t most, bool is_utf8)
{
    if (out->failed != 0)
        return false;
    struct mes_str line = mes_str_skip(mes_buf_str(out), start);
    bool is_good = line.size > 0 && line.size + 2 <= most && memchr(line.data, '\r', line.size) == NULL &&
                   memchr(line.data, '\n', line.size) == NULL && memchr(line.data, '\0', line.size) == NULL &&
                   (is_utf8 ? mes_utf8_is_valid(line) : mes_utf8_is_ascii(line));
    if (is_good)
        mes_buf_add(out, "\r\n", 2);
    else
        mes_buf_truncate(out, start);
    return is_good && out->failed == 0;
}

bool mes_smtp_command_end_answer(struct mes_buf *out, size_t start)
{
    if (out->failed != 0 || out->size > start)
        return mes_smtp_command_end(out, start, MES_SMTP_AUTH_MOST, false);
    mes_buf_add(out, "\r\n", 2);
    return out->failed == 0;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_path(struct mes_str address)
{
    bool is_quoted = false;
    for (size_t i = 0; i < address.size; i++) {
        char c = address.data[i];
        if (is_control(c))
            return false;
        if (is_quoted && c == '\\') {
            if (++i == address.size || is_control(address.data[i]))
                return false;
        } else if (c == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && (c == ' ' || c == '<' || c == '>')) {
            return false;
        }
    }
    return !is_quoted && address.size <= MES_SMTP_PATH_MOST;
}

bool mes_smtp_command_add_path(struct mes_buf *out, struct mes_str address)
{
    if (!is_path(address))
        return false;
    mes_buf_add_char(out, '<');
    mes_buf_add_str(out, address);
    mes_buf_add_char(out, '>');
    return true;
}

void mes_smtp_command_add_xtext(struct mes_buf *out, struct mes_str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c > 0x20 && c < 0x7f && c != '+' && c != '=') {
            mes_buf_add_char(out, (char)c);
            continue;
        }
        mes_buf_add(out, (const char[]){'+', digits[c >> 4], digits[c & 15]}, 3);
    }
}

bool mes_smtp_command_is_word(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
            return false;
    return text.size > 0;
}
