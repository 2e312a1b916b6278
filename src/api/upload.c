/* POST /uploads: a file goes to the disk while it arrives, and is attached later by its id. */
#include "api/multipart.h"
#include "api/resource.h"
#include "mime/part.h"
#include "store/blob.h"

enum { MES_API_UPLOAD_MOST = 128 * 1024 * 1024 };

struct upload {
    struct mes_api_write write; /* first */
    struct mes_api_request *request;
    struct mes_compose_blob_writer *writer;
    struct mes_compose_blob blob;
    struct mes_store_upload row;
    bool is_form;
    bool is_taken; /* the part of the form that is the file has begun */
    bool is_in_file;
    struct mes_api_part_sink sink;
    struct mes_api_multipart form;
};

/* --- name and type --- */

/* What programs name when they know nothing better. */
static bool says_nothing(struct mes_str type)
{
    return type.size == 0 || mes_str_eq_nocase(type, MES_STR("application/octet-stream")) ||
           mes_str_eq_nocase(type, MES_STR("application/x-www-form-urlencoded"));
}

static int set_name(struct upload *upload, struct mes_str path, struct mes_str type, struct mes_error *error)
{
    struct mes_arena *arena = &upload->request->arena;
    struct mes_str name = MES_STR("file");
    int code = path.size > 0 ? mes_mime_file_name(path, &name, error) : 0;
    size_t end = mes_str_find(type, MES_STR(";"), 0);
    type = mes_str_trim(end != SIZE_MAX ? mes_str_cut(type, 0, end) : type);
    if (code == 0 && !says_nothing(type))
        code = mes_mime_type_check(type, error);
    if (code != 0)
        return code;
    upload->row.name = mes_arena_copy(arena, name);
    upload->row.type = says_nothing(type) ? mes_mime_type_of_name(name) : mes_arena_copy(arena, type);
    return upload->row.name != NULL && upload->row.type != NULL ? 0 : mes_fail_nomem(error);
}

/* --- the bytes --- */

static void refuse(struct upload *upload, const struct mes_error *error)
{
    mes_api_refuse_failure(upload->request, error);
}

static int on_part(void *context, const struct mes_api_part *part, struct mes_error *error)
{
    struct upload *upload = context;
    upload->is_in_file = part->file.size > 0 || mes_str_eq(part->name, MES_STR("file"));
    if (!upload->is_in_file)
        return 0;
    if (upload->is_taken)
        return mes_fail(error, MES_E_INPUT, MES_SAY_resource_two_files, MES_NO_ARGS);
    upload->is_taken = true;
    struct mes_str wished = mes_api_request_query(upload->request, "name");
    return set_name(upload, wished.data != NULL ? wished : part->file, part->type, error);
}

static int on_bytes(void *context, struct mes_str bytes, struct mes_error *error)
{
    struct upload *upload = context;
    return upload->is_in_file ? mes_compose_blob_add(upload->writer, bytes.data, bytes.size, error) : 0;
}

static int on_end(void *context, struct mes_error *error)
{
    struct upload *upload = context;
    (void)error;
    upload->is_in_file = false;
    return 0;
}

static void piece(struct mes_api_request *request, struct mes_str bytes)
{
    struct upload *upload = request->own;
    struct mes_error error;
    int code = upload->is_form ? mes_api_multipart_feed(&upload->form, bytes, &error)
                               : mes_compose_blob_add(upload->writer, bytes.data, bytes.size, &error);
    if (code != 0)
        refuse(upload, &error);
}

/* --- the rows --- */

static int store(struct mes_api_write *write, struct mes_store *database, struct mes_error *error)
{
    const struct upload *upload = (const struct upload *)write;
    const struct mes_api_new_blob blob = {.blob = upload->blob};
    int code = mes_api_resource_add_blobs(&blob, upload->request->now, database, error);
    return code == 0 ? mes_store_upload_add(database, &upload->row, error) : code;
}

