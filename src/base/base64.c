#include "base/base64.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define MES_HAS_AVX2 1
#else
#define MES_HAS_AVX2 0
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Two characters for each value of 12 bits: one look-up does the work of two. */
static char pairs[4096][2];
static pthread_once_t pairs_once = PTHREAD_ONCE_INIT;
static bool portable_only;

static void fill_pairs(void)
{
    for (unsigned value = 0; value < 4096; value++) {
        pairs[value][0] = alphabet[value >> 6];
        pairs[value][1] = alphabet[value & 63];
    }
}

/* Encodes whole groups of three. */
static void encode_by_table(const unsigned char *in, size_t groups, char *out)
{
    for (; groups > 0; groups--, in += 3, out += 4) {
        unsigned value = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
        memcpy(out, pairs[value >> 12], 2);
        memcpy(out + 2, pairs[value & 4095], 2);
    }
}

static size_t encode_tail(const unsigned char *in, size_t size, char *out)
{
    unsigned value = (unsigned)in[0] << 16 | (size > 1 ? (unsigned)in[1] << 8 : 0U);
    memcpy(out, pairs[value >> 12], 2);
    out[2] = size > 1 ? alphabet[value >> 6 & 63] : '=';
    out[3] = '=';
    return 4;
}

#if MES_HAS_AVX2
#define TARGET_AVX2 __attribute__((target("avx2")))

/* Each 32-bit lane holds the bytes b1 b0 b2 b1 of a group; gives the four 6-bit values in order, then their
 * letters. The method is Wojciech Muła's: two multiplications move the four fields at once, and one shuffle
 * finds the distance from a value to its letter. */
TARGET_AVX2 static inline __m256i letters_of(__m256i groups)
{
    const __m256i distances =
        _mm256_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0, 71, -4, -4, -4, -4,
                         -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
    __m256i first_third = _mm256_mulhi_epu16(_mm256_and_si256(groups, _mm256_set1_epi32(0x0fc0fc00)),
                                             _mm256_set1_epi32(0x04000040));
    __m256i second_fourth = _mm256_mullo_epi16(_mm256_and_si256(groups, _mm256_set1_epi32(0x003f03f0)),
                                               _mm256_set1_epi32(0x01000010));
    __m256i values = _mm256_or_si256(first_third, second_fourth);
    /* 0 for letters, 1 to 12 for digits, '+' and '/'; upper case is then told from lower case. */
    __m256i kinds = _mm256_subs_epu8(values, _mm256_set1_epi8(51));
    __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), values);
    kinds = _mm256_or_si256(kinds, _mm256_and_si256(is_upper, _mm256_set1_epi8(13)));
    return _mm256_add_epi8(values, _mm256_shuffle_epi8(distances, kinds));
}

/* 24 bytes to 32 characters; reads in[0] to in[27]. */
TARGET_AVX2 static inline void encode_24(const unsigned char *in, char *out)
{
    const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4,
                                           3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    __m256i bytes = _mm256_loadu2_m128i((const __m128i *)(const void *)(in + 12), (const void *)in);
    _mm256_storeu_si256((__m256i *)(void *)out, letters_of(_mm256_shuffle_epi8(bytes, order)));
}

/* The same, but reads in[0] to in[23]: the upper half is loaded four bytes early. */
TARGET_AVX2 static inline void encode_last_24(const unsigned char *in, char *out)
{
    const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 5, 4, 6, 5, 8,
                                           7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    __m256i bytes = _mm256_loadu2_m128i((const __m128i *)(const void *)(in + 8), (const void *)in);
    _mm256_storeu_si256((__m256i *)(void *)out, letters_of(_mm256_shuffle_epi8(bytes, order)));
}

TARGET_AVX2 static void encode_groups_avx2(const unsigned char *in, size_t groups, char *out)
{
    for (; groups >= 10; groups -= 8, in += 24, out += 32)
        encode_24(in, out);
    encode_by_table(in, groups, out);
}

/* 57 bytes are 24 + 24 + 9; the last step does the 24 that end the line, 15 of them a second time. */
TARGET_AVX2 static size_t encode_lines_avx2(const unsigned char *in, size_t lines, char *out)
{
    for (size_t i = 0; i < lines; i++, in += MES_BASE64_LINE_INPUT, out += MES_BASE64_LINE + 2) {
        encode_24(in, out);
        encode_24(in + 24, out + 32);
        encode_last_24(in + 33, out + 44);
        out[MES_BASE64_LINE] = '\r';
        out[MES_BASE64_LINE + 1] = '\n';
    }
    return lines * (MES_BASE64_LINE + 2);
}
#endif

