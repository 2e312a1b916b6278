/* mailenhance template: what templates there are, and how one looks when it is filled in. */
#include "cli/template.h"

#include <string.h>

#include "account/account.h"
#include "base/alloc.h"
#include "cli/accounts.h"
#include "cli/content.h"
#include "cli/status.h"
#include "compose/template.h"
#include "mes/mes.h"
#include "mime/htmltext.h"
#include "mime/limits.h"
#include "json/write.h"

/* Where templates are looked for, as the settings say; without --config the built-in ones alone. */
struct place {
    struct mes_account_list *list; /* NULL without --config */
    const char *folder;            /* NULL: none */
    struct mes_buf fall_back;      /* languages, blanks between */
};

static void fill_place(struct place *place, const struct mes_account_list *list)
{
    const struct mes_account_globals *globals = mes_account_list_globals(list);
    if (globals->mail_template_folder[0] != '\0')
        place->folder = globals->mail_template_folder;
    for (size_t i = 0; i < globals->language_fallback.count; i++) {
        mes_buf_add_text(&place->fall_back, globals->language_fallback.texts[i]);
        mes_buf_add_char(&place->fall_back, ' ');
    }
}

static int open_place(struct mes_cli *cli, struct place *place)
{
    *place = (struct place){0};
    mes_buf_init(&place->fall_back, 4096);
    if (!mes_cli_has(cli->options, MES_CLI_OPT_CONFIG))
        return MES_CLI_EXIT_OK;
    int status = mes_cli_load_accounts(cli, &place->list);
    if (status == MES_CLI_EXIT_OK)
        fill_place(place, place->list);
    return status;
}

static void close_place(struct place *place)
{
    mes_buf_fini(&place->fall_back);
    mes_account_list_free(&place->list);
}

static void put_template(void *context, const char *name, const char *language, bool is_built_in)
{
    struct mes_cli *cli = context;
    struct mes_buf line;
    mes_buf_init(&line, 4096);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        struct mes_json_writer json;
        mes_json_writer_init(&json, &line);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "name", mes_str_of(name));
        mes_json_write_text(&json, "language", mes_str_of(language));
        mes_json_write_flag(&json, "builtIn", is_built_in);
        mes_json_write_object_end(&json);
    } else {
        mes_say(&line, cli->language, is_built_in ? MES_SAY_cli_template_built_in : MES_SAY_cli_template_file,
                MES_ARGS(name, language));
    }
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

int mes_cli_template_list(struct mes_cli *cli)
{
    struct mes_error error;
    struct place place;
    int status = open_place(cli, &place);
    if (status == MES_CLI_EXIT_OK && mes_compose_template_list(place.folder, put_template, cli, &error) != 0)
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    close_place(&place);
    return status;
}

/* The parts of one mail. */
struct rendered {
    struct mes_buf subject;
    struct mes_buf html;
    struct mes_buf text;
};

static int render_parts(const struct mes_compose_template *template, const struct mes_values *values,
                        struct rendered *out, struct mes_error *error)
{
    int code = mes_template_render(template->html, values, &out->html, error);
    if (code == 0 && template->subject != NULL)
        code = mes_template_render(template->subject, values, &out->subject, error);
    if (code != 0)
        return code;
    if (template->text != NULL)
        return mes_template_render(template->text, values, &out->text, error);
    mes_mime_html_to_text(mes_buf_str(&out->html), &out->text);
    return mes_buf_check(&out->text, error);
}

static int render(struct mes_cli *cli, const struct mes_compose_template *template, struct rendered *out,
                  struct mes_error *error)
{
    const struct mes_cli_options *options = cli->options;
    struct mes_variable *variables = mes_alloc((options->count + 1) * sizeof *variables);
    size_t count = 0, at = 0;
    if (variables == NULL)
        return mes_fail_nomem(error);
    for (const char *text = mes_cli_next(options, MES_CLI_OPT_VAR, &at); text != NULL;
         text = mes_cli_next(options, MES_CLI_OPT_VAR, &at)) {
        const char *sign = strchr(text, '=');
        variables[count].name = mes_str_make(text, (size_t)(sign - text));
        variables[count++].value = mes_template_value_text(mes_str_of(sign + 1));
    }
    const struct mes_values values = {.value = mes_template_value_map(variables, count)};
    int code = render_parts(template, &values, out, error);
    mes_free(variables);
    return code;
}

