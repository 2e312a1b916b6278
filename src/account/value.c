#include "account/value.h"

#include <string.h>

#include "base/environment.h"
#include "base/file.h"
#include "i18n/say.h"

enum { MES_SECRET_MOST = 64 * 1024 };

static const char *copy_text(const struct mes_valuer *valuer, struct mes_str text)
{
    const char *copy = mes_arena_copy(valuer->arena, text);
    if (copy == NULL)
        mes_account_complaints_nomem(valuer->complaints);
    return copy;
}

static void complain(const struct mes_valuer *valuer, const struct mes_setting *setting,
                     const struct mes_written *written, int sentence)
{
    mes_account_complaints_problem(valuer->complaints, sentence,
                                   MES_ARGS(MES_ORIGIN(&written->origin), setting->key));
}

/* May be written as a JSON text or number; variables always are texts. */
static bool is_plain(const struct mes_written *written)
{
    return written->json == NULL || written->json->kind == MES_JSON_TEXT ||
           written->json->kind == MES_JSON_INTEGER || written->json->kind == MES_JSON_REAL;
}

static void store_flag(const struct mes_valuer *valuer, const struct mes_setting *setting,
                       const struct mes_written *written, bool *member)
{
    bool is_flag =
        written->json == NULL || written->json->kind == MES_JSON_FLAG || written->json->kind == MES_JSON_TEXT;
    bool is_true = mes_str_eq_nocase(written->text, MES_STR("true"));
    if (is_flag && (is_true || mes_str_eq_nocase(written->text, MES_STR("false"))))
        *member = is_true;
    else
        complain(valuer, setting, written, MES_SAY_account_not_flag);
}

static void store_number(const struct mes_valuer *valuer, const struct mes_setting *setting,
                         const struct mes_written *written, int64_t *member)
{
    uint64_t number;
    struct mes_str text = mes_str_trim(written->text);
    bool is_number = is_plain(written) && mes_str_to_uint(text, INT64_MAX, &number);
    if (is_number && (int64_t)number >= setting->least && (int64_t)number <= setting->most) {
        *member = (int64_t)number;
        return;
    }
    mes_account_complaints_problem(valuer->complaints,
                                   is_number ? MES_SAY_account_number_range : MES_SAY_account_not_number,
                                   MES_ARGS(MES_ORIGIN(&written->origin), setting->key,
                                            MES_NUMBER(setting->least), MES_NUMBER(setting->most)));
}

static void store_choice(const struct mes_valuer *valuer, const struct mes_setting *setting,
                         const struct mes_written *written, int *member)
{
    int choice = is_plain(written) ? mes_account_setting_choice(setting, written->text) : -1;
    if (choice >= 0)
        *member = choice;
    else
        mes_account_complaints_problem(valuer->complaints, MES_SAY_account_not_choice,
                                       MES_ARGS(MES_ORIGIN(&written->origin), setting->key, setting->words));
}

/* CR, LF and the like in a name, a host or an address could become a line of their own in the conversation.
 */
