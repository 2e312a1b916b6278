/* Whole files: read with a limit, replaced in one step. Blocking: never on the loop thread. */
#ifndef MES_BASE_FILE_H
#define MES_BASE_FILE_H

#include "base/buf.h"

/* Reads the whole file into `buf`, whose limit bounds it. Errors name the path. */
int mes_file_read(const char *path, struct mes_buf *buf, struct mes_error *error) MES_MUST_USE;

/* Writes a new file beside `path` with the same permissions (0600 when there is no old one) and, for root,
 * the same owner, flushes it and puts it in the place of `path`: a reader sees the old file or the new one,
 * never half. */
int mes_file_replace(const char *path, struct mes_str content, struct mes_error *error) MES_MUST_USE;

/* Sets the time at which it was last written to now, so that who watches it looks again. */
int mes_file_touch(const char *path, struct mes_error *error) MES_MUST_USE;

/* The path without symbolic links, "." and "..", appended to `out`; false when it does not exist or memory is
 * used up. */
bool mes_file_real_path(const char *path, struct mes_buf *out);

/* Makes a folder with these permissions; one that exists already is fine and stays as it is. */
int mes_file_make_folder(const char *path, unsigned mode, struct mes_error *error) MES_MUST_USE;

/* An empty file (0600), on the disk with its name. One that exists already is fine and stays as it is. */
int mes_file_create(const char *path, struct mes_error *error) MES_MUST_USE;

/* What does not exist is fine. */
int mes_file_remove(const char *path, struct mes_error *error) MES_MUST_USE;

/* A folder with all that is in it; links are removed and not followed. What does not exist is fine. */
int mes_file_remove_tree(const char *path, struct mes_error *error) MES_MUST_USE;

/* When it was last written, in milliseconds of the wall clock; -1 for what does not exist. */
int64_t mes_file_modified_at(const char *path);

bool mes_file_exists(const char *path);
/* A folder, and not a file. */
bool mes_file_is_folder(const char *path);
/* Can anyone but the owner and root read it? False for what does not exist. */
bool mes_file_is_exposed(const char *path);

/* Bytes that are left for this process where `path` is, and how many there are. False: cannot be seen. */
bool mes_file_room(const char *path, uint64_t *left_out, uint64_t *total_out);

/* A number that is another one after the file was written, replaced or removed; 0: it does not exist. */
uint64_t mes_file_stamp(const char *path);
/* Can anyone but the owner and root write it, be it a file or a folder? */
bool mes_file_is_writable_by_others(const char *path);

/* A file that has no name: gone when its descriptor is closed, whatever happens to the process. */
int mes_file_unnamed(int *descriptor_out, struct mes_error *error) MES_MUST_USE;

/* Appends `size` bytes from `offset` of an open file; its position is not used. A shorter file is an error.
 */
int mes_file_read_at(int descriptor, uint64_t offset, size_t size, struct mes_buf *buf,
                     struct mes_error *error) MES_MUST_USE;

/* Calls `each` with the name of every entry of the folder but "." and ".."; the order is the system's. */
int mes_file_list(const char *folder, void (*each)(void *context, const char *name), void *context,
                  struct mes_error *error) MES_MUST_USE;

#endif
