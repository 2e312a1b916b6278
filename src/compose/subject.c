#include "compose/subject.h"

#include <utf8proc.h>

#include "base/utf8.h"
#include "mime/htmltext.h"

/* A cluster may hold any number of combining marks, a subject may not. */
enum { SUBJECT_BYTES = 800, LINE_BYTES = 4096 };

static bool is_space(uint32_t c)
{
    return (c >= 0x09 && c <= 0x0D) || utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ZS ||
           c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

/* The next character with white space folded and control characters left out; false at the end. */
static bool next(struct mes_str text, size_t *at, uint32_t *character_out)
{
    bool is_blank = false;
    while (*at < text.size) {
        size_t before = *at;
        if (!mes_utf8_next(text, at, character_out)) {
            *character_out = 0xFFFD;
            ++*at;
        }
        if (is_space(*character_out)) {
            is_blank = true;
        } else if (!is_control(*character_out)) {
            if (!is_blank)
                return true;
            *at = before;
            *character_out = ' ';
            return true;
        }
    }
    return false;
}

void mes_compose_subject_from_text(struct mes_str text, struct mes_buf *out)
{
    size_t begin = out->size, at = 0, clusters = 0;
    uint32_t character;
    utf8proc_int32_t before = 0, state = 0;
    while (next(text, &at, &character)) {
        if (character == ' ' && clusters == 0)
            continue;
        utf8proc_int32_t now = (utf8proc_int32_t)character;
        if (clusters == 0 || utf8proc_grapheme_break_stateful(before, now, &state))
            clusters++;
        if (clusters > MES_SUBJECT_CLUSTERS || out->size - begin + 4 > SUBJECT_BYTES)
            break;
        mes_utf8_add(out, character);
        before = now;
    }
    if (out->size > begin && out->data[out->size - 1] == ' ')
        mes_buf_truncate(out, out->size - 1);
}

void mes_compose_subject_from_html(struct mes_str html, struct mes_buf *out)
{
    struct mes_buf line;
    mes_buf_init(&line, LINE_BYTES + 4);
    mes_mime_html_to_line(html, LINE_BYTES, &line);
    mes_compose_subject_from_text(mes_buf_str(&line), out);
    if (line.failed == MES_E_NOMEM)
        out->failed = MES_E_NOMEM;
    mes_buf_fini(&line);
}