static bool has_controls(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

static bool check_text(const struct mes_valuer *valuer, const struct mes_setting *setting,
                       const struct mes_written *written)
{
    if (!is_plain(written))
        complain(valuer, setting, written, MES_SAY_account_not_text);
    else if (has_controls(written->text))
        complain(valuer, setting, written, MES_SAY_account_control);
    else
        return true;
    return false;
}

static void store_text(const struct mes_valuer *valuer, const struct mes_setting *setting,
                       const struct mes_written *written, const char **member)
{
    if (!check_text(valuer, setting, written))
        return;
    const char *copy = copy_text(valuer, mes_str_trim(written->text));
    if (copy != NULL)
        *member = copy;
}

static void store_remark(const struct mes_valuer *valuer, const struct mes_written *written,
                         const char **member)
{
    const char *copy = copy_text(valuer, written->text);
    if (copy != NULL)
        *member = copy;
}

const char *mes_account_value_join(struct mes_arena *arena, const char *file, struct mes_str path)
{
    const char *slash = strrchr(file, '/');
    size_t folder = slash == NULL || path.size == 0 || path.data[0] == '/' ? 0 : (size_t)(slash - file) + 1;
    char *joined = mes_arena_alloc(arena, folder + path.size + 1);
    if (joined == NULL)
        return NULL;
    memcpy(joined, file, folder);
    if (path.size > 0)
        memcpy(joined + folder, path.data, path.size);
    return joined;
}

static const char *join(const struct mes_valuer *valuer, const struct mes_written *written,
                        struct mes_str path)
{
    const char *file = written->json != NULL ? written->origin.place : valuer->settings_file;
    const char *joined = mes_account_value_join(valuer->arena, file, path);
    if (joined == NULL)
        mes_account_complaints_nomem(valuer->complaints);
    return joined;
}

static void store_path(const struct mes_valuer *valuer, const struct mes_setting *setting,
                       const struct mes_written *written, const char **member)
{
    if (!check_text(valuer, setting, written))
        return;
    const char *joined = join(valuer, written, mes_str_trim(written->text));
    if (joined != NULL)
        *member = joined;
}

static void keep_secret(const struct mes_valuer *valuer, struct mes_str text, struct mes_secret **member)
{
    mes_secret_free(member);
    if (text.size == 0)
        return;
    *member = mes_secret_new(text);
    if (*member == NULL)
        mes_account_complaints_nomem(valuer->complaints);
}

static void secret_from_variable(const struct mes_valuer *valuer, const struct mes_setting *setting,
                                 const struct mes_written *written, struct mes_str name,
                                 struct mes_secret **member)
{
    const char *value = mes_environment_find(valuer->environment, name);
    if (value == NULL || value[0] == '\0')
        mes_account_complaints_problem(valuer->complaints, MES_SAY_account_no_variable,
                                       MES_ARGS(MES_ORIGIN(&written->origin), setting->key, MES_TEXT(name)));
    else
        keep_secret(valuer, mes_str_of(value), member);
}

struct mes_str mes_account_value_without_line_end(struct mes_str text)
{
    if (text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    if (text.size > 0 && text.data[text.size - 1] == '\r')
        text.size--;
    return text;
}

/* `accounts login` writes it: until then it may be missing. */
static bool is_made_by_login(const struct mes_setting *setting)
{
    return setting == mes_account_setting_at(MES_SCOPE_ACCOUNT, MES_ACCOUNT_SETTING_oauth_refresh_token);
}

static void secret_from_file(const struct mes_valuer *valuer, const struct mes_setting *setting,
                             const struct mes_written *written, struct mes_str path,
                             struct mes_secret **member)
{
    const char *file = join(valuer, written, path);
    struct mes_buf content;
    struct mes_error error;
    if (file == NULL || (is_made_by_login(setting) && !mes_file_exists(file)))
        return;
    mes_buf_init(&content, MES_SECRET_MOST);
    int code = mes_file_read(file, &content, &error);
    if (code == MES_E_NOMEM)
        mes_account_complaints_nomem(valuer->complaints);
    else if (code != 0)
        mes_account_complaints_problem(valuer->complaints, MES_SAY_account_secret_file,
                                       MES_ARGS(MES_ORIGIN(&written->origin), setting->key,
                                                mes_error_argument(&error, 0),
                                                mes_error_argument(&error, 1)));
    else if (mes_account_value_without_line_end(mes_buf_str(&content)).size == 0)
        mes_account_complaints_problem(valuer->complaints, MES_SAY_account_secret_file_empty,
                                       MES_ARGS(MES_ORIGIN(&written->origin), setting->key, file));
    else
        keep_secret(valuer, mes_account_value_without_line_end(mes_buf_str(&content)), member);
    if (mes_file_is_exposed(file))
        mes_account_complaints_warn(valuer->complaints, MES_SAY_account_secret_file_exposed, MES_ARGS(file));
    mes_wipe(content.data, content.size);
    mes_buf_fini(&content);
}

static void store_secret(const struct mes_valuer *valuer, const struct mes_setting *setting,
                         const struct mes_written *written, struct mes_secret **member)
{
    struct mes_str text = written->text;
    if (!is_plain(written))
        complain(valuer, setting, written, MES_SAY_account_not_text);
    else if (mes_str_starts_nocase(text, MES_STR("env:")))
        secret_from_variable(valuer, setting, written, mes_str_skip(text, 4), member);
    else if (mes_str_starts_nocase(text, MES_STR("file:")))
        secret_from_file(valuer, setting, written, mes_str_skip(text, 5), member);
    else
        keep_secret(valuer, text, member);
}

const char *mes_account_value_secret_file(const struct mes_valuer *valuer, const struct mes_written *written)
{
    if (!is_plain(written) || !mes_str_starts_nocase(written->text, MES_STR("file:")))
        return NULL;
    return join(valuer, written, mes_str_skip(written->text, 5));
}

const char *mes_account_value_secret_variable(const struct mes_valuer *valuer,
                                              const struct mes_written *written)
{
    if (!is_plain(written) || !mes_str_starts_nocase(written->text, MES_STR("env:")))
        return NULL;
    return copy_text(valuer, mes_str_skip(written->text, 4));
}

bool mes_account_value_is_inline_secret(const struct mes_setting *setting, const struct mes_json_value *value)
{
    return setting->type == MES_SETTING_SECRET && value != NULL && value->text.size > 0 &&
           (value->kind == MES_JSON_TEXT || value->kind == MES_JSON_INTEGER) &&
           !mes_str_starts_nocase(value->text, MES_STR("env:")) &&
           !mes_str_starts_nocase(value->text, MES_STR("file:"));
}

/* Texts of a JSON list, or of one text with commas or semicolons between them. */
static bool next_item(const struct mes_json_value **item, struct mes_str *rest, struct mes_str *text_out)
{
    if (*item != NULL) {
        *text_out = mes_str_trim((*item)->text);
        *item = (*item)->next;
        return true;
    }
    if (rest->data == NULL || rest->size == 0)
        return false;
    size_t end = 0;
    while (end < rest->size && rest->data[end] != ',' && rest->data[end] != ';')
        end++;
    *text_out = mes_str_trim(mes_str_cut(*rest, 0, end));
    *rest = mes_str_skip(*rest, end + 1);
    return true;
}

static bool check_items(const struct mes_valuer *valuer, const struct mes_setting *setting,
                        const struct mes_written *written)
{
    const struct mes_json_value *list = written->json;
    if (list == NULL || list->kind != MES_JSON_LIST)
        return check_text(valuer, setting, written);
    for (const struct mes_json_value *item = list->first; item != NULL; item = item->next) {
        struct mes_written one = {.text = item->text, .json = item, .origin = written->origin};
        one.origin.line = item->place.line;
        one.origin.column = item->place.column;
        if (!check_text(valuer, setting, &one))
            return false;
    }
    return true;
}

static void store_list(const struct mes_valuer *valuer, const struct mes_setting *setting,
                       const struct mes_written *written, struct mes_text_list *member)
{
    if (!check_items(valuer, setting, written))
        return;
    const struct mes_json_value *item = written->json != NULL ? written->json->first : NULL;
    struct mes_str rest = written->text;
    size_t most = rest.size + (written->json != NULL ? written->json->count : 0) + 1;
    const char **texts = mes_arena_alloc(valuer->arena, most * sizeof *texts);
    size_t count = 0;
    if (texts == NULL) {
        mes_account_complaints_nomem(valuer->complaints);
        return;
    }
    for (struct mes_str text; next_item(&item, &rest, &text);) {
        const char *copy = text.size > 0 ? copy_text(valuer, text) : NULL;
        if (copy != NULL)
            texts[count++] = copy;
    }
    *member = (struct mes_text_list){texts, count};
}

/* What was written is not repeated in the complaint: it may hold a password. */
static void store_proxy(const struct mes_valuer *valuer, const struct mes_setting *setting,
                        const struct mes_written *written, struct mes_account_proxy *member)
{
    struct mes_str text = mes_str_trim(written->text);
    mes_secret_free(&member->password);
    *member = (struct mes_account_proxy){0};
    if (!check_text(valuer, setting, written) || text.size == 0)
        return;
    int code = mes_account_proxy_parse(text, valuer->arena, member);
    if (code == MES_E_NOMEM)
        mes_account_complaints_nomem(valuer->complaints);
    else if (code != 0)
        complain(valuer, setting, written, MES_SAY_account_bad_proxy);
}

void mes_account_value_store(const struct mes_valuer *valuer, const struct mes_setting *setting,
                             const struct mes_written *written, void *record)
{
    void *member = mes_account_setting_member(setting, record);
    switch (setting->type) {
    case MES_SETTING_FLAG:
        store_flag(valuer, setting, written, member);
        break;
    case MES_SETTING_NUMBER:
        store_number(valuer, setting, written, member);
        break;
    case MES_SETTING_CHOICE:
        store_choice(valuer, setting, written, member);
        break;
    case MES_SETTING_TEXT:
        store_text(valuer, setting, written, member);
        break;
    case MES_SETTING_PATH:
        store_path(valuer, setting, written, member);
        break;
    case MES_SETTING_REMARK:
        store_remark(valuer, written, member);
        break;
    case MES_SETTING_SECRET:
        store_secret(valuer, setting, written, member);
        break;
    case MES_SETTING_PROXY:
        store_proxy(valuer, setting, written, member);
        break;
    case MES_SETTING_LIST:
        store_list(valuer, setting, written, member);
        break;
    }
}

void mes_account_value_store_default(const struct mes_valuer *valuer, const struct mes_setting *setting,
                                     void *record)
{
    struct mes_str text = mes_str_of(setting->standard);
    struct mes_written standard = {.text = mes_str_skip(text, mes_str_starts(text, MES_STR("./")) ? 2 : 0)};
    bool is_text = setting->type == MES_SETTING_TEXT || setting->type == MES_SETTING_REMARK ||
                   (setting->type == MES_SETTING_PATH && standard.text.size == 0);
    if (is_text)
        *(const char **)mes_account_setting_member(setting, record) = setting->standard;
    else if (standard.text.size > 0)
        mes_account_value_store(valuer, setting, &standard, record);
}
