#include "smtp/saslprep.h"

#include <utf8proc.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/utf8.h"

struct range {
    uint32_t first, last;
};

/* RFC 3454 table B.1, commonly mapped to nothing. */
static const struct range invisible[] = {
    {0xAD, 0xAD},     {0x34F, 0x34F},   {0x1806, 0x1806}, {0x180B, 0x180D},
    {0x200B, 0x200D}, {0x2060, 0x2060}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF},
};

/* What the categories of Unicode do not cover: tables C.2.2, C.6, C.7, C.8 and C.9. */
static const struct range prohibited[] = {
    {0x340, 0x341},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x180E, 0x180E}, {0x200E, 0x200F},
    {0x2028, 0x202E},   {0x2061, 0x2063},   {0x206A, 0x206F},   {0x2FF0, 0x2FFB}, {0xFFF9, 0xFFFD},
    {0x1D173, 0x1D17A}, {0xE0001, 0xE0001}, {0xE0020, 0xE007F},
};

static bool stands_in(const struct range *ranges, size_t count, uint32_t character)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

#define STANDS_IN(ranges, character) stands_in((ranges), sizeof(ranges) / sizeof(ranges)[0], (character))

static bool is_prohibited(uint32_t character)
{
    bool is_no_character = (character & 0xFFFE) == 0xFFFE || (character >= 0xFDD0 && character <= 0xFDEF);
    switch (utf8proc_category((utf8proc_int32_t)character)) {
    case UTF8PROC_CATEGORY_CC: /* C.2.1, C.2.2 */
    case UTF8PROC_CATEGORY_CO: /* C.3 */
    case UTF8PROC_CATEGORY_CS: /* C.5 */
        return true;
    default:
        return is_no_character || STANDS_IN(prohibited, character); /* C.4 and the rest */
    }
}

/* Step 2.1. Never longer than the text. */
static void map(struct mes_str text, struct mes_buf *out)
{
    uint32_t character;
    for (size_t at = 0; mes_utf8_next(text, &at, &character);) {
        bool is_blank = utf8proc_category((utf8proc_int32_t)character) == UTF8PROC_CATEGORY_ZS;
        if (!STANDS_IN(invisible, character))
            mes_utf8_add(out, is_blank ? ' ' : character);
    }
}

/* Step 2.2: `mapped` becomes NFKC. False: no memory. */
static bool compose(struct mes_buf *mapped)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)mes_buf_text(mapped);
    utf8proc_ssize_t size = (utf8proc_ssize_t)mapped->size;
    utf8proc_ssize_t count = utf8proc_decompose(bytes, size, NULL, 0, options);
    if (count < 0)
        return false;
    size_t room = ((size_t)count + 1) * sizeof(utf8proc_int32_t);
    utf8proc_int32_t *characters = mes_alloc(room);
    if (characters == NULL)
        return false;
    count = utf8proc_decompose(bytes, size, characters, count, options);
    count = count < 0 ? count : utf8proc_reencode(characters, count, options); /* in place, as UTF-8 */
    mes_wipe(mapped->data, mapped->capacity);
    mes_buf_clear(mapped);
    if (count > 0)
        mes_buf_add(mapped, (const char *)characters, (size_t)count);
    mes_wipe(characters, room);
    mes_free(characters);
    return count >= 0 && mapped->failed == 0;
}

/* Steps 2.3 and 2.4. */
static bool is_allowed(struct mes_str text)
{
    bool has_left = false, has_right = false, is_right = false, began_right = false;
    uint32_t character;
    for (size_t at = 0; mes_utf8_next(text, &at, &character);) {
        bool is_first = at == mes_utf8_valid_size(text);
        utf8proc_bidi_class_t direction =
            (utf8proc_bidi_class_t)utf8proc_get_property((utf8proc_int32_t)character)->bidi_class;
        if (is_prohibited(character))
            return false;
        is_right = direction == UTF8PROC_BIDI_CLASS_R || direction == UTF8PROC_BIDI_CLASS_AL;
        has_right = has_right || is_right;
        has_left = has_left || direction == UTF8PROC_BIDI_CLASS_L;
        began_right = began_right || (is_first && is_right);
    }
    return !has_right || (!has_left && began_right && is_right);
}

bool mes_smtp_saslprep(struct mes_str text, struct mes_buf *out)
{
    struct mes_buf mapped;
    if (!mes_utf8_is_valid(text))
        return false;
    /* NFKC makes a character eighteen at most (U+FDFA); taken at once, so that no copy is left by growing. */
    size_t most = mes_utf8_is_ascii(text) ? text.size + 1 : 12 * text.size + 1;
    mes_buf_init(&mapped, most);
    bool has_room = mes_buf_reserve(&mapped, most) != NULL;
    map(text, &mapped);
    bool is_good = has_room && compose(&mapped);
    if (!is_good)
        out->failed = MES_E_NOMEM;
    is_good = is_good && is_allowed(mes_buf_str(&mapped));
    if (is_good)
        mes_buf_add_str(out, mes_buf_str(&mapped));
    mes_wipe(mapped.data, mapped.capacity);
    mes_buf_fini(&mapped);
    return is_good && out->failed == 0;
}

void mes_smtp_saslname_add(struct mes_buf *out, struct mes_str name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == ',')
            mes_buf_add_text(out, "=2C");
        else if (name.data[i] == '=')
            mes_buf_add_text(out, "=3D");
        else
            mes_buf_add_char(out, name.data[i]);
    }
}
