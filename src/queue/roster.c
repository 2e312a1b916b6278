#include "queue/roster.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/find.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"

enum { NAMES_BYTES = 4 * 1024 * 1024, FINDINGS_MOST = 1000, PATH_BYTES = 64 * 1024 };

struct mes_roster {
    atomic_size_t holders;
    struct mes_arena names;
    struct mes_roster_entry *entries; /* the general one first, then by company */
    size_t count;
};

/* Every list is read with the settings file, whose findings would come again and again. */
struct telling {
    const struct mes_findings *listener; /* may be NULL */
    uint64_t told[FINDINGS_MOST];
    size_t count;
};

static uint64_t mix(uint64_t stamp, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) /* FNV-1a */
        stamp = (stamp ^ bytes[i]) * 1099511628211U;
    return stamp;
}

static uint64_t stamp_of_finding(const struct mes_error *finding)
{
    uint64_t stamp = mix((uint64_t)finding->sentence, "", 1);
    for (unsigned i = 0; i < finding->count; i++) {
        const char *argument = mes_error_argument(finding, i);
        stamp = mix(stamp, argument, strlen(argument) + 1);
    }
    return stamp;
}

static void on_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    struct telling *telling = context;
    uint64_t stamp = stamp_of_finding(finding);
    for (size_t i = 0; i < telling->count; i++)
        if (telling->told[i] == stamp)
            return;
    if (telling->count < FINDINGS_MOST)
        telling->told[telling->count++] = stamp;
    if (telling->listener != NULL && telling->listener->on_finding != NULL)
        telling->listener->on_finding(telling->listener->context, kind, finding);
}

static bool has_company(const struct mes_roster *roster, struct mes_str company)
{
    for (size_t i = 0; i < roster->count; i++)
        if (mes_str_eq_nocase(mes_str_of(roster->entries[i].company), company))
            return true;
    return false;
}

static int add_entry(struct mes_roster *roster, struct mes_str company, struct mes_error *error)
{
    size_t size = (roster->count + 1) * sizeof *roster->entries;
    struct mes_roster_entry *entries = mes_realloc(roster->entries, size);
    if (entries == NULL)
        return mes_fail_nomem(error);
    roster->entries = entries;
    entries[roster->count] = (struct mes_roster_entry){.company = mes_arena_copy(&roster->names, company)};
    return entries[roster->count++].company != NULL ? 0 : mes_fail_nomem(error);
}

/* A walk through a folder. */
struct census {
    struct mes_roster *roster;
    struct mes_error *error;
    int code;
};

static void on_file(void *context, const char *name)
{
    struct census *census = context;
    struct mes_str company;
    if (census->code == 0 && mes_account_find_company(name, &company) &&
        !has_company(census->roster, company))
        census->code = add_entry(census->roster, company, census->error);
}

static int walk_folder(struct mes_str folder, void (*each)(void *context, const char *name), void *context,
                       struct mes_error *error)
{
    return mes_file_list(folder.size > 0 ? folder.data : ".", each, context, error);
}

static int by_company(const void *a, const void *b)
{
    return strcmp(((const struct mes_roster_entry *)a)->company,
                  ((const struct mes_roster_entry *)b)->company);
}

static int find_companies(struct mes_roster *roster, const char *settings, struct mes_error *error)
{
    struct mes_str folders[2];
    struct mes_arena paths;
    struct census census = {.roster = roster, .error = error};
    mes_arena_init(&paths, PATH_BYTES);
    int code = mes_account_find_folders(settings, &paths, folders, error);
    for (size_t i = 0; i < 2 && code == 0 && census.code == 0; i++)
        if (folders[i].data != NULL)
            code = walk_folder(folders[i], on_file, &census, error);
    mes_arena_fini(&paths);
    qsort(roster->entries + 1, roster->count - 1, sizeof *roster->entries, by_company);
    return code != 0 ? code : census.code;
}

static int load_list(struct mes_roster_entry *entry, const struct mes_account_source *source,
                     struct telling *telling, struct mes_error *error)
{
    const struct mes_findings findings = {on_finding, telling};
    struct mes_account_source own = *source;
    struct mes_account_list *list;
    own.company = entry->company[0] != '\0' ? entry->company : NULL;
    own.findings = &findings;
    struct mes_zone *zone = NULL;
    int code = mes_account_load(&own, &list, error);
    if (code == 0)
        code = mes_zone_load(mes_account_list_globals(list)->time_zone, &zone, error);
    entry->list = list;
    entry->zone = zone;
    return code;
}

