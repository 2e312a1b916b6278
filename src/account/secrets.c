#include "account/secrets.h"

#include <errno.h>
#include <stdio.h>

#include "account/open.h"
#include "account/value.h"
#include "base/file.h"
#include "json/write.h"

enum { LABEL_MOST = 100, SECRET_MOST = 64 * 1024, SAME_LABEL_MOST = 1000 };

/* A secret that goes from the settings file into its own. */
struct move {
    const struct mes_json_value *value;
    const char *key;
    const char *reference; /* "secrets/NAME", from the settings file's folder */
    const char *file;      /* the same from here */
    struct move *next;
};

/* One settings file. */
struct moving {
    const struct mes_layer *layer;
    struct mes_arena *arena;
    struct move *first; /* in the order of the file */
    struct move **end;
    size_t count;
};

static bool may_stand_in_label(char c, bool is_first)
{
    bool is_sign = c == '.' || c == '-' || c == '_' || c == '@';
    bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
    return is_letter || (c >= '0' && c <= '9') || (is_sign && !is_first);
}

/* A file's name made from the account's: letters, digits and a few signs. */
static void make_label(const struct mes_json_value *account, size_t number, char label[LABEL_MOST + 1])
{
    const struct mes_json_value *name = mes_json_member_any_case(account, MES_STR("name"));
    if (name == NULL || name->text.size == 0)
        name = mes_json_member_any_case(account, MES_STR("fromMailAddress"));
    struct mes_str text = name != NULL ? name->text : MES_STR("");
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < LABEL_MOST; i++)
        if (may_stand_in_label(text.data[i], size == 0))
            label[size++] = text.data[i];
    label[size] = '\0';
    if (size == 0)
        (void)snprintf(label, LABEL_MOST + 1, "account-%zu", number);
}

/* What the file has to hold so that reading it, without the line end, gives the secret back. */
static void add_content(struct mes_buf *content, struct mes_str secret)
{
    mes_buf_add_str(content, secret);
    mes_buf_add_text(content, secret.data[secret.size - 1] == '\r' ? "\r\n" : "\n");
}

static bool is_taken(const struct moving *moving, const char *file)
{
    for (const struct move *move = moving->first; move != NULL; move = move->next)
        if (mes_str_eq(mes_str_of(move->file), mes_str_of(file)))
            return true;
    return false;
}

/* Free, or left with the same content by a call that was interrupted. */
static bool is_usable(const struct moving *moving, const char *file, struct mes_str content)
{
    struct mes_buf old;
    if (is_taken(moving, file))
        return false;
    if (!mes_file_exists(file))
        return true;
    mes_buf_init(&old, SECRET_MOST);
    bool is_same = mes_file_read(file, &old, NULL) == 0 && mes_str_eq(mes_buf_str(&old), content);
    mes_wipe(old.data, old.size);
    mes_buf_fini(&old);
    return is_same;
}

static int choose_file(const struct moving *moving, struct move *move, const char *label,
                       struct mes_str content, struct mes_error *error)
{
    for (unsigned number = 1; number <= SAME_LABEL_MOST; number++) {
        char suffix[16] = "";
        char name[LABEL_MOST + 100];
        if (number > 1)
            (void)snprintf(suffix, sizeof suffix, "-%u", number);
        (void)snprintf(name, sizeof name, "secrets/%s%s.%s", label, suffix, move->key);
        move->reference = mes_arena_copy(moving->arena, mes_str_of(name));
        move->file = mes_account_value_join(moving->arena, moving->layer->file, mes_str_of(name));
        if (move->reference == NULL || move->file == NULL)
            return mes_fail_nomem(error);
        if (is_usable(moving, move->file, content))
            return 0;
    }
    return mes_fail_file(error, move->file, EEXIST);
}

static int write_secret(const struct moving *moving, struct move *move, const char *label,
                        struct mes_error *error)
{
    struct mes_buf content;
    mes_buf_init(&content, MES_JSON_MOST_BYTES);
    add_content(&content, move->value->text);
    int code = mes_buf_check(&content, error);
    if (code == 0)
        code = choose_file(moving, move, label, mes_buf_str(&content), error);
    /* A new one, so that it cannot keep the open permissions of an old one. */
    if (code == 0)
        code = mes_file_remove(move->file, error);
    if (code == 0)
        code = mes_file_replace(move->file, mes_buf_str(&content), error);
    mes_wipe(content.data, content.size);
    mes_buf_fini(&content);
    return code;
}

static int move_value(struct moving *moving, const struct mes_json_value *value, const char *key,
                      const char *label, struct mes_error *error)
{
    struct move *move = mes_arena_alloc(moving->arena, sizeof *move);
    const char *folder = mes_account_value_join(moving->arena, moving->layer->file, MES_STR("secrets"));
    if (move == NULL || folder == NULL)
        return mes_fail_nomem(error);
    *move = (struct move){.value = value, .key = key};
    int code = mes_file_make_folder(folder, 0700, error);
    if (code == 0)
        code = write_secret(moving, move, label, error);
    if (code != 0)
        return code;
    *moving->end = move;
    moving->end = &move->next;
    moving->count++;
    return 0;
}

