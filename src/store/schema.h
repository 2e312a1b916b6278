/* The tables of the service, step by step: what the database of each version becomes that of the next by. */
#ifndef MES_STORE_SCHEMA_H
#define MES_STORE_SCHEMA_H

#include "db/migrate.h"

enum { MES_STORE_MIGRATIONS = 3 };

/* For mes_db_migrate and mes_db_schema_check. */
extern const struct mes_db_migration mes_store_migrations[MES_STORE_MIGRATIONS];

#endif
