/* Removes what is old: rows in small slices between the work, then blobs that nobody needs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "compose/blob.h"
#include "daemon/parts.h"
#include "store/blob.h"
#include "store/sweep.h"

enum {
    SLICE_ROWS = 500,
    BLOBS = 100, /* in one transaction */
    HASH_SPACE = 80,
    UPLOAD_DAYS = 7,
    CAPTURED_MOST = 10000,
    BLOB_AGE_MS = 60 * 60 * 1000 /* a blob whose job is still on its way into the database is younger */
};

struct slice {
    struct mes_courier_command command; /* first */
    struct mes_store_sweep sweep;
};

static int run_slice(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct slice *slice = (struct slice *)command;
    return mes_store_sweep_slice(&slice->sweep, store, SLICE_ROWS, error);
}

static int sweep_rows(struct mes_daemon *daemon, const struct mes_account_globals *globals,
                      struct mes_error *error)
{
    struct slice slice = {.command = {.run = run_slice},
                          .sweep = {.now = mes_clock_wall(daemon->clock),
                                    .message_days = globals->keep_messages_days,
                                    .transcript_days = globals->keep_transcript_days,
                                    .proof_days = globals->keep_proof_days,
                                    .upload_days = UPLOAD_DAYS,
                                    .captured_most = CAPTURED_MOST}};
    int code = 0;
    while (code == 0 && !slice.sweep.is_end && !mes_daemon_is_stopping(daemon))
        code = mes_daemon_write(daemon, &slice.command, error);
    return code;
}

/* Blobs whose rows go in one transaction. */
struct blobs {
    struct mes_courier_command command; /* first */
    struct mes_store *store;
    int64_t before;
    char hashes[BLOBS][HASH_SPACE];
    size_t count;
};

static bool on_unused(void *context, const char *hash)
{
    struct blobs *blobs = context;
    if (strlen(hash) < HASH_SPACE)
        (void)snprintf(blobs->hashes[blobs->count++], HASH_SPACE, "%s", hash);
    return blobs->count < BLOBS;
}

static int remove_rows(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct blobs *blobs = (struct blobs *)command;
    const struct mes_store_blob_unused unused = {.before = blobs->before, .limit = BLOBS};
    size_t kept = 0;
    blobs->count = 0;
    int code = mes_store_blob_list_unused(mes_store_reads(store), unused, on_unused, blobs, error);
    for (size_t i = 0; i < blobs->count && code == 0; i++) {
        bool is_gone = false;
        code = mes_store_blob_remove_unused(store, blobs->hashes[i], &is_gone, error);
        if (is_gone && kept != i)
            memcpy(blobs->hashes[kept], blobs->hashes[i], HASH_SPACE);
        kept += is_gone ? 1 : 0;
    }
    blobs->count = kept;
    return code;
}

/* After the commit: a file without a row harms nobody, a row without its file would. A file that was written
 * anew meanwhile has a row again, or will have. */
static void remove_files(struct mes_daemon *daemon, const struct blobs *blobs)
{
    const char *folder = mes_store_folder_blobs(daemon->folder);
    struct mes_error error = {0};
    for (size_t i = 0; i < blobs->count; i++)
        if (mes_compose_blob_remove(folder, blobs->hashes[i], blobs->before, &error) != 0)
            mes_daemon_log_error(daemon, MES_LOG_WARNING, "sweep.file_stays", &error);
}

/* When in doubt it is needed. */
static bool has_row(void *context, const char *hash)
{
    struct mes_store_blob blob;
    return mes_store_blob_load(context, hash, &blob, NULL) != MES_E_NOT_FOUND;
}

/* What a crash left behind: files without a row, whole or not. */
static int tidy_files(struct mes_daemon *daemon, int64_t before, struct mes_error *error)
{
    struct mes_store_reader *reader;
    int code = mes_store_readers_borrow(daemon->readers, &reader, error);
    if (code != 0)
        return code;
    code = mes_compose_blob_tidy(mes_store_folder_blobs(daemon->folder), before, has_row, reader, error);
    mes_store_readers_give_back(daemon->readers, &reader);
    return code;
}

static int sweep_blobs(struct mes_daemon *daemon, struct mes_error *error)
{
    struct mes_store_folder_hold hold;
    struct blobs blobs = {.command = {.run = remove_rows},
                          .before = mes_clock_wall(daemon->clock) - BLOB_AGE_MS};
    int code = mes_store_folder_hold_blobs(daemon->folder, false, &hold, error);
    if (code != 0)
        return code == MES_E_BUSY ? 0 : code; /* a backup is at it: the next sweep will do */
    do {
        code = mes_daemon_write(daemon, &blobs.command, error);
        if (code == 0)
            remove_files(daemon, &blobs);
    } while (code == 0 && blobs.count > 0 && !mes_daemon_is_stopping(daemon));
    if (code == 0)
        code = tidy_files(daemon, blobs.before, error);
    mes_store_folder_release_blobs(&hold);
    return code;
}

void mes_daemon_sweep(struct mes_daemon *daemon, const struct mes_account_globals *globals)
{
    struct mes_error error = {0};
    int code = sweep_rows(daemon, globals, &error);
    if (code == 0)
        code = sweep_blobs(daemon, &error);
    if (code != 0 && code != MES_E_CANCELLED)
        mes_daemon_log_error(daemon, MES_LOG_WARNING, "sweep.failed", &error);
}
