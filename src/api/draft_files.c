/* Attachments: an upload by its id, or the bytes themselves. Never a path, never a URL. */
#include <string.h>

#include "api/draft.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "mime/limits.h"
#include "json/write.h"

static const char *const file_members[] = {"uploadId", "base64", "name", "type", "cid", NULL};
static const char *const own_file_members[] = {"uploadId", "base64", "name", "type", NULL};

static const char *member_text(struct mes_api_draft *draft, const struct mes_json_value *object,
                               const char *name)
{
    size_t mark = mes_api_draft_enter(draft, name);
    const char *text = mes_api_draft_text(draft, mes_json_member(object, mes_str_of(name)));
    mes_api_draft_leave(draft, mark);
    return text;
}

/* Where the hash stands in the sorted list, or is to stand. */
static size_t place_of_hash(const struct mes_api_draft *draft, const char *hash)
{
    size_t low = 0, high = draft->hash_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(draft->hashes[middle], hash) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int keep_hash(struct mes_api_draft *draft, const char *hash, struct mes_error *error)
{
    size_t place = place_of_hash(draft, hash);
    if (place < draft->hash_count && strcmp(draft->hashes[place], hash) == 0)
        return 0;
    if (draft->hash_count == MES_API_BLOBS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_resource_too_many_blobs,
                        MES_ARGS(MES_NUMBER(MES_API_BLOBS)));
    if (draft->hash_count == draft->hash_room) {
        size_t room = draft->hash_room > 0 ? draft->hash_room * 2 : 16;
        const char **hashes = mes_realloc(draft->hashes, room * sizeof *hashes);
        if (hashes == NULL)
            return mes_fail_nomem(error);
        draft->hashes = hashes;
        draft->hash_room = room;
    }
    const char *copy = mes_arena_copy(draft->host->arena, mes_str_of(hash));
    if (copy == NULL)
        return mes_fail_nomem(error);
    memmove(&draft->hashes[place + 1], &draft->hashes[place],
            (draft->hash_count - place) * sizeof *draft->hashes);
    draft->hashes[place] = copy;
    draft->hash_count++;
    return 0;
}

static int find_upload(struct mes_api_draft *draft, const char *text, struct mes_compose_blob_file *file,
                       struct mes_error *error)
{
    int64_t id;
    int code = MES_E_NOT_FOUND;
    if (mes_id_parse(mes_str_of(text), &id))
        code = draft->host->find_upload(draft->host->context, id, draft->people, file, error);
    return code != MES_E_NOT_FOUND ? code
                                   : mes_fail(error, MES_E_INPUT, MES_SAY_resource_no_upload, MES_ARGS(text));
}

/* The bytes go to the disk now: the job that is stored knows them by their hash. */
static int write_bytes(struct mes_api_draft *draft, struct mes_str base64, struct mes_compose_blob_file *file,
                       struct mes_error *error)
{
    struct mes_api_new_blob *blob = mes_arena_alloc(draft->host->arena, sizeof *blob);
    struct mes_buf bytes;
    if (blob == NULL)
        return mes_fail_nomem(error);
    mes_buf_init(&bytes, base64.size + 1);
    int code = 0;
    if (!mes_base64_decode(base64, &bytes))
        code = mes_fail(error, MES_E_INPUT, MES_SAY_resource_base64, MES_NO_ARGS);
    if (code == 0)
        code = mes_buf_check(&bytes, error);
    if (code == 0)
        code = mes_compose_blob_write(draft->host->blob_folder, bytes.data, bytes.size, &blob->blob, error);
    mes_buf_fini(&bytes);
    if (code != 0)
        return code;
    blob->next = draft->new_blobs;
    draft->new_blobs = blob;
    file->hash = blob->blob.hash;
    file->size = blob->blob.size;
    return 0;
}

/* Fills `file` from one item of a list. False: it was complained of. */
static bool read_file(struct mes_api_draft *draft, const struct mes_json_value *item,
                      struct mes_compose_blob_file *file)
{
    struct mes_error error;
    *file = (struct mes_compose_blob_file){0};
    const char *upload = member_text(draft, item, "uploadId");
    const char *base64 = member_text(draft, item, "base64");
    const char *name = member_text(draft, item, "name");
    const char *type = member_text(draft, item, "type");
    int code = 0;
    if (draft->host->blob_folder == NULL)
        code = mes_fail(&error, MES_E_CONFIG, MES_SAY_resource_no_files, MES_NO_ARGS);
    else if ((upload == NULL) == (base64 == NULL))
        code = mes_fail(&error, MES_E_INPUT, MES_SAY_resource_upload_or_base64, MES_NO_ARGS);
    else if (upload != NULL)
        code = find_upload(draft, upload, file, &error);
    else if (name == NULL)
        code = mes_fail(&error, MES_E_INPUT, MES_SAY_resource_file_name, MES_NO_ARGS);
    else
        code = write_bytes(draft, mes_json_member(item, MES_STR("base64"))->text, file, &error);
    if (code == 0)
        code = keep_hash(draft, file->hash, &error);
    if (code != 0) {
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
        return false;
    }
    file->name = name != NULL ? name : file->name;
    file->type = type != NULL ? type : file->type;
    return true;
}

/* Calls `take` for every item that is sound. */
static void
read_list(struct mes_api_draft *draft, const struct mes_json_value *list, const char *const *names,
          void (*take)(struct mes_api_draft *draft, struct mes_compose_blob_file *file, void *context),
          void *context)
{
    struct mes_compose_blob_file file;
    size_t index = 0;
    if (list->kind != MES_JSON_LIST) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_list, MES_NO_ARGS);
        return;
    }
    for (const struct mes_json_value *item = list->first; item != NULL; item = item->next) {
        size_t mark = mes_api_draft_enter_item(draft, index++);
        if (item->kind != MES_JSON_OBJECT) {
            mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_object,
                                      MES_NO_ARGS);
        } else {
            mes_api_draft_check_names(draft, item, names);
            if (read_file(draft, item, &file)) {
                file.content_id = member_text(draft, item, "cid");
                take(draft, &file, context);
            }
        }
        mes_api_draft_leave(draft, mark);
    }
}

