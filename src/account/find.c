#include "account/find.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

enum { MES_NAME_MOST = 256, MES_NAMES_MOST = 4 };

/* What is looked for in a folder, best first, and the best that was found. */
struct hunt {
    const char *names[MES_NAMES_MOST + 1];
    size_t rank; /* of `found` in `names` */
    char found[MES_NAME_MOST];
};

static void on_entry(void *context, const char *name)
{
    struct hunt *hunt = context;
    if (strlen(name) >= MES_NAME_MOST)
        return;
    for (size_t rank = 0; hunt->names[rank] != NULL; rank++) {
        bool fits = mes_str_eq_nocase(mes_str_of(name), mes_str_of(hunt->names[rank]));
        bool is_better = hunt->found[0] == '\0' || rank < hunt->rank ||
                         (rank == hunt->rank && strcmp(name, hunt->found) < 0);
        if (fits && is_better) {
            hunt->rank = rank;
            (void)snprintf(hunt->found, sizeof hunt->found, "%s", name);
        }
    }
}

static struct mes_str folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? mes_str_make(path, (size_t)(slash - path) + 1) : MES_STR("");
}

static const char *name_of(const char *path)
{
    return path + folder_of(path).size;
}

/* `folder` is "" or ends with '/'. */
static int search(struct hunt *hunt, struct mes_str folder, struct mes_arena *arena, const char **path_out,
                  struct mes_error *error)
{
    *path_out = NULL;
    char *path = mes_arena_alloc(arena, folder.size + MES_NAME_MOST + 1);
    if (path == NULL)
        return mes_fail_nomem(error);
    memcpy(path, folder.size > 0 ? folder.data : ".", folder.size > 0 ? folder.size : 1);
    hunt->found[0] = '\0';
    int code = mes_file_list(path, on_entry, hunt, error);
    if (code != 0 || hunt->found[0] == '\0')
        return code;
    (void)snprintf(path + folder.size, MES_NAME_MOST + 1, "%s", hunt->found);
    *path_out = path;
    return 0;
}

static struct mes_str as_folder(const char *path, struct mes_arena *arena)
{
    size_t size = strlen(path);
    char *folder = mes_arena_alloc(arena, size + 2);
    if (folder == NULL)
        return mes_str_make(NULL, 0);
    memcpy(folder, path, size);
    if (size > 0 && path[size - 1] != '/')
        folder[size++] = '/';
    return mes_str_make(folder, size);
}

int mes_account_find_settings(const char *path, struct mes_arena *arena, const char **file_out,
                              struct mes_error *error)
{
    struct hunt hunt = {.names = {"AppSetting.json", "AppSettings.json"}};
    struct mes_str folder = folder_of(path);
    *file_out = NULL;
    if (mes_file_is_folder(path)) {
        folder = as_folder(path, arena);
        if (folder.data == NULL)
            return mes_fail_nomem(error);
        return search(&hunt, folder, arena, file_out, error);
    }
    if (mes_file_exists(path)) {
        *file_out = mes_arena_copy(arena, mes_str_of(path));
        return *file_out != NULL ? 0 : mes_fail_nomem(error);
    }
    hunt = (struct hunt){.names = {name_of(path)}};
    char *parent = mes_arena_copy(arena, folder.size > 0 ? folder : MES_STR("."));
    if (parent == NULL)
        return mes_fail_nomem(error);
    return mes_file_is_folder(parent) ? search(&hunt, folder, arena, file_out, error) : 0;
}

int mes_account_find_folders(const char *settings, struct mes_arena *arena, struct mes_str folders_out[2],
                             struct mes_error *error)
{
    struct hunt hunt = {.names = {"Config"}};
    const char *config;
    folders_out[0] = mes_str_make(NULL, 0);
    const char *own = mes_arena_copy(arena, folder_of(settings));
    if (own == NULL)
        return mes_fail_nomem(error);
    folders_out[1] = mes_str_of(own);
    int code = search(&hunt, folders_out[1], arena, &config, error);
    if (code != 0 || config == NULL || !mes_file_is_folder(config))
        return code;
    folders_out[0] = as_folder(config, arena);
    return folders_out[0].data != NULL ? 0 : mes_fail_nomem(error);
}

static int search_config(struct hunt *hunt, const char *settings, struct mes_arena *arena,
                         const char **file_out, struct mes_error *error)
{
    struct mes_str folders[2];
    int code = mes_account_find_folders(settings, arena, folders, error);
    *file_out = NULL;
    for (size_t i = 0; i < 2 && code == 0 && *file_out == NULL; i++)
        if (folders[i].data != NULL)
            code = search(hunt, folders[i], arena, file_out, error);
    return code;
}

int mes_account_find_list(const char *settings, const char *company, struct mes_arena *arena,
                          const char **file_out, struct mes_error *error)
{
    char underscored[MES_NAME_MOST];
    char bare[MES_NAME_MOST];
    struct hunt hunt = {.names = {"SenderEmailAccountList.json"}};
    if (company != NULL) {
        (void)snprintf(underscored, sizeof underscored, "SenderEmailAccountList_%s.json", company);
        (void)snprintf(bare, sizeof bare, "SenderEmailAccountList%s.json", company);
        hunt = (struct hunt){.names = {underscored, bare}};
    }
    return search_config(&hunt, settings, arena, file_out, error);
}

int mes_account_find_environment_file(const char *settings, const char *environment, struct mes_arena *arena,
                                      const char **file_out, struct mes_error *error)
{
    char own[MES_NAME_MOST];
    char plural[MES_NAME_MOST];
    char singular[MES_NAME_MOST];
    const char *name = name_of(settings);
    const char *dot = strrchr(name, '.');
    int stem = dot != NULL ? (int)(dot - name) : (int)strlen(name);
    *file_out = NULL;
    if (strlen(environment) > 64 || strchr(environment, '/') != NULL || environment[0] == '\0')
        return 0;
    (void)snprintf(own, sizeof own, "%.*s.%s.json", stem, name, environment);
    (void)snprintf(plural, sizeof plural, "appsettings.%s.json", environment);
    (void)snprintf(singular, sizeof singular, "AppSetting.%s.json", environment);
    struct hunt hunt = {.names = {own, plural, singular}};
    return search(&hunt, folder_of(settings), arena, file_out, error);
}

bool mes_account_find_is_company(struct mes_str company)
{
    for (size_t i = 0; i < company.size; i++) {
        char c = mes_lower(company.data[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return company.size > 0 && company.size <= 64;
}

bool mes_account_find_company(const char *name, struct mes_str *company_out)
{
    const struct mes_str front = MES_STR("SenderEmailAccountList");
    const struct mes_str end = MES_STR(".json");
    struct mes_str text = mes_str_of(name);
    if (!mes_str_starts_nocase(text, front) || !mes_str_ends_nocase(text, end) ||
        text.size <= front.size + end.size)
        return false;
    *company_out = mes_str_cut(text, front.size, text.size - front.size - end.size);
    if (company_out->data[0] == '_')
        *company_out = mes_str_skip(*company_out, 1);
    return mes_account_find_is_company(*company_out);
}
