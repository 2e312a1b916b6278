#include "smtp/ehlo.h"

enum { KEYWORD_MOST = 64, KEYWORDS_BYTES = MES_SMTP_KEYWORDS_MOST * (KEYWORD_MOST + 1) };

void mes_smtp_ehlo_init(struct mes_smtp_ehlo *ehlo)
{
    *ehlo = (struct mes_smtp_ehlo){0};
    mes_buf_init(&ehlo->keywords, KEYWORDS_BYTES);
}

void mes_smtp_ehlo_fini(struct mes_smtp_ehlo *ehlo)
{
    mes_buf_fini(&ehlo->keywords);
}

void mes_smtp_ehlo_clear(struct mes_smtp_ehlo *ehlo)
{
    struct mes_buf kept = ehlo->keywords;
    *ehlo = (struct mes_smtp_ehlo){.keywords = kept};
    mes_buf_clear(&ehlo->keywords);
}

/* ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); '_' has been seen. */
static bool is_keyword(struct mes_str word)
{
    if (word.size == 0 || word.size > KEYWORD_MOST || word.data[0] == '-')
        return false;
    for (size_t i = 0; i < word.size; i++) {
        char c = mes_lower(word.data[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

static void read_mechanisms(struct mes_smtp_ehlo *ehlo, struct mes_str arguments)
{
    struct mes_str word;
    while (mes_str_next(&arguments, ' ', &word))
        ehlo->mechanisms |= mes_smtp_mechanism_bit(mes_smtp_mechanism_find(word));
}

/* RFC 1870: no number and 0 both mean that no limit is named. */
static void read_size(struct mes_smtp_ehlo *ehlo, struct mes_str argument)
{
    uint64_t limit = 0;
    ehlo->size = argument.size == 0 || mes_str_to_uint(argument, UINT64_MAX, &limit);
    ehlo->size_limit = ehlo->size ? limit : 0;
}

static void read_keyword(struct mes_smtp_ehlo *ehlo, struct mes_str keyword, struct mes_str arguments)
{
    const struct {
        struct mes_str name;
        bool *offered;
    } flags[] = {{MES_STR("STARTTLS"), &ehlo->starttls},
                 {MES_STR("PIPELINING"), &ehlo->pipelining},
                 {MES_STR("8BITMIME"), &ehlo->eightbitmime},
                 {MES_STR("SMTPUTF8"), &ehlo->smtputf8},
                 {MES_STR("DSN"), &ehlo->dsn},
                 {MES_STR("REQUIRETLS"), &ehlo->requiretls},
                 {MES_STR("CHUNKING"), &ehlo->chunking}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (mes_str_eq_nocase(keyword, flags[i].name))
            *flags[i].offered = true;
    if (mes_str_eq_nocase(keyword, MES_STR("SIZE")))
        read_size(ehlo, arguments);
    if (mes_str_eq_nocase(keyword, MES_STR("AUTH")))
        read_mechanisms(ehlo, arguments);
}

/* Is `a` to stand before `b`? Only ASCII, whatever the case. */
static bool is_before(struct mes_str a, struct mes_str b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (mes_lower(a.data[i]) != mes_lower(b.data[i]))
            return mes_lower(a.data[i]) < mes_lower(b.data[i]);
    return a.size < b.size;
}

/* Puts the keyword in its place of the sorted list, once. */
static size_t insert(struct mes_str list[MES_SMTP_KEYWORDS_MOST], size_t count, struct mes_str keyword)
{
    size_t at = count;
    while (at > 0 && is_before(keyword, list[at - 1]))
        at--;
    if (at > 0 && mes_str_eq_nocase(list[at - 1], keyword))
        return count;
    for (size_t i = count; i > at; i--)
        list[i] = list[i - 1];
    list[at] = keyword;
    return count + 1;
}

static void write_keywords(struct mes_buf *out, const struct mes_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            mes_buf_add_char(out, ' ');
        for (size_t k = 0; k < list[i].size; k++) {
            char c = list[i].data[k];
            mes_buf_add_char(out, c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c);
        }
    }
}

bool mes_smtp_ehlo_parse(struct mes_smtp_ehlo *ehlo, struct mes_str text)
{
    struct mes_str list[MES_SMTP_KEYWORDS_MOST], line, keyword;
    size_t count = 0;
    mes_smtp_ehlo_clear(ehlo);
    (void)mes_str_next(&text, '\n', &line); /* the first line is the relay's name */
    while (count < MES_SMTP_KEYWORDS_MOST && mes_str_next(&text, '\n', &line)) {
        line = mes_str_trim(line);
        /* "AUTH=LOGIN PLAIN" is what servers said before RFC 2554, and some still do. */
        char separator = mes_str_starts_nocase(line, MES_STR("AUTH=")) ? '=' : ' ';
        if (!mes_str_next(&line, separator, &keyword) || !is_keyword(keyword))
            continue;
        read_keyword(ehlo, keyword, line.data != NULL ? mes_str_trim(line) : MES_STR(""));
        count = insert(list, count, keyword);
    }
    write_keywords(&ehlo->keywords, list, count);
    return ehlo->keywords.failed == 0;
}