static bool may_use_avx2(void)
{
#if MES_HAS_AVX2
    return !portable_only && __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

static void encode_groups(const unsigned char *in, size_t groups, char *out)
{
#if MES_HAS_AVX2
    if (may_use_avx2()) {
        encode_groups_avx2(in, groups, out);
        return;
    }
#endif
    encode_by_table(in, groups, out);
}

static size_t encode_lines(const unsigned char *in, size_t lines, char *out)
{
#if MES_HAS_AVX2
    if (may_use_avx2())
        return encode_lines_avx2(in, lines, out);
#endif
    for (size_t i = 0; i < lines; i++, in += MES_BASE64_LINE_INPUT, out += MES_BASE64_LINE + 2) {
        encode_by_table(in, MES_BASE64_LINE_INPUT / 3, out);
        out[MES_BASE64_LINE] = '\r';
        out[MES_BASE64_LINE + 1] = '\n';
    }
    return lines * (MES_BASE64_LINE + 2);
}

size_t mes_base64_size(size_t size)
{
    return size / 3 * 4 + (size % 3 != 0 ? 4 : 0);
}

void mes_base64_add(struct mes_buf *out, const void *data, size_t size)
{
    if (size == 0)
        return;
    char *at = mes_buf_reserve(out, mes_base64_size(size));
    if (at == NULL)
        return;
    pthread_once(&pairs_once, fill_pairs);
    const unsigned char *in = data;
    encode_groups(in, size / 3, at);
    if (size % 3 != 0)
        encode_tail(in + size / 3 * 3, size % 3, at + size / 3 * 4);
    mes_buf_commit(out, mes_base64_size(size));
}

size_t mes_base64_lines_size(size_t size)
{
    size_t characters = mes_base64_size(size);
    return characters + (characters + MES_BASE64_LINE - 1) / MES_BASE64_LINE * 2;
}

size_t mes_base64_lines_room(size_t size)
{
    /* Up to two waiting bytes come in, and the line may already be almost full. */
    return mes_base64_lines_size(size + 3) + 2;
}

static size_t end_full_line(struct mes_base64_lines *lines, char *out)
{
    if (lines->column < MES_BASE64_LINE)
        return 0;
    out[0] = '\r';
    out[1] = '\n';
    lines->column = 0;
    return 2;
}

/* Completes the group that an earlier call began; returns the input used. */
static size_t fill_waiting(struct mes_base64_lines *lines, const unsigned char *in, size_t size)
{
    size_t used = 0;
    while (lines->waiting_count > 0 && lines->waiting_count < 3 && used < size)
        lines->waiting[lines->waiting_count++] = in[used++];
    return used;
}

/* Whole groups up to the end of the line that is under way. */
static size_t encode_on_line(struct mes_base64_lines *lines, const unsigned char *in, size_t groups,
                             char *out)
{
    encode_groups(in, groups, out);
    lines->column += groups * 4;
    return groups * 4 + end_full_line(lines, out + groups * 4);
}

size_t mes_base64_lines_add(struct mes_base64_lines *lines, const void *data, size_t size, char *out)
{
    const unsigned char *in = data;
    pthread_once(&pairs_once, fill_pairs);
    size_t used = fill_waiting(lines, in, size), written = 0;
    if (lines->waiting_count == 3) {
        written += encode_on_line(lines, lines->waiting, 1, out);
        lines->waiting_count = 0;
    } else if (lines->waiting_count > 0) {
        return 0;
    }
    size_t groups = (size - used) / 3;
    if (lines->column > 0 && groups > 0) {
        size_t fitting = (MES_BASE64_LINE - lines->column) / 4;
        size_t now = groups < fitting ? groups : fitting;
        written += encode_on_line(lines, in + used, now, out + written);
        used += now * 3;
        groups -= now;
    }
    size_t whole = groups * 3 / MES_BASE64_LINE_INPUT;
    written += encode_lines(in + used, whole, out + written);
    used += whole * MES_BASE64_LINE_INPUT;
    groups = (size - used) / 3;
    if (groups > 0)
        written += encode_on_line(lines, in + used, groups, out + written);
    used += groups * 3;
    lines->waiting_count = size - used;
    memcpy(lines->waiting, in + used, size - used);
    return written;
}

size_t mes_base64_lines_end(struct mes_base64_lines *lines, char *out)
{
    size_t written = 0;
    if (lines->waiting_count > 0) {
        pthread_once(&pairs_once, fill_pairs);
        written = encode_tail(lines->waiting, lines->waiting_count, out);
        lines->column += written;
    }
    if (lines->column > 0) {
        out[written++] = '\r';
        out[written++] = '\n';
    }
    *lines = (struct mes_base64_lines){0};
    return written;
}

/* The 6 bits of a letter, or 64 for a character that is none. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* One group of four characters to `bytes` bytes; false for foreign characters or bits that no encoder sets.
 */
static bool decode_group(const char *in, size_t bytes, char *out)
{
    unsigned value = 0;
    for (size_t i = 0; i < bytes + 1; i++) {
        unsigned letter = value_of(in[i]);
        if (letter == 64)
            return false;
        value |= letter << (18 - 6 * i);
    }
    if ((value & (0xFFFFFFU >> (8 * bytes))) != 0)
        return false;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(value >> (16 - 8 * i) & 0xFF);
    return true;
}

bool mes_base64_decode(struct mes_str text, struct mes_buf *out)
{
    if (text.size % 4 != 0)
        return false;
    if (text.size == 0)
        return true;
    size_t padding = text.data[text.size - 1] != '=' ? 0 : text.data[text.size - 2] != '=' ? 1 : 2;
    size_t size = text.size / 4 * 3 - padding;
    char *at = mes_buf_reserve(out, size);
    if (at == NULL)
        return false;
    for (size_t done = 0, i = 0; i < text.size; i += 4, done += 3)
        if (!decode_group(text.data + i, size - done < 3 ? size - done : 3, at + done))
            return false;
    mes_buf_commit(out, size);
    return true;
}

void mes_base64_use_portable(bool is_portable)
{
    portable_only = is_portable;
}
