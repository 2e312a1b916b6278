#include "db/copy.h"

#include "base/error.h"
#include "db/driver.h"
#include "i18n/say.h"

int mes_db_copy_begin(struct mes_db *db, const char *path, struct mes_db_copy **copy_out,
                      struct mes_error *error)
{
    int code = mes_db_begin(db, error);
    if (code == 0)
        code = db->driver->copy_begin(db, path, copy_out, error);
    if (code == 0)
        (*copy_out)->db = db;
    else
        mes_db_rollback(db);
    return code;
}

int mes_db_copy_step(struct mes_db_copy *copy, unsigned pages, struct mes_error *error)
{
    int code = copy->db->driver->copy_step(copy, pages, error);
    copy->is_done = code == MES_DB_END;
    return code;
}

uint64_t mes_db_copy_done(const struct mes_db_copy *copy)
{
    return copy->done;
}

uint64_t mes_db_copy_total(const struct mes_db_copy *copy)
{
    return copy->total;
}

int mes_db_copy_end(struct mes_db_copy **copy, struct mes_error *error)
{
    if (*copy == NULL)
        return 0;
    struct mes_db *db = (*copy)->db;
    bool is_done = (*copy)->is_done;
    int code = db->driver->copy_end(*copy, error);
    mes_db_rollback(db);
    *copy = NULL;
    if (code == 0 && !is_done)
        return mes_fail(error, MES_E_CANCELLED, MES_SAY_db_copy_unfinished, MES_ARGS(db->place));
    return code;
}
