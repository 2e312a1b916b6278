#include "template/place.h"

#include <string.h>

enum state {
    IN_TEXT,
    AFTER_LESS,      /* "<" */
    IN_DECLARATION,  /* "<!", whatever it will be; name holds what came */
    IN_BOGUS,        /* "<!DOCTYPE", "<![endif]", "<?xml": up to ">" */
    IN_COMMENT,      /* matched counts the dashes */
    IN_TAG_NAME,     /* also "</" */
    IN_TAG,          /* between attributes */
    IN_ATTRIBUTE,    /* its name */
    AFTER_ATTRIBUTE, /* its name and a blank */
    BEFORE_VALUE,    /* "=" */
    IN_DOUBLE,
    IN_SINGLE,
    IN_UNQUOTED,
    IN_RAW, /* content of script, style, title, textarea: only their end tag ends it */
    STATE_COUNT
};

enum element { ORDINARY, SCRIPT, STYLE, TITLE, TEXTAREA, ELEMENT_COUNT };
static const char *const element_names[ELEMENT_COUNT] = {"", "script", "style", "title", "textarea"};

enum attribute { HARMLESS, URL, CSS, EVENT };
enum url { URL_BEGIN, URL_PATH, URL_QUERY };

static const char *const url_attributes[] = {"href",       "src",      "action",   "formaction",
                                             "background", "poster",   "longdesc", "xlink:href",
                                             "cite",       "codebase", "data",     "ping"};

