/* HTML cut into tags, text and comments, as the WHATWG tokenizer does it: no tree, one pass, byte offsets. */
#ifndef MES_MIME_HTML_H
#define MES_MIME_HTML_H

#include "base/buf.h"

enum mes_mime_html_kind {
    MES_HTML_TEXT,
    MES_HTML_START,
    MES_HTML_END,
    MES_HTML_COMMENT /* also a doctype, a processing instruction and the like */
};

struct mes_mime_html_token {
    enum mes_mime_html_kind kind;
    struct mes_str whole;      /* as it stands in the input */
    struct mes_str name;       /* of a tag, as it stands there: compare without case */
    struct mes_str attributes; /* what stands between the name and the > */
    bool is_raw;               /* text of script, style and the like: no references in it */
};

struct mes_mime_html {
    struct mes_str text; /* borrowed */
    size_t at;
    struct mes_str raw; /* the element whose text is under way and goes on up to its end tag; empty: none */
};

/* At the beginning of `text`. */
void mes_mime_html_init(struct mes_mime_html *html, struct mes_str text);

/* The next token; false at the end. A tag that is cut off at the end is dropped. */
bool mes_mime_html_next(struct mes_mime_html *html, struct mes_mime_html_token *token_out);

/* Is this the tag's name? In small letters. */
bool mes_mime_html_is(const struct mes_mime_html_token *token, const char *name);

/* The value of an attribute of a start tag, as it stands there (references not decoded); false when there is
 * none. */
bool mes_mime_html_attribute(const struct mes_mime_html_token *token, const char *name,
                             struct mes_str *value_out);

/* Reads the character reference at the front of `text` ("&amp;", "&#x4F60;"). Returns its size in bytes and
 * the character, or 0 when there is none. */
size_t mes_mime_html_reference(struct mes_str text, bool is_attribute, uint32_t *character_out);

/* Appends `text` with its references decoded; what is not UTF-8 becomes U+FFFD. */
void mes_mime_html_decode(struct mes_str text, bool is_attribute, struct mes_buf *out);

#endif
