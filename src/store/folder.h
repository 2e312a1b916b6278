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
 * lock          held by the daemon; its process id is inside
 * blobs.lock    held while blobs must not vanish (a backup), or while they do (a sweep)
 * secret        32 random bytes, from which the service derives its keys
 * key           the API key for programs on this machine: what `mailenhance queue` and its like use */
struct mes_folder;

enum { MES_FOLDER_SECRET_SIZE = 32 };

/* Opens the data folder; makes it and what is missing inside (0700, files 0600). It does not lock. Errors:
 * MES_E_CONFIG when the folder, the secret or the key can be read or written by others, or is damaged;
 * MES_E_FILE. Blocking. */
int mes_folder_open(const char *path, struct mes_folder **folder_out, struct mes_error *error) MES_MUST_USE;
/* Also gives up the lock. */
void mes_folder_close(struct mes_folder **folder);

/* Makes this process the only daemon on the folder, until it closes the folder or ends in whatever way.
 * Another one that is there gives MES_E_BUSY, with its process id in the sentence. */
int mes_folder_lock(struct mes_folder *folder, struct mes_error *error) MES_MUST_USE;
/* Is a daemon at work on it, this process included? For commands that must not run beside one (restore). */
bool mes_folder_is_locked(struct mes_folder *folder, int64_t *pid_out);

/* The paths of what is inside, as long as the folder is open. */
const char *mes_folder_path(const struct mes_folder *folder);
const char *mes_folder_database(const struct mes_folder *folder);
const char *mes_folder_journal(const struct mes_folder *folder);
const char *mes_folder_blobs(const struct mes_folder *folder);
const char *mes_folder_blobs_tmp(const struct mes_folder *folder);

/* MES_FOLDER_SECRET_SIZE bytes. */
const unsigned char *mes_folder_secret(const struct mes_folder *folder);
/* The local administrator's API key, 52 characters of [0-9a-z]: its hash is a row of api_key once the daemon
 * has started.
 */
const struct mes_secret *mes_folder_key(const struct mes_folder *folder);

/* Blobs that no row names any more are removed by whoever holds the sweep; a backup holds them still
 * meanwhile. Both give false when the other one is at it, in whatever process; a backup that is told to wait
 * does. */
bool mes_folder_blobs_sweep_begin(struct mes_folder *folder);
bool mes_folder_blobs_hold(struct mes_folder *folder, bool may_wait);
/* Ends either. */
void mes_folder_blobs_release(struct mes_folder *folder);

#endif
