/* A form with two parts: the head as JSON, and the recipients as a CSV file as spreadsheets write it. */
#include <string.h>

#include "api/bulk.h"
#include "mime/limits.h"
#include "json/write.h"

/* --- rows --- */

static int read_header(struct mes_api_bulk *bulk, const struct mes_csv_row *row, struct mes_error *error)
{
    int code = mes_csv_header_new(row, &bulk->header, error);
    if (code != 0)
        return code;
    bulk->address_column = mes_csv_header_find(bulk->header, "address");
    bulk->name_column = mes_csv_header_find(bulk->header, "name");
    return bulk->address_column != SIZE_MAX
               ? 0
               : mes_fail(error, MES_E_INPUT, MES_SAY_resource_csv_no_address, MES_NO_ARGS);
}

/* All columns are variables, as with a list of the command line. */
static int write_variables(struct mes_api_bulk *bulk, const struct mes_csv_row *row, struct mes_error *error)
{
    struct mes_json_writer json;
    mes_buf_clear(&bulk->line);
    mes_json_writer_init(&json, &bulk->line);
    mes_json_write_object(&json, NULL);
    for (size_t i = 0; i < row->count; i++)
        mes_json_write_text(&json, mes_csv_header_name(bulk->header, i), row->fields[i]);
    mes_json_write_object_end(&json);
    return mes_buf_check(&bulk->line, error);
}

static int on_row(void *context, const struct mes_csv_row *row, struct mes_error *error)
{
    struct mes_api_bulk *bulk = context;
    struct mes_api_draft *draft = &bulk->draft;
    if (bulk->header == NULL)
        return read_header(bulk, row, error);
    size_t index = bulk->index++;
    if (row->count != mes_csv_header_count(bulk->header)) {
        mes_fail(error, MES_E_INPUT, MES_SAY_cli_csv_width,
                 MES_ARGS(MES_NUMBER(row->count), MES_NUMBER(mes_csv_header_count(bulk->header))));
        mes_api_draft_reject(draft, index, row->fields[0], error);
        return 0;
    }
    struct mes_arena *arena = mes_api_bulk_room(bulk);
    if (arena == NULL)
        return mes_fail_nomem(error);
    int code = write_variables(bulk, row, error);
    if (code != 0)
        return code;
    draft->people = arena;
    mes_buf_clear(&draft->field);
    mes_buf_add_format(&draft->field, "recipients[%zu]", index);
    mes_api_draft_read_row(draft,
                           &(struct mes_api_row){.address = mes_str_trim(row->fields[bulk->address_column]),
                                                 .name = bulk->name_column != SIZE_MAX
                                                             ? mes_str_trim(row->fields[bulk->name_column])
                                                             : MES_STR(""),
                                                 .variables = mes_buf_str(&bulk->line)},
                           index);
    mes_buf_clear(&draft->field);
    mes_api_bulk_take(bulk);
    return mes_api_is_refused(bulk->request) ? MES_E_CANCELLED : 0;
}

static void on_bad_row(void *context, uint64_t line, const struct mes_error *why)
{
    struct mes_api_bulk *bulk = context;
    (void)line;
    if (bulk->header == NULL)
        mes_api_refuse_error(bulk->request, MES_API_PROBLEM_bad_value, "recipients", why);
    else
        mes_api_draft_reject(&bulk->draft, bulk->index++, MES_STR(""), why);
}

/* --- the form --- */

/* The charset that the part's type names, else it is found out. */
static enum mes_charset charset_of(struct mes_str type)
{
    enum mes_charset charset = MES_CHARSET_AUTO;
    size_t at = mes_str_find_nocase(type, MES_STR("charset="), 0);
    if (at == SIZE_MAX)
        return MES_CHARSET_AUTO;
    struct mes_str name = mes_str_skip(type, at + 8);
    size_t end = mes_str_find(name, MES_STR(";"), 0);
    name = mes_str_trim(end != SIZE_MAX ? mes_str_cut(name, 0, end) : name);
    if (name.size > 1 && name.data[0] == '"')
        name = mes_str_cut(name, 1, name.size - 2);
    return mes_csv_charset_parse(name, &charset) ? charset : MES_CHARSET_AUTO;
}

