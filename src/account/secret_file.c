#include "account/secret_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/edit.h"
#include "account/value.h"
#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"

enum { SAME_LABEL_MOST = 1000, PATH_MOST = 64 * 1024 };

static bool may_stand_in_label(char c, bool is_first)
{
    bool is_sign = c == '.' || c == '-' || c == '_' || c == '@';
    bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
    return is_letter || (c >= '0' && c <= '9') || (is_sign && !is_first);
}

void mes_account_secret_label(const struct mes_json_value *account, size_t number,
                              char label[MES_SECRET_LABEL + 1])
{
    const struct mes_json_value *name = mes_json_member_any_case(account, MES_STR("name"));
    if (name == NULL || name->text.size == 0)
        name = mes_json_member_any_case(account, MES_STR("fromMailAddress"));
    struct mes_str text = name != NULL ? name->text : MES_STR("");
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < MES_SECRET_LABEL; i++)
        if (may_stand_in_label(text.data[i], size == 0))
            label[size++] = text.data[i];
    label[size] = '\0';
    if (size == 0)
        (void)snprintf(label, MES_SECRET_LABEL + 1, "account-%zu", number);
}

/* What the file has to hold so that reading it, without the line end, gives the secret back. */
static void add_content(struct mes_buf *content, struct mes_str secret)
{
    if (mes_buf_reserve(content, secret.size + 2) == NULL)
        return;
    mes_buf_add_str(content, secret);
    mes_buf_add_text(content, secret.data[secret.size - 1] == '\r' ? "\r\n" : "\n");
}

static void wipe(struct mes_buf *secret)
{
    mes_wipe(secret->data, secret->size);
    mes_buf_fini(secret);
}

/* Free, or left with the same content by a call that was interrupted. */
static bool is_usable(const struct mes_secret_writing *writing, const char *file, struct mes_str content)
{
    struct mes_buf old;
    if (writing->is_taken != NULL && writing->is_taken(writing->context, file))
        return false;
    if (!mes_file_exists(file))
        return true;
    mes_buf_init(&old, MES_SECRET_FILE_MOST);
    bool is_same = mes_file_read(file, &old, NULL) == 0 && mes_str_eq(mes_buf_str(&old), content);
    wipe(&old);
    return is_same;
}

static int choose(const struct mes_secret_writing *writing, struct mes_str content, struct mes_arena *arena,
                  struct mes_secret_file *chosen, struct mes_error *error)
{
    for (unsigned number = 1; number <= SAME_LABEL_MOST; number++) {
        char suffix[16] = "";
        char name[MES_SECRET_LABEL + 100];
        if (number > 1)
            (void)snprintf(suffix, sizeof suffix, "-%u", number);
        (void)snprintf(name, sizeof name, "secrets/%s%s.%s", writing->label, suffix, writing->key);
        chosen->reference = mes_arena_copy(arena, mes_str_of(name));
        chosen->file = mes_account_value_join(arena, writing->settings, mes_str_of(name));
        if (chosen->reference == NULL || chosen->file == NULL)
            return mes_fail_nomem(error);
        if (is_usable(writing, chosen->file, content))
            return 0;
    }
    return mes_fail_file(error, chosen->file, EEXIST);
}

int mes_account_secret_write(const struct mes_secret_writing *writing, struct mes_arena *arena,
                             struct mes_secret_file *file_out, struct mes_error *error)
{
    const char *folder = mes_account_value_join(arena, writing->settings, MES_STR("secrets"));
    struct mes_buf content;
    *file_out = (struct mes_secret_file){.file = NULL};
    if (folder == NULL)
        return mes_fail_nomem(error);
    mes_buf_init(&content, MES_JSON_MOST_BYTES);
    add_content(&content, writing->secret);
    int code = mes_buf_check(&content, error);
    if (code == 0)
        code = mes_file_make_folder(folder, 0700, error);
    if (code == 0)
        code = choose(writing, mes_buf_str(&content), arena, file_out, error);
    /* A new one, so that it cannot keep the open permissions of an old one. */
    if (code == 0)
        code = mes_file_remove(file_out->file, error);
    if (code == 0)
        code = mes_file_replace(file_out->file, mes_buf_str(&content), error);
    wipe(&content);
    return code;
}

static int make_folder_of(const char *file, struct mes_error *error)
{
    char folder[4096];
    const char *slash = strrchr(file, '/');
    if (slash == NULL || slash == file)
        return 0;
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - file), file);
    return mes_file_make_folder(folder, 0700, error);
}

static int replace_content(const char *file, const struct mes_buf *old, const struct mes_buf *fresh,
                           struct mes_error *error)
{
    struct mes_arena arena;
    mes_arena_init(&arena, PATH_MOST);
    const struct mes_account_edit edit = {file, mes_buf_str(old), mes_buf_str(fresh)};
    int code = mes_account_edit_write(&edit, &arena, NULL, error);
    mes_arena_fini(&arena);
    return code;
}

int mes_account_secret_replace(const char *file, struct mes_str secret, struct mes_error *error)
{
    struct mes_buf old, fresh;
    mes_buf_init(&old, MES_SECRET_FILE_MOST);
    mes_buf_init(&fresh, MES_SECRET_FILE_MOST);
    add_content(&fresh, secret);
    int code = mes_buf_check(&fresh, error);
    if (code == 0)
        code = make_folder_of(file, error);
    bool is_first = !mes_file_exists(file);
    if (code == 0 && !is_first)
        code = mes_file_read(file, &old, error);
    if (code == 0)
        code = is_first ? mes_file_replace(file, mes_buf_str(&fresh), error)
                        : replace_content(file, &old, &fresh, error);
    wipe(&old);
    wipe(&fresh);
    return code;
}

int mes_account_secret_read(const char *file, struct mes_buf *out, struct mes_error *error)
{
    int code = mes_file_read(file, out, error);
    if (code == 0)
        mes_buf_truncate(out, mes_account_value_without_line_end(mes_buf_str(out)).size);
    return code;
}
