/* Blobs as attachments of a message. */
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "compose/blob.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/limits.h"

enum { MES_BLOB_PATH = 4096 };

/* The encoded bytes of the blob as a piece of a wire. */
static int open_blob(struct mes_content_store *store, const char *folder,
                     const struct mes_compose_blob_file *file, struct mes_wire_piece *piece_out,
                     struct mes_error *error)
{
    struct mes_buf path;
    mes_buf_init(&path, MES_BLOB_PATH);
    mes_buf_add_format(&path, "%s/%s", folder, file->hash);
    int code = mes_buf_check(&path, error);
    if (code == 0)
        code = mes_compose_content_add_encoded(store, mes_buf_text(&path), mes_base64_lines_size(file->size),
                                               piece_out, error);
    if (code == MES_E_FILE && !mes_file_exists(mes_buf_text(&path)))
        code =
            mes_fail(error, MES_E_NOT_FOUND, MES_SAY_compose_blob_missing, MES_ARGS(file->name, file->hash));
    mes_buf_fini(&path);
    return code;
}

/* What is known of it without opening it. */
static int describe(struct mes_arena *arena, const struct mes_compose_blob_file *from,
                    struct mes_message_file *file, struct mes_error *error)
{
    if (!mes_compose_blob_is_hash(mes_str_of(from->hash)))
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_blob_hash, MES_ARGS(from->hash));
    if (from->size > MES_LIMIT_CONTENT)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_content_too_large,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_CONTENT >> 20)));
    file->hash = mes_arena_copy(arena, mes_str_of(from->hash));
    file->size = from->size;
    if (from->content_id != NULL)
        file->part.content_id = mes_arena_copy(arena, mes_str_of(from->content_id));
    return file->hash != NULL && (from->content_id == NULL || file->part.content_id != NULL)
               ? 0
               : mes_fail_nomem(error);
}

int mes_compose_message_attach_blob(struct mes_message *message, const char *folder,
                                    const struct mes_compose_blob_file *from, struct mes_error *error)
{
    struct mes_message_file file = {0};
    int code = 0;
    if (from->content_id != NULL)
        code = mes_compose_message_check_content_id(message, from->content_id, error);
    if (code == 0)
        code = mes_compose_message_prepare_file(message, mes_str_of(from->name), from->type, &file, error);
    if (code == 0)
        code = describe(&message->arena, from, &file, error);
    if (code == 0)
        code = open_blob(message->contents, folder, from, &file.content, error);
    if (code == 0)
        message->files[message->file_count++] = file;
    return code;
}

/* Room for one more: the array doubles when its size reaches a power of two. */
static struct mes_message_file *make_room(struct mes_arena *arena, struct mes_recipient *recipient)
{
    size_t count = recipient->file_count;
    if (count > 0 && (count & (count - 1)) != 0)
        return recipient->files;
    struct mes_message_file *files = mes_arena_alloc(arena, (count > 0 ? count * 2 : 1) * sizeof *files);
    if (files != NULL && count > 0)
        memcpy(files, recipient->files, count * sizeof *files);
    return files;
}

static int check_recipient_blob(const struct mes_message *message, const struct mes_compose_blob_file *from,
                                struct mes_error *error)
{
    const struct mes_recipients *to = &message->recipients[MES_ROLE_TO];
    if (to->count == 0)
        return mes_fail(error, MES_E_USAGE, MES_SAY_message_no_to_for_variable, MES_NO_ARGS);
    if (from->content_id != NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_blob_inline, MES_ARGS(from->name));
    if (to->items[message->last_to].file_count >= MES_LIMIT_ATTACHMENTS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_message_too_many,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_ATTACHMENTS), "attachments"));
    return 0;
}

int mes_compose_message_attach_own_blob(struct mes_message *message, const char *folder,
                                        const struct mes_compose_blob_file *from, struct mes_error *error)
{
    struct mes_message_file file = {0};
    int code = check_recipient_blob(message, from, error);
    if (code == 0)
        code =
            mes_compose_file_describe(&message->to_arena, mes_str_of(from->name), from->type, &file, error);
    if (code == 0)
        code = describe(&message->to_arena, from, &file, error);
    if (code == 0 && message->to_contents == NULL) {
        message->to_contents = mes_compose_content_new();
        code = message->to_contents != NULL ? 0 : mes_fail_nomem(error);
    }
    if (code == 0)
        code = open_blob(message->to_contents, folder, from, &file.content, error);
    if (code != 0)
        return code;
    struct mes_recipient *recipient = &message->recipients[MES_ROLE_TO].items[message->last_to];
    struct mes_message_file *files = make_room(&message->to_arena, recipient);
    if (files == NULL)
        return mes_fail_nomem(error);
    recipient->files = files;
    files[recipient->file_count++] = file;
    return 0;
}
