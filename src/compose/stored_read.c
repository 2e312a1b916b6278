/* Reading the document of a message. It was checked when it was written, and passes every check of the
 * setters once more: a damaged one must not become a mail. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "compose/blob.h"
#include "compose/message.h"
#include "compose/stored.h"
#include "compose/stored_parts.h"
#include "compose/variables.h"
#include "i18n/say.h"
#include "json/tree.h"

const char *const mes_stored_slot_names[] = {
    [MES_SLOT_SUBJECT] = "subject", [MES_SLOT_TEXT] = "text", [MES_SLOT_HTML] = "html", NULL};
const char *const mes_stored_priorities[] = {
    [MES_PRIORITY_NORMAL] = "", [MES_PRIORITY_HIGH] = "high", [MES_PRIORITY_LOW] = "low", NULL};

enum { MES_STORED_VALUES = 1000 * 1000, MES_STORED_FILE_VALUES = 100 * 1000 };

/* What the document's texts and the template's sources live in, behind what others see. */
struct stored {
    struct mes_compose_stored public;
    struct mes_arena arena;
    struct mes_compose_sources sources;
    const char *folder; /* of the arena; NULL: there are no blobs */
};

static int damaged(const char *what, struct mes_error *error)
{
    return mes_fail(error, MES_E_INPUT, MES_SAY_compose_stored_damaged, MES_ARGS(what));
}

/* ---- members ---- */

/* NULL when it is not there or no text. */
static const char *text_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_TEXT ? value->text.data : NULL;
}

static struct mes_str str_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_TEXT ? value->text : (struct mes_str){NULL, 0};
}

static int64_t integer_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_INTEGER ? value->integer : 0;
}

static bool flag_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL && value->kind == MES_JSON_FLAG && value->integer != 0;
}

static const struct mes_json_value *children_of(const struct mes_json_value *object, const char *key)
{
    const struct mes_json_value *value = mes_json_member(object, mes_str_of(key));
    return value != NULL ? value->first : NULL;
}

/* ---- parts of the message ---- */

static int read_identity(struct stored *stored, const struct mes_json_value *root, struct mes_error *error)
{
    struct mes_compose_options *options = &stored->public.options;
    int64_t version = integer_of(root, "version");
    if (version > MES_STORED_VERSION)
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_stored_newer, MES_ARGS(MES_NUMBER(version)));
    *options = (struct mes_compose_options){
        .domain = text_of(root, "domain"),
        .zone_minutes = (int)integer_of(root, "zone"),
        .seed = text_of(root, "seed"),
        .unix_seconds = integer_of(root, "date"),
        .is_checked = true,
    };
    if (version != MES_STORED_VERSION)
        return damaged("version", error);
    return options->domain == NULL || options->seed == NULL || options->unix_seconds <= 0
               ? damaged("domain, seed, date", error)
               : 0;
}

static void read_personal(struct mes_message *message, const struct mes_json_value *root)
{
    message->is_stored = true;
    for (const struct mes_json_value *at = children_of(root, "personal"); at != NULL; at = at->next)
        for (unsigned i = 0; mes_stored_slot_names[i] != NULL; i++)
            if (mes_str_eq(at->text, mes_str_of(mes_stored_slot_names[i])))
                message->personal |= 1U << i;
}

static int read_people(struct mes_message *message, const struct mes_json_value *root,
                       struct mes_error *error)
{
    static const struct {
        const char *key;
        enum mes_role role;
    } lists[] = {{"cc", MES_ROLE_CC}, {"bcc", MES_ROLE_BCC}};
    const struct mes_json_value *from = mes_json_member(root, MES_STR("from"));
    const struct mes_json_value *reply_to = mes_json_member(root, MES_STR("replyTo"));
    int code = 0;
    if (from != NULL)
        code = mes_message_set_from(message, text_of(from, "address"), text_of(from, "name"), error);
    if (code == 0 && reply_to != NULL)
        code =
            mes_message_set_reply_to(message, text_of(reply_to, "address"), text_of(reply_to, "name"), error);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (const struct mes_json_value *at = children_of(root, lists[i].key); at != NULL && code == 0;
             at = at->next) {
            const char *address = text_of(at, "address");
            code = address != NULL ? mes_message_add_recipient(message, lists[i].role, address,
                                                               text_of(at, "name"), error)
                                   : damaged(lists[i].key, error);
        }
    return code;
}