static int on_part(void *context, const struct mes_api_part *part, struct mes_error *error)
{
    struct mes_api_bulk *bulk = context;
    bool is_head = mes_str_eq(part->name, MES_STR("head")) && !bulk->has_head;
    bool is_list = mes_str_eq(part->name, MES_STR("recipients")) && bulk->csv == NULL;
    bulk->part = is_head ? MES_API_PART_HEAD : MES_API_PART_OTHER;
    if (!is_head && !is_list)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_other_part, MES_ARGS(MES_TEXT(part->name)));
    if (is_head)
        return 0;
    if (!bulk->has_head)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_no_head, MES_NO_ARGS);
    const struct mes_csv_options options = {
        .charset = charset_of(part->type), .on_row = on_row, .on_bad_row = on_bad_row, .context = bulk};
    bulk->part = MES_API_PART_RECIPIENTS;
    bulk->csv = mes_csv_reader_new(&options);
    return bulk->csv != NULL ? 0 : mes_fail_nomem(error);
}

static int on_bytes(void *context, struct mes_str bytes, struct mes_error *error)
{
    struct mes_api_bulk *bulk = context;
    if (bulk->part == MES_API_PART_RECIPIENTS && !bulk->is_repeat)
        return mes_csv_reader_feed(bulk->csv, bytes, error);
    if (bulk->part != MES_API_PART_HEAD)
        return 0;
    mes_buf_add_str(&bulk->line, bytes);
    return mes_buf_check(&bulk->line, error);
}

static int on_end(void *context, struct mes_error *error)
{
    struct mes_api_bulk *bulk = context;
    if (bulk->part == MES_API_PART_RECIPIENTS && !bulk->is_repeat)
        return mes_csv_reader_end(bulk->csv, error);
    if (bulk->part != MES_API_PART_HEAD)
        return 0;
    bool is_taken = mes_api_bulk_head(bulk, mes_str_trim(mes_buf_str(&bulk->line)));
    mes_buf_clear(&bulk->line);
    return is_taken ? 0 : MES_E_CANCELLED;
}

void mes_api_bulk_csv_begin(struct mes_api_bulk *bulk)
{
    struct mes_error error;
    bulk->sink = (struct mes_api_part_sink){on_part, on_bytes, on_end, bulk};
    struct mes_str type = mes_api_request_header(bulk->request, "Content-Type");
    bulk->is_csv = true;
    if (mes_api_multipart_init(&bulk->form, type, &bulk->sink, &error) != 0)
        mes_api_refuse_error(bulk->request, MES_API_PROBLEM_bad_request, "Content-Type", &error);
}

/* What was cancelled has been refused already. */
static void refuse(struct mes_api_bulk *bulk, int code, const struct mes_error *error)
{
    if (code != 0 && !mes_api_is_refused(bulk->request))
        mes_api_refuse_failure(bulk->request, error);
}

void mes_api_bulk_csv_read(struct mes_api_bulk *bulk, struct mes_str bytes)
{
    struct mes_error error;
    refuse(bulk, mes_api_multipart_feed(&bulk->form, bytes, &error), &error);
}

void mes_api_bulk_csv_end(struct mes_api_bulk *bulk)
{
    struct mes_error error;
    int code = mes_api_multipart_end(&bulk->form, &error);
    if (code == 0 && !bulk->has_head)
        code = mes_fail(&error, MES_E_INPUT, MES_SAY_resource_no_head, MES_NO_ARGS);
    refuse(bulk, code, &error);
}

void mes_api_bulk_csv_fini(struct mes_api_bulk *bulk)
{
    mes_csv_reader_free(&bulk->csv);
    mes_csv_header_free(&bulk->header);
    if (bulk->is_csv)
        mes_api_multipart_fini(&bulk->form);
}
