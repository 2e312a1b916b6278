/* Brings a database to the schema that this program knows: numbered steps, each done whole or not at all. */
#ifndef MES_DB_MIGRATE_H
#define MES_DB_MIGRATE_H

#include <stddef.h>

#include "db/db.h"

/* `sql` is as many statements as it takes, without begin and commit. {word} stands for a row of dialect.def.
 */
struct mes_db_migration {
    int number; /* 1, 2, 3 … */
    const char *sql;
};

/* Applies what is missing, each in a transaction of its own under the writer's lock, together with its row in
 * `schema_version`: a process killed at any moment leaves the old schema or the new one, and two that start
 * together do each step once. Errors beside those of db.h: MES_E_CONFIG for a schema newer than the last of
 * `migrations`, MES_E_CORRUPT for a database that holds tables but not ours; both are left untouched. */
int mes_db_migrate(struct mes_db *db, const struct mes_db_migration *migrations, size_t count,
                   struct mes_error *error) MES_MUST_USE;

/* For readers: is the schema exactly that of the last migration? Else the same errors, and MES_E_CONFIG for
 * an older one. */
int mes_db_schema_check(struct mes_db *db, const struct mes_db_migration *migrations, size_t count,
                        struct mes_error *error) MES_MUST_USE;

#endif
