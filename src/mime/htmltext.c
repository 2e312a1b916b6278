#include "mime/htmltext.h"

#include <string.h>

#include "base/utf8.h"
#include "mime/html.h"

enum { LISTS = 16 };

struct list {
    bool is_ordered;
    uint64_t number;
};

struct maker {
    struct mes_buf *out;
    size_t begin;      /* of our text in `out` */
    size_t enough;     /* bytes after which no more is needed */
    bool is_line;      /* words alone, on one line */
    bool is_blank;     /* a blank is due before the next character */
    size_t breaks;     /* line ends that are due before it */
    bool is_at_bullet; /* nothing behind the item's bullet yet: a block does not break the line here */
    bool is_in_head;
    size_t pre_depth;
    bool is_pre_begin;      /* a line end right behind <pre> does not count */
    struct mes_str skipped; /* the element that is being left out; empty: none */
    size_t skip_depth;
    struct list lists[LISTS];
    size_t list_depth; /* may be above LISTS */
    bool is_in_link;
    struct mes_str href;
    size_t link_text; /* where its text begins; SIZE_MAX: none yet */
};

static void flush(struct maker *maker)
{
    bool is_first = maker->out->size == maker->begin;
    if (!is_first && maker->breaks > 0 && !maker->is_line) {
        for (; maker->breaks > 0; maker->breaks--)
            mes_buf_add_char(maker->out, '\n');
    } else if (!is_first && (maker->is_blank || maker->breaks > 0) && !maker->is_at_bullet) {
        mes_buf_add_char(maker->out, ' ');
    }
    maker->breaks = 0;
    maker->is_blank = maker->is_at_bullet = false;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == 0xA0;
}

/* Soft hyphens and fillers that only shape the look. */
static bool is_invisible(uint32_t c)
{
    return c == 0xAD || c == 0x34F || c == 0x200B || c == 0x2060 || c == 0xFEFF || c < 0x20 || c == 0x7F;
}

static void put_character(struct maker *maker, uint32_t c)
{
    bool is_kept_space = maker->pre_depth > 0 && !maker->is_line && is_space(c);
    if (is_kept_space && (c == '\n' || c == '\r')) {
        maker->breaks += c == '\n' && !maker->is_pre_begin;
        maker->is_pre_begin = maker->is_pre_begin && c == '\r';
        return;
    }
    maker->is_pre_begin = false;
    if (is_space(c) && !is_kept_space) {
        maker->is_blank = true;
        return;
    }
    if (is_invisible(c) && !is_kept_space)
        return;
    flush(maker);
    if (maker->is_in_link && maker->link_text == SIZE_MAX)
        maker->link_text = maker->out->size;
    mes_utf8_add(maker->out, c == 0xA0 ? ' ' : c);
}

static bool is_enough(const struct maker *maker)
{
    return maker->out->failed != 0 || maker->out->size - maker->begin >= maker->enough;
}

static void put_text(struct maker *maker, struct mes_str text, bool is_attribute)
{
    for (size_t at = 0; at < text.size && !is_enough(maker);) {
        uint32_t character = 0xFFFD;
        size_t size = mes_mime_html_reference(mes_str_skip(text, at), is_attribute, &character);
        if (size > 0)
            at += size;
        else if (!mes_utf8_next(text, &at, &character))
            at++;
        put_character(maker, character);
    }
}

static void break_line(struct maker *maker, size_t breaks)
{
    if (breaks == 0)
        return;
    maker->is_blank = false;
    if (!maker->is_at_bullet && maker->breaks < breaks)
        maker->breaks = breaks;
}

/* Adds the URL; what a URL cannot hold is left out. */
static struct mes_str add_url(struct mes_buf *out, struct mes_str href)
{
    size_t begin = out->size;
    href = mes_str_trim(href);
    for (size_t at = 0; at < href.size;) {
        uint32_t character = 0xFFFD;
        size_t size = mes_mime_html_reference(mes_str_skip(href, at), true, &character);
        if (size > 0)
            at += size;
        else if (!mes_utf8_next(href, &at, &character))
            at++;
        if (character > 0x20 && character != 0x7F)
            mes_utf8_add(out, character);
    }
    return mes_str_skip(mes_buf_str(out), begin);
}

