#include "db/migrate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "db/driver.h"
#include "i18n/say.h"

enum { MIGRATION_MOST = 1024 * 1024 };

static int query_number(struct mes_db *db, const char *sql, int64_t *number_out, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(db, sql, &statement, error);
    if (code != 0)
        return code;
    code = mes_db_step(statement, error);
    if (code == MES_DB_ROW) {
        *number_out = mes_db_int(statement, 0);
        code = 0;
    }
    mes_db_release(&statement);
    return code;
}

/* 0 for a database without tables. */
static int read_schema(struct mes_db *db, int64_t *number_out, struct mes_error *error)
{
    int64_t count = 0;
    int code = query_number(db, db->driver->count_schema_version, &count, error);
    if (code == 0 && count > 0)
        return query_number(db, "SELECT coalesce(max(number), 0) FROM schema_version", number_out, error);
    if (code == 0)
        code = query_number(db, db->driver->count_tables, &count, error);
    if (code == 0 && count > 0)
        code = mes_fail(error, MES_E_CORRUPT, MES_SAY_db_foreign_schema, MES_ARGS(db->place));
    *number_out = 0;
    return code;
}

static int refuse_newer(struct mes_db *db, int64_t found, int known, struct mes_error *error)
{
    return mes_fail(error, MES_E_CONFIG, MES_SAY_db_newer,
                    MES_ARGS(db->place, MES_NUMBER(found), MES_NUMBER(known)));
}

/* Puts the database's own words in the place of each {word}. */
static int translate(struct mes_db *db, struct mes_str sql, struct mes_buf *out, struct mes_error *error)
{
    struct mes_str plain;
    while (mes_str_next(&sql, '{', &plain)) {
        struct mes_str word;
        mes_buf_add_str(out, plain);
        if (sql.data == NULL)
            break;
        if (!mes_str_next(&sql, '}', &word) || !db->driver->dialect(word, out))
            return mes_fail(error, MES_E_USAGE, MES_SAY_db_dialect, MES_ARGS(MES_TEXT(word)));
    }
    return mes_buf_check(out, error);
}

static int note_number(struct mes_db *db, int number, struct mes_error *error)
{
    struct mes_db_statement *statement = NULL;
    int code = mes_db_prepare(db, "INSERT INTO schema_version (number, at, program) VALUES (?, ?, ?)",
                              &statement, error);
    if (code != 0)
        return code;
    mes_db_bind_int(statement, number);
    mes_db_bind_int(statement, mes_clock_wall(mes_clock_system()));
    mes_db_bind_text(statement, MES_VERSION);
    return mes_db_run(&statement, NULL, error);
}

/* Within a transaction, which holds the writer's lock: whoever came first has done it. */
static int apply(struct mes_db *db, const struct mes_db_migration *migration, struct mes_buf *sql,
                 struct mes_error *error)
{
    int64_t found = 0;
    int code = read_schema(db, &found, error);
    if (code != 0 || found >= migration->number)
        return code;
    if (found == 0) {
        static const char table[] =
            "CREATE TABLE schema_version (number {integer} PRIMARY KEY, at {integer} NOT NULL,"
            " program TEXT NOT NULL) {strict};\n";
        code = translate(db, MES_STR(table), sql, error);
    }
    if (code == 0)
        code = translate(db, mes_str_of(migration->sql), sql, error);
    if (code == 0)
        code = mes_db_exec(db, mes_buf_text(sql), error);
    return code != 0 ? code : note_number(db, migration->number, error);
}

static int migrate_one(struct mes_db *db, const struct mes_db_migration *migration, struct mes_error *error)
{
    struct mes_buf sql;
    int code = mes_db_begin(db, error);
    if (code != 0)
        return code;
    mes_buf_init(&sql, MIGRATION_MOST);
    code = apply(db, migration, &sql, error);
    mes_buf_fini(&sql);
    if (code == 0)
        return mes_db_commit(db, error);
    mes_db_rollback(db);
    return code;
}

int mes_db_migrate(struct mes_db *db, const struct mes_db_migration *migrations, size_t count,
                   struct mes_error *error)
{
    int known = count > 0 ? migrations[count - 1].number : 0;
    int64_t found = 0;
    int code = read_schema(db, &found, error);
    if (code == 0 && found > known)
        code = refuse_newer(db, found, known, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        if (migrations[i].number > found)
            code = migrate_one(db, &migrations[i], error);
    return code;
}

int mes_db_schema_check(struct mes_db *db, const struct mes_db_migration *migrations, size_t count,
                        struct mes_error *error)
{
    int known = count > 0 ? migrations[count - 1].number : 0;
    int64_t found = 0;
    int code = read_schema(db, &found, error);
    if (code != 0)
        return code;
    if (found > known)
        return refuse_newer(db, found, known, error);
    if (found < known)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_db_older,
                        MES_ARGS(db->place, MES_NUMBER(found), MES_NUMBER(known)));
    return 0;
}
