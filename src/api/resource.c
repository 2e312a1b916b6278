#include "api/resource.h"

#include "api/moment.h"
#include "base/instant.h"
#include "store/blob.h"

enum { MES_API_LINK_SPACE = 1000, MES_API_PAGE = 50, MES_API_PAGE_MOST = 1000 };

void mes_api_resource_id(struct mes_json_writer *json, const char *key, int64_t id)
{
    char text[MES_ID_SPACE];
    mes_json_write_text(json, key, mes_str_of(mes_id_text(text, id)));
}

void mes_api_resource_time(struct mes_json_writer *json, const char *key, int64_t ms)
{
    char text[MES_INSTANT_SPACE];
    if (ms > 0)
        mes_json_write_text(json, key, mes_str_of(mes_instant_text(ms, text)));
    else
        mes_json_write_null(json, key);
}

/* `below` is "" for the job itself. */
static void write_link(const struct mes_api_request *request, struct mes_json_writer *json, const char *key,
                       const char *job, const char *below)
{
    struct mes_buf link;
    mes_buf_init(&link, MES_API_LINK_SPACE);
    mes_api_answer_link(request, &link, "/messages/%s%s", job, below);
    mes_json_write_text(json, key, mes_buf_str(&link));
    mes_buf_fini(&link);
}

void mes_api_resource_links(const struct mes_api_request *request, struct mes_json_writer *json, int64_t job)
{
    char id[MES_ID_SPACE];
    mes_id_text(id, job);
    mes_json_write_object(json, "links");
    write_link(request, json, "self", id, "");
    write_link(request, json, "recipients", id, "/recipients");
    write_link(request, json, "events", id, "/events");
    mes_json_write_object_end(json);
}

void mes_api_resource_text(struct mes_json_writer *json, const char *key, const char *text)
{
    if (text[0] != '\0')
        mes_json_write_text(json, key, mes_str_of(text));
    else
        mes_json_write_null(json, key);
}

struct mes_api_listing mes_api_resource_begin_list(struct mes_api_request *request)
{
    struct mes_api_listing listing = {request, mes_api_answer_json(request, 200)};
    mes_json_write_object(listing.json, NULL);
    mes_json_write_list(listing.json, "items");
    return listing;
}

void mes_api_resource_end_list(struct mes_api_listing *listing, int64_t cursor, int code,
                               const struct mes_error *error)
{
    mes_json_write_list_end(listing->json);
    if (cursor != 0)
        mes_api_resource_id(listing->json, "next", cursor);
    else
        mes_json_write_null(listing->json, "next");
    mes_json_write_object_end(listing->json);
    if (code != 0)
        mes_api_refuse_failure(listing->request, error);
}

unsigned mes_api_resource_limit(const struct mes_api_request *request)
{
    int64_t limit = mes_api_request_query_number(request, "limit", MES_API_PAGE);
    return limit < 1 ? 1 : limit > MES_API_PAGE_MOST ? MES_API_PAGE_MOST : (unsigned)limit;
}

bool mes_api_resource_cursor(struct mes_api_request *request, int64_t *cursor_out)
{
    struct mes_str text = mes_api_request_query(request, "cursor");
    *cursor_out = 0;
    if (text.data == NULL || mes_id_parse(text, cursor_out))
        return true;
    mes_api_refuse(request, MES_API_PROBLEM_bad_value, "cursor", MES_SAY_resource_bad_cursor, MES_NO_ARGS);
    return false;
}

bool mes_api_resource_query_time(struct mes_api_request *request, const char *name, int64_t *ms_out)
{
    struct mes_str text = mes_api_request_query(request, name);
    enum mes_zone_local local;
    struct mes_error error;
    *ms_out = 0;
    if (text.data == NULL || mes_api_moment_parse(text, NULL, ms_out, &local, &error) == 0)
        return true;
    mes_api_refuse_error(request, MES_API_PROBLEM_bad_value, name, &error);
    return false;
}

bool mes_api_resource_query_set(struct mes_api_request *request, const char *name,
                                bool (*parse)(struct mes_str word, unsigned *bit_out), unsigned *set_out)
{
    struct mes_str rest = mes_api_request_query(request, name), word;
    *set_out = 0;
    while (rest.size > 0 && mes_str_next(&rest, ',', &word)) {
        unsigned bit;
        if (!parse(mes_str_trim(word), &bit)) {
            mes_api_refuse(request, MES_API_PROBLEM_bad_value, name, MES_SAY_resource_no_such_word,
                           MES_ARGS(MES_TEXT(word)));
            return false;
        }
        *set_out |= 1U << bit;
    }
    return true;
}

void mes_api_resource_answer_gone(struct mes_api_request *request, int code, const struct mes_error *error)
{
    if (code == 0)
        mes_api_answer_empty(request, 204);
    else
        mes_api_refuse_failure(request, error);
}

int mes_api_resource_find_upload(struct mes_api_request *request, int64_t id, struct mes_arena *arena,
                                 struct mes_compose_blob_file *file_out, struct mes_error *error)
{
    struct mes_store_ref ref = {request->reach, id};
    struct mes_store_upload upload;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    if (reader == NULL)
        return mes_fail_nomem(error);
    int code = mes_store_upload_load(reader, ref, arena, &upload, error);
    if (code == 0)
        *file_out = (struct mes_compose_blob_file){.hash = upload.hash,
                                                   .size = (uint64_t)upload.size,
                                                   .name = upload.name[0] != '\0' ? upload.name : NULL,
                                                   .type = upload.type[0] != '\0' ? upload.type : NULL};
    return code;
}

int mes_api_resource_add_blobs(const struct mes_api_new_blob *blobs, int64_t now, struct mes_store *store,
                               struct mes_error *error)
{
    int code = 0;
    for (const struct mes_api_new_blob *at = blobs; at != NULL && code == 0; at = at->next) {
        const struct mes_store_blob row = {.hash = at->blob.hash,
                                           .size = (int64_t)at->blob.size,
                                           .encoded_size = (int64_t)at->blob.encoded_size,
                                           .at = now};
        code = mes_store_blob_put(store, &row, error);
    }
    return code;
}
