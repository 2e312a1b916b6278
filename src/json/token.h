/* The tokens of plain JSON, with their offsets: where a value or a mistake stands. */
#ifndef MES_JSON_TOKEN_H
#define MES_JSON_TOKEN_H

#include "base/str.h"

struct mes_json_token {
    char kind; /* '{' '}' '[' ']' ':' ',' themselves, '"' a text, 'w' anything else up to the next of these */
    size_t offset;
    size_t size;
};

/* The token at or after `*at`, which moves behind it; false at the end. Takes wrong JSON as well. */
bool mes_json_token_next(struct mes_str text, size_t *at, struct mes_json_token *token_out);

/* Bytes of the text that a token with quotation marks stands for, its escapes decoded. */
size_t mes_json_token_text_size(struct mes_str token);

/* The last token that begins before `offset`; one of size 0 at the text's end when there is none. */
struct mes_json_token mes_json_token_before(struct mes_str text, size_t offset);

#endif
