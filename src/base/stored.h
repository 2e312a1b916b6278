/* Files that must survive a power cut, part by part; and locks between processes. Blocking: never on the loop
 * thread. */
#ifndef MES_BASE_STORED_H
#define MES_BASE_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

/* Errors of all functions: MES_E_FULL for a disk without room (or a limit on the size of files),
 * MES_E_STORAGE for a disk that failed, MES_E_FILE for the rest. After MES_E_STORAGE from a sync nothing is
 * known of what was written, and a further sync would not tell: give the file up. */
struct mes_stored {
    int descriptor;
    const char *path; /* borrowed, for errors */
};

/* For reading and writing; made (0600, its name on the disk, the folder's owner's when root makes it) when it
 * is missing. Folders, pipes and devices are refused. */
int mes_stored_open(const char *path, struct mes_stored *file_out, struct mes_error *error) MES_MUST_USE;
/* A new file; that its name is on the disk is the caller's to see to. One that exists is MES_E_FILE. */
int mes_stored_create(const char *path, struct mes_stored *file_out, struct mes_error *error) MES_MUST_USE;
void mes_stored_close(struct mes_stored *file);

int mes_stored_size(const struct mes_stored *file, uint64_t *size_out, struct mes_error *error) MES_MUST_USE;
/* Makes the file at least this long and takes the room for it from the disk, so that writing there needs
 * none. */
int mes_stored_reserve(const struct mes_stored *file, uint64_t size, struct mes_error *error) MES_MUST_USE;
int mes_stored_truncate(const struct mes_stored *file, uint64_t size, struct mes_error *error) MES_MUST_USE;
/* The whole, or an error; a file that is too short is one (MES_E_FILE). */
int mes_stored_write_at(const struct mes_stored *file, uint64_t offset, struct mes_str bytes,
                        struct mes_error *error) MES_MUST_USE;
int mes_stored_read_at(const struct mes_stored *file, uint64_t offset, void *out, size_t size,
                       struct mes_error *error) MES_MUST_USE;
/* 0: what was written is on the disk. */
int mes_stored_sync(const struct mes_stored *file, struct mes_error *error) MES_MUST_USE;

/* What was made, renamed or removed in this folder is on the disk. */
int mes_stored_sync_folder(const char *folder, struct mes_error *error) MES_MUST_USE;
/* The same for the folder in which `path` stands. */
int mes_stored_sync_parent(const char *path, struct mes_error *error) MES_MUST_USE;
/* Gives a file or folder its final name, replacing a file; to be followed by mes_stored_sync_parent. */
int mes_stored_rename(const char *from, const char *to, struct mes_error *error) MES_MUST_USE;

/* Both are for tidying up, where nothing depends on it. */
void mes_stored_empty(const struct mes_stored *file);
void mes_stored_remove(const char *path);

/* A lock on an open file against all other openings of it, in this process or another; it ends with the
 * file's closing or the process. False when somebody else has it. */
bool mes_stored_lock(const struct mes_stored *file);
/* The same, but waits for its turn. */
int mes_stored_lock_wait(const struct mes_stored *file, struct mes_error *error) MES_MUST_USE;
/* Does somebody else have it? Takes nothing. */
bool mes_stored_is_locked(const struct mes_stored *file);

#endif
