/* Writes JSON into a buffer, value by value: always valid, whatever the texts are. */
#ifndef MES_JSON_WRITE_H
#define MES_JSON_WRITE_H

#include "base/buf.h"

/* One line, no blanks. Failure of the buffer is remembered there. `key` is NULL for a value in a list and for
 * the outermost one. The caller closes what it opens. */
struct mes_json_writer {
    struct mes_buf *out;
    bool follows; /* a value stands before the next one in the same brackets */
};

/* Appends to `out`, which must outlive the writer. */
void mes_json_writer_init(struct mes_json_writer *writer, struct mes_buf *out);

/* The brackets of an object, and below of a list. */
void mes_json_write_object(struct mes_json_writer *writer, const char *key);
void mes_json_write_object_end(struct mes_json_writer *writer);
void mes_json_write_list(struct mes_json_writer *writer, const char *key);
void mes_json_write_list_end(struct mes_json_writer *writer);

/* Invalid UTF-8 becomes U+FFFD; control characters, C1 and DEL too, and U+2028 and U+2029 become \u escapes,
 * so that a line stays one line on every terminal and in every log. */
void mes_json_write_text(struct mes_json_writer *writer, const char *key, struct mes_str text);
void mes_json_write_integer(struct mes_json_writer *writer, const char *key, int64_t value);
void mes_json_write_flag(struct mes_json_writer *writer, const char *key, bool value);
void mes_json_write_null(struct mes_json_writer *writer, const char *key);
/* A value that is JSON already. */
void mes_json_write_raw(struct mes_json_writer *writer, const char *key, struct mes_str json);

#endif
