/* Turns JSON with comments and trailing commas into plain JSON of the same length. */
#ifndef MES_JSON_BLANK_H
#define MES_JSON_BLANK_H

#include "base/str.h"

enum mes_json_fault {
    MES_JSON_SOUND,
    MES_JSON_OPEN_COMMENT, /* no end of the comment that begins there */
    MES_JSON_TOO_DEEP,     /* more than MES_JSON_MOST_DEPTH brackets are open there */
    MES_JSON_TOO_MANY      /* more than MES_JSON_MOST_VALUES values */
};

/* Puts blanks in the place of a BOM, of comments and of commas before a closing bracket; line ends stay, so
 * that every offset, line and column is the file's own. What stands in quotation marks is not touched.
 * `offset_out` says where the fault is. */
enum mes_json_fault mes_json_blank(char *text, size_t size, size_t *offset_out);

#endif
