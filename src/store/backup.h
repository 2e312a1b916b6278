/* Copies of the data folder while the service runs, the way back, and the look whether all is well. */
#ifndef MES_STORE_BACKUP_H
#define MES_STORE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "db/migrate.h"
#include "mes/error.h"
#include "store/folder.h"

/* A backup is a folder "mailenhance-20261122T050000-250Z" with queue.db, secret, blobs/, journal (when there
 * are results in it), and manifest: version, time, schema, and the SHA-256 and size of every file. It holds
 * what the data folder holds, so it is 0700 too. The target belongs to one data folder. */

enum mes_store_backup_step {
    MES_STORE_BACKUP_DATABASE, /* counted in pages */
    MES_STORE_BACKUP_BLOBS,    /* counted in files, like the next */
    MES_STORE_BACKUP_VERIFY    /* of a restore: checked and copied */
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
    uint64_t blobs_missing; /* that the database names, and that are gone or damaged */
    int64_t jobs_held;      /* by a restore */
    int64_t schedules_paused;
};

struct mes_store_backup_options {
    const char *target; /* the folder of all backups; made (0700) when it is missing, but not its parents */
    unsigned keep;      /* so many of the newest stay; 0: all */
    const struct mes_store_backup_progress *progress; /* may be NULL */
};
/* Copies a running (or resting) service into a new backup within the target, then removes those that are too
 * many. What stands under its final name is whole and flushed. MES_E_CORRUPT with a `blobs_missing` above 0:
 * it was made, but for those. Does not disturb the service: any thread or process. Blocking, long. */
int mes_store_backup_make(struct mes_store_folder *folder, const struct mes_store_backup_options *options,
                          struct mes_store_backup_result *result_out, struct mes_error *error) MES_MUST_USE;

/* The newest whole backup in `target`: its time in milliseconds since 1970. MES_E_NOT_FOUND when there is
 * none. */
int mes_store_backup_newest(const char *target, int64_t *at_out, struct mes_error *error) MES_MUST_USE;

struct mes_store_restore_options {
    const char *backup;
    const char *path;   /* the data folder; made when it is missing */
    bool may_put_aside; /* else one that holds a database or a journal already is MES_E_CONFLICT */
    const struct mes_store_backup_progress *progress; /* may be NULL */
};
/* Puts a backup into a data folder; what was there is kept inside, in "before-restore-TIME". All files are
 * checked against the manifest before anything is exchanged, and a restore that is killed is simply run
 * again. A service that is running there is MES_E_BUSY. The restored service starts held: the meta key
 * `held_after_restore` stands (the time), every unfinished job is held and every schedule is paused until a
 * person releases them one by one, because mails that the backup takes for waiting may have gone out after it
 * was made. Results in the outcome journal of what is put aside are taken along, so that what it tells as
 * sent is not sent again. */
int mes_store_backup_restore(const struct mes_store_restore_options *options,
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
