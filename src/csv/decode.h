/* Making UTF-8 of bytes in another character set, piece by piece. */
#ifndef MES_CSV_DECODE_H
#define MES_CSV_DECODE_H

#include "base/error.h"
#include "csv/charset.h"

struct mes_csv_decoder {
    enum mes_charset charset;
    void *iconv; /* NULL: UTF-8, or not open */
};

/* `charset` is not AUTO. MES_E_SYSTEM when the machine does not know it. */
int mes_csv_decoder_init(struct mes_csv_decoder *decoder, enum mes_charset charset,
                         struct mes_error *error) MES_MUST_USE;
void mes_csv_decoder_fini(struct mes_csv_decoder *decoder);

/* Stands in decoded text for bytes that are no character: never part of UTF-8. */
#define MES_CSV_INVALID '\xFF'

/* Decodes from the front of `bytes` into `text`, which it empties first, and returns how many bytes it took:
 * not all, so go on until it takes none. A character that is not yet whole is left, unless it is the end of
 * the file. */
size_t mes_csv_decode(struct mes_csv_decoder *decoder, struct mes_str bytes, bool is_end,
                      struct mes_buf *text);

#endif