static int read_headers(struct mes_message *message, const struct mes_json_value *root,
                        struct mes_error *error)
{
    int code = 0;
    for (const struct mes_json_value *at = children_of(root, "headers"); at != NULL && code == 0;
         at = at->next) {
        const struct mes_json_value *name = mes_json_item(at, 0), *value = mes_json_item(at, 1);
        bool is_good =
            name != NULL && value != NULL && name->kind == MES_JSON_TEXT && value->kind == MES_JSON_TEXT;
        code = is_good ? mes_message_add_header(message, name->text.data, value->text.data, error)
                       : damaged("headers", error);
    }
    return code;
}

static int read_wishes(struct mes_message *message, const struct mes_json_value *root,
                       struct mes_error *error)
{
    const char *priority = text_of(root, "priority"), *dsn = text_of(root, "dsn");
    for (unsigned i = 0; priority != NULL && mes_stored_priorities[i] != NULL; i++)
        if (strcmp(priority, mes_stored_priorities[i]) == 0)
            message->priority = (enum mes_priority)i;
    mes_message_set_require_tls(message, flag_of(root, "requireTls"));
    int code = mes_message_set_calendar(message, text_of(root, "calendar"), NULL, error);
    if (code != 0)
        return code;
    return dsn != NULL ? mes_message_set_dsn(message, dsn, error) : 0;
}

static int read_texts(struct mes_message *message, const struct mes_json_value *root, struct mes_error *error)
{
    const struct mes_json_value *variables = mes_json_member(root, MES_STR("vars"));
    int code = mes_message_set_subject(message, text_of(root, "subject"), error);
    if (code == 0)
        code = mes_message_set_text(message, text_of(root, "text"), error);
    if (code == 0)
        code = mes_message_set_html(message, text_of(root, "html"), error);
    if (code == 0 && variables != NULL)
        code = mes_compose_message_set_variables(message, MES_VARIABLES_OF_ALL, variables, error);
    if (code == 0)
        code = read_headers(message, root, error);
    return code == 0 ? read_wishes(message, root, error) : code;
}

/* Links each partial in the place where it stood, so that another writing gives the same document. */
static int read_partials(struct stored *stored, const struct mes_json_value *template,
                         struct mes_error *error)
{
    const struct mes_compose_partial **last = &stored->sources.partials;
    for (const struct mes_json_value *at = children_of(template, "partials"); at != NULL; at = at->next) {
        struct mes_compose_partial *partial = mes_arena_alloc(&stored->arena, sizeof *partial);
        if (partial == NULL)
            return mes_fail_nomem(error);
        struct mes_str text = str_of(at, "text"), html = str_of(at, "html");
        *partial = (struct mes_compose_partial){.name = str_of(at, "name"),
                                                .is_text = text.data != NULL,
                                                .source = text.data != NULL ? text : html};
        if (partial->name.data == NULL || partial->source.data == NULL)
            return damaged("partials", error);
        *last = partial;
        last = &partial->next;
    }
    return 0;
}

static int read_template(struct stored *stored, const struct mes_json_value *root, struct mes_error *error)
{
    const struct mes_json_value *template = mes_json_member(root, MES_STR("template"));
    const struct mes_json_value *built_in = mes_json_member(template, MES_STR("builtIn"));
    if (template == NULL)
        return 0;
    stored->sources = (struct mes_compose_sources){
        .name = text_of(template, "name"),
        .language = text_of(template, "language"),
        .is_built_in = built_in != NULL && built_in->integer != 0,
        .html = str_of(template, "html"),
        .text = str_of(template, "text"),
    };
    if (stored->sources.name == NULL || stored->sources.html.data == NULL)
        return damaged("template", error);
    stored->public.message->sources = &stored->sources;
    return read_partials(stored, template, error);
}

/* ---- attachments ---- */

