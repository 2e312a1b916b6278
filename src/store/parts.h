/* What the files of this folder share. */
#ifndef MES_STORE_PARTS_H
#define MES_STORE_PARTS_H

#include "base/arena.h"
#include "db/db.h"
#include "store/depth.h"
#include "store/recipient.h"

struct mes_store_reader {
    struct mes_db *db;
};

struct mes_store {
    struct mes_store_reader reader;
    const struct mes_clock *clock;
    int64_t epoch;
    struct mes_store_depth_change depth;
};

/* Behind a statement's WHERE: the job of the id that is bound next belongs to the company bound after it. */
#define MES_STORE_OF_COMPANY " AND EXISTS (SELECT 1 FROM job WHERE job.id = ? AND job.company = ?)"

/* Binds: 0 is NULL; NULL and "" are NULL; NULL is "". */
void mes_store_bind_time(struct mes_db_statement *statement, int64_t time);
void mes_store_bind_maybe(struct mes_db_statement *statement, const char *text);
void mes_store_bind_text(struct mes_db_statement *statement, const char *text);
/* For MES_STORE_OF_COMPANY; nothing when `company` is NULL. */
void mes_store_bind_company(struct mes_db_statement *statement, const char *company, int64_t job);

/* Reads the columns of a row from the first one on. */
struct mes_store_columns {
    struct mes_db_statement *statement;
    int next;
};
int64_t mes_store_next_int(struct mes_store_columns *columns);
/* Never NULL, ended by NUL, valid as mes_db_text says. */
const char *mes_store_next_text(struct mes_store_columns *columns);

/* Moves texts of a row into the arena, in place. */
int mes_store_keep_texts(struct mes_arena *arena, const char **const *texts, size_t count,
                         struct mes_error *error) MES_MUST_USE;

/* MES_E_NOT_FOUND. */
int mes_store_missing(struct mes_error *error);

/* A statement that is over after one step, and that is to have changed something: else MES_E_NOT_FOUND. */
int mes_store_run_on_one(struct mes_db_statement **statement, struct mes_error *error) MES_MUST_USE;
/* The first column of the first row, 0 when there is none; releases. */
int mes_store_run_for_int(struct mes_db_statement **statement, int64_t *value_out,
                          struct mes_error *error) MES_MUST_USE;

/* A walk through rows of which only some match: a page of these, and a bounded number of those. */
struct mes_store_walk {
    unsigned limit; /* of those that match */
    unsigned given;
    unsigned seen;
    int64_t last;  /* where it stands; the caller's */
    bool has_more; /* it was broken off */
};
/* A row comes. False: it is no longer part of this page; end the walk before it. */
bool mes_store_walk_goes_on(struct mes_store_walk *walk, bool matches);

/* MES_E_NOT_FOUND: no such job of that company. */
int mes_store_job_look(struct mes_store_reader *reader, struct mes_store_ref ref,
                       struct mes_error *error) MES_MUST_USE;

/* mes_store_job_remove, for whoever has rows to remove elsewhere too: they are taken off `*rows`. */
int mes_store_job_remove_some(struct mes_store *store, int64_t id, int64_t *rows, bool *is_gone_out,
                              struct mes_error *error) MES_MUST_USE;

#endif
