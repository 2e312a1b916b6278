/* Templates: the Mustache language with filters, compiled once and rendered for many recipients.
 *
 * {{x}} escaped for where it stands      {{{x}}} {{&x}} raw      {{#x}} {{/x}} section      {{^x}} inverted
 * section
 * {{! … }} comment      {{>x}} partial      {{=<% %>=}} other delimiters      {{.}} this item      {{a.b}}
 * member
 * {{x | default: "friend" | upper | lower | date: "%Y-%m-%d", "+08:00"}}
 * The rules of white space are the Mustache specification's; lambdas are not supported. */
#ifndef MES_TEMPLATE_TEMPLATE_H
#define MES_TEMPLATE_TEMPLATE_H

#include "base/buf.h"

/* What is made, which decides how {{x}} is escaped.
 * TEXT: not at all.
 * HEADER: not at all, but CR, LF or NUL in the template or in a value (raw ones too) is an error.
 * HTML: in text, attributes and comments & < > " ' become references. In an attribute that holds a URL (href,
 * src, …) what a URL cannot hold is percent-encoded, behind a ? or # everything but letters, digits and -._~;
 * a value that brings a scheme must bring http, https, mailto, tel, sms, ftp or cid, anything else
 * (javascript:, data:) is an error. In CSS and in the names of tags and attributes a value may only hold
 * harmless characters, else it is an error; in a script or an event attribute {{x}} is refused when the
 * template is parsed. What {{{x}}} holds is never looked at. */
enum mes_template_kind { MES_TEMPLATE_TEXT, MES_TEMPLATE_HTML, MES_TEMPLATE_HEADER };

struct mes_template_source {
    struct mes_str name; /* for complaints: "Register_zh-HK.html", "subject" */
    struct mes_str text; /* UTF-8; a byte order mark is skipped */
    enum mes_template_kind kind;
    /* As the Mustache specification has it: a missing variable or partial gives nothing, a section may begin
     * and end anywhere in the HTML. Otherwise each is an error. For previews and for the specification's own
     * cases. */
    bool is_lenient;
    /* The old form: when the text holds no "{{", {name} stands for {{name}} if `name` is one of these,
     * whatever its case; other braces are left alone. None: no old form. */
    const struct mes_str *old_names;
    size_t old_name_count;
    /* Gives the text of a partial, which need only live until the template is parsed; NULL: there are none.
     */
    bool (*find_partial)(void *context, struct mes_str name, struct mes_str *text_out);
    void *partial_context;
    /* Seconds that `zone` is ahead of UTC at that moment, for the date filter; NULL: UTC. Kept for rendering.
     */
    int32_t (*utc_offset)(const void *zone, int64_t utc_seconds);
    const void *zone;
};

struct mes_variable;

/* A value is borrowed, with all that it points to. NONE counts as there but empty. */
enum mes_value_type { MES_VALUE_NONE, MES_VALUE_BOOL, MES_VALUE_TEXT, MES_VALUE_LIST, MES_VALUE_MAP };

struct mes_value {
    enum mes_value_type type;
    bool truth;                         /* BOOL */
    struct mes_str text;                /* TEXT; numbers are given as text */
    const struct mes_value *items;      /* LIST: `count` of them */
    const struct mes_variable *members; /* MAP: `count` of them; of two with one name the first counts */
    size_t count;
};

struct mes_variable {
    struct mes_str name;
    struct mes_value value;
};

/* What a template may name: usually a MAP, and behind it others that are asked for what it does not have (a
 * recipient's variables, then the message's). */
struct mes_values {
    struct mes_value value;
    const struct mes_values *outer; /* NULL: nothing more */
};

/* Borrowed as they are. */
struct mes_value mes_template_value_text(struct mes_str text);
struct mes_value mes_template_value_map(const struct mes_variable *members, size_t count);

struct mes_template;

/* Compiles. The source may be given up afterwards. MES_E_INPUT names template, line and column. */
int mes_template_parse(const struct mes_template_source *source, struct mes_template **template_out,
                       struct mes_error *error) MES_MUST_USE;
/* Clears the pointer; NULL inside is allowed. */
void mes_template_free(struct mes_template **template);

/* Appends the result to `out`; after an error `out` is as it was. MES_E_INPUT: a variable is missing
 * (sections and `default` may ask for what is not there; NONE and empty text count as false and take the
 * default) or cannot stand where it is put. MES_E_LIMIT: 100,000 steps, 32 nested partials, or the limit of
 * `out`. Any thread; a template may be rendered by several at once. */
int mes_template_render(const struct mes_template *template, const struct mes_values *values,
                        struct mes_buf *out, struct mes_error *error) MES_MUST_USE;

/* About how many bytes of memory it takes; 0 for NULL. */
size_t mes_template_size(const struct mes_template *template);

/* True when the result is the same for all values. */
bool mes_template_is_fixed(const struct mes_template *template);

/* Calls `each` for every variable and section in order of the text (a name may come again); `is_required`
 * when it has to be given. */
void mes_template_each_name(const struct mes_template *template,
                            void (*each)(void *context, struct mes_str name, bool is_required),
                            void *context);

#endif