/* The companies' lists are read even when the general one is faulty, so that everything is told at once. */
static int load(struct mes_roster *roster, const struct mes_account_source *source, struct telling *telling,
                struct mes_error *error)
{
    struct mes_arena paths;
    const char *settings = NULL;
    int code = add_entry(roster, MES_STR(""), error);
    mes_arena_init(&paths, PATH_BYTES);
    if (code == 0)
        code = mes_account_find_settings(source->path, &paths, &settings, error);
    if (code == 0 && settings != NULL)
        code = find_companies(roster, settings, error);
    mes_arena_fini(&paths);
    for (size_t i = 0; i < roster->count && (code == 0 || code == MES_E_CONFIG); i++) {
        int own = load_list(&roster->entries[i], source, telling, code == 0 ? error : NULL);
        code = code == 0 || own == MES_E_NOMEM ? own : code;
    }
    return code;
}

int mes_roster_load(const struct mes_account_source *source, struct mes_roster **roster_out,
                    struct mes_error *error)
{
    *roster_out = NULL;
    struct mes_roster *roster = mes_alloc(sizeof *roster);
    struct telling *telling = mes_alloc(sizeof *telling);
    int code = roster != NULL && telling != NULL ? 0 : mes_fail_nomem(error);
    if (roster != NULL) {
        atomic_init(&roster->holders, 1);
        mes_arena_init(&roster->names, NAMES_BYTES);
    }
    if (code == 0) {
        telling->listener = source->findings;
        code = load(roster, source, telling, error);
    }
    mes_free(telling);
    if (code != 0)
        mes_roster_drop(&roster);
    *roster_out = roster;
    return code;
}

struct mes_roster *mes_roster_hold(struct mes_roster *roster)
{
    atomic_fetch_add_explicit(&roster->holders, 1, memory_order_relaxed);
    return roster;
}

void mes_roster_drop(struct mes_roster **roster)
{
    struct mes_roster *left = *roster;
    *roster = NULL;
    if (left == NULL || atomic_fetch_sub_explicit(&left->holders, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < left->count; i++) {
        struct mes_account_list *list = (struct mes_account_list *)left->entries[i].list;
        struct mes_zone *zone = (struct mes_zone *)left->entries[i].zone;
        mes_account_list_free(&list);
        mes_zone_free(&zone);
    }
    mes_free(left->entries);
    mes_arena_fini(&left->names);
    mes_free(left);
}

static const struct mes_roster_entry *entry_of(const struct mes_roster *roster, const char *company)
{
    struct mes_str wanted = mes_str_of(company);
    for (size_t i = 1; i < roster->count; i++)
        if (mes_str_eq_nocase(mes_str_of(roster->entries[i].company), wanted))
            return &roster->entries[i];
    return &roster->entries[0];
}

const struct mes_account_list *mes_roster_list(const struct mes_roster *roster, const char *company)
{
    return entry_of(roster, company)->list;
}

const char *mes_roster_owner(const struct mes_roster *roster, const char *company)
{
    return entry_of(roster, company)->company;
}

size_t mes_roster_count(const struct mes_roster *roster)
{
    return roster->count;
}

const struct mes_roster_entry *mes_roster_at(const struct mes_roster *roster, size_t index)
{
    return &roster->entries[index];
}

const struct mes_account_globals *mes_roster_globals(const struct mes_roster *roster)
{
    return mes_account_list_globals(roster->entries[0].list);
}

const char *mes_roster_zone(const struct mes_roster *roster, const char *company)
{
    return mes_account_list_globals(mes_roster_list(roster, company))->time_zone;
}

const struct mes_zone *mes_roster_zone_read(const struct mes_roster *roster, const char *company)
{
    return entry_of(roster, company)->zone;
}

/* A walk that adds up what the files of a folder are; the order in which the system tells them does not
 * matter. */
struct survey {
    struct mes_str folder;
    uint64_t sum;
};

static void on_any_file(void *context, const char *name)
{
    struct survey *survey = context;
    char path[4096];
    if (!mes_str_ends_nocase(mes_str_of(name), MES_STR(".json")) ||
        snprintf(path, sizeof path, "%.*s%s", MES_STR_ARGS(survey->folder), name) >= (int)sizeof path)
        return;
    uint64_t stamp = mes_file_stamp(path);
    survey->sum += mix(stamp, name, strlen(name));
}

uint64_t mes_roster_stamp(const char *path)
{
    const char *settings = NULL;
    struct mes_str folders[2];
    struct mes_arena paths;
    struct survey survey = {.sum = 0};
    mes_arena_init(&paths, PATH_BYTES);
    if (mes_account_find_settings(path, &paths, &settings, NULL) != 0 || settings == NULL ||
        mes_account_find_folders(settings, &paths, folders, NULL) != 0)
        settings = NULL;
    for (size_t i = 0; i < 2 && settings != NULL; i++) {
        survey.folder = folders[i];
        if (folders[i].data != NULL && walk_folder(folders[i], on_any_file, &survey, NULL) != 0)
            settings = NULL;
    }
    uint64_t own = settings != NULL ? mes_file_stamp(settings) : 0; /* its name need not end in ".json" */
    mes_arena_fini(&paths);
    return own != 0 ? survey.sum + own : 0;
}
