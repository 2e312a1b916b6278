#include "csv/decode.h"

#include <errno.h>
#include <iconv.h>

#include "base/utf8.h"
#include "i18n/say.h"

/* HKSCS is Big5 with the characters of Hong Kong. */
static const char *const iconv_names[MES_CHARSET_COUNT] = {
    [MES_CHARSET_UTF_16LE] = "UTF-16LE",
    [MES_CHARSET_UTF_16BE] = "UTF-16BE",
    [MES_CHARSET_GB18030] = "GB18030",
    [MES_CHARSET_BIG5] = "BIG5-HKSCS",
};

enum { PIECE = 4096 };

int mes_csv_decoder_init(struct mes_csv_decoder *decoder, enum mes_charset charset, struct mes_error *error)
{
    *decoder = (struct mes_csv_decoder){.charset = charset};
    if (charset == MES_CHARSET_UTF_8)
        return 0;
    iconv_t opened = iconv_open("UTF-8", iconv_names[charset]);
    if (opened == (iconv_t)-1)
        return mes_fail_system(error, iconv_names[charset], errno);
    decoder->iconv = opened;
    return 0;
}

void mes_csv_decoder_fini(struct mes_csv_decoder *decoder)
{
    if (decoder->iconv != NULL)
        iconv_close(decoder->iconv);
    decoder->iconv = NULL;
}

/* Do these bytes, the last ones so far, begin a character that is longer? */
static bool is_cut(struct mes_str rest)
{
    unsigned char first = (unsigned char)rest.data[0];
    size_t wanted = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
    for (size_t i = 1; i < rest.size; i++)
        if (((unsigned char)rest.data[i] & 0xC0) != 0x80)
            return false;
    return first <= 0xF4 && rest.size < wanted;
}

static size_t decode_utf8(struct mes_str bytes, bool is_end, struct mes_buf *text)
{
    struct mes_str piece = mes_str_cut(bytes, 0, PIECE);
    size_t valid = 0, size;
    while ((size = mes_utf8_valid_size(mes_str_skip(piece, valid))) > 0)
        valid += size;
    mes_buf_add(text, piece.data, valid);
    if (valid > 0 || piece.size == 0 || (!is_end && is_cut(bytes)))
        return valid;
    mes_buf_add_char(text, MES_CSV_INVALID);
    return 1;
}

static size_t decode_other(struct mes_csv_decoder *decoder, struct mes_str bytes, bool is_end,
                           struct mes_buf *text)
{
    char *in = (char *)(uintptr_t)bytes.data; /* iconv does not write there */
    char *out = mes_buf_reserve(text, PIECE);
    if (out == NULL)
        return 0;
    char *begin = out;
    size_t in_left = bytes.size, out_left = PIECE;
    size_t code = iconv(decoder->iconv, &in, &in_left, &out, &out_left);
    int failure = code == (size_t)-1 ? errno : 0;
    if (in_left == 0 && is_end) /* some sets keep a character back until they know what follows */
        (void)iconv(decoder->iconv, NULL, NULL, &out, &out_left);
    mes_buf_commit(text, (size_t)(out - begin));
    bool is_invalid = failure == EILSEQ || (failure == EINVAL && is_end);
    if (in_left < bytes.size || !is_invalid)
        return bytes.size - in_left;
    bool is_wide = decoder->charset == MES_CHARSET_UTF_16LE || decoder->charset == MES_CHARSET_UTF_16BE;
    mes_buf_add_char(text, MES_CSV_INVALID);
    return is_wide && bytes.size > 1 ? 2 : 1;
}

size_t mes_csv_decode(struct mes_csv_decoder *decoder, struct mes_str bytes, bool is_end,
                      struct mes_buf *text)
{
    mes_buf_clear(text);
    if (decoder->charset == MES_CHARSET_UTF_8)
        return decode_utf8(bytes, is_end, text);
    return decode_other(decoder, bytes, is_end, text);
}
