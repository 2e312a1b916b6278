#include "base/transcode.h"

#include <errno.h>
#include <iconv.h>

enum { PIECE = 1024 };

static bool convert(iconv_t converter, struct mes_buf *out, struct mes_str text)
{
    char *from = (char *)text.data; /* iconv does not write there */
    size_t left = text.size;
    while (left > 0) {
        char piece[PIECE];
        char *to = piece;
        size_t room = sizeof piece;
        size_t result = iconv(converter, &from, &left, &to, &room);
        if (result == (size_t)-1 && errno != E2BIG)
            return false;
        mes_buf_add(out, piece, (size_t)(to - piece));
    }
    return true;
}

bool mes_transcode_to_utf8(struct mes_buf *out, const char *charset, struct mes_str text)
{
    iconv_t converter = iconv_open("UTF-8", charset);
    if (converter == (iconv_t)-1)
        return false;
    size_t before = out->size;
    bool ok = convert(converter, out, text);
    if (!ok)
        mes_buf_truncate(out, before);
    (void)iconv_close(converter);
    return ok;
}
