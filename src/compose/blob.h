/* Attachments on disk: one file per content, named by its SHA-256, already encoded for the wire. */
#ifndef MES_COMPOSE_BLOB_H
#define MES_COMPOSE_BLOB_H

#include <stdint.h>

#include "base/digest.h"
#include "mes/message.h"

enum { MES_BLOB_HASH_SPACE = 2 * MES_DIGEST_SIZE + 1 };

struct mes_compose_blob {
    char hash[MES_BLOB_HASH_SPACE]; /* SHA-256 of the raw bytes, lower-case hexadecimal */
    uint64_t size;                  /* of the raw bytes */
    uint64_t encoded_size;          /* of the file: base64 lines with their CRLF */
};

/* Is it written as a hash is? Nothing else ever becomes a part of a path. */
bool mes_compose_blob_is_hash(struct mes_str text);

/* One content on its way to the disk. Blocking: never on the loop thread; each writer on one thread at a
 * time, any number of writers at once. */
struct mes_compose_blob_writer;

/* Begins in `folder`/tmp; both folders are made if need be (0700). */
int mes_compose_blob_begin(const char *folder, struct mes_compose_blob_writer **writer_out,
                           struct mes_error *error) MES_MUST_USE;
/* MES_E_LIMIT above MES_LIMIT_CONTENT bytes in all; MES_E_FILE when the disk refuses. */
int mes_compose_blob_add(struct mes_compose_blob_writer *writer, const void *data, size_t size,
                         struct mes_error *error) MES_MUST_USE;
/* When it returns 0 the content stands in `folder` under its hash and survives a power cut. The same content
 * twice is one file. The writer is gone either way; `*writer` is NULL. */
int mes_compose_blob_end(struct mes_compose_blob_writer **writer, struct mes_compose_blob *blob_out,
                         struct mes_error *error) MES_MUST_USE;
/* Leaves nothing behind. NULL inside is allowed. */
void mes_compose_blob_abort(struct mes_compose_blob_writer **writer);

/* All of the above for bytes in memory. */
int mes_compose_blob_write(const char *folder, const void *data, size_t size,
                           struct mes_compose_blob *blob_out, struct mes_error *error) MES_MUST_USE;

/* Removes the blob unless it was written since `before` (wall clock, milliseconds): whoever writes a content
 * that is there already makes its file new. */
int mes_compose_blob_remove(const char *folder, const char *hash, int64_t before,
                            struct mes_error *error) MES_MUST_USE;

/* Removes what was last written before `before` and nobody will come back for: files that were never
 * finished, and blobs that `is_needed` does not want. */
int mes_compose_blob_tidy(const char *folder, int64_t before,
                          bool (*is_needed)(void *context, const char *hash), void *context,
                          struct mes_error *error) MES_MUST_USE;

/* What a mail says of a blob. Texts are copied. */
struct mes_compose_blob_file {
    const char *hash;
    uint64_t size;          /* of the raw bytes; a blob of another size is refused */
    const char *name;       /* the file name that readers see */
    const char *type;       /* NULL: from the name's ending */
    const char *content_id; /* of an image that the HTML shows by <img src="cid:ID">; NULL: an attachment */
};

/* Adds the blob as an attachment or inline image. MES_E_NOT_FOUND: no such blob in `folder`; MES_E_INPUT: not
 * a hash, or another size; else as mes_message_attach_file. Reads files: never on the loop thread. */
int mes_compose_message_attach_blob(struct mes_message *message, const char *folder,
                                    const struct mes_compose_blob_file *file,
                                    struct mes_error *error) MES_MUST_USE;
/* For the `to` recipient added last alone, beside what all get. An attachment: no content id. */
int mes_compose_message_attach_own_blob(struct mes_message *message, const char *folder,
                                        const struct mes_compose_blob_file *file,
                                        struct mes_error *error) MES_MUST_USE;

#endif
