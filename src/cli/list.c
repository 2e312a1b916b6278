#include "cli/list.h"

#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "csv/reader.h"

enum { MES_CLI_LIST_BLOCK = 64 * 1024, MES_CLI_ROW_ARENA = 64 * 1024, MES_CLI_NOTICE_LIMIT = 4096 };

struct list {
    struct mes_cli_recipients *recipients;
    const char *path;
    struct mes_csv_header *header; /* NULL before the first row */
    size_t address, name;          /* columns; `name` SIZE_MAX when there is none */
    size_t rows;
    uint64_t line;                 /* where the row that is being read begins */
    struct mes_error header_error; /* why the first row could not be read, code 0 when it could */
    struct mes_buf value;          /* a field ended by NUL */
};

#define WHERE(list, line) where_text((char[300]){0}, 300, (list)->path, (line))

static const char *where_text(char *out, size_t size, const char *path, uint64_t line)
{
    (void)snprintf(out, size, "%s:%llu", path, (unsigned long long)line);
    return out;
}

static void add_names(struct mes_buf *out, const struct mes_csv_header *header)
{
    for (size_t i = 0; i < mes_csv_header_count(header); i++) {
        mes_buf_add_text(out, i > 0 ? ", " : "");
        mes_buf_add_text(out, mes_csv_header_name(header, i));
    }
}

static int read_header(struct list *list, const struct mes_csv_row *row, struct mes_error *error)
{
    int code = mes_csv_header_new(row, &list->header, error);
    if (code != 0)
        return code;
    list->address = mes_csv_header_find(list->header, "address");
    list->name = mes_csv_header_find(list->header, "name");
    if (list->address != SIZE_MAX)
        return 0;
    struct mes_buf names;
    mes_buf_init(&names, MES_CSV_ROW_BYTES);
    add_names(&names, list->header);
    code =
        mes_fail(error, MES_E_INPUT, MES_SAY_cli_csv_no_address, MES_ARGS(list->path, mes_buf_text(&names)));
    mes_buf_fini(&names);
    return code;
}

static const char *text_of(struct list *list, struct mes_str field)
{
    mes_buf_clear(&list->value);
    mes_buf_add_str(&list->value, field);
    return mes_buf_text(&list->value);
}

static int add_variables(struct list *list, const struct mes_csv_row *row, struct mes_error *error)
{
    for (size_t i = 0; i < row->count; i++) {
        int code = mes_message_set_recipient_variable(list->recipients->message,
                                                      mes_csv_header_name(list->header, i),
                                                      text_of(list, row->fields[i]), error);
        if (code != 0)
            return code;
    }
    return 0;
}

static void on_notice(void *context, const struct mes_error *notice)
{
    struct list *list = context;
    struct mes_cli *cli = list->recipients->cli;
    struct mes_buf sentence;
    mes_buf_init(&sentence, MES_CLI_NOTICE_LIMIT);
    mes_say_error(&sentence, cli->language, notice);
    mes_cli_tell(cli, MES_SAY_cli_at, MES_ARGS(WHERE(list, list->line), mes_buf_text(&sentence)));
    mes_buf_fini(&sentence);
}

static int add_recipient(struct list *list, const struct mes_csv_row *row, struct mes_arena *arena,
                         struct mes_error *error)
{
    struct mes_notices notices = {.on_notice = on_notice, .context = list};
    struct mes_address address;
    if (row->count != mes_csv_header_count(list->header))
        return mes_fail(error, MES_E_INPUT, MES_SAY_cli_csv_width,
                        MES_ARGS(MES_NUMBER(row->count), MES_NUMBER(mes_csv_header_count(list->header))));
    int code =
        mes_mime_address_parse(mes_str_trim(row->fields[list->address]), arena, &notices, &address, error);
    if (code != 0)
        return code;
    struct mes_str name = list->name != SIZE_MAX ? mes_str_trim(row->fields[list->name]) : MES_STR("");
    return mes_message_add_recipient(list->recipients->message, MES_ROLE_TO, address.shown,
                                     name.size > 0 ? text_of(list, name) : address.name, error);
}

static int on_row(void *context, const struct mes_csv_row *row, struct mes_error *error)
{
    struct list *list = context;
    struct mes_arena arena;
    if (list->header_error.code != 0) {
        *error = list->header_error;
        return error->code;
    }
    if (list->header == NULL)
        return read_header(list, row, error);
    list->rows++;
    list->line = row->line;
    mes_arena_init(&arena, MES_CLI_ROW_ARENA);
    int code = add_recipient(list, row, &arena, error);
    mes_arena_fini(&arena);
    if (code == MES_E_INPUT) {
        struct mes_str address = list->address < row->count ? row->fields[list->address] : MES_STR("");
        mes_cli_recipients_bad(list->recipients, WHERE(list, row->line), address, error);
        return 0;
    }
    if (code != 0)
        return code;
    return add_variables(list, row, error);
}

static void on_bad_row(void *context, uint64_t line, const struct mes_error *why)
{
    struct list *list = context;
    list->rows++;
    if (list->header == NULL)
        list->header_error = *why;
    mes_cli_recipients_bad(list->recipients, WHERE(list, line), MES_STR(""), why);
}

static int feed_all(struct mes_csv_reader *reader, FILE *file, const char *path, struct mes_error *error)
{
    char block[MES_CLI_LIST_BLOCK];
    for (;;) {
        errno = 0;
        size_t got = fread(block, 1, sizeof block, file);
        if (got == 0 && ferror(file))
            return mes_fail_file(error, path, errno);
        if (got == 0)
            return mes_csv_reader_end(reader, error);
        int code = mes_csv_reader_feed(reader, mes_str_make(block, got), error);
        if (code != 0)
            return code;
    }
}

static int read_list(struct list *list, FILE *file, struct mes_error *error)
{
    struct mes_csv_options options = {.on_row = on_row, .on_bad_row = on_bad_row, .context = list};
    struct mes_csv_reader *reader = mes_csv_reader_new(&options);
    if (reader == NULL)
        return mes_fail_nomem(error);
    int code = feed_all(reader, file, list->path, error);
    if (code == 0 && list->rows == 0)
        code = mes_fail(error, MES_E_INPUT, MES_SAY_cli_csv_empty, MES_ARGS(list->path));
    mes_csv_reader_free(&reader);
    return code;
}

int mes_cli_list_add(struct mes_cli_recipients *recipients, const char *path, struct mes_error *error)
{
    struct list list = {.recipients = recipients, .path = path};
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return mes_fail_file(error, path, errno);
    mes_buf_init(&list.value, MES_CSV_FIELD_BYTES);
    int code = read_list(&list, file, error);
    mes_buf_fini(&list.value);
    mes_csv_header_free(&list.header);
    (void)fclose(file);
    return code;
}
