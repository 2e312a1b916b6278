#include "api/framing.h"

#include <string.h>

#include "i18n/say.h"

struct look {
    unsigned lengths, codings, hosts, expects;
    struct mes_str coding;
    int sentence;      /* 0: nothing wrong so far */
    bool reads_buffer; /* names and values point into the bytes as they came */
    uintptr_t next;    /* where the next field's name must stand then; 0: not known */
};

static bool is_token(struct mes_str text)
{
    static const char specials[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_plain = (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z');
        if (!is_plain && memchr(specials, c, sizeof specials - 1) == NULL)
            return false;
    }
    return text.size > 0;
}

static bool is_printable(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* libmicrohttpd 0.9 parses in place and puts NUL over CR and LF. A field that does not begin two bytes behind
 * the value before it had a bare LF, a folded line or a NUL in front. Later versions refuse those themselves.
 */
static bool is_contiguous(struct look *look, struct mes_str name, struct mes_str value)
{
    bool is_next = look->next == 0 || (uintptr_t)name.data == look->next;
    look->next = (uintptr_t)value.data + value.size + 2;
    return !look->reads_buffer || (is_next && value.data[value.size + 1] == '\0');
}

static void count(struct look *look, struct mes_str name, struct mes_str value)
{
    if (mes_str_eq_nocase(name, MES_STR("Content-Length"))) {
        look->lengths++;
    } else if (mes_str_eq_nocase(name, MES_STR("Transfer-Encoding"))) {
        look->codings++;
        look->coding = value;
    } else if (mes_str_eq_nocase(name, MES_STR("Host"))) {
        look->hosts++;
    }
}

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *key, size_t key_size,
                               const char *value, size_t value_size)
{
    struct look *look = context;
    struct mes_str name = mes_str_make(key, key_size);
    struct mes_str text = mes_str_make(value != NULL ? value : "", value != NULL ? value_size : 0);
    (void)kind;
    if (!is_token(name))
        look->sentence = MES_SAY_api_bad_field_name;
    else if (!is_printable(text) || !is_contiguous(look, name, text))
        look->sentence = MES_SAY_api_bad_field_value;
    count(look, name, text);
    return look->sentence == 0 ? MHD_YES : MHD_NO;
}

/* The header ends with one empty line right behind the last field. libmicrohttpd 0.9 takes a line without a
 * name
 * (": x") for that line, and what follows it for a body or the next request. */
static bool ends_soundly(const struct look *look, struct MHD_Connection *connection, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return !look->reads_buffer || (info != NULL && look->next + 2 == (uintptr_t)method + info->header_size);
}

enum mes_api_framing mes_api_framing_check(struct MHD_Connection *connection, const char *method,
                                           const char *version, int *say_out)
{
    struct look look = {.reads_buffer = mes_str_starts(mes_str_of(MHD_get_version()), MES_STR("0.9."))};
    look.next = (uintptr_t)version + strlen(version) + 2;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look_at, &look);
    if (look.sentence == 0 && !ends_soundly(&look, connection, method))
        look.sentence = MES_SAY_api_bad_field_value;
    if (look.sentence == 0 && look.lengths + look.codings > 1)
        look.sentence = MES_SAY_api_two_lengths;
    if (look.sentence == 0 && look.hosts > 1)
        look.sentence = MES_SAY_api_two_hosts;
    *say_out = look.sentence;
    if (look.sentence != 0)
        return MES_API_FRAMING_BAD;
    *say_out = MES_SAY_api_unknown_coding;
    if (look.codings > 0 && !mes_str_eq_nocase(look.coding, MES_STR("chunked")))
        return MES_API_FRAMING_UNKNOWN_CODING;
    return MES_API_FRAMING_SOUND;
}
