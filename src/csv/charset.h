/* Character sets of text files: finding out which one it is, and making UTF-8 of it. */
#ifndef MES_CSV_CHARSET_H
#define MES_CSV_CHARSET_H

#include "base/buf.h"

enum mes_charset {
    MES_CHARSET_AUTO,
    MES_CHARSET_UTF_8,
    MES_CHARSET_UTF_16LE,
    MES_CHARSET_UTF_16BE,
    MES_CHARSET_GB18030,
    MES_CHARSET_BIG5,
    MES_CHARSET_COUNT
};

/* "UTF-8", "GBK" (for GB18030), "big5" … whatever the case; false for anything else. */
bool mes_csv_charset_parse(struct mes_str name, enum mes_charset *charset_out);
const char *mes_csv_charset_name(enum mes_charset charset);

/* The most likely one, never AUTO: a byte order mark (`*mark_out`: its size) or zero bytes, else valid UTF-8,
 * else GB18030 or Big5, whichever gives more of the most used Chinese characters. The sample may end within a
 * character. NULL for `mark_out`: the sample is not the beginning of a file. */
enum mes_charset mes_csv_charset_detect(struct mes_str sample, size_t *mark_out);

#endif
