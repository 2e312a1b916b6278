#include "mime/domain.h"

#include <idn2.h>

#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/limits.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_label_character(char c)
{
    return is_digit(c) || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') || c == '-';
}

static int fault(struct mes_domain_fault *fault_out, int sentence, size_t offset, const char *detail)
{
    *fault_out = (struct mes_domain_fault){.sentence = sentence, .offset = offset, .detail = detail};
    return MES_E_INPUT;
}

/* What is wrong with a label, as a sentence; 0 when nothing is. `*at` is where. */
static int check_label(struct mes_str label, size_t *at)
{
    *at = 0;
    if (label.size == 0)
        return MES_SAY_address_dot;
    if (label.size > MES_LIMIT_LABEL || label.data[0] == '-' || label.data[label.size - 1] == '-')
        return MES_SAY_address_label;
    for (*at = 0; *at < label.size; ++*at)
        if (!is_label_character(label.data[*at]))
            return MES_SAY_address_label;
    return 0;
}

static bool is_number(struct mes_str label)
{
    uint64_t value;
    return mes_str_to_uint(label, UINT64_MAX, &value);
}

static int check_ascii(struct mes_str domain, struct mes_domain_fault *fault_out)
{
    struct mes_str rest = domain, label = {0};
    size_t at;
    while (mes_str_next(&rest, '.', &label)) {
        int sentence = check_label(label, &at);
        if (sentence != 0)
            return fault(fault_out, sentence, (size_t)(label.data - domain.data) + at, "");
    }
    if (is_number(label))
        return fault(fault_out, MES_SAY_address_literal, 0, "");
    return 0;
}

/* [192.0.2.1]: four numbers up to 255 without leading zeros. */
static bool is_ipv4_literal(struct mes_str domain)
{
    if (domain.size < 2 || domain.data[domain.size - 1] != ']')
        return false;
    struct mes_str rest = mes_str_cut(domain, 1, domain.size - 2), part;
    unsigned count = 0;
    uint64_t value;
    while (mes_str_next(&rest, '.', &part)) {
        if (!mes_str_to_uint(part, 255, &value) || (part.size > 1 && part.data[0] == '0'))
            return false;
        count++;
    }
    return count == 4;
}

static int keep(struct mes_str domain, struct mes_arena *arena, const char **ascii_out)
{
    *ascii_out = mes_arena_copy(arena, domain);
    return *ascii_out != NULL ? 0 : MES_E_NOMEM;
}

/* What UTS 46 makes of the characters is checked once more: nothing may narrow to a CR or a second @. */
static int parse_international(struct mes_str domain, struct mes_arena *arena, const char **ascii_out,
                               struct mes_domain_fault *fault_out)
{
    const char *text = mes_arena_copy(arena, domain);
    uint8_t *ascii = NULL;
    if (text == NULL)
        return MES_E_NOMEM;
    int result = idn2_lookup_u8((const uint8_t *)text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result == IDN2_MALLOC)
        return MES_E_NOMEM;
    if (result != IDN2_OK)
        return fault(fault_out, MES_SAY_address_idn, 0, idn2_strerror(result));
    int code = keep(mes_str_of((const char *)ascii), arena, ascii_out);
    idn2_free(ascii);
    if (code == 0 && check_ascii(mes_str_of(*ascii_out), fault_out) != 0)
        code = fault(fault_out, MES_SAY_address_idn, 0, *ascii_out);
    return code;
}

int mes_mime_domain_parse(struct mes_str domain, struct mes_arena *arena, const char **ascii_out,
                          struct mes_domain_fault *fault_out)
{
    if (domain.size == 0)
        return fault(fault_out, MES_SAY_address_no_domain, 0, "");
    if (domain.size > MES_LIMIT_ADDRESS * 4)
        return fault(fault_out, MES_SAY_address_too_long, 0, "");
    if (domain.data[0] == '[')
        return is_ipv4_literal(domain) ? keep(domain, arena, ascii_out)
                                       : fault(fault_out, MES_SAY_address_literal, 0, "");
    if (!mes_utf8_is_ascii(domain))
        return parse_international(domain, arena, ascii_out, fault_out);
    int code = check_ascii(domain, fault_out);
    return code != 0 ? code : keep(domain, arena, ascii_out);
}

int mes_mime_domain_to_ascii(struct mes_str domain, struct mes_arena *arena, const char **ascii_out,
                             struct mes_error *error)
{
    struct mes_domain_fault found;
    int code = mes_mime_domain_parse(domain, arena, ascii_out, &found);
    if (code == MES_E_NOMEM)
        return mes_fail_nomem(error);
    if (code != 0)
        return mes_fail(error, code, found.sentence,
                        MES_ARGS(MES_TEXT(domain), MES_NUMBER(found.offset + 1), found.detail));
    return 0;
}