void mes_template_position_init(struct mes_template_position *p)
{
    *p = (struct mes_template_position){.state = IN_TEXT};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void begin_name(struct mes_template_position *p, enum state state)
{
    p->state = (unsigned char)state;
    p->size = 0;
    memset(p->name, 0, sizeof p->name);
}

static void add_to_name(struct mes_template_position *p, char c)
{
    if (p->size < sizeof p->name - 1)
        p->name[p->size++] = mes_lower(c);
}

static void end_tag_name(struct mes_template_position *p)
{
    p->element = ORDINARY;
    for (unsigned char i = SCRIPT; i < ELEMENT_COUNT; i++)
        if (strcmp(p->name, element_names[i]) == 0)
            p->element = i;
    p->state = IN_TAG;
}

/* An attribute with a variable in its name could become any attribute. */
static bool is_unknown(const struct mes_template_position *p)
{
    return memchr(p->name, '?', p->size) != NULL;
}

static void end_attribute_name(struct mes_template_position *p)
{
    p->attribute = HARMLESS;
    p->url = URL_BEGIN;
    for (size_t i = 0; i < sizeof url_attributes / sizeof url_attributes[0]; i++)
        if (strcmp(p->name, url_attributes[i]) == 0)
            p->attribute = URL;
    if (strcmp(p->name, "style") == 0)
        p->attribute = CSS;
    if (strncmp(p->name, "on", 2) == 0 || strcmp(p->name, "srcdoc") == 0 || is_unknown(p))
        p->attribute = EVENT;
}

static void end_tag(struct mes_template_position *p)
{
    p->state = p->element != ORDINARY && !p->is_end_tag ? IN_RAW : IN_TEXT;
    p->matched = 0;
}

static void read_text(struct mes_template_position *p, char c)
{
    if (c == '<')
        p->state = AFTER_LESS;
}

static void read_after_less(struct mes_template_position *p, char c)
{
    bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
    p->is_end_tag = c == '/';
    if (c == '!') {
        begin_name(p, IN_DECLARATION);
    } else if (c == '?') {
        p->state = IN_BOGUS;
    } else if (c == '/' || is_letter) {
        begin_name(p, IN_TAG_NAME);
        if (is_letter)
            add_to_name(p, c);
    } else {
        p->state = c == '<' ? AFTER_LESS : IN_TEXT;
    }
}

/* "<!--[if mso]>" opens what Outlook reads as HTML, so it is no comment to us. */
static void read_declaration(struct mes_template_position *p, char c)
{
    static const char conditional[] = "--[if";
    if (c == '>') {
        p->state = IN_TEXT;
        return;
    }
    add_to_name(p, c);
    if (p->size < 3 && strncmp(p->name, conditional, p->size) == 0)
        return;
    if (strncmp(p->name, "--", 2) != 0 || strcmp(p->name, conditional) == 0) {
        p->state = IN_BOGUS;
    } else if (strncmp(p->name, conditional, p->size) != 0) {
        p->state = IN_COMMENT;
        p->matched = c != '-' ? 0 : p->size == 3 ? 3 : 1;
    }
}

static void read_bogus(struct mes_template_position *p, char c)
{
    if (c == '>')
        p->state = IN_TEXT;
}

static void read_comment(struct mes_template_position *p, char c)
{
    if (c == '>' && p->matched >= 2)
        p->state = IN_TEXT;
    else if (c == '-' && p->matched < 3)
        p->matched++;
    else if (c != '-' && c != '!')
        p->matched = 0;
}

static void read_tag_name(struct mes_template_position *p, char c)
{
    if (!is_space(c) && c != '/' && c != '>') {
        add_to_name(p, c);
        return;
    }
    end_tag_name(p);
    if (c == '>')
        end_tag(p);
}

static void read_tag(struct mes_template_position *p, char c)
{
    if (c == '>') {
        end_tag(p);
    } else if (!is_space(c) && c != '/') {
        begin_name(p, IN_ATTRIBUTE);
        add_to_name(p, c);
    }
}

static void read_attribute(struct mes_template_position *p, char c)
{
    if (c == '=') {
        end_attribute_name(p);
        p->state = BEFORE_VALUE;
    } else if (is_space(c)) {
        p->state = AFTER_ATTRIBUTE;
    } else if (c == '/' || c == '>') {
        p->state = IN_TAG;
        read_tag(p, c);
    } else {
        add_to_name(p, c);
    }
}

static void read_after_attribute(struct mes_template_position *p, char c)
{
    if (is_space(c))
        return;
    if (c != '=')
        p->state = IN_TAG;
    (c == '=' ? read_attribute : read_tag)(p, c);
}

static void note_url(struct mes_template_position *p, char c)
{
    if (c == '?' || c == '#')
        p->url = URL_QUERY;
    else if ((c == ':' || c == '/') && p->url == URL_BEGIN)
        p->url = URL_PATH;
}

static void read_unquoted(struct mes_template_position *p, char c)
{
    if (c == '>')
        end_tag(p);
    else if (is_space(c))
        p->state = IN_TAG;
    else
        note_url(p, c);
}

static void read_before_value(struct mes_template_position *p, char c)
{
    if (is_space(c))
        return;
    p->state = c == '"' ? IN_DOUBLE : c == '\'' ? IN_SINGLE : IN_UNQUOTED;
    if (p->state == IN_UNQUOTED)
        read_unquoted(p, c);
}

static void read_double(struct mes_template_position *p, char c)
{
    if (c == '"')
        p->state = IN_TAG;
    else
        note_url(p, c);
}

static void read_single(struct mes_template_position *p, char c)
{
    if (c == '\'')
        p->state = IN_TAG;
    else
        note_url(p, c);
}

static void read_raw(struct mes_template_position *p, char c)
{
    const char *name = element_names[p->element];
    size_t size = strlen(name);
    if (p->matched == size + 2 && (is_space(c) || c == '/' || c == '>')) {
        p->is_end_tag = true;
        p->state = IN_TAG;
        read_tag(p, c);
        return;
    }
    char expected = p->matched == 0         ? '<'
                    : p->matched == 1       ? '/'
                    : p->matched < size + 2 ? name[p->matched - 2]
                                            : '\0';
    if (expected != '\0' && mes_lower(c) == expected)
        p->matched++;
    else
        p->matched = c == '<' ? 1 : 0;
}

void mes_template_position_read(struct mes_template_position *p, struct mes_str text)
{
    static void (*const readers[STATE_COUNT])(struct mes_template_position *, char) = {
        [IN_TEXT] = read_text,
        [AFTER_LESS] = read_after_less,
        [IN_DECLARATION] = read_declaration,
        [IN_BOGUS] = read_bogus,
        [IN_COMMENT] = read_comment,
        [IN_TAG_NAME] = read_tag_name,
        [IN_TAG] = read_tag,
        [IN_ATTRIBUTE] = read_attribute,
        [AFTER_ATTRIBUTE] = read_after_attribute,
        [BEFORE_VALUE] = read_before_value,
        [IN_DOUBLE] = read_double,
        [IN_SINGLE] = read_single,
        [IN_UNQUOTED] = read_unquoted,
        [IN_RAW] = read_raw,
    };
    for (size_t i = 0; i < text.size; i++)
        readers[p->state](p, text.data[i]);
}

static enum mes_template_place value_place(const struct mes_template_position *p)
{
    static const enum mes_template_place url_places[] = {MES_PLACE_URL, MES_PLACE_URL_PATH,
                                                         MES_PLACE_URL_QUERY};
    switch ((enum attribute)p->attribute) {
    case URL:
        return url_places[p->url];
    case CSS:
        return MES_PLACE_CSS;
    case EVENT:
        return MES_PLACE_SCRIPT;
    case HARMLESS:
        break;
    }
    return p->state == IN_UNQUOTED ? MES_PLACE_UNQUOTED : MES_PLACE_ATTRIBUTE;
}

/* '?' in a name says that a variable stood there. */
static enum mes_template_place put_name(struct mes_template_position *p)
{
    if (p->state == AFTER_LESS)
        begin_name(p, IN_TAG_NAME);
    else if (p->state == IN_TAG || p->state == AFTER_ATTRIBUTE)
        begin_name(p, IN_ATTRIBUTE);
    add_to_name(p, '?');
    return MES_PLACE_NAME;
}

static enum mes_template_place put_raw(struct mes_template_position *p)
{
    p->matched = 0;
    if (p->element == SCRIPT)
        return MES_PLACE_SCRIPT;
    return p->element == STYLE ? MES_PLACE_CSS : MES_PLACE_HTML;
}

enum mes_template_place mes_template_position_put(struct mes_template_position *p)
{
    if (p->state == AFTER_LESS || (p->state >= IN_TAG_NAME && p->state <= AFTER_ATTRIBUTE))
        return put_name(p);
    if (p->state == BEFORE_VALUE)
        p->state = IN_UNQUOTED;
    if (p->state == IN_DOUBLE || p->state == IN_SINGLE || p->state == IN_UNQUOTED)
        return value_place(p);
    if (p->state == IN_RAW)
        return put_raw(p);
    p->matched = 0; /* the dashes of a comment */
    return MES_PLACE_HTML;
}

static bool is_between_attributes(unsigned char state)
{
    return state == IN_TAG || state == IN_ATTRIBUTE || state == AFTER_ATTRIBUTE;
}

bool mes_template_position_eq(const struct mes_template_position *a, const struct mes_template_position *b)
{
    bool has_element = a->state == IN_RAW || is_between_attributes(a->state);
    bool has_attribute = a->state >= BEFORE_VALUE && a->state <= IN_UNQUOTED;
    return a->state == b->state &&
           (!has_element || (a->element == b->element && a->is_end_tag == b->is_end_tag)) &&
           (!has_attribute || (a->element == b->element && a->attribute == b->attribute && a->url == b->url));
}

bool mes_template_position_join(struct mes_template_position *p, const struct mes_template_position *before)
{
    struct mes_template_position other = *before;
    if (is_between_attributes(p->state) && is_between_attributes(other.state) && p->state != other.state) {
        p->state = other.state = IN_ATTRIBUTE;
        add_to_name(p, '?');
    }
    if (other.state == BEFORE_VALUE && p->state == IN_UNQUOTED)
        other.state = IN_UNQUOTED;
    /* The earlier part of a URL is the stricter one: there a scheme is still looked for. */
    p->url = other.url = p->url < other.url ? p->url : other.url;
    return mes_template_position_eq(p, &other);
}
