/* The templates that a company's mails can be made from: what there is, what they call for, and how they
 * look. */
#include "compose/template.h"
#include "account/account.h"
#include "api/resource.h"
#include "compose/message.h"
#include "compose/variables.h"
#include "mime/htmltext.h"
#include "mime/limits.h"
#include "queue/roster.h"

/* What a handler needs, given back by `finish`. */
struct view {
    struct mes_api_request *request;
    struct mes_roster *roster;
    const char *folder; /* NULL: none */
    struct mes_buf languages;
    struct mes_compose_template *template;
};

static bool begin(struct view *view, struct mes_api_request *request)
{
    const struct mes_api_services *services = request->services;
    *view = (struct view){.request = request};
    mes_buf_init(&view->languages, 1000);
    if (services->hold_roster == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready, MES_NO_ARGS);
        return false;
    }
    view->roster = services->hold_roster(services->context);
    const struct mes_account_globals *globals =
        mes_account_list_globals(mes_roster_list(view->roster, request->company));
    view->folder = globals->mail_template_folder[0] != '\0' ? globals->mail_template_folder : NULL;
    for (size_t i = 0; i < globals->language_fallback.count; i++)
        mes_buf_add_format(&view->languages, "%s%s", i > 0 ? "," : "", globals->language_fallback.texts[i]);
    return true;
}

static void finish(struct view *view)
{
    const struct mes_api_services *services = view->request->services;
    mes_compose_template_free(&view->template);
    mes_buf_fini(&view->languages);
    if (view->roster != NULL)
        services->drop_roster(services->context, view->roster);
}

/* --- the list --- */

static void add_item(void *context, const char *name, const char *language, bool is_built_in)
{
    struct mes_json_writer *json = context;
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "name", mes_str_of(name));
    mes_json_write_text(json, "language", mes_str_of(language));
    mes_json_write_flag(json, "builtIn", is_built_in);
    mes_json_write_object_end(json);
}

void mes_api_template_list(struct mes_api_request *request)
{
    struct mes_error error;
    struct view view;
    if (begin(&view, request)) {
        struct mes_api_listing listing = mes_api_resource_begin_list(request);
        int code = mes_compose_template_list(view.folder, add_item, listing.json, &error);
        mes_api_resource_end_list(&listing, 0, code, &error);
    }
    finish(&view);
}

/* --- one of them --- */

static bool load(struct view *view, struct mes_str language)
{
    const struct mes_compose_wish wish = {.folder = view->folder,
                                          .name = view->request->values[0],
                                          .language = language,
                                          .fall_back = mes_buf_str(&view->languages)};
    struct mes_error error;
    int code = mes_compose_template_load(&wish, &view->template, &error);
    if (code != 0)
        mes_api_refuse_failure(view->request, &error);
    return code == 0;
}

static void write_name(struct mes_json_writer *json, const struct mes_compose_template *template)
{
    mes_json_write_text(json, "name", mes_str_of(template->name));
    mes_json_write_text(json, "language", mes_str_of(template->language));
    mes_json_write_flag(json, "builtIn", template->is_built_in);
}

/* The variables that a template calls for, each once. */
struct names {
    struct mes_json_writer *json;
    struct mes_arena *arena;
    struct name {
        struct name *next;
        struct mes_str text;
    } * first;
};

static void add_name(void *context, struct mes_str text, bool is_required)
{
    struct names *names = context;
    for (const struct name *at = names->first; at != NULL; at = at->next)
        if (mes_str_eq(at->text, text))
            return;
    struct name *name = mes_arena_alloc(names->arena, sizeof *name);
    if (name == NULL)
        return;
    *name = (struct name){names->first, text};
    names->first = name;
    mes_json_write_object(names->json, NULL);
    mes_json_write_text(names->json, "name", text);
    mes_json_write_flag(names->json, "required", is_required);
    mes_json_write_object_end(names->json);
}

void mes_api_template_get(struct mes_api_request *request)
{
    struct mes_str language = mes_api_request_query(request, "lang");
    struct view view;
    if (begin(&view, request) && load(&view, language.data != NULL ? language : MES_STR(""))) {
        struct mes_json_writer *json = mes_api_answer_json(request, 200);
        struct names names = {.json = json, .arena = &request->arena};
        const struct mes_template *const parts[] = {view.template->subject, view.template->html,
                                                    view.template->text};
        mes_json_write_object(json, NULL);
        write_name(json, view.template);
        mes_json_write_list(json, "variables");
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
            if (parts[i] != NULL)
                mes_template_each_name(parts[i], add_name, &names);
        mes_json_write_list_end(json);
        mes_json_write_object_end(json);
    }
    finish(&view);
}

/* --- how it looks --- */

static int render(const struct mes_template *template, const struct mes_values *values, struct mes_buf *out,
                  struct mes_error *error)
{
    return template != NULL ? mes_template_render(template, values, out, error) : 0;
}

static void write_rendered(struct view *view, const struct mes_message *message)
{
    struct mes_api_request *request = view->request;
    const struct mes_values values = {mes_template_value_map(message->variables, message->variable_count),
                                      NULL};
    struct mes_buf subject, html, text;
    struct mes_error error;
    mes_buf_init(&subject, MES_LIMIT_SUBJECT);
    mes_buf_init(&html, MES_LIMIT_BODY);
    mes_buf_init(&text, MES_LIMIT_BODY);
    int code = render(view->template->subject, &values, &subject, &error);
    if (code == 0)
        code = render(view->template->html, &values, &html, &error);
    if (code == 0)
        code = render(view->template->text, &values, &text, &error);
    if (code == 0 && view->template->text == NULL)
        mes_mime_html_to_text(mes_buf_str(&html), &text);
    if (code == 0) {
        struct mes_json_writer *json = mes_api_answer_json(request, 200);
        mes_json_write_object(json, NULL);
        write_name(json, view->template);
        mes_json_write_text(json, "subject", mes_buf_str(&subject));
        mes_json_write_text(json, "html", mes_buf_str(&html));
        mes_json_write_text(json, "text", mes_buf_str(&text));
        mes_json_write_object_end(json);
    } else {
        mes_api_refuse_error(request, MES_API_PROBLEM_bad_value, "vars", &error);
    }
    mes_buf_fini(&subject);
    mes_buf_fini(&html);
    mes_buf_fini(&text);
}

/* {"lang":"zh-HK","vars":{…}}: a message holds the variables as a mail would have them. */
void mes_api_template_render(struct mes_api_request *request)
{
    const struct mes_json_value *vars = mes_json_member(request->json, MES_STR("vars"));
    const struct mes_json_value *lang = mes_json_member(request->json, MES_STR("lang"));
    struct mes_message *message = mes_message_new();
    struct mes_error error;
    struct view view;
    int code = message == NULL ? mes_fail_nomem(&error) : 0;
    if (code == 0 && vars != NULL)
        code = mes_compose_message_set_variables(message, MES_VARIABLES_OF_ALL, vars, &error);
    if (code != 0)
        mes_api_refuse_error(request, MES_API_PROBLEM_bad_value, "vars", &error);
    if (begin(&view, request) && code == 0 && load(&view, lang != NULL ? lang->text : MES_STR("")))
        write_rendered(&view, message);
    finish(&view);
    mes_message_free(&message);
}
