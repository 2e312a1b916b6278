/* The JSON of send --queue. */
#include "cli/submit.h"
#include "compose/message.h"
#include "json/write.h"

static void write_if(struct mes_json_writer *json, const char *key, struct mes_str text)
{
    if (text.size > 0)
        mes_json_write_text(json, key, text);
}

static void write_option(struct mes_json_writer *json, const char *key, const struct mes_cli *cli,
                         enum mes_cli_option_id id)
{
    write_if(json, key, mes_str_of(mes_cli_text(cli->options, id)));
}

static void write_person(struct mes_json_writer *json, const char *key, struct mes_str address,
                         struct mes_str name)
{
    if (address.size == 0 && name.size == 0)
        return;
    mes_json_write_object(json, key);
    write_if(json, "address", address);
    write_if(json, "name", name);
    mes_json_write_object_end(json);
}

/* Variables of the command line and of lists are texts. */
static void write_variables(struct mes_json_writer *json, const struct mes_variable *variables, size_t count)
{
    if (count == 0)
        return;
    mes_json_write_object(json, "vars");
    for (size_t i = 0; i < count; i++)
        mes_json_write_text(json, variables[i].name.data, variables[i].value.text);
    mes_json_write_object_end(json);
}

static void write_recipient(struct mes_json_writer *json, const struct mes_recipient *recipient)
{
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "address", mes_str_of(recipient->spec));
    write_if(json, "name", mes_str_of(recipient->name));
    write_variables(json, recipient->variables, recipient->variable_count);
    mes_json_write_object_end(json);
}

void mes_cli_submit_write_recipient(struct mes_buf *out, const struct mes_recipient *recipient)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    write_recipient(&json, recipient);
}

static void write_people(struct mes_json_writer *json, const char *key, const struct mes_recipients *people)
{
    if (people->count == 0)
        return;
    mes_json_write_list(json, key);
    for (size_t i = 0; i < people->count; i++)
        write_recipient(json, &people->items[i]);
    mes_json_write_list_end(json);
}

static void write_headers(struct mes_json_writer *json, const struct mes_message *message)
{
    if (message->field_count == 0)
        return;
    mes_json_write_object(json, "headers");
    for (size_t i = 0; i < message->field_count; i++)
        mes_json_write_text(json, message->fields[i].name, mes_str_of(message->fields[i].value));
    mes_json_write_object_end(json);
}

static void write_texts(struct mes_json_writer *json, const struct mes_message *message)
{
    write_person(json, "from", mes_compose_message_text(message, MES_TEXT_FROM_ADDRESS),
                 mes_compose_message_text(message, MES_TEXT_FROM_NAME));
    write_person(json, "replyTo", mes_compose_message_text(message, MES_TEXT_REPLY_TO_ADDRESS),
                 mes_compose_message_text(message, MES_TEXT_REPLY_TO_NAME));
    write_if(json, "subject", mes_compose_message_text(message, MES_TEXT_SUBJECT));
    write_if(json, "text", mes_compose_message_text(message, MES_TEXT_PLAIN));
    write_if(json, "html", mes_compose_message_text(message, MES_TEXT_HTML));
    write_if(json, "template", mes_compose_message_text(message, MES_TEXT_TEMPLATE));
    write_if(json, "lang", mes_compose_message_text(message, MES_TEXT_LANGUAGE));
}

static void write_calendar(struct mes_json_writer *json, const struct mes_message *message)
{
    if (message->texts[MES_TEXT_CALENDAR] == NULL)
        return;
    mes_json_write_object(json, "calendar");
    mes_json_write_text(json, "text", mes_compose_message_text(message, MES_TEXT_CALENDAR));
    mes_json_write_object_end(json);
}

/* What the service calls bulk is told by its kinds: mail to many that they expect is a notice. */
static const char *kind_of(const struct mes_cli *cli)
{
    const char *kind = mes_cli_text(cli->options, MES_CLI_OPT_KIND);
    if (kind == NULL)
        return "";
    return mes_str_eq_nocase(mes_str_of(kind), MES_STR("bulk")) ? "notice" : "transactional";
}

void mes_cli_submit_write(struct mes_buf *out, const struct mes_cli *cli, const struct mes_message *message,
                          bool is_head, struct mes_str attachments)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    write_option(&json, "company", cli, MES_CLI_OPT_COMPANY);
    write_if(&json, "kind", mes_str_of(kind_of(cli)));
    write_texts(&json, message);
    write_variables(&json, message->variables, message->variable_count);
    write_headers(&json, message);
    write_option(&json, "priority", cli, MES_CLI_OPT_PRIORITY);
    write_calendar(&json, message);
    write_option(&json, "dsn", cli, MES_CLI_OPT_DSN);
    if (mes_cli_has(cli->options, MES_CLI_OPT_REQUIRE_TLS))
        mes_json_write_flag(&json, "requireTls", true);
    write_option(&json, "account", cli, MES_CLI_OPT_ACCOUNT);
    write_option(&json, "sendAt", cli, MES_CLI_OPT_SEND_AT);
    write_option(&json, "timeZone", cli, MES_CLI_OPT_TIME_ZONE);
    write_people(&json, "cc", &message->recipients[MES_ROLE_CC]);
    write_people(&json, "bcc", &message->recipients[MES_ROLE_BCC]);
    if (!is_head)
        write_people(&json, "to", &message->recipients[MES_ROLE_TO]);
    if (attachments.size > 0) {
        /* Made by the writer too, so it may stand as it is. */
        mes_buf_add_text(out, json.follows ? "," : "");
        mes_buf_add_text(out, "\"attachments\":");
        mes_buf_add_str(out, attachments);
    }
    mes_json_write_object_end(&json);
}
