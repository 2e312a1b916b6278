#include "store/parts.h"

#include "base/error.h"
#include "i18n/say.h"

void mes_store_bind_time(struct mes_db_statement *statement, int64_t time)
{
    if (time != 0)
        mes_db_bind_int(statement, time);
    else
        mes_db_bind_null(statement);
}

void mes_store_bind_maybe(struct mes_db_statement *statement, const char *text)
{
    mes_db_bind_text(statement, text != NULL && text[0] != '\0' ? text : NULL);
}

void mes_store_bind_text(struct mes_db_statement *statement, const char *text)
{
    mes_db_bind_text(statement, text != NULL ? text : "");
}

void mes_store_bind_company(struct mes_db_statement *statement, const char *company, int64_t job)
{
    if (company == NULL)
        return;
    mes_db_bind_int(statement, job);
    mes_db_bind_text(statement, company);
}

int64_t mes_store_next_int(struct mes_store_columns *columns)
{
    return mes_db_int(columns->statement, columns->next++);
}

const char *mes_store_next_text(struct mes_store_columns *columns)
{
    return mes_db_text(columns->statement, columns->next++).data;
}

int mes_store_keep_texts(struct mes_arena *arena, const char **const *texts, size_t count,
                         struct mes_error *error)
{
    for (size_t i = 0; i < count; i++) {
        *texts[i] = (*texts[i])[0] != '\0' ? mes_arena_copy(arena, mes_str_of(*texts[i])) : "";
        if (*texts[i] == NULL)
            return mes_fail_nomem(error);
    }
    return 0;
}

int mes_store_missing(struct mes_error *error)
{
    return mes_fail(error, MES_E_NOT_FOUND, MES_SAY_store_missing, MES_NO_ARGS);
}

int mes_store_run_on_one(struct mes_db_statement **statement, struct mes_error *error)
{
    int64_t changed = 0;
    int code = mes_db_run(statement, &changed, error);
    return code == 0 && changed == 0 ? mes_store_missing(error) : code;
}

int mes_store_run_for_int(struct mes_db_statement **statement, int64_t *value_out, struct mes_error *error)
{
    int code = mes_db_step(*statement, error);
    *value_out = code == MES_DB_ROW ? mes_db_int(*statement, 0) : 0;
    mes_db_release(statement);
    return code < 0 ? code : 0;
}

/* So many rows are looked at for one page: some ten milliseconds. */
enum { WALK_MOST = 10000 };

bool mes_store_walk_goes_on(struct mes_store_walk *walk, bool matches)
{
    if ((matches && walk->given == walk->limit) || walk->seen == WALK_MOST) {
        walk->has_more = true;
        return false;
    }
    walk->seen++;
    walk->given += matches;
    return true;
}
