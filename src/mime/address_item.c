#include "mime/address_item.h"

#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/domain.h"
#include "mime/limits.h"

/* One item under examination. Places are pointers into `text`: the item, or a copy of it in which full-width
 * characters of the address are put right, one for one, so that columns stay the same. */
struct parser {
    struct mes_str item; /* as it was written, for the sentence */
    struct mes_str text;
    size_t column; /* of the item's first character */
    struct mes_arena *arena;
    struct mes_address *address;
    struct mes_error *error;
};

static int refuse(const struct parser *parser, int sentence, const char *where, const char *detail)
{
    size_t column = parser->column;
    for (const char *c = parser->text.data; c < where; c++)
        column += ((unsigned char)*c & 0xC0) != 0x80;
    return mes_fail(parser->error, MES_E_INPUT, sentence,
                    MES_ARGS(MES_TEXT(parser->item), MES_NUMBER(column), detail));
}

static int refuse_character(const struct parser *parser, int sentence, const char *where)
{
    char shown[2] = {*where, '\0'};
    return refuse(parser, sentence, where, shown);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 5322 3.2.3, and anything above ASCII by RFC 6532. */
static bool is_atext(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') ||
           (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

struct mes_str mes_mime_trim_blanks(struct mes_str text)
{
    while (text.size > 0 && is_blank(text.data[0]))
        text = mes_str_skip(text, 1);
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

/* Characters that nobody sees do not belong in an address; in a name some do (joiners of emoji, directions).
 */
static bool is_invisible(uint32_t character)
{
    if (character < 0x80)
        return false;
    switch (utf8proc_category((utf8proc_int32_t)character)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
        return true;
    default:
        return false;
    }
}

/* Nothing below looks at bytes that are not sound UTF-8 without controls. */
static int check_characters(const struct parser *parser)
{
    struct mes_str item = parser->text;
    size_t at = 0;
    uint32_t character;
    while (at < item.size) {
        const char *where = item.data + at;
        if (!mes_utf8_next(item, &at, &character))
            return refuse(parser, MES_SAY_address_not_utf8, where, "");
        if ((character < 0x20 && character != '\t') || character == 0x7F)
            return refuse(parser, MES_SAY_address_control, where, "");
    }
    return 0;
}

static int check_visible(const struct parser *parser, struct mes_str spec)
{
    size_t at = 0;
    uint32_t character;
    for (size_t before = 0; mes_utf8_next(spec, &at, &character); before = at) {
        char code[16];
        if (!is_invisible(character))
            continue;
        (void)snprintf(code, sizeof code, "%04X", (unsigned)character);
        return refuse(parser, MES_SAY_address_invisible, spec.data + before, code);
    }
    return 0;
}

/* The end of a quoted string that begins at `at` (the place of its closing quote); SIZE_MAX when it has none.
 */
static size_t end_of_quoted(struct mes_str text, size_t at)
{
    for (at++; at < text.size; at++) {
        if (text.data[at] == '\\')
            at++;
        else if (text.data[at] == '"')
            return at;
    }
    return SIZE_MAX;
}

/* Adds what a quoted string says, without its quotes and backslashes. */
static void add_unquoted(struct mes_buf *out, struct mes_str quoted)
{
    for (size_t i = 1; i + 1 < quoted.size; i++) {
        if (quoted.data[i] == '\\')
            i++;
        mes_buf_add_char(out, quoted.data[i]);
    }
}

/* Why a character may not stand in a name without quotes; 0 when it may. */
static int fault_in_name(char c)
{
    switch (c) {
    case '(':
    case ')':
        return MES_SAY_address_comment;
    case ':':
        return MES_SAY_address_group;
    case '@':
    case '\\':
    case '[':
    case ']':
        return MES_SAY_address_name_at;
    case '>':
        return MES_SAY_address_bracket;
    default:
        return 0;
    }
}

/* Words and quoted strings before the '<'; runs of blanks between them become one. */
static int parse_name(struct parser *parser, struct mes_str phrase)
{
    struct mes_buf name;
    int code = 0;
    phrase = mes_mime_trim_blanks(phrase);
    mes_buf_init(&name, MES_LIMIT_NAME);
    for (size_t at = 0; at < phrase.size && code == 0; at++) {
        char c = phrase.data[at];
        if (c == '"') {
            size_t end = end_of_quoted(phrase, at);
            if (end == SIZE_MAX)
                code = refuse(parser, MES_SAY_address_quote, phrase.data + at, "");
            else
                add_unquoted(&name, mes_str_cut(phrase, at, end - at + 1));
            at = end;
        } else if (fault_in_name(c) != 0) {
            code = refuse_character(parser, fault_in_name(c), phrase.data + at);
        } else if (!is_blank(c)) {
            mes_buf_add_char(&name, c);
        } else if (!is_blank(phrase.data[at - 1])) {
            mes_buf_add_char(&name, ' ');
        }
    }
    if (code == 0 && name.failed == MES_E_LIMIT)
        code = refuse(parser, MES_SAY_address_too_long, phrase.data, "");
    else if (code == 0 && name.failed != 0)
        code = mes_fail_nomem(parser->error);
    parser->address->name = mes_arena_copy(parser->arena, mes_mime_trim_blanks(mes_buf_str(&name)));
    mes_buf_fini(&name);
    return code;
}

/* Finds the address in the item: all of it, or what stands in the angle brackets behind a name. */
static int find_spec(struct parser *parser, struct mes_str *spec_out)
{
    struct mes_str item = parser->text;
    size_t open = SIZE_MAX, close = SIZE_MAX;
    for (size_t at = 0; at < item.size && close == SIZE_MAX; at++) {
        if (item.data[at] == '"') {
            size_t end = end_of_quoted(item, at);
            if (end == SIZE_MAX)
                return refuse(parser, MES_SAY_address_quote, item.data + at, "");
            at = end;
        } else if (item.data[at] == '<' && open == SIZE_MAX) {
            open = at;
        } else if (item.data[at] == '>' && open != SIZE_MAX) {
            close = at;
        }
    }
    *spec_out = item;
    parser->address->name = "";
    if (open == SIZE_MAX)
        return 0;
    if (close == SIZE_MAX)
        return refuse(parser, MES_SAY_address_bracket, item.data + open, "");
    struct mes_str behind = mes_mime_trim_blanks(mes_str_skip(item, close + 1));
    if (behind.size > 0)
        return refuse(parser, MES_SAY_address_after_bracket, behind.data, "");
    *spec_out = mes_mime_trim_blanks(mes_str_cut(item, open + 1, close - open - 1));
    return parse_name(parser, mes_str_cut(item, 0, open));
}

/* What a character that ends the local part says about it. */
static int fault_in_local(char c)
{
    switch (c) {
    case ' ':
    case '\t':
        return MES_SAY_address_blank;
    case '(':
    case ')':
        return MES_SAY_address_comment;
    case ':':
    case ';':
    case ',':
        return MES_SAY_address_group;
    case '<':
    case '>':
        return MES_SAY_address_bracket;
    case '"':
        return MES_SAY_address_quote;
    default:
        return MES_SAY_address_character;
    }
}

/* May stand without quotes, and is read back as it is: `＠` and `．` would be put right. */
static bool is_dot_string(struct mes_str text)
{
    if (text.size == 0 || text.data[0] == '.' || text.data[text.size - 1] == '.')
        return false;
    if (mes_str_find(text, MES_STR("＠"), 0) != SIZE_MAX || mes_str_find(text, MES_STR("．"), 0) != SIZE_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '.' ? text.data[i - 1] == '.' : !is_atext(text.data[i]))
            return false;
    }
    return true;
}

/* A quoted local part as it must be written: without quotes when it needs none, so that two spellings of one
 * mailbox are one, and with backslashes only where they are needed. */
static void add_local(struct mes_buf *out, struct mes_str content)
{
    if (is_dot_string(content)) {
        mes_buf_add_str(out, content);
        return;
    }
    mes_buf_add_char(out, '"');
    for (size_t i = 0; i < content.size; i++) {
        if (content.data[i] == '"' || content.data[i] == '\\')
            mes_buf_add_char(out, '\\');
        mes_buf_add_char(out, content.data[i]);
    }
    mes_buf_add_char(out, '"');
}

/* `"…"@`; `*at` becomes the place of the '@'. */
static int parse_quoted_local(const struct parser *parser, struct mes_str spec, size_t *at,
                              struct mes_buf *out)
{
    struct mes_buf content;
    size_t end = end_of_quoted(spec, 0);
    if (end == SIZE_MAX || memchr(spec.data, '\t', end) != NULL)
        return refuse(parser, MES_SAY_address_quote, spec.data, "");
    if (end + 1 < spec.size && spec.data[end + 1] != '@')
        return refuse(parser, MES_SAY_address_quote, spec.data + end + 1, "");
    mes_buf_init(&content, SIZE_MAX);
    add_unquoted(&content, mes_str_cut(spec, 0, end + 1));
    int code = 0;
    if (content.size == 0)
        code = refuse(parser, MES_SAY_address_no_local, spec.data, "");
    else if (content.data[0] == '-')
        code = refuse(parser, MES_SAY_address_dash, spec.data, "");
    else
        add_local(out, mes_buf_str(&content));
    if (content.failed != 0)
        code = mes_fail_nomem(parser->error);
    mes_buf_fini(&content);
    *at = end + 1;
    return code;
}

static int parse_dotted_local(const struct parser *parser, struct mes_str spec, size_t *at,
                              struct mes_buf *out)
{
    if (spec.data[0] == '@')
        return refuse(parser,
                      memchr(spec.data, ':', spec.size) != NULL ? MES_SAY_address_route
                                                                : MES_SAY_address_no_local,
                      spec.data, "");
    if (spec.data[0] == '-')
        return refuse(parser, MES_SAY_address_dash, spec.data, "");
    if (mes_str_starts(spec, MES_STR("=?")))
        return refuse(parser, MES_SAY_address_encoded_word, spec.data, "");
    for (*at = 0; *at < spec.size && spec.data[*at] != '@'; ++*at) {
        char c = spec.data[*at];
        bool is_bad_dot = c == '.' && (*at == 0 || *at + 1 == spec.size || spec.data[*at + 1] == '.' ||
                                       spec.data[*at + 1] == '@');
        if (is_bad_dot)
            return refuse(parser, MES_SAY_address_dot, spec.data + *at, "");
        if (c != '.' && !is_atext(c))
            return refuse_character(parser, fault_in_local(c), spec.data + *at);
    }
    mes_buf_add(out, spec.data, *at);
    return 0;
}

/* Faults of a domain that say more than "this is no domain". */
static int check_domain(const struct parser *parser, struct mes_str domain)
{
    for (size_t i = 0; i < domain.size; i++) {
        char c = domain.data[i];
        if (c == '@')
            return refuse(parser, MES_SAY_address_two_at, domain.data + i, "");
        if (is_blank(c) || c == '(' || c == '<' || c == '>' || c == '"')
            return refuse(parser, fault_in_local(c), domain.data + i, "");
    }
    return 0;
}

/* What a full-width character of an address stands for; 0 for all others. */
static char narrow_form(uint32_t character, bool is_behind_at)
{
    if (character == 0xFF20)
        return '@';
    if (character == 0xFF0E || (is_behind_at && (character == 0x3002 || character == 0xFF61)))
        return '.';
    bool is_digit = character >= 0xFF10 && character <= 0xFF19;
    bool is_letter =
        (character >= 0xFF21 && character <= 0xFF3A) || (character >= 0xFF41 && character <= 0xFF5A);
    if (is_digit || is_letter || character == 0xFF0D || character == 0xFF3F)
        return (char)(character - 0xFEE0);
    return '\0';
}

/* Appends `spec` with what a Chinese keyboard makes of '@', '.', letters and digits put right, but in a
 * quoted local part. */
static bool narrow(struct mes_str spec, struct mes_buf *out)
{
    bool is_behind_at = false, is_changed = false;
    size_t end = spec.size > 0 && spec.data[0] == '"' ? end_of_quoted(spec, 0) : 0;
    size_t at = end != SIZE_MAX ? end : 0, from = at;
    uint32_t character;
    mes_buf_add(out, spec.data, at);
    for (; mes_utf8_next(spec, &at, &character); from = at) {
        char narrowed = narrow_form(character, is_behind_at);
        is_behind_at |= character == '@' || narrowed == '@';
        is_changed |= narrowed != '\0';
        if (narrowed != '\0')
            mes_buf_add_char(out, narrowed);
        else
            mes_buf_add(out, spec.data + from, at - from);
    }
    return is_changed;
}

/* Moves the parser to a copy with a narrowed spec if that differs. */
static int narrow_text(struct parser *parser, struct mes_str *spec, bool *is_changed_out)
{
    size_t before = (size_t)(spec->data - parser->text.data);
    struct mes_buf text;
    *is_changed_out = false;
    if (mes_utf8_is_ascii(*spec))
        return 0;
    mes_buf_init(&text, SIZE_MAX);
    mes_buf_add(&text, parser->text.data, before);
    *is_changed_out = narrow(*spec, &text);
    size_t size = text.size;
    const char *copy = text.failed == 0 ? mes_arena_copy(parser->arena, mes_buf_str(&text)) : NULL;
    mes_buf_fini(&text);
    if (copy == NULL)
        return mes_fail_nomem(parser->error);
    parser->text = mes_str_make(copy, size);
    *spec = mes_str_skip(parser->text, before);
    return 0;
}

static int parse_domain(const struct parser *parser, struct mes_str domain, const char **ascii_out)
{
    struct mes_domain_fault found;
    int code = check_domain(parser, domain);
    if (code != 0)
        return code;
    code = mes_mime_domain_parse(domain, parser->arena, ascii_out, &found);
    if (code == MES_E_NOMEM)
        return mes_fail_nomem(parser->error);
    return code == 0 ? 0 : refuse(parser, found.sentence, domain.data + found.offset, found.detail);
}

/* Puts local part and domain together into the address. */
static int fill_in(struct parser *parser, struct mes_str local, const char *ascii, struct mes_str domain)
{
    struct mes_address *address = parser->address;
    struct mes_buf whole;
    mes_buf_init(&whole, SIZE_MAX);
    mes_buf_add_str(&whole, local);
    mes_buf_add_char(&whole, '@');
    mes_buf_add_text(&whole, ascii);
    bool is_too_long = whole.size > MES_LIMIT_ADDRESS;
    address->spec = mes_arena_copy(parser->arena, mes_buf_str(&whole));
    mes_buf_truncate(&whole, whole.failed != 0 ? whole.size : local.size + 1);
    mes_buf_add_str(&whole, domain);
    address->shown = mes_arena_copy(parser->arena, mes_buf_str(&whole));
    bool is_there =
        whole.failed == 0 && address->name != NULL && address->spec != NULL && address->shown != NULL;
    mes_buf_fini(&whole);
    address->local_size = local.size;
    address->needs_smtputf8 = !mes_utf8_is_ascii(local);
    if (is_too_long)
        return refuse(parser, MES_SAY_address_too_long, parser->text.data, "");
    return is_there ? 0 : mes_fail_nomem(parser->error);
}

static int parse_spec(struct parser *parser, struct mes_str spec)
{
    struct mes_buf local;
    size_t at = 0;
    const char *ascii = NULL;
    int code = check_visible(parser, spec);
    if (code != 0)
        return code;
    if (spec.size == 0)
        return refuse(parser, MES_SAY_address_no_at, spec.data, "");
    mes_buf_init(&local, SIZE_MAX);
    code = spec.data[0] == '"' ? parse_quoted_local(parser, spec, &at, &local)
                               : parse_dotted_local(parser, spec, &at, &local);
    struct mes_str domain = mes_str_skip(spec, at + 1);
    if (code == 0 && local.failed != 0)
        code = mes_fail_nomem(parser->error);
    if (code == 0 && at >= spec.size)
        code = refuse(parser, MES_SAY_address_no_at, spec.data + spec.size, "");
    if (code == 0 && local.size > MES_LIMIT_LOCAL)
        code = refuse(parser, MES_SAY_address_local_too_long, spec.data, "");
    if (code == 0)
        code = parse_domain(parser, domain, &ascii);
    if (code == 0)
        code = fill_in(parser, mes_buf_str(&local), ascii, domain);
    mes_buf_fini(&local);
    return code;
}

int mes_mime_address_item_parse(const struct mes_address_item *source, struct mes_arena *arena,
                                const struct mes_notices *notices, struct mes_address *address_out,
                                struct mes_error *error)
{
    struct parser parser = {.item = source->text,
                            .text = source->text,
                            .column = source->column,
                            .arena = arena,
                            .address = address_out,
                            .error = error};
    struct mes_str spec;
    bool is_narrowed = false;
    *address_out = (struct mes_address){0};
    if (source->text.size == 0)
        return mes_fail(error, MES_E_INPUT, MES_SAY_address_empty, MES_NO_ARGS);
    if (source->text.size > MES_LIMIT_ADDRESS * 4 + MES_LIMIT_NAME * 2)
        return refuse(&parser, MES_SAY_address_too_long, source->text.data, "");
    int code = check_characters(&parser);
    if (code == 0)
        code = find_spec(&parser, &spec);
    if (code == 0)
        code = narrow_text(&parser, &spec, &is_narrowed);
    if (code == 0)
        code = parse_spec(&parser, spec);
    if (code == 0 && is_narrowed)
        mes_notice(notices, MES_SAY_address_full_width, MES_ARGS(MES_TEXT(source->text), address_out->shown));
    return code;
}
