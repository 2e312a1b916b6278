/* A message's attachments and inline images. */
#include <string.h>

#include "base/alloc.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/limits.h"

int mes_compose_file_describe(struct mes_arena *arena, struct mes_str path, const char *type,
                              struct mes_message_file *file, struct mes_error *error)
{
    struct mes_str name;
    int code = mes_mime_file_name(path, &name, error);
    if (code == 0 && type != NULL)
        code = mes_mime_type_check(mes_str_of(type), error);
    if (code != 0)
        return code;
    file->part.name = mes_arena_copy(arena, name);
    file->part.type = type != NULL ? mes_arena_copy(arena, mes_str_of(type)) : mes_mime_type_of_name(name);
    return file->part.name != NULL && file->part.type != NULL ? 0 : mes_fail_nomem(error);
}

int mes_compose_message_prepare_file(struct mes_message *message, struct mes_str path, const char *type,
                                     struct mes_message_file *file, struct mes_error *error)
{
    if (message->file_count >= MES_LIMIT_ATTACHMENTS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_message_too_many,
                        MES_ARGS(MES_NUMBER(MES_LIMIT_ATTACHMENTS), "attachments"));
    size_t count = message->file_count;
    /* The list doubles when its size reaches a power of two. */
    if ((count & (count - 1)) == 0) {
        struct mes_message_file *files =
            mes_realloc(message->files, (count > 0 ? count * 2 : 1) * sizeof *files);
        if (files == NULL)
            return mes_fail_nomem(error);
        message->files = files;
    }
    return mes_compose_file_describe(&message->arena, path, type, file, error);
}

int mes_message_attach_file(struct mes_message *message, const char *path, const char *name, const char *type,
                            struct mes_error *error)
{
    struct mes_message_file file = {0};
    int code =
        mes_compose_message_prepare_file(message, mes_str_of(name != NULL ? name : path), type, &file, error);
    if (code == 0)
        code = mes_compose_content_add_file(message->contents, path, &file.content, error);
    if (code == 0)
        message->files[message->file_count++] = file;
    return code;
}

int mes_message_attach_bytes(struct mes_message *message, const void *data, size_t size, const char *name,
                             const char *type, struct mes_error *error)
{
    struct mes_message_file file = {0};
    int code = mes_compose_message_prepare_file(message, mes_str_of(name), type, &file, error);
    if (code == 0)
        code = mes_compose_content_add_bytes(message->contents, data, size, &file.content, error);
    if (code == 0)
        message->files[message->file_count++] = file;
    return code;
}

int mes_compose_message_check_content_id(const struct mes_message *message, const char *content_id,
                                         struct mes_error *error)
{
    for (size_t i = 0; i < message->file_count; i++) {
        const char *other = message->files[i].part.content_id;
        if (other != NULL && strcmp(other, content_id) == 0)
            return mes_fail(error, MES_E_INPUT, MES_SAY_message_content_id_twice, MES_ARGS(content_id));
    }
    return mes_mime_content_id_check(mes_str_of(content_id), error);
}

int mes_message_inline_file(struct mes_message *message, const char *content_id, const char *path,
                            struct mes_error *error)
{
    struct mes_message_file file = {0};
    int code = mes_compose_message_check_content_id(message, content_id, error);
    if (code == 0)
        code = mes_compose_message_prepare_file(message, mes_str_of(path), NULL, &file, error);
    if (code != 0)
        return code;
    file.part.content_id = mes_arena_copy(&message->arena, mes_str_of(content_id));
    if (file.part.content_id == NULL)
        return mes_fail_nomem(error);
    code = mes_compose_content_add_file(message->contents, path, &file.content, error);
    if (code == 0)
        message->files[message->file_count++] = file;
    return code;
}