static void attach(struct mes_api_draft *draft, struct mes_compose_blob_file *file, void *context)
{
    struct mes_error error;
    (void)context;
    if (mes_compose_message_attach_blob(draft->message, draft->host->blob_folder, file, &error) != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
}

void mes_api_draft_read_files(struct mes_api_draft *draft, const struct mes_json_value *list)
{
    read_list(draft, list, file_members, attach, NULL);
}

/* The files of one recipient, as they are read. */
struct own_files {
    struct mes_compose_blob_file *files;
    size_t count;
};

static void keep_own(struct mes_api_draft *draft, struct mes_compose_blob_file *file, void *context)
{
    struct own_files *own = context;
    (void)draft;
    own->files[own->count++] = *file;
}

static int write_own(const struct own_files *own, struct mes_arena *arena, const char **json_out,
                     struct mes_error *error)
{
    struct mes_json_writer writer;
    struct mes_buf json;
    mes_buf_init(&json, MES_LIMIT_VARIABLE);
    mes_json_writer_init(&writer, &json);
    mes_json_write_list(&writer, NULL);
    for (size_t i = 0; i < own->count; i++) {
        const struct mes_compose_blob_file *file = &own->files[i];
        mes_json_write_object(&writer, NULL);
        mes_json_write_text(&writer, "hash", mes_str_of(file->hash));
        mes_json_write_text(&writer, "name", mes_str_of(file->name));
        if (file->type != NULL)
            mes_json_write_text(&writer, "type", mes_str_of(file->type));
        mes_json_write_integer(&writer, "size", (int64_t)file->size);
        mes_json_write_object_end(&writer);
    }
    mes_json_write_list_end(&writer);
    *json_out = mes_arena_copy(arena, mes_buf_str(&json));
    int code = mes_buf_check(&json, error);
    mes_buf_fini(&json);
    return code == 0 && *json_out == NULL ? mes_fail_nomem(error) : code;
}

void mes_api_draft_read_own_files(struct mes_api_draft *draft, const struct mes_json_value *list,
                                  struct mes_api_recipient *recipient)
{
    struct own_files own = {0};
    struct mes_error error;
    int code = 0;
    if (list == NULL)
        return;
    own.files = mes_arena_alloc(draft->people, (list->count + 1) * sizeof *own.files);
    if (own.files == NULL)
        code = mes_fail_nomem(&error);
    else
        read_list(draft, list, own_file_members, keep_own, &own);
    if (code == 0 && own.count > 0)
        code = write_own(&own, draft->people, &recipient->attachments, &error);
    if (code != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
    recipient->files = own.files;
    recipient->file_count = own.count;
}
