#include "csv/charset.h"

#include "base/utf8.h"
#include "csv/decode.h"

static const struct {
    const char *name;
    enum mes_charset charset;
} names[] = {
    /* The first of each is how it is shown. */
    {"auto", MES_CHARSET_AUTO},         {"UTF-8", MES_CHARSET_UTF_8},     {"UTF-16LE", MES_CHARSET_UTF_16LE},
    {"UTF-16BE", MES_CHARSET_UTF_16BE}, {"GB18030", MES_CHARSET_GB18030}, {"Big5", MES_CHARSET_BIG5},
    {"UTF8", MES_CHARSET_UTF_8},        {"UTF-16", MES_CHARSET_UTF_16LE}, {"GBK", MES_CHARSET_GB18030},
    {"GB2312", MES_CHARSET_GB18030},    {"CP936", MES_CHARSET_GB18030},   {"Big5-HKSCS", MES_CHARSET_BIG5},
    {"CP950", MES_CHARSET_BIG5},
};

bool mes_csv_charset_parse(struct mes_str name, enum mes_charset *charset_out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (mes_str_eq_nocase(name, mes_str_of(names[i].name))) {
            *charset_out = names[i].charset;
            return true;
        }
    return false;
}

const char *mes_csv_charset_name(enum mes_charset charset)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].charset == charset)
            return names[i].name;
    return "";
}

static const struct {
    enum mes_charset charset;
    struct mes_str mark;
} marks[] = {
    {MES_CHARSET_UTF_8, {"\xEF\xBB\xBF", 3}},
    {MES_CHARSET_UTF_16LE, {"\xFF\xFE", 2}},
    {MES_CHARSET_UTF_16BE, {"\xFE\xFF", 2}},
    {MES_CHARSET_GB18030, {"\x84\x31\x95\x33", 4}},
};

/* ASCII in UTF-16 has every other byte zero: one in four pairs is enough of a sign. A few zeros on the other
 * side are characters such as U+4E00. */
static enum mes_charset detect_wide(struct mes_str sample)
{
    size_t even = 0, odd = 0;
    size_t size = sample.size < 512 ? sample.size : 512;
    for (size_t i = 0; i < size; i++)
        *(i % 2 == 0 ? &even : &odd) += sample.data[i] == '\0';
    if (even > 0 && even * 8 >= size && even > odd * 3)
        return MES_CHARSET_UTF_16BE;
    if (odd > 0 && odd * 8 >= size && odd > even * 3)
        return MES_CHARSET_UTF_16LE;
    return MES_CHARSET_AUTO;
}

/* A broken character or two do not make UTF-8 something else: bytes of other sets hardly ever form characters
 * of it. */
static bool is_utf8(struct mes_str sample)
{
    size_t valid = 0, invalid = 0;
    for (size_t at = 0; at < sample.size;) {
        size_t size = mes_utf8_valid_size(mes_str_skip(sample, at));
        valid += size > 1;
        invalid += size == 0 && at + 3 < sample.size; /* the last one may be cut off */
        at += size > 0 ? size : 1;
    }
    return invalid * 5 <= valid;
}

static const uint16_t common[] = {
#include "csv/common.def"
};

static bool is_common(uint32_t character)
{
    size_t low = 0, high = sizeof common / sizeof common[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (common[middle] == character)
            return true;
        if (common[middle] < character)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static int points_of(uint32_t character)
{
    if (character < 0x80)
        return 0;
    if (is_common(character))
        return 3;
    bool is_ideograph = character >= 0x4E00 && character <= 0x9FFF;
    bool is_sign =
        (character >= 0x3000 && character <= 0x3020) || (character >= 0xFF01 && character <= 0xFF5E);
    return is_sign ? 2 : is_ideograph ? 0 : -2;
}

static long points_of_text(struct mes_str text)
{
    long points = 0;
    uint32_t character;
    for (size_t at = 0; at < text.size;) {
        if (mes_utf8_next(text, &at, &character)) {
            points += points_of(character);
        } else {
            points -= 10;
            at++;
        }
    }
    return points;
}

/* How much like Chinese the sample reads in that set; a set that the machine does not know is not it. */
static long score(struct mes_str sample, enum mes_charset charset)
{
    struct mes_csv_decoder decoder;
    struct mes_buf text;
    long points = 0;
    if (mes_csv_decoder_init(&decoder, charset, NULL) != 0)
        return INT32_MIN;
    mes_buf_init(&text, 64 * 1024);
    for (size_t at = 0, taken = 1; at < sample.size && taken > 0; at += taken) {
        taken = mes_csv_decode(&decoder, mes_str_skip(sample, at), false, &text);
        points += points_of_text(mes_buf_str(&text));
    }
    mes_buf_fini(&text);
    mes_csv_decoder_fini(&decoder);
    return points;
}

static bool find_mark(struct mes_str sample, enum mes_charset *charset_out, size_t *mark_out)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (mes_str_starts(sample, marks[i].mark)) {
            *charset_out = marks[i].charset;
            *mark_out = marks[i].mark.size;
            return true;
        }
    *mark_out = 0;
    *charset_out = detect_wide(sample);
    return *charset_out != MES_CHARSET_AUTO;
}

enum mes_charset mes_csv_charset_detect(struct mes_str sample, size_t *mark_out)
{
    enum mes_charset marked;
    if (mark_out != NULL && find_mark(sample, &marked, mark_out))
        return marked;
    if (is_utf8(sample))
        return MES_CHARSET_UTF_8;
    return score(sample, MES_CHARSET_BIG5) > score(sample, MES_CHARSET_GB18030) ? MES_CHARSET_BIG5
                                                                                : MES_CHARSET_GB18030;
}
