/* Reads multipart/form-data (RFC 7578) as it arrives: parts go out, bytes are never kept. */
#ifndef MES_API_MULTIPART_H
#define MES_API_MULTIPART_H

#include "base/buf.h"

/* Valid during the call. Texts are "" where the part does not name them; `file` as it came. */
struct mes_api_part {
    struct mes_str name; /* of the form's field */
    struct mes_str file; /* the file's name */
    struct mes_str type; /* the media type with its parameters */
};

/* Each returns 0, or a code (with `error` filled) that ends the reading. */
struct mes_api_part_sink {
    int (*on_part)(void *context, const struct mes_api_part *part, struct mes_error *error);
    int (*on_bytes)(void *context, struct mes_str bytes, struct mes_error *error);
    int (*on_end)(void *context, struct mes_error *error); /* of the part */
    void *context;
};

enum { MES_API_BOUNDARY_MOST = 70, MES_API_PART_HEAD_MOST = 8 * 1024 };

/* Read nothing of it. */
struct mes_api_multipart {
    const struct mes_api_part_sink *sink;
    char delimiter[MES_API_BOUNDARY_MOST + 5]; /* CR LF "--" boundary */
    size_t delimiter_size;
    unsigned char state;
    size_t matched;      /* bytes of the delimiter, or of the line end behind it */
    struct mes_buf head; /* of the part that begins */
};

/* The boundary is taken from the header field Content-Type. MES_E_INPUT when that names none. `sink` must
 * outlive the reader. */
int mes_api_multipart_init(struct mes_api_multipart *reader, struct mes_str content_type,
                           const struct mes_api_part_sink *sink, struct mes_error *error) MES_MUST_USE;
void mes_api_multipart_fini(struct mes_api_multipart *reader);

/* The next bytes, any number of them. After a failure only fini it. MES_E_INPUT: this is no such body. */
int mes_api_multipart_feed(struct mes_api_multipart *reader, struct mes_str bytes,
                           struct mes_error *error) MES_MUST_USE;
/* The body is at its end: MES_E_INPUT when the last delimiter did not come. */
int mes_api_multipart_end(struct mes_api_multipart *reader, struct mes_error *error) MES_MUST_USE;

#endif