static int add_files(struct stored *stored, const struct mes_json_value *list, bool is_of_last_to,
                     struct mes_error *error)
{
    struct mes_message *message = stored->public.message;
    int code = 0;
    for (const struct mes_json_value *at = list; at != NULL && code == 0; at = at->next) {
        const struct mes_compose_blob_file file = {
            .hash = text_of(at, "hash"),
            .size = (uint64_t)integer_of(at, "size"),
            .name = text_of(at, "name"),
            .type = text_of(at, "type"),
            .content_id = text_of(at, "cid"),
        };
        if (file.hash == NULL || file.name == NULL || stored->folder == NULL)
            code = damaged("attachments", error);
        else if (is_of_last_to)
            code = mes_compose_message_attach_own_blob(message, stored->folder, &file, error);
        else
            code = mes_compose_message_attach_blob(message, stored->folder, &file, error);
    }
    return code;
}

/* ---- the document ---- */

static int read_document(struct stored *stored, struct mes_str document, struct mes_error *error)
{
    const struct mes_json_value *root;
    struct mes_message *message = stored->public.message;
    int code = mes_json_tree(document, MES_STORED_VALUES, &stored->arena, &root, error);
    if (code == 0)
        code = read_identity(stored, root, error);
    if (code == 0)
        code = read_people(message, root, error);
    if (code == 0)
        code = read_texts(message, root, error);
    if (code == 0)
        code = read_template(stored, root, error);
    if (code != 0)
        return code;
    read_personal(message, root);
    return add_files(stored, children_of(root, "attachments"), false, error);
}

int mes_compose_stored_read(struct mes_str document, const char *folder,
                            struct mes_compose_stored **stored_out, struct mes_error *error)
{
    struct stored *stored = mes_alloc(sizeof *stored);
    *stored_out = NULL;
    if (stored == NULL)
        return mes_fail_nomem(error);
    *stored_out = &stored->public;
    mes_arena_init(&stored->arena, SIZE_MAX);
    stored->public.message = mes_message_new();
    if (folder != NULL)
        stored->folder = mes_arena_copy(&stored->arena, mes_str_of(folder));
    bool has_memory = stored->public.message != NULL && (folder == NULL || stored->folder != NULL);
    int code = has_memory ? read_document(stored, document, error) : mes_fail_nomem(error);
    if (code != 0)
        mes_compose_stored_free(stored_out);
    return code;
}

void mes_compose_stored_free(struct mes_compose_stored **stored_at)
{
    if (*stored_at == NULL)
        return;
    struct stored *stored = (struct stored *)*stored_at; /* its first member */
    mes_message_free(&stored->public.message);
    mes_arena_fini(&stored->arena);
    mes_free(stored);
    *stored_at = NULL;
}

static int add_own_files(struct stored *stored, const char *attachments, struct mes_error *error)
{
    const struct mes_json_value *list;
    struct mes_arena arena;
    mes_arena_init(&arena, SIZE_MAX);
    int code = mes_json_tree(mes_str_of(attachments), MES_STORED_FILE_VALUES, &arena, &list, error);
    if (code == 0)
        code = list->kind == MES_JSON_LIST ? add_files(stored, list->first, true, error)
                                           : damaged("attachments", error);
    mes_arena_fini(&arena);
    return code;
}

int mes_compose_stored_add(struct mes_compose_stored *stored, const struct mes_compose_addressee *addressee,
                           struct mes_error *error)
{
    struct mes_message *message = stored->message;
    int code =
        mes_compose_message_append_to(message, addressee->number, addressee->address, addressee->name, error);
    if (code != 0)
        return code;
    if (addressee->variables != NULL)
        code = mes_compose_message_set_variables_json(message, MES_VARIABLES_OF_LAST_TO,
                                                      mes_str_of(addressee->variables), error);
    if (code == 0 && addressee->attachments != NULL)
        code = add_own_files((struct stored *)stored, addressee->attachments, error);
    if (code != 0)
        mes_compose_message_drop_last_to(message);
    return code;
}

void mes_compose_stored_clear(struct mes_compose_stored *stored)
{
    mes_compose_message_clear_to(stored->message);
}
