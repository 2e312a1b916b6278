#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "mime/html.h"
#include "mime/htmltext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tokens cover the input without gap or overlap, and text is valid UTF-8. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_str input = mes_str_make((const char *)data, size);
    struct mes_mime_html html;
    struct mes_mime_html_token token;
    struct mes_str value;
    size_t at = 0;
    mes_mime_html_init(&html, input);
    while (mes_mime_html_next(&html, &token)) {
        assert(token.whole.data == input.data + at && token.whole.size > 0);
        at += token.whole.size;
        (void)mes_mime_html_attribute(&token, "href", &value);
    }
    assert(html.at == size);
    struct mes_buf out;
    mes_buf_init(&out, 1 << 20);
    mes_mime_html_to_text(input, &out);
    assert(out.failed != 0 || mes_utf8_is_valid(mes_buf_str(&out)));
    mes_buf_clear(&out);
    mes_mime_html_to_line(input, 100, &out);
    (void)mes_mime_html_title(input, &out, NULL);
    assert(mes_utf8_is_valid(mes_buf_str(&out)));
    mes_buf_fini(&out);
    return 0;
}
