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

/* In the folder Config beside the settings file, then in the settings file's own folder. */
static int search_config(struct hunt *hunt, const char *settings, struct mes_arena *arena,
                         const char **file_out, struct mes_error *error)
{
    struct hunt config = {.names = {"Config"}};
    const char *path;
    int code = search(&config, folder_of(settings), arena, &path, error);
    *file_out = NULL;
    if (code == 0 && path != NULL && mes_file_is_folder(path)) {
        struct mes_str folder = as_folder(path, arena);
        code = folder.data != NULL ? search(hunt, folder, arena, file_out, error) : mes_fail_nomem(error);
    }
    if (code != 0 || *file_out != NULL)
        return code;
    return search(hunt, folder_of(settings), arena, file_out, error);
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
