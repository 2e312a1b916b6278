/* Copies of the data folder while the service runs, the way back, and the look whether all is well. */
#ifndef MES_STORE_BACKUP_H
#define MES_STORE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "db/migrate.h"
#include "mes/error.h"
#include "store/folder.h"

/* A backup is a folder "mailenhance-20261122T050000Z" with queue.db, journal, secret, blobs/ and
 * manifest.json: version, time, schema, and the SHA-256 and size of every file. It holds what the data folder
 * holds, so it is 0700 too. */

enum mes_store_backup_step {
    MES_STORE_BACKUP_DATABASE, /* counted in pages */
    MES_STORE_BACKUP_BLOBS,    /* counted in files, like the next */
    MES_STORE_BACKUP_VERIFY
};

/* May be NULL. Called from the thread that does the work, some ten times a second; false ends the work with
 * MES_E_CANCELLED and nothing left behind. */
struct mes_store_backup_progress {
    bool (*on_progress)(void *context, enum mes_store_backup_step step, uint64_t done, uint64_t total);
    void *context;
};

struct mes_store_backup_result {
    char name[64]; /* of the new backup, within the target */
    uint64_t files;
    uint64_t bytes;
    int64_t jobs_held; /* by a restore */
};

/* Copies a running (or resting) service into a new backup within the folder `target`, which is made (0700)
 * when it is missing. What stands under its final name is whole and flushed. All but the newest `keep`
 * backups (0: all stay) are then removed. Does not disturb the service: any thread or process. Blocking,
 * long. */
int mes_store_backup_make(struct mes_store_folder *folder, const char *target, unsigned keep,
                          const struct mes_store_backup_progress *progress,
                          struct mes_store_backup_result *result_out, struct mes_error *error) MES_MUST_USE;

/* The newest whole backup in `target`: its time in milliseconds since 1970. MES_E_NOT_FOUND when there is
 * none. */
int mes_store_backup_newest(const char *target, int64_t *at_out, struct mes_error *error) MES_MUST_USE;

/* Puts a backup into the data folder `path`, which must not exist or be empty, or else is first renamed to
 * "PATH.before-restore-TIME" when `may_rename`. All files are checked against the manifest before anything is
 * touched. A service that is running there is MES_E_BUSY. The restored service starts held: the meta key
 * `held_after_restore` stands, and every unfinished job is held until a person releases it, because mails
 * that the backup takes for waiting may have gone out after it was made. The journal of the folder put aside
 * is taken along, so that results in it are not lost. */
int mes_store_backup_restore(const char *backup, const char *path, bool may_rename,
                             const struct mes_store_backup_progress *progress,
                             struct mes_store_backup_result *result_out,
                             struct mes_error *error) MES_MUST_USE;

/* What a check found, each told as a sentence. */
struct mes_store_backup_findings {
    void (*on_finding)(void *context, const struct mes_error *finding);
    void *context;
};

/* Looks through the database, the journal and every blob that the database names (there, and of the right
 * hash). 0 when all is well, MES_E_CORRUPT after the last finding else. Changes nothing; beside a running
 * service or not. */
int mes_store_backup_check(struct mes_store_folder *folder, const struct mes_store_backup_findings *findings,
                           const struct mes_store_backup_progress *progress,
                           struct mes_error *error) MES_MUST_USE;

#endif
