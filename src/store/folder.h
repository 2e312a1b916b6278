/* The data folder: where everything that the service keeps stands, and who may use it. */
#ifndef MES_STORE_FOLDER_H
#define MES_STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"
#include "mes/error.h"

/* queue.db      the database (with -wal and -shm beside it while it is in use)
 * journal       the outcome journal
 * blobs/HASH    attachments; blobs/tmp/ what is being written
 * lock          held by the daemon; its process id is inside until it has ended as it should
 * reserve       room on the disk that a start gets when there is no other
 * blobs.lock    held while blobs must not vanish (a backup), or while they do (a sweep)
 * secret        32 random bytes, from which the service derives its keys
 * key           the API key for programs on this machine: what `mailenhance queue` and its like use */
struct mes_store_folder;

#define MES_STORE_FOLDER_CRASHED "crashed\n"
enum { MES_STORE_FOLDER_SECRET_SIZE = 32, MES_STORE_FOLDER_RESERVE = 4 * 1024 * 1024 };

/* Opens the data folder; makes it and what is missing inside (0700, files 0600), but not its parents. It does
 * not lock. Errors: MES_E_CONFIG when others may write the folder or read the secret or the key, when one of
 * those is damaged, a restore was broken off, or when the secret is missing beside a database; MES_E_FILE;
 * those of base/stored.h. Blocking. An open folder may be read by any thread. */
int mes_store_folder_open(const char *path, struct mes_store_folder **folder_out,
                          struct mes_error *error) MES_MUST_USE;
/* Also gives up the lock: close the database first. */
void mes_store_folder_close(struct mes_store_folder **folder);

/* Makes this process the only daemon on the folder, until it closes the folder or ends in whatever way.
 * Another one that is there gives MES_E_BUSY, with its process id in the sentence. */
int mes_store_folder_lock(struct mes_store_folder *folder, struct mes_error *error) MES_MUST_USE;
/* Is a daemon at work on it, this process included? For commands that must not run beside one (restore). */
bool mes_store_folder_is_locked(const struct mes_store_folder *folder, int64_t *pid_out);
/* Once locked: did an earlier daemon end by its own fault, and not by a kill or a power cut? What a process
 * writes into the file of the lock when it ends so is MES_STORE_FOLDER_CRASHED. */
bool mes_store_folder_has_crashed(const struct mes_store_folder *folder);
int mes_store_folder_lock_file(const struct mes_store_folder *folder);
/* Once locked: did an earlier daemon end without closing its database, and is the database's log gone since?
 * Then what it committed last may be missing, which a person should be told (MES_SAY_store_log_lost, with the
 * database's path). */
bool mes_store_folder_has_lost_log(const struct mes_store_folder *folder);

/* Keeps MES_STORE_FOLDER_RESERVE bytes of the disk for a start without room; does nothing when they are kept
 * already, or the disk has not twice as much left. For the daemon, now and then. */
int mes_store_folder_keep_reserve(const struct mes_store_folder *folder,
                                  struct mes_error *error) MES_MUST_USE;
/* Once locked: the disk was full and the reserve is spent. */
bool mes_store_folder_has_spent_reserve(const struct mes_store_folder *folder);

/* The paths of what is inside, as long as the folder is open. */
const char *mes_store_folder_path(const struct mes_store_folder *folder);
const char *mes_store_folder_database(const struct mes_store_folder *folder);
const char *mes_store_folder_journal(const struct mes_store_folder *folder);
const char *mes_store_folder_blobs(const struct mes_store_folder *folder);
const char *mes_store_folder_blobs_tmp(const struct mes_store_folder *folder);

/* MES_STORE_FOLDER_SECRET_SIZE bytes. */
const unsigned char *mes_store_folder_secret(const struct mes_store_folder *folder);
/* The local administrator's API key, 52 characters of [0-9a-z]: its hash is a row of api_key once the daemon
 * has started.
 */
const struct mes_secret *mes_store_folder_key(const struct mes_store_folder *folder);

struct mes_store_folder_hold {
    int descriptor;
};
/* Whoever removes blobs holds them meanwhile, and so does a backup, which must find each blob that its
 * database names: one at a time, in whatever thread or process. MES_E_BUSY: somebody else is at it, and the
 * caller may not wait. */
int mes_store_folder_hold_blobs(const struct mes_store_folder *folder, bool may_wait,
                                struct mes_store_folder_hold *hold_out, struct mes_error *error) MES_MUST_USE;
void mes_store_folder_release_blobs(struct mes_store_folder_hold *hold);

#endif
