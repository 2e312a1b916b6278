/* What a backup holds: a text that says version, time and schema, and every file with its size and SHA-256.
 */
#ifndef MES_STORE_MANIFEST_H
#define MES_STORE_MANIFEST_H

#include "base/buf.h"
#include "base/digest.h"

/* mailenhance backup 1
 * version 0.1.0
 * at 1795323600000
 * schema 1
 * file e3b0c442… 4096 queue.db
 * end 1 9f86d081… (the number of files, and the SHA-256 of all lines above) */
struct mes_store_manifest {
    struct mes_buf text;
    struct mes_digest_stream *digest;
    int64_t at; /* milliseconds since 1970 */
    int64_t schema;
    uint64_t files;
    uint64_t bytes;
};

/* Both need the other one in the end, whether they fail or not. */
int mes_store_manifest_init(struct mes_store_manifest *manifest, struct mes_error *error) MES_MUST_USE;
void mes_store_manifest_fini(struct mes_store_manifest *manifest);

/* Writing: begin, then each file, then write. Everything is flushed, but for the names in their folders. */
void mes_store_manifest_begin(struct mes_store_manifest *manifest, int64_t at, int64_t schema);
/* Copies `from`/`name` to `to`/`name` and enters it. */
int mes_store_manifest_copy(struct mes_store_manifest *manifest, const char *from, const char *to,
                            const char *name, struct mes_error *error) MES_MUST_USE;
/* Enters `folder`/`name`, which stands there already. */
int mes_store_manifest_add(struct mes_store_manifest *manifest, const char *folder, const char *name,
                           struct mes_error *error) MES_MUST_USE;
int mes_store_manifest_write(struct mes_store_manifest *manifest, const char *folder,
                             struct mes_error *error) MES_MUST_USE;

/* Is it a SHA-256 as backups and the names of blobs have it? */
bool mes_store_manifest_is_sum(struct mes_str text);

/* Reads the manifest of a backup. MES_E_NOT_FOUND: there is none; MES_E_CORRUPT: it is not as it was written,
 * or names a file that no backup has. */
int mes_store_manifest_read(struct mes_store_manifest *manifest, const char *folder,
                            struct mes_error *error) MES_MUST_USE;

struct mes_store_manifest_file {
    const char *name;
    uint64_t size;
    char sum[2 * MES_DIGEST_SIZE + 1];
};
/* Calls `each` for every file of a manifest that was read, in its order; a code ends it and is returned. */
int mes_store_manifest_each(struct mes_store_manifest *manifest,
                            int (*each)(void *context, const struct mes_store_manifest_file *file,
                                        struct mes_error *error),
                            void *context, struct mes_error *error) MES_MUST_USE;
/* Is `folder`/`file` there, with this size and sum? MES_E_CORRUPT else. With `to` not NULL it is copied there
 * meanwhile. */
int mes_store_manifest_verify(struct mes_store_manifest *manifest, const char *folder,
                              const struct mes_store_manifest_file *file, const char *to,
                              struct mes_error *error) MES_MUST_USE;

#endif