static int move_account(struct moving *moving, const struct mes_json_value *account, size_t number,
                        struct mes_error *error)
{
    char label[LABEL_MOST + 1];
    int code = 0;
    make_label(account, number, label);
    for (const struct mes_json_value *member = account->first; member != NULL && code == 0;
         member = member->next) {
        size_t index = mes_account_setting_find(MES_SCOPE_ACCOUNT, member->key);
        if (index == MES_ACCOUNT_SETTING_COUNT)
            continue;
        const struct mes_setting *setting = mes_account_setting_at(MES_SCOPE_ACCOUNT, index);
        if (mes_account_value_is_inline_secret(setting, member))
            code = move_value(moving, member, setting->key, label, error);
    }
    return code;
}

/* The file's bytes with a reference in the place of each secret. */
static void edit(const struct moving *moving, struct mes_buf *out)
{
    struct mes_str text = mes_buf_str(&moving->layer->text);
    size_t taken = 0;
    for (const struct move *move = moving->first; move != NULL; move = move->next) {
        mes_buf_add_str(out, mes_str_cut(text, taken, move->value->offset - taken));
        mes_buf_add_text(out, "\"file:");
        mes_buf_add_text(out, move->reference); /* needs no escapes: see make_label */
        mes_buf_add_text(out, "\"");
        taken = move->value->offset + move->value->size;
    }
    mes_buf_add_str(out, mes_str_skip(text, taken));
}

/* Where the file really is: a symbolic link stays one. */
static int write_settings(const struct moving *moving, const char **backup_out, struct mes_error *error)
{
    struct mes_buf real;
    struct mes_buf edited;
    mes_buf_init(&real, 2 * SECRET_MOST);
    mes_buf_init(&edited, 2 * MES_JSON_MOST_BYTES);
    if (!mes_file_real_path(moving->layer->file, &real))
        mes_buf_add_text(&real, moving->layer->file);
    struct mes_str target = mes_buf_str(&real);
    char *backup = mes_arena_alloc(moving->arena, target.size + sizeof ".bak");
    edit(moving, &edited);
    int code = backup != NULL ? mes_buf_check(&edited, error) : mes_fail_nomem(error);
    if (code == 0) {
        (void)snprintf(backup, target.size + sizeof ".bak", "%s.bak", target.data);
        code = mes_file_remove(backup, error);
    }
    if (code == 0)
        code = mes_file_replace(backup, mes_buf_str(&moving->layer->text), error);
    if (code == 0)
        code = mes_file_replace(target.data, mes_buf_str(&edited), error);
    mes_wipe(edited.data, edited.size);
    mes_buf_fini(&edited);
    mes_buf_fini(&real);
    *backup_out = backup;
    return code;
}

static void tell(const struct moving *moving, const struct mes_secrets_listener *listener, const char *backup)
{
    for (const struct move *move = moving->first; move != NULL && listener->on_moved != NULL;
         move = move->next) {
        struct mes_origin origin = {MES_ORIGIN_FILE, moving->layer->file, move->value->place.line,
                                    move->value->place.column};
        listener->on_moved(listener->context, MES_ORIGIN(&origin), move->key, move->file);
    }
    if (listener->on_backup != NULL)
        listener->on_backup(listener->context, backup);
}

static int move_layer(const struct mes_layer *layer, struct mes_arena *arena,
                      const struct mes_secrets_listener *listener, size_t *count, struct mes_error *error)
{
    struct moving moving = {.layer = layer, .arena = arena};
    const struct mes_json_value *account = layer->accounts != NULL ? layer->accounts->first : NULL;
    const char *backup;
    int code = 0;
    moving.end = &moving.first;
    for (size_t number = 1; account != NULL && code == 0; account = account->next)
        code = move_account(&moving, account, number++, error);
    if (code != 0 || moving.count == 0)
        return code;
    code = write_settings(&moving, &backup, error);
    if (code != 0)
        return code;
    tell(&moving, listener, backup);
    *count += moving.count;
    return 0;
}

int mes_account_secrets_move(const struct mes_account_source *source,
                             const struct mes_secrets_listener *listener, size_t *count_out,
                             struct mes_error *error)
{
    struct mes_complaints complaints = {.listener = source->findings, .error = error};
    struct mes_arena arena;
    *count_out = 0;
    mes_arena_init(&arena, (size_t)4 * MES_JSON_MOST_BYTES);
    struct mes_account_opening opening = {.source = source, .arena = &arena, .complaints = &complaints};
    int code = mes_account_open(&opening);
    for (size_t i = 0; i < opening.layers.count && code == 0; i++)
        code = move_layer(&opening.layers.files[i], &arena, listener, count_out, error);
    mes_account_layers_fini(&opening.layers);
    mes_arena_fini(&arena);
    return code;
}
