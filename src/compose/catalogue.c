#include "compose/catalogue.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "compose/template.h"

enum { ENTRIES = 20000, ARENA_BYTES = 8 * 1024 * 1024 };

static void add(struct mes_compose_catalogue *catalogue, const struct mes_compose_entry *entry)
{
    if (catalogue->failed != 0)
        return;
    if (catalogue->count == catalogue->capacity) {
        size_t capacity = catalogue->capacity > 0 ? catalogue->capacity * 2 : 16;
        struct mes_compose_entry *entries =
            capacity <= ENTRIES * 2 ? mes_realloc(catalogue->entries, capacity * sizeof *entries) : NULL;
        if (entries == NULL) {
            catalogue->failed = capacity > ENTRIES * 2 ? MES_E_LIMIT : MES_E_NOMEM;
            return;
        }
        catalogue->entries = entries;
        catalogue->capacity = capacity;
    }
    catalogue->entries[catalogue->count++] = *entry;
}

static bool is_letter(char c)
{
    return mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
}

/* "zh", "zh-HK", "zh-Hant-HK": parts of letters and digits, the first of letters alone. */
static bool is_language(struct mes_str text)
{
    struct mes_str rest = text, part;
    size_t parts = 0;
    while (mes_str_next(&rest, '-', &part)) {
        if (part.size < 2 || part.size > 8)
            return false;
        for (size_t i = 0; i < part.size; i++) {
            bool is_digit = part.data[i] >= '0' && part.data[i] <= '9';
            if (!is_letter(part.data[i]) && (parts == 0 || !is_digit))
                return false;
        }
        parts++;
    }
    return parts > 0;
}

/* "NAME_LL-CC.html", ".htm" or ".txt" */
static bool read_file_name(struct mes_str file, struct mes_compose_entry *entry)
{
    static const char *const endings[] = {".html", ".htm", ".txt"};
    size_t end = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (mes_str_ends_nocase(file, mes_str_of(endings[i]))) {
            end = file.size - strlen(endings[i]);
            entry->is_text = i == 2;
            break;
        }
    size_t bar = end;
    while (bar > 0 && file.data[bar - 1] != '_')
        bar--;
    if (bar < 2)
        return false;
    entry->name = mes_str_cut(file, 0, bar - 1);
    entry->language = mes_str_cut(file, bar, end - bar);
    return is_language(entry->language);
}

static void on_file(void *context, const char *file)
{
    struct mes_compose_catalogue *catalogue = context;
    struct mes_compose_entry entry = {.file = mes_arena_copy(&catalogue->arena, mes_str_of(file))};
    if (entry.file == NULL)
        catalogue->failed = MES_E_NOMEM;
    else if (read_file_name(mes_str_of(entry.file), &entry))
        add(catalogue, &entry);
}

static int compare_text(struct mes_str a, struct mes_str b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (mes_lower(a.data[i]) != mes_lower(b.data[i]))
            return (unsigned char)mes_lower(a.data[i]) < (unsigned char)mes_lower(b.data[i]) ? -1 : 1;
    return a.size < b.size ? -1 : a.size > b.size;
}

/* Files before built-in ones of the same name and language. */
static int compare(const void *left, const void *right)
{
    const struct mes_compose_entry *a = left, *b = right;
    int order = compare_text(a->name, b->name);
    if (order == 0)
        order = compare_text(a->language, b->language);
    if (order == 0)
        order = (a->builtin != NULL) - (b->builtin != NULL);
    return order != 0 ? order : strcmp(a->file, b->file);
}

int mes_compose_catalogue_init(struct mes_compose_catalogue *catalogue, const char *folder,
                               struct mes_error *error)
{
    *catalogue = (struct mes_compose_catalogue){.capacity = 0};
    mes_arena_init(&catalogue->arena, ARENA_BYTES);
    for (size_t i = 0; i < mes_compose_builtin_count; i++) {
        const struct mes_compose_builtin *builtin = &mes_compose_builtins[i];
        add(catalogue, &(struct mes_compose_entry){.name = mes_str_of(builtin->name),
                                                   .language = mes_str_of(builtin->language),
                                                   .file = builtin->name,
                                                   .builtin = builtin});
    }
    int code = folder != NULL ? mes_file_list(folder, on_file, catalogue, error) : 0;
    if (code != 0)
        return code;
    if (catalogue->failed == MES_E_LIMIT)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(ENTRIES)));
    if (catalogue->failed != 0)
        return mes_fail_nomem(error);
    if (catalogue->count > 0)
        qsort(catalogue->entries, catalogue->count, sizeof *catalogue->entries, compare);
    return 0;
}

void mes_compose_catalogue_fini(struct mes_compose_catalogue *catalogue)
{
    mes_arena_fini(&catalogue->arena);
    mes_free(catalogue->entries);
    catalogue->entries = NULL;
    catalogue->count = catalogue->capacity = 0;
}

const struct mes_compose_entry *mes_compose_catalogue_twin(const struct mes_compose_catalogue *catalogue,
                                                           const struct mes_compose_entry *entry)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct mes_compose_entry *other = &catalogue->entries[i];
        if (other->is_text && entry->builtin == NULL && mes_str_eq_nocase(other->name, entry->name) &&
            mes_str_eq_nocase(other->language, entry->language))
            return other;
    }
    return NULL;
}

/* "zh_HK" and "zh-hk" are the same. */
static bool is_same_language(struct mes_str a, struct mes_str b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++) {
        char left = a.data[i] == '_' ? '-' : mes_lower(a.data[i]);
        if (left != (b.data[i] == '_' ? '-' : mes_lower(b.data[i])))
            return false;
    }
    return a.size == b.size;
}

