#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "csv/reader.h"
#include "i18n/say.h"

struct mes_csv_header {
    struct mes_arena arena;
    const char **names;
    size_t count;
};

static int add(struct mes_csv_header *header, const struct mes_csv_row *row, struct mes_error *error)
{
    size_t index = header->count;
    struct mes_str text = mes_str_trim(row->fields[index]);
    if (text.size == 0)
        return mes_fail(error, MES_E_INPUT, MES_SAY_csv_unnamed_column,
                        MES_ARGS(MES_NUMBER(row->line), MES_NUMBER(index + 1)));
    const char *name = mes_arena_copy(&header->arena, text);
    if (name == NULL)
        return mes_fail_nomem(error);
    if (mes_csv_header_find(header, name) != SIZE_MAX)
        return mes_fail(error, MES_E_INPUT, MES_SAY_csv_column_twice, MES_ARGS(MES_NUMBER(row->line), name));
    header->names[header->count++] = name;
    return 0;
}

/* Spreadsheets leave empty columns at the end. */
static size_t used_columns(const struct mes_csv_row *row)
{
    size_t count = row->count;
    while (count > 0 && mes_str_trim(row->fields[count - 1]).size == 0)
        count--;
    return count;
}

int mes_csv_header_new(const struct mes_csv_row *row, struct mes_csv_header **header_out,
                       struct mes_error *error)
{
    struct mes_csv_header *header = mes_alloc(sizeof *header);
    int code = header != NULL ? 0 : mes_fail_nomem(error);
    if (header != NULL) {
        mes_arena_init(&header->arena, 4 * MES_CSV_ROW_BYTES);
        header->names = mes_arena_alloc(&header->arena, (row->count + 1) * sizeof *header->names);
        if (header->names == NULL)
            code = mes_fail_nomem(error);
    }
    size_t count = used_columns(row);
    while (code == 0 && header->count < count)
        code = add(header, row, error);
    *header_out = header;
    if (code != 0)
        mes_csv_header_free(header_out);
    return code;
}

void mes_csv_header_free(struct mes_csv_header **header)
{
    if (*header == NULL)
        return;
    mes_arena_fini(&(*header)->arena);
    mes_free(*header);
    *header = NULL;
}

size_t mes_csv_header_count(const struct mes_csv_header *header)
{
    return header->count;
}

const char *mes_csv_header_name(const struct mes_csv_header *header, size_t index)
{
    return index < header->count ? header->names[index] : NULL;
}

size_t mes_csv_header_find(const struct mes_csv_header *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (mes_str_eq_nocase(mes_str_of(header->names[i]), mes_str_of(name)))
            return i;
    return SIZE_MAX;
}
