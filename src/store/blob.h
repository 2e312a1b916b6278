/* What is known of large files: blobs by their hash, who uploaded them, which jobs need them. The bytes lie
 * in the data folder. */
#ifndef MES_STORE_BLOB_H
#define MES_STORE_BLOB_H

#include "base/arena.h"
#include "store/store.h"

struct mes_store_blob {
    const char *hash;
    int64_t size;         /* of the file as it was given */
    int64_t encoded_size; /* as it lies in the folder */
    int64_t at;           /* last given at */
};
/* Known already: `at` is renewed, so that the sweep leaves it alone. */
int mes_store_blob_put(struct mes_store *store, const struct mes_store_blob *blob,
                       struct mes_error *error) MES_MUST_USE;
/* MES_E_NOT_FOUND. `blob_out->hash` is the caller's own pointer. */
int mes_store_blob_load(struct mes_store_reader *reader, const char *hash, struct mes_store_blob *blob_out,
                        struct mes_error *error) MES_MUST_USE;
/* The job needs these; a hash may stand there twice. MES_E_NOT_FOUND: one of them is no blob. */
int mes_store_blob_use(struct mes_store *store, int64_t job, const char *const *hashes, size_t count,
                       struct mes_error *error) MES_MUST_USE;
/* The job needs none of its blobs any more. */
int mes_store_blob_release(struct mes_store *store, int64_t job, struct mes_error *error) MES_MUST_USE;

struct mes_store_upload {
    int64_t id;
    const char *company;
    const char *hash;
    const char *name;
    const char *type;
    int64_t size;
    int64_t at;
};
/* Its blob must be there. */
int mes_store_upload_add(struct mes_store *store, const struct mes_store_upload *upload,
                         struct mes_error *error) MES_MUST_USE;
/* Texts belong to `arena`. MES_E_NOT_FOUND. */
int mes_store_upload_load(struct mes_store_reader *reader, struct mes_store_ref ref, struct mes_arena *arena,
                          struct mes_store_upload *upload_out, struct mes_error *error) MES_MUST_USE;
/* MES_E_NOT_FOUND. The blob stays until it is swept. */
int mes_store_upload_remove(struct mes_store *store, struct mes_store_ref ref,
                            struct mes_error *error) MES_MUST_USE;

/* Blobs that no upload and no job needs and that were last given before `before`. First the row goes, in a
 * transaction; then, after its commit, the file: a file without row is harmless, the other way round loses.
 * A file that was written anew meanwhile must stay. As mes_store_job_each. */
typedef bool mes_store_blob_each(void *context, const char *hash);
struct mes_store_blob_unused {
    int64_t before;
    unsigned limit;
};
int mes_store_blob_list_unused(struct mes_store_reader *reader, struct mes_store_blob_unused unused,
                               mes_store_blob_each *each, void *context,
                               struct mes_error *error) MES_MUST_USE;
/* `is_gone_out` false: something needs it by now, and it stays. */
int mes_store_blob_remove_unused(struct mes_store *store, const char *hash, bool *is_gone_out,
                                 struct mes_error *error) MES_MUST_USE;

#endif