static void put_json(struct mes_cli *cli, const struct mes_compose_template *template,
                     const struct rendered *parts)
{
    struct mes_json_writer json;
    struct mes_buf line;
    mes_buf_init(&line, SIZE_MAX);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "name", mes_str_of(template->name));
    mes_json_write_text(&json, "language", mes_str_of(template->language));
    mes_json_write_flag(&json, "builtIn", template->is_built_in);
    mes_json_write_text(&json, "subject", mes_buf_str(&parts->subject));
    mes_json_write_text(&json, "html", mes_buf_str(&parts->html));
    mes_json_write_text(&json, "text", mes_buf_str(&parts->text));
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

static void put_part(struct mes_cli *cli, struct rendered *parts)
{
    const char *wish = mes_cli_text(cli->options, MES_CLI_OPT_PART);
    struct mes_str part = mes_str_of(wish != NULL ? wish : "html");
    if (mes_str_eq_nocase(part, MES_STR("subject")))
        mes_cli_put_line(cli, &parts->subject);
    else
        mes_cli_put(cli, mes_buf_str(mes_str_eq_nocase(part, MES_STR("text")) ? &parts->text : &parts->html));
}

static int load_template(struct mes_cli *cli, const struct place *place,
                         struct mes_compose_template **template_out, struct mes_error *error)
{
    const char *language = mes_cli_text(cli->options, MES_CLI_OPT_LANG);
    const struct mes_compose_wish wish = {
        .folder = place->folder,
        .name = mes_str_of(mes_cli_text(cli->options, MES_CLI_OPT_TEMPLATE)),
        .language = mes_str_of(language),
        .fall_back = mes_buf_str(&place->fall_back),
    };
    int code = mes_compose_template_load(&wish, template_out, error);
    if (code != 0 || wish.language.size == 0)
        return code;
    const char *found = (*template_out)->language;
    if (!mes_compose_language_is_kin(wish.language, mes_str_of(found)))
        mes_cli_tell(cli, MES_SAY_cli_other_language, MES_ARGS((*template_out)->name, language, found));
    return 0;
}

void mes_cli_template_check_language(struct mes_cli *cli, const struct mes_account_list *list)
{
    struct mes_compose_template *template;
    struct place place = {0};
    if (!mes_cli_has(cli->options, MES_CLI_OPT_TEMPLATE))
        return;
    mes_buf_init(&place.fall_back, 4096);
    fill_place(&place, list);
    if (load_template(cli, &place, &template, NULL) == 0)
        mes_compose_template_free(&template);
    close_place(&place);
}

static int load_and_put(struct mes_cli *cli, const struct place *place, struct rendered *parts,
                        struct mes_error *error)
{
    struct mes_compose_template *template;
    int code = load_template(cli, place, &template, error);
    if (code != 0)
        return code;
    code = render(cli, template, parts, error);
    if (code == 0 && mes_cli_has(cli->options, MES_CLI_OPT_JSON))
        put_json(cli, template, parts);
    else if (code == 0)
        put_part(cli, parts);
    mes_compose_template_free(&template);
    return code;
}

int mes_cli_template_render(struct mes_cli *cli)
{
    struct mes_error error;
    struct rendered parts;
    struct place place;
    if (mes_cli_content_check(cli->options, &error) != 0)
        return mes_cli_fail(cli, &error, MES_CLI_EXIT_USAGE);
    int status = open_place(cli, &place);
    mes_buf_init(&parts.subject, MES_LIMIT_SUBJECT);
    mes_buf_init(&parts.html, MES_LIMIT_BODY);
    mes_buf_init(&parts.text, MES_LIMIT_BODY);
    if (status == MES_CLI_EXIT_OK && load_and_put(cli, &place, &parts, &error) != 0)
        status = mes_cli_fail(cli, &error, MES_CLI_EXIT_DATA);
    mes_buf_fini(&parts.subject);
    mes_buf_fini(&parts.html);
    mes_buf_fini(&parts.text);
    close_place(&place);
    return status;
}
