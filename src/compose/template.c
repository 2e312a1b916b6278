#include "compose/template.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "compose/catalogue.h"
#include "i18n/say.h"
#include "mime/htmltext.h"

enum { FILE_BYTES = 8 * 1024 * 1024, NAME_BYTES = 64, ARENA_BYTES = 64 * 1024 * 1024, TITLE_BYTES = 8192 };

/* The enumeration of the older software: names that may be given by number. */
static const char *const numbered[] = {"Register", "ForgetPassword"};

/* The placeholders of files of the old form. */
static const struct mes_str old_names[] = {{"callbackurl", sizeof "callbackurl" - 1}};

struct loaded {
    struct mes_compose_template public;
    struct mes_arena arena;
};

struct loader {
    const struct mes_compose_wish *wish;
    const struct mes_compose_sources *sources; /* NULL: it is found in the catalogue */
    struct mes_compose_catalogue catalogue;
    struct loaded *loaded;
    const char *text_name;
    int partial_code; /* why a partial that is there could not be read; 0: none */
    struct mes_error partial_error;
    bool is_text; /* the text twin is under way: its partials are text twins too */
    struct mes_error *error;
};

static bool is_name(struct mes_str name)
{
    if (name.size == 0 || name.size > NAME_BYTES || name.data[0] == '.')
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool is_digit = c >= '0' && c <= '9';
        bool is_letter = mes_lower(c) >= 'a' && mes_lower(c) <= 'z';
        if (!is_digit && !is_letter && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static struct mes_str name_of(struct mes_str name)
{
    uint64_t number;
    if (mes_str_to_uint(name, sizeof numbered / sizeof numbered[0] - 1, &number))
        return mes_str_of(numbered[number]);
    return name;
}

/* The content of an entry: in the arena, or built in. */
static int read_entry(struct loader *loader, const struct mes_compose_entry *entry, struct mes_str *text_out)
{
    struct mes_buf path, content;
    if (entry->builtin != NULL) {
        *text_out = mes_str_of(entry->builtin->html);
        return 0;
    }
    mes_buf_init(&path, 8192);
    mes_buf_init(&content, FILE_BYTES);
    mes_buf_add_format(&path, "%s/%s", loader->wish->folder, entry->file);
    int code = mes_buf_check(&path, loader->error);
    if (code == 0)
        code = mes_file_read(mes_buf_text(&path), &content, loader->error);
    bool is_text = mes_utf8_is_valid(mes_buf_str(&content)) &&
                   (content.size == 0 || memchr(content.data, '\0', content.size) == NULL);
    if (code == 0 && !is_text)
        code = mes_fail(loader->error, MES_E_INPUT, MES_SAY_compose_template_not_utf8,
                        MES_ARGS(mes_buf_text(&path)));
    if (code == 0) {
        *text_out = mes_str_make(mes_arena_copy(&loader->loaded->arena, mes_buf_str(&content)), content.size);
        code = text_out->data != NULL ? 0 : mes_fail_nomem(loader->error);
    }
    mes_buf_fini(&path);
    mes_buf_fini(&content);
    return code;
}

static const struct mes_compose_partial *known_partial(const struct mes_compose_sources *sources,
                                                       struct mes_str name, bool is_text)
{
    const struct mes_compose_partial *partial = sources->partials;
    while (partial != NULL && (partial->is_text != is_text || !mes_str_eq(partial->name, name)))
        partial = partial->next;
    return partial;
}

/* Keeps it with the template's other sources. */
static bool keep_partial(struct loader *loader, struct mes_str name, struct mes_str source)
{
    struct mes_compose_sources *sources = &loader->loaded->public.sources;
    struct mes_compose_partial *partial = mes_arena_alloc(&loader->loaded->arena, sizeof *partial);
    const char *copy = mes_arena_copy(&loader->loaded->arena, name);
    if (partial == NULL || copy == NULL)
        return false;
    *partial = (struct mes_compose_partial){mes_str_make(copy, name.size), loader->is_text, source,
                                            sources->partials};
    sources->partials = partial;
    return true;
}

/* {{>footer}} is footer_LL-CC.html (in a text twin the .txt beside it), found as the template itself was. */
static bool find_partial(void *context, struct mes_str name, struct mes_str *text_out)
{
    struct loader *loader = context;
    const struct mes_compose_template *template = &loader->loaded->public;
    const struct mes_compose_partial *known = known_partial(&template->sources, name, loader->is_text);
    if (known != NULL)
        *text_out = known->source;
    if (known != NULL || loader->sources != NULL)
        return known != NULL;
    const struct mes_compose_entry *entry = mes_compose_catalogue_find(
        &loader->catalogue, name, mes_str_of(template->language), loader->wish->fall_back);
    if (entry != NULL && loader->is_text)
        entry = mes_compose_catalogue_twin(&loader->catalogue, entry);
    if (entry == NULL)
        return false;
    loader->partial_code = read_entry(loader, entry, text_out);
    if (loader->partial_code == 0 && !keep_partial(loader, name, *text_out))
        loader->partial_code = mes_fail_nomem(loader->error);
    if (loader->partial_code != 0 && loader->error != NULL)
        loader->partial_error = *loader->error;
    return loader->partial_code == 0;
}

static int parse(struct loader *loader, const struct mes_template_source *source,
                 struct mes_template **template_out)
{
    struct mes_template_source full = *source;
    full.old_names = old_names;
    full.old_name_count = sizeof old_names / sizeof old_names[0];
    full.find_partial = find_partial;
    full.partial_context = loader;
    full.utc_offset = loader->wish->utc_offset;
    full.zone = loader->wish->zone;
    int code = mes_template_parse(&full, template_out, loader->error);
    if (loader->partial_code == 0)
        return code;
    if (loader->error != NULL) /* the parser only knows that it did not get the partial */
        *loader->error = loader->partial_error;
    return loader->partial_code;
}

/* The <title> of the template is a template too: for one header line, with its references decoded. */
static int parse_subject(struct loader *loader, const char *file, struct mes_str html)
{
    struct mes_buf title, name;
    int code = 0;
    mes_buf_init(&title, TITLE_BYTES);
    mes_buf_init(&name, 1024);
    mes_buf_add_format(&name, "%s <title>", file);
    if (mes_mime_html_title(html, &title, NULL) && title.size > 0) {
        struct mes_template_source source = {
            .name = mes_buf_str(&name), .text = mes_buf_str(&title), .kind = MES_TEMPLATE_HEADER};
        code = mes_buf_check(&title, loader->error);
        if (code == 0)
            code = parse(loader, &source, &loader->loaded->public.subject);
    }
    mes_buf_fini(&title);
    mes_buf_fini(&name);
    return code;
}

/* All parts of a template whose sources are known. */
static int compile(struct loader *loader)
{
    struct mes_compose_template *template = &loader->loaded->public;
    const struct mes_compose_sources *sources = &template->sources;
    const struct mes_template_source html = {
        .name = mes_str_of(sources->name), .text = sources->html, .kind = MES_TEMPLATE_HTML};
    const struct mes_template_source text = {
        .name = mes_str_of(loader->text_name), .text = sources->text, .kind = MES_TEMPLATE_TEXT};
    template->name = sources->name;
    template->language = sources->language;
    template->is_built_in = sources->is_built_in;
    int code = parse(loader, &html, &template->html);
    if (code == 0)
        code = parse_subject(loader, sources->name, sources->html);
    loader->is_text = true;
    return code == 0 && sources->text.data != NULL ? parse(loader, &text, &template->text) : code;
}

/* Reads the files of an entry, all but the partials, which are read as they are met. */
static int load(struct loader *loader, const struct mes_compose_entry *entry)
{
    struct mes_compose_sources *sources = &loader->loaded->public.sources;
    const struct mes_compose_entry *twin = mes_compose_catalogue_twin(&loader->catalogue, entry);
    sources->name = mes_arena_copy(&loader->loaded->arena, mes_str_of(entry->file));
    sources->language = mes_arena_copy(&loader->loaded->arena, entry->language);
    sources->is_built_in = entry->builtin != NULL;
    if (sources->name == NULL || sources->language == NULL)
        return mes_fail_nomem(loader->error);
    int code = read_entry(loader, entry, &sources->html);
    if (code == 0 && twin != NULL) {
        loader->text_name = twin->file;
        code = read_entry(loader, twin, &sources->text);
    }
    return code == 0 ? compile(loader) : code;
}

static int fail_not_found(struct loader *loader, struct mes_str name)
{
    struct mes_buf known;
    const char *folder = loader->wish->folder;
    mes_buf_init(&known, 64 * 1024);
    mes_compose_catalogue_describe(&loader->catalogue, &known);
    struct mes_str shown = mes_utf8_cut(mes_buf_str(&known), 500);
    mes_buf_truncate(&known, shown.size);
    int code = folder != NULL
                   ? mes_fail(loader->error, MES_E_NOT_FOUND, MES_SAY_compose_no_template_in_folder,
                              MES_ARGS(MES_TEXT(name), mes_buf_text(&known), folder))
                   : mes_fail(loader->error, MES_E_NOT_FOUND, MES_SAY_compose_no_template,
                              MES_ARGS(MES_TEXT(name), mes_buf_text(&known)));
    mes_buf_fini(&known);
    return code;
}

static int find_and_load(struct loader *loader)
{
    struct mes_str name = name_of(loader->wish->name);
    int code = mes_compose_catalogue_init(&loader->catalogue, loader->wish->folder, loader->error);
    if (code != 0)
        return code;
    const struct mes_compose_entry *entry =
        mes_compose_catalogue_find(&loader->catalogue, name, loader->wish->language, loader->wish->fall_back);
    return entry != NULL ? load(loader, entry) : fail_not_found(loader, name);
}

static int begin_and(int (*work)(struct loader *loader), struct loader *loader,
                     struct mes_compose_template **template_out)
{
    *template_out = NULL;
    loader->loaded = mes_alloc(sizeof *loader->loaded);
    if (loader->loaded == NULL)
        return mes_fail_nomem(loader->error);
    mes_arena_init(&loader->loaded->arena, ARENA_BYTES);
    int code = work(loader);
    *template_out = &loader->loaded->public;
    if (code != 0)
        mes_compose_template_free(template_out);
    return code;
}

int mes_compose_template_load(const struct mes_compose_wish *wish, struct mes_compose_template **template_out,
                              struct mes_error *error)
{
    struct loader loader = {.wish = wish, .error = error};
    *template_out = NULL;
    if (!is_name(wish->name))
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_template_name, MES_ARGS(MES_TEXT(wish->name)));
    int code = begin_and(find_and_load, &loader, template_out);
    mes_compose_catalogue_fini(&loader.catalogue);
    return code;
}

static int compile_sources(struct loader *loader)
{
    loader->loaded->public.sources = *loader->sources;
    loader->text_name = loader->sources->name;
    return compile(loader);
}

int mes_compose_template_make(const struct mes_compose_sources *sources, const struct mes_compose_wish *wish,
                              struct mes_compose_template **template_out, struct mes_error *error)
{
    struct loader loader = {.wish = wish, .sources = sources, .error = error};
    return begin_and(compile_sources, &loader, template_out);
}

size_t mes_compose_template_size(const struct mes_compose_template *template)
{
    const struct loaded *loaded = (const struct loaded *)template; /* its first member */
    return sizeof *loaded + mes_arena_size(&loaded->arena) + mes_template_size(template->html) +
           mes_template_size(template->text) + mes_template_size(template->subject);
}

void mes_compose_template_free(struct mes_compose_template **template)
{
    if (*template == NULL)
        return;
    struct loaded *loaded = (struct loaded *)*template; /* its first member */
    mes_template_free(&loaded->public.html);
    mes_template_free(&loaded->public.text);
    mes_template_free(&loaded->public.subject);
    mes_arena_fini(&loaded->arena);
    mes_free(loaded);
    *template = NULL;
}

int mes_compose_template_list(const char *folder,
                              void (*each)(void *context, const char *name, const char *language,
                                           bool is_built_in),
                              void *context, struct mes_error *error)
{
    struct mes_compose_catalogue catalogue;
    const struct mes_compose_entry *before = NULL;
    int code = mes_compose_catalogue_init(&catalogue, folder, error);
    for (size_t i = 0; i < catalogue.count && code == 0; i++) {
        const struct mes_compose_entry *entry = &catalogue.entries[i];
        bool is_hidden = before != NULL && mes_str_eq_nocase(before->name, entry->name) &&
                         mes_str_eq_nocase(before->language, entry->language);
        if (entry->is_text || is_hidden)
            continue;
        char *name = mes_arena_copy(&catalogue.arena, entry->name);
        char *language = mes_arena_copy(&catalogue.arena, entry->language);
        if (name == NULL || language == NULL)
            code = mes_fail_nomem(error);
        else
            each(context, name, language, entry->builtin != NULL);
        before = entry;
    }
    mes_compose_catalogue_fini(&catalogue);
    return code;
}
