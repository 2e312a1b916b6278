#include "account/secrets.h"

#include "account/edit.h"
#include "account/open.h"
#include "account/secret_file.h"
#include "account/value.h"

/* A secret that goes from the settings file into its own. */
struct move {
    const struct mes_json_value *value;
    const char *key;
    struct mes_secret_file put;
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

static bool is_taken(void *context, const char *file)
{
    const struct moving *moving = context;
    for (const struct move *move = moving->first; move != NULL; move = move->next)
        if (mes_str_eq(mes_str_of(move->put.file), mes_str_of(file)))
            return true;
    return false;
}

static int move_value(struct moving *moving, const struct mes_json_value *value, const char *key,
                      const char *label, struct mes_error *error)
{
    struct move *move = mes_arena_alloc(moving->arena, sizeof *move);
    if (move == NULL)
        return mes_fail_nomem(error);
    *move = (struct move){.value = value, .key = key};
    const struct mes_secret_writing writing = {.settings = moving->layer->file,
                                               .label = label,
                                               .key = key,
                                               .secret = value->text,
                                               .is_taken = is_taken,
                                               .context = moving};
    int code = mes_account_secret_write(&writing, moving->arena, &move->put, error);
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
    char label[MES_SECRET_LABEL + 1];
    int code = 0;
    mes_account_secret_label(account, number, label);
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
        mes_buf_add_text(out, move->put.reference);
        mes_buf_add_text(out, "\"");
        taken = move->value->offset + move->value->size;
    }
    mes_buf_add_str(out, mes_str_skip(text, taken));
}

static int write_settings(const struct moving *moving, const char **backup_out, struct mes_error *error)
{
    struct mes_buf edited;
    mes_buf_init(&edited, 2 * MES_JSON_MOST_BYTES);
    edit(moving, &edited);
    const struct mes_account_edit whole = {moving->layer->file, mes_buf_str(&moving->layer->text),
                                           mes_buf_str(&edited)};
    int code = mes_buf_check(&edited, error);
    if (code == 0)
        code = mes_account_edit_write(&whole, moving->arena, backup_out, error);
    mes_wipe(edited.data, edited.size);
    mes_buf_fini(&edited);
    return code;
}

static void tell(const struct moving *moving, const struct mes_secrets_listener *listener, const char *backup)
{
    for (const struct move *move = moving->first; move != NULL && listener->on_moved != NULL;
         move = move->next) {
        struct mes_origin origin = {MES_ORIGIN_FILE, moving->layer->file, move->value->place.line,
                                    move->value->place.column};
        listener->on_moved(listener->context, MES_ORIGIN(&origin), move->key, move->put.file);
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
