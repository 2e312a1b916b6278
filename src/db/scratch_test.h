/* A folder of its own for each test, gone afterwards. */
#ifndef MES_DB_SCRATCH_TEST_H
#define MES_DB_SCRATCH_TEST_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"

struct scratch {
    char folder[64];
    char database[80];
};

static inline void scratch_empty(const char *folder)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        char path[400];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        (void)unlink(path);
    }
    closedir(entries);
}

static inline int scratch_begin(void **state)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    (void)snprintf(scratch->folder, sizeof scratch->folder, "%s/mes-db-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(scratch->folder) == NULL)
        return -1;
    (void)snprintf(scratch->database, sizeof scratch->database, "%s/queue.db", scratch->folder);
    *state = scratch;
    return 0;
}

static inline int scratch_end(void **state)
{
    struct scratch *scratch = *state;
    scratch_empty(scratch->folder);
    (void)rmdir(scratch->folder);
    free(scratch);
    return 0;
}

static inline int scratch_open(const char *path, struct mes_db **db_out, struct mes_error *error)
{
    return mes_db_open(
        &(struct mes_db_options){.place = path, .may_create = true, .is_sole = true, .busy_timeout_ms = 20},
        db_out, error);
}

/* The first column of the first row, `missing` when there is none. */
static inline int64_t scratch_number(struct mes_db *db, const char *sql, int64_t missing)
{
    struct mes_db_statement *statement = NULL;
    int64_t number = missing;
    if (mes_db_prepare(db, sql, &statement, NULL) == 0 && mes_db_step(statement, NULL) == MES_DB_ROW)
        number = mes_db_int(statement, 0);
    mes_db_release(&statement);
    return number;
}

#endif
