/* A data folder in use, with its backups beside it. */
#ifndef MES_STORE_SERVICE_TEST_H
#define MES_STORE_SERVICE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "store/backup.h"
#include "store/job.h"
#include "store/journal.h"

enum { BLOB_SIZE = 200000 };

struct service {
    char root[64];
    char data[80];
    char target[80];
    struct mes_store_folder *folder;
    struct mes_store *store;
    struct mes_store_journal *journal;
    char hash[2 * MES_DIGEST_SIZE + 1]; /* of its one attachment */
    struct mes_error error;
};

/* Whatever fails says why. */
void works_at(int code, const struct service *service, int line);
#define works(code) works_at((code), service, __LINE__)
/* One of four that take turns. */
const char *path_of(const char *folder, const char *name);
/* Opens the folder as the service does, and leaves it. */
void start(struct service *service);
void stop(struct service *service);
/* Of a test. */
int begin(void **state);
int end(void **state);
void add_job(struct service *service, int64_t id, enum mes_store_state state);
/* An attachment as the service keeps it. */
void add_blob(struct service *service);
void add_schedule(struct service *service);
void note_result(struct service *service, const char *record);
struct mes_store_backup_result back_up(struct service *service, unsigned keep);
int restore(struct service *service, const char *name, bool may_put_aside,
            struct mes_store_backup_result *result);
struct mes_store_job load_job(struct service *service, int64_t id);
bool has_job(struct service *service, int64_t id);
/* What the journal holds, each with a ";". */
const char *records_of(struct service *service);
/* How many there are in the folder. */
unsigned entries_of(const char *folder);

#define IN_SERVICE(test) cmocka_unit_test_setup_teardown(test, begin, end)

#endif