/* Up to the first '-' or '_'. */
static struct mes_str primary_of(struct mes_str language)
{
    size_t size = 0;
    while (size < language.size && language.data[size] != '-' && language.data[size] != '_')
        size++;
    return mes_str_cut(language, 0, size);
}

enum script { SCRIPT_ANY, SCRIPT_TRADITIONAL, SCRIPT_SIMPLIFIED };

/* Of Chinese alone: who reads one script is badly served with the other. */
static enum script script_of(struct mes_str language)
{
    static const char *const endings[] = {"HK", "TW", "MO", "Hant", "CN", "SG", "MY", "Hans"};
    if (!mes_str_eq_nocase(primary_of(language), MES_STR("zh")))
        return SCRIPT_ANY;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (mes_str_ends_nocase(language, mes_str_of(endings[i])))
            return i < 4 ? SCRIPT_TRADITIONAL : SCRIPT_SIMPLIFIED;
    return SCRIPT_ANY;
}

bool mes_compose_language_is_kin(struct mes_str a, struct mes_str b)
{
    enum script left = script_of(a), right = script_of(b);
    return mes_str_eq_nocase(primary_of(a), primary_of(b)) &&
           (left == right || left == SCRIPT_ANY || right == SCRIPT_ANY);
}

/* An empty language matches any. */
static const struct mes_compose_entry *find_one(const struct mes_compose_catalogue *catalogue,
                                                struct mes_str name, struct mes_str language, bool is_builtin)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct mes_compose_entry *entry = &catalogue->entries[i];
        bool is_right_kind = !entry->is_text && (entry->builtin != NULL) == is_builtin;
        bool is_right_language = language.size == 0 || is_same_language(entry->language, language);
        if (is_right_kind && is_right_language && mes_str_eq_nocase(entry->name, name))
            return entry;
    }
    return NULL;
}

/* Takes the next language off the front of the list. */
static bool next_language(struct mes_str *list, struct mes_str *language_out)
{
    static const char separators[] = " \t\r\n,;";
    size_t begin = 0;
    while (begin < list->size && strchr(separators, list->data[begin]) != NULL)
        begin++;
    size_t end = begin;
    while (end < list->size && strchr(separators, list->data[end]) == NULL)
        end++;
    *language_out = mes_str_cut(*list, begin, end - begin);
    *list = mes_str_skip(*list, end);
    return language_out->size > 0;
}

/* What stands behind the language in the list; the whole list when it is not in it. */
static struct mes_str behind(struct mes_str list, struct mes_str language)
{
    struct mes_str rest = list, candidate;
    while (next_language(&rest, &candidate))
        if (is_same_language(candidate, language))
            return rest;
    return list;
}

/* The wished language, else one that its reader reads too: "en-US" for "en", "zh-HK" for "zh-TW". */
static const struct mes_compose_entry *find_kin(const struct mes_compose_catalogue *catalogue,
                                                struct mes_str name, struct mes_str language,
                                                struct mes_str fall_back, bool is_builtin)
{
    struct mes_str candidate;
    const struct mes_compose_entry *entry = find_one(catalogue, name, language, is_builtin);
    while (entry == NULL && next_language(&fall_back, &candidate))
        if (mes_compose_language_is_kin(language, candidate))
            entry = find_one(catalogue, name, candidate, is_builtin);
    for (size_t i = 0; i < catalogue->count && entry == NULL; i++)
        if (mes_compose_language_is_kin(language, catalogue->entries[i].language))
            entry = find_one(catalogue, name, catalogue->entries[i].language, is_builtin);
    return entry;
}

const struct mes_compose_entry *mes_compose_catalogue_find(const struct mes_compose_catalogue *catalogue,
                                                           struct mes_str name, struct mes_str language,
                                                           struct mes_str fall_back)
{
    static const struct mes_str any = {"", 0};
    const struct mes_compose_entry *entry = NULL;
    if (fall_back.size == 0)
        fall_back = MES_STR("zh-HK zh-TW zh-CN en-US");
    struct mes_str first = language, rest = behind(fall_back, language);
    if (language.size == 0 && !next_language(&rest, &first))
        first = any;
    for (int is_builtin = 0; is_builtin <= 1 && entry == NULL; is_builtin++) {
        struct mes_str list = rest, candidate;
        entry = first.size > 0 ? find_kin(catalogue, name, first, fall_back, is_builtin) : NULL;
        while (entry == NULL && next_language(&list, &candidate))
            entry = find_one(catalogue, name, candidate, is_builtin);
    }
    if (entry == NULL)
        entry = find_one(catalogue, name, any, false);
    return entry != NULL ? entry : find_one(catalogue, name, any, true);
}

void mes_compose_catalogue_describe(const struct mes_compose_catalogue *catalogue, struct mes_buf *out)
{
    const struct mes_compose_entry *before = NULL;
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct mes_compose_entry *entry = &catalogue->entries[i];
        bool is_same_name = before != NULL && mes_str_eq_nocase(before->name, entry->name);
        if (entry->is_text || (is_same_name && mes_str_eq_nocase(before->language, entry->language)))
            continue;
        if (!is_same_name) {
            mes_buf_add_text(out, before != NULL ? "), " : "");
            mes_buf_add_str(out, entry->name);
        }
        mes_buf_add_text(out, is_same_name ? ", " : " (");
        mes_buf_add_str(out, entry->language);
        before = entry;
    }
    mes_buf_add_text(out, before != NULL ? ")" : "");
}