/* "mailto:a@x" and "https://example.hk/" say what "a@x" and "example.hk" say. */
static struct mes_str bare_url(struct mes_str url)
{
    static const char *const fronts[] = {"https://", "http://", "mailto:", "tel:"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        if (mes_str_starts_nocase(url, mes_str_of(fronts[i])))
            url = mes_str_skip(url, strlen(fronts[i]));
    return url.size > 0 && url.data[url.size - 1] == '/' ? mes_str_cut(url, 0, url.size - 1) : url;
}

static bool is_worth_showing(struct mes_str url, struct mes_str text)
{
    if (url.size == 0 || url.data[0] == '#' || mes_str_starts_nocase(url, MES_STR("javascript:")) ||
        mes_str_starts_nocase(url, MES_STR("data:")))
        return false;
    return !mes_str_eq_nocase(bare_url(url), bare_url(text));
}

/* Puts " (URL)" behind the link's text, before the line ends that are due. */
static void end_link(struct maker *maker)
{
    struct mes_buf *out = maker->out;
    struct maker before = *maker;
    size_t size_before = out->size;
    maker->is_in_link = false;
    if (!before.is_in_link || maker->is_line)
        return;
    bool has_text = maker->link_text != SIZE_MAX;
    if (!has_text)
        flush(maker);
    size_t begin = has_text ? maker->link_text : out->size;
    size_t end = out->size;
    mes_buf_add_text(out, has_text ? " (" : "(");
    struct mes_str url = add_url(out, maker->href);
    bool is_shown = is_worth_showing(url, mes_str_cut(mes_buf_str(out), begin, end - begin));
    mes_buf_add_char(out, ')');
    if (is_shown || out->failed != 0)
        return;
    mes_buf_truncate(out, size_before);
    *maker = before;
    maker->is_in_link = false;
}

static void begin_link(struct maker *maker, const struct mes_mime_html_token *token)
{
    end_link(maker);
    maker->is_in_link = mes_mime_html_attribute(token, "href", &maker->href);
    maker->link_text = SIZE_MAX;
}

static void begin_list(struct maker *maker, const struct mes_mime_html_token *token)
{
    struct mes_str start;
    struct list list = {.is_ordered = mes_mime_html_is(token, "ol"), .number = 1};
    if (list.is_ordered && mes_mime_html_attribute(token, "start", &start) &&
        !mes_str_to_uint(start, 1000000000, &list.number))
        list.number = 1;
    break_line(maker, maker->list_depth > 0 ? 1 : 2);
    if (maker->list_depth < LISTS)
        maker->lists[maker->list_depth] = list;
    maker->list_depth++;
}

static void end_list(struct maker *maker)
{
    if (maker->list_depth > 0)
        maker->list_depth--;
    break_line(maker, maker->list_depth > 0 ? 1 : 2);
}

static void begin_item(struct maker *maker)
{
    maker->is_at_bullet = false;
    break_line(maker, 1);
    if (maker->is_line)
        return;
    flush(maker);
    size_t depth = maker->list_depth < LISTS ? maker->list_depth : LISTS;
    struct list *list = depth > 0 ? &maker->lists[depth - 1] : NULL;
    for (size_t i = 1; i < depth; i++)
        mes_buf_add_text(maker->out, "  ");
    if (list != NULL && list->is_ordered) {
        mes_buf_add_uint(maker->out, list->number++);
        mes_buf_add_text(maker->out, ". ");
    } else {
        mes_buf_add_text(maker->out, "- ");
    }
    maker->is_at_bullet = true;
}

static void put_image(struct maker *maker, const struct mes_mime_html_token *token)
{
    struct mes_str text;
    if (!maker->is_line && mes_mime_html_attribute(token, "alt", &text))
        put_text(maker, text, true);
}

static void put_rule(struct maker *maker)
{
    break_line(maker, 1);
    if (!maker->is_line)
        put_text(maker, MES_STR("---"), false);
    break_line(maker, 1);
}

/* Line ends around a block; 0 for what stands within a line. */
static size_t breaks_of(const struct mes_mime_html_token *token)
{
    static const char *const apart[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"};
    static const char *const blocks[] = {"address",  "article", "aside",   "body",    "caption",    "center",
                                         "dd",       "details", "div",     "dt",      "footer",     "form",
                                         "fieldset", "figure",  "header",  "legend",  "figcaption", "main",
                                         "nav",      "option",  "section", "summary", "table",      "tbody",
                                         "tfoot",    "thead",   "tr",      "li"};
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
        if (mes_mime_html_is(token, apart[i]))
            return 2;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (mes_mime_html_is(token, blocks[i]))
            return 1;
    return 0;
}

static bool is_one_of(const struct mes_mime_html_token *token, const char *const *names)
{
    for (; *names != NULL; names++)
        if (mes_mime_html_is(token, *names))
            return true;
    return false;
}

/* "display:none" or the attribute "hidden", on elements that are always closed. */
static bool is_hidden(const struct mes_mime_html_token *token)
{
    static const char *const closed[] = {"div", "span", "table", "section", NULL};
    struct mes_str value;
    if (!is_one_of(token, closed))
        return false;
    if (mes_mime_html_attribute(token, "hidden", &value))
        return true;
    if (!mes_mime_html_attribute(token, "style", &value))
        return false;
    size_t display = mes_str_find_nocase(value, MES_STR("display"), 0);
    if (display == SIZE_MAX)
        return false;
    struct mes_str rest = mes_str_trim(mes_str_skip(value, display + strlen("display")));
    if (!mes_str_starts(rest, MES_STR(":")))
        return false;
    return mes_str_starts_nocase(mes_str_trim(mes_str_skip(rest, 1)), MES_STR("none"));
}

static bool is_left_out(const struct mes_mime_html_token *token)
{
    static const char *const names[] = {"script",  "style",    "title", "template", "iframe",
                                        "noembed", "noframes", "xmp",   NULL};
    return is_one_of(token, names) || is_hidden(token);
}

static void note_head(struct maker *maker, const struct mes_mime_html_token *token)
{
    static const char *const metadata[] = {"base",  "link",     "meta",  "noscript", "script",
                                           "style", "template", "title", "object",   NULL};
    if (mes_mime_html_is(token, "head"))
        maker->is_in_head = token->kind == MES_HTML_START;
    else if (token->kind == MES_HTML_START && !is_one_of(token, metadata))
        maker->is_in_head = false;
}

static void on_start(struct maker *maker, const struct mes_mime_html_token *token)
{
    if (is_left_out(token)) {
        maker->skipped = token->name;
        maker->skip_depth = 1;
    } else if (mes_mime_html_is(token, "a")) {
        begin_link(maker, token);
    } else if (mes_mime_html_is(token, "br")) {
        break_line(maker, maker->breaks < 2 ? maker->breaks + 1 : 2);
    } else if (mes_mime_html_is(token, "ul") || mes_mime_html_is(token, "ol")) {
        begin_list(maker, token);
    } else if (mes_mime_html_is(token, "li")) {
        begin_item(maker);
    } else if (mes_mime_html_is(token, "td") || mes_mime_html_is(token, "th")) {
        maker->is_blank = true;
    } else if (mes_mime_html_is(token, "img")) {
        put_image(maker, token);
    } else if (mes_mime_html_is(token, "hr")) {
        put_rule(maker);
    } else {
        break_line(maker, breaks_of(token));
    }
    if (mes_mime_html_is(token, "pre")) {
        maker->pre_depth++;
        maker->is_pre_begin = true;
    }
}

static void on_end(struct maker *maker, const struct mes_mime_html_token *token)
{
    if (mes_mime_html_is(token, "a"))
        end_link(maker);
    else if (mes_mime_html_is(token, "ul") || mes_mime_html_is(token, "ol"))
        end_list(maker);
    else
        break_line(maker, breaks_of(token));
    if (mes_mime_html_is(token, "pre") && maker->pre_depth > 0)
        maker->pre_depth--;
}

/* Counts the elements of the same name up to the end of the one that is left out. */
static void skip(struct maker *maker, const struct mes_mime_html_token *token)
{
    if (!mes_str_eq_nocase(token->name, maker->skipped))
        return;
    if (token->kind == MES_HTML_START)
        maker->skip_depth++;
    else if (token->kind == MES_HTML_END)
        maker->skip_depth--;
}

static void on_token(struct maker *maker, const struct mes_mime_html_token *token)
{
    if (maker->skip_depth > 0) {
        skip(maker, token);
        return;
    }
    switch (token->kind) {
    case MES_HTML_TEXT:
        if (!maker->is_in_head)
            put_text(maker, token->whole, false);
        break;
    case MES_HTML_START:
        note_head(maker, token);
        on_start(maker, token);
        break;
    case MES_HTML_END:
        note_head(maker, token);
        on_end(maker, token);
        break;
    case MES_HTML_COMMENT:
        break;
    }
}

void mes_mime_html_to_text(struct mes_str html, struct mes_buf *out)
{
    struct maker maker = {.out = out, .begin = out->size, .enough = SIZE_MAX};
    struct mes_mime_html tokens;
    struct mes_mime_html_token token;
    mes_mime_html_init(&tokens, html);
    while (!is_enough(&maker) && mes_mime_html_next(&tokens, &token))
        on_token(&maker, &token);
    end_link(&maker);
    if (out->size > maker.begin)
        mes_buf_add_char(out, '\n');
}

void mes_mime_html_to_line(struct mes_str html, size_t enough, struct mes_buf *out)
{
    struct maker maker = {.out = out, .begin = out->size, .enough = enough, .is_line = true};
    struct mes_mime_html tokens;
    struct mes_mime_html_token token;
    mes_mime_html_init(&tokens, html);
    while (!is_enough(&maker) && mes_mime_html_next(&tokens, &token))
        on_token(&maker, &token);
}

bool mes_mime_html_title(struct mes_str html, struct mes_buf *out, size_t *at_out)
{
    struct maker maker = {.out = out, .begin = out->size, .enough = SIZE_MAX, .is_line = true};
    struct mes_mime_html tokens;
    struct mes_mime_html_token token = {0};
    mes_mime_html_init(&tokens, html);
    do {
        if (!mes_mime_html_next(&tokens, &token))
            return false;
    } while (token.kind != MES_HTML_START || !mes_mime_html_is(&token, "title"));
    if (at_out != NULL)
        *at_out = tokens.at;
    if (mes_mime_html_next(&tokens, &token) && token.kind == MES_HTML_TEXT)
        put_text(&maker, token.whole, false);
    return true;
}
