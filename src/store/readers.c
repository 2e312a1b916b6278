#include <stdatomic.h>

#include "base/alloc.h"
#include "base/error.h"
#include "store/parts.h"
#include "store/schema.h"

/* Each slot holds a handle that nobody has, or NULL: taking one and putting it back is one exchange. */
struct mes_store_readers {
    char *file;
    unsigned most;
    _Atomic(struct mes_store_reader *) idle[];
};

int mes_store_readers_new(const char *file, unsigned most, struct mes_store_readers **readers_out,
                          struct mes_error *error)
{
    struct mes_store_readers *readers = mes_alloc(sizeof *readers + most * sizeof readers->idle[0]);
    *readers_out = NULL;
    if (readers == NULL)
        return mes_fail_nomem(error);
    readers->most = most;
    for (unsigned i = 0; i < most; i++)
        atomic_init(&readers->idle[i], NULL);
    readers->file = mes_copy(file, mes_str_of(file).size);
    if (readers->file == NULL) {
        mes_store_readers_free(&readers);
        return mes_fail_nomem(error);
    }
    *readers_out = readers;
    return 0;
}

static void close_reader(struct mes_store_reader *reader)
{
    if (reader == NULL)
        return;
    mes_db_close(&reader->db);
    mes_free(reader);
}

void mes_store_readers_free(struct mes_store_readers **readers)
{
    if (*readers == NULL)
        return;
    for (unsigned i = 0; i < (*readers)->most; i++)
        close_reader(atomic_load(&(*readers)->idle[i]));
    mes_free((*readers)->file);
    mes_free(*readers);
    *readers = NULL;
}

static int open_reader(const char *file, struct mes_store_reader **reader_out, struct mes_error *error)
{
    struct mes_db_options options = {.place = file, .is_read_only = true};
    struct mes_store_reader *reader = mes_alloc(sizeof *reader);
    if (reader == NULL)
        return mes_fail_nomem(error);
    int code = mes_db_open(&options, &reader->db, error);
    if (code == 0)
        code = mes_db_schema_check(reader->db, mes_store_migrations, MES_STORE_MIGRATIONS, error);
    if (code != 0) {
        close_reader(reader);
        return code;
    }
    *reader_out = reader;
    return 0;
}

int mes_store_readers_borrow(struct mes_store_readers *readers, struct mes_store_reader **reader_out,
                             struct mes_error *error)
{
    *reader_out = NULL;
    for (unsigned i = 0; i < readers->most && *reader_out == NULL; i++)
        *reader_out = atomic_exchange(&readers->idle[i], NULL);
    return *reader_out != NULL ? 0 : open_reader(readers->file, reader_out, error);
}

void mes_store_readers_give_back(struct mes_store_readers *readers, struct mes_store_reader **reader)
{
    struct mes_store_reader *given = *reader;
    *reader = NULL;
    if (given == NULL)
        return;
    mes_store_reader_end(given);
    for (unsigned i = 0; i < readers->most; i++) {
        struct mes_store_reader *none = NULL;
        if (atomic_compare_exchange_strong(&readers->idle[i], &none, given))
            return;
    }
    close_reader(given);
}

int mes_store_reader_begin(struct mes_store_reader *reader, struct mes_error *error)
{
    return mes_db_begin(reader->db, error);
}

void mes_store_reader_end(struct mes_store_reader *reader)
{
    mes_db_rollback(reader->db);
}
