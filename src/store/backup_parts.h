/* What backup, restore and check share. */
#ifndef MES_STORE_BACKUP_PARTS_H
#define MES_STORE_BACKUP_PARTS_H

#include "db/db.h"
#include "store/backup.h"

enum { MES_STORE_BACKUP_PATH = 4096, MES_STORE_BACKUP_NAME = 64 };

struct mes_store_backup_work {
    const struct mes_store_backup_progress *progress; /* may be NULL */
    int64_t told_at;
};
/* Tells where the work stands, unless that was done a moment ago. MES_E_CANCELLED when the caller has had
 * enough. */
int mes_store_backup_tell(struct mes_store_backup_work *work, enum mes_store_backup_step step, uint64_t done,
                          uint64_t total, struct mes_error *error) MES_MUST_USE;

/* "FOLDER/NAME". */
int mes_store_backup_join(char path[MES_STORE_BACKUP_PATH], const char *folder, const char *name,
                          struct mes_error *error) MES_MUST_USE;

/* "mailenhance-20261122T050000-250Z", and back; false for any other name. Names sort by their times. */
void mes_store_backup_name(int64_t at, char name[MES_STORE_BACKUP_NAME]);
bool mes_store_backup_name_parse(const char *name, int64_t *at_out);

/* Calls `each` for every blob that the database names, with the size of its file. */
int mes_store_backup_blobs(struct mes_db *db,
                           int (*each)(void *context, const char *hash, uint64_t file_size,
                                       struct mes_error *error),
                           void *context, struct mes_error *error) MES_MUST_USE;
int mes_store_backup_count(struct mes_db *db, const char *sql, int64_t *count_out,
                           struct mes_error *error) MES_MUST_USE;

#endif
