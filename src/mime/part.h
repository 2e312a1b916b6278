/* Attachments and inline images as parts of a mail: their names, types and header fields. */
#ifndef MES_MIME_PART_H
#define MES_MIME_PART_H

#include "base/buf.h"
#include "base/error.h"

/* What stands above the content of a file. All texts have passed the checks below. */
struct mes_part {
    const char *name;       /* file name */
    const char *type;       /* "image/png" */
    const char *content_id; /* of an image shown by the HTML; NULL: an attachment */
};

/* The last part of `path`, which may be given with '/' or '\'. MES_E_INPUT when nothing is left that can name
 * a file
 * ("", ".", ".."), or for control characters and broken UTF-8; MES_E_LIMIT above MES_LIMIT_FILE_NAME. */
int mes_mime_file_name(struct mes_str path, struct mes_str *name_out, struct mes_error *error) MES_MUST_USE;

/* By the name's ending, whatever its case; "application/octet-stream" for unknown ones. Static. */
const char *mes_mime_type_of_name(struct mes_str name);

/* "type/subtype" of two tokens; not multipart or message, which may not be encoded in base64 (RFC 2046 5.2).
 */
int mes_mime_type_check(struct mes_str type, struct mes_error *error) MES_MUST_USE;

/* An id as it stands in `cid:ID`; the angle brackets are added when it is written. */
int mes_mime_content_id_check(struct mes_str content_id, struct mes_error *error) MES_MUST_USE;

/* The part's header fields for base64 content, and the empty line behind them. */
void mes_mime_part_add_header(struct mes_buf *out, const struct mes_part *part);

#endif
