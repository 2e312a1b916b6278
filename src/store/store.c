#include "store/store.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "store/meta.h"
#include "store/parts.h"
#include "store/schema.h"

enum { TRIAL_SIZE = 32 * 1024 }; /* a mail with what it brings along into the log */

static const char epoch_key[] = "epoch";

/* Ids go on above all that were ever given, whatever the clock says now. */
static int note_newest_id(struct mes_store *store, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int64_t newest = 0;
    int code = mes_db_prepare(store->reader.db,
                              "SELECT MAX(id) FROM (SELECT MAX(id) AS id FROM job"
                              " UNION ALL SELECT MAX(id) FROM attempt"
                              " UNION ALL SELECT MAX(id) FROM upload"
                              " UNION ALL SELECT MAX(id) FROM schedule"
                              " UNION ALL SELECT MAX(id) FROM captured"
                              " UNION ALL SELECT MAX(id) FROM webhook"
                              " UNION ALL SELECT MAX(id) FROM webhook_event"
                              " UNION ALL SELECT MAX(id) FROM api_key) AS newest",
                              &statement, error);
    if (code == 0)
        code = mes_store_run_for_int(&statement, &newest, error);
    if (code == 0)
        mes_id_note(newest);
    return code;
}

static int begin_epoch(struct mes_store *store, struct mes_error *error)
{
    int code = mes_store_meta_number(&store->reader, epoch_key, 0, &store->epoch, error);
    if (code != 0)
        return code;
    store->epoch++;
    code = mes_store_meta_put_number(store, epoch_key, store->epoch, error);
    return code != 0 ? code : note_newest_id(store, error);
}

static int prepare_database(struct mes_store *store, struct mes_error *error)
{
    int code = mes_db_migrate(store->reader.db, mes_store_migrations, MES_STORE_MIGRATIONS, error);
    if (code == 0)
        code = mes_store_begin(store, error);
    if (code != 0)
        return code;
    code = begin_epoch(store, error);
    if (code == 0)
        return mes_store_commit(store, error);
    mes_store_rollback(store);
    return code;
}

int mes_store_open(const char *file, const struct mes_clock *clock, struct mes_store **store_out,
                   struct mes_error *error)
{
    struct mes_db_options options = {.place = file, .may_create = true, .is_sole = true};
    struct mes_store *store = mes_alloc(sizeof *store);
    *store_out = NULL;
    if (store == NULL)
        return mes_fail_nomem(error);
    store->clock = clock != NULL ? clock : mes_clock_system();
    int code = mes_db_open(&options, &store->reader.db, error);
    if (code == 0)
        code = prepare_database(store, error);
    if (code != 0)
        mes_store_close(&store);
    *store_out = store;
    return code;
}

void mes_store_close(struct mes_store **store)
{
    if (*store == NULL)
        return;
    mes_db_close(&(*store)->reader.db);
    mes_free(*store);
    *store = NULL;
}

int64_t mes_store_epoch(const struct mes_store *store)
{
    return store->epoch;
}

struct mes_store_reader *mes_store_reads(struct mes_store *store)
{
    return &store->reader;
}

struct mes_db *mes_store_db(struct mes_store *store)
{
    return store->reader.db;
}

bool mes_store_is_broken(const struct mes_store *store)
{
    return mes_db_is_broken(store->reader.db);
}

int mes_store_begin(struct mes_store *store, struct mes_error *error)
{
    return mes_db_begin(store->reader.db, error);
}

int mes_store_commit(struct mes_store *store, struct mes_error *error)
{
    int code = mes_store_depth_flush(store, error);
    if (code == 0)
        return mes_db_commit(store->reader.db, error);
    mes_store_rollback(store);
    return code;
}

void mes_store_rollback(struct mes_store *store)
{
    store->depth = (struct mes_store_depth_change){.save_count = 0};
    mes_db_rollback(store->reader.db);
}

int mes_store_save(struct mes_store *store, struct mes_error *error)
{
    struct mes_store_depth_change *depth = &store->depth;
    int code = mes_db_savepoint_begin(store->reader.db, error);
    if (code != 0)
        return code;
    assert(depth->save_count < MES_STORE_DEPTH_SAVED);
    memcpy(depth->saved[depth->save_count++], depth->rows, sizeof depth->rows);
    return 0;
}

int mes_store_keep(struct mes_store *store, struct mes_error *error)
{
    assert(store->depth.save_count > 0);
    store->depth.save_count--;
    return mes_db_savepoint_keep(store->reader.db, error);
}

void mes_store_undo(struct mes_store *store)
{
    struct mes_store_depth_change *depth = &store->depth;
    assert(depth->save_count > 0);
    memcpy(depth->rows, depth->saved[--depth->save_count], sizeof depth->rows);
    mes_db_savepoint_undo(store->reader.db);
}

void mes_store_shrink(struct mes_store *store)
{
    mes_db_shrink(store->reader.db);
}

static int put_trial(struct mes_store *store, const char *text, struct mes_error *error)
{
    int code = mes_store_begin(store, error);
    if (code != 0)
        return code;
    code = mes_store_meta_put_text(store, "trial", text, error);
    if (code == 0)
        return mes_store_commit(store, error);
    mes_store_rollback(store);
    return code;
}

int mes_store_try_room(struct mes_store *store, struct mes_error *error)
{
    char text[TRIAL_SIZE];
    memset(text, '0', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int code = put_trial(store, text, error);
    return code == 0 ? put_trial(store, "", error) : code;
}

int mes_store_tidy(struct mes_store *store, struct mes_error *error)
{
    return mes_db_tidy(store->reader.db, error);
}