static void after(struct mes_api_request *request, struct mes_api_write *write, int code,
                  const struct mes_error *error)
{
    const struct upload *upload = (const struct upload *)write;
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    struct mes_json_writer *json = mes_api_answer_json(request, 201);
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "id", upload->row.id);
    mes_json_write_text(json, "name", mes_str_of(upload->row.name));
    mes_json_write_text(json, "type", mes_str_of(upload->row.type));
    mes_json_write_integer(json, "size", upload->row.size);
    mes_json_write_text(json, "sha256", mes_str_of(upload->row.hash));
    mes_json_write_object_end(json);
}

static int finish(struct upload *upload, struct mes_error *error)
{
    int code = upload->is_form ? mes_api_multipart_end(&upload->form, error) : 0;
    if (code == 0 && upload->is_form && !upload->is_taken)
        code = mes_fail(error, MES_E_INPUT, MES_SAY_resource_no_file, MES_NO_ARGS);
    return code == 0 ? mes_compose_blob_end(&upload->writer, &upload->blob, error) : code;
}

static void end(struct mes_api_request *request)
{
    struct upload *upload = request->own;
    struct mes_error error;
    if (finish(upload, &error) != 0) {
        refuse(upload, &error);
        return;
    }
    upload->row.id = mes_id_next(request->services->clock);
    upload->row.company = request->company;
    upload->row.hash = upload->blob.hash;
    upload->row.size = (int64_t)upload->blob.size;
    upload->row.at = request->now;
    upload->write = (struct mes_api_write){store, after};
    mes_api_request_write(request, &upload->write);
}

static void over(struct mes_api_request *request)
{
    struct upload *upload = request->own;
    if (upload == NULL)
        return;
    mes_compose_blob_abort(&upload->writer);
    if (upload->is_form)
        mes_api_multipart_fini(&upload->form);
}

static int begin(struct upload *upload, struct mes_error *error)
{
    struct mes_api_request *request = upload->request;
    struct mes_str type = mes_api_request_header(request, "Content-Type");
    struct mes_str name = mes_api_request_query(request, "name");
    int code = 0;
    if (mes_str_eq(mes_api_request_media_type(request), MES_STR("multipart/form-data"))) {
        upload->sink = (struct mes_api_part_sink){on_part, on_bytes, on_end, upload};
        upload->is_form = true;
        code = mes_api_multipart_init(&upload->form, type, &upload->sink, error);
    } else {
        code = set_name(upload, name, type, error);
    }
    return code == 0 ? mes_compose_blob_begin(request->services->blob_folder, &upload->writer, error) : code;
}

void mes_api_upload_post(struct mes_api_request *request)
{
    static const struct mes_api_body_taker taker = {piece, end, over, MES_API_UPLOAD_MOST};
    struct upload *upload = mes_arena_alloc(&request->arena, sizeof *upload);
    struct mes_error error;
    if (upload == NULL || request->services->blob_folder == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_no_files, MES_NO_ARGS);
        return;
    }
    upload->request = request;
    request->own = upload;
    mes_api_request_take_body(request, &taker);
    if (!mes_api_is_refused(request) && begin(upload, &error) != 0)
        refuse(upload, &error);
}

/* --- DELETE --- */

struct removal {
    struct mes_api_write write; /* first */
    struct mes_store_ref ref;
};

static int remove_row(struct mes_api_write *write, struct mes_store *database, struct mes_error *error)
{
    return mes_store_upload_remove(database, ((const struct removal *)write)->ref, error);
}

static void after_removal(struct mes_api_request *request, struct mes_api_write *write, int code,
                          const struct mes_error *error)
{
    (void)write;
    mes_api_resource_answer_gone(request, code, error);
}

void mes_api_upload_delete(struct mes_api_request *request)
{
    struct removal *removal = mes_arena_alloc(&request->arena, sizeof *removal);
    struct mes_store_ref ref = {.company = request->reach};
    if (!mes_api_request_id(request, 0, &ref.id))
        return;
    if (removal == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    *removal = (struct removal){{remove_row, after_removal}, ref};
    mes_api_request_write(request, &removal->write);
}
