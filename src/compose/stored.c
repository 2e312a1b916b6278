/* Writing the document of a message. */
#include "compose/stored.h"

#include "compose/blob.h"
#include "compose/job_parts.h"
#include "compose/message.h"
#include "compose/stored_parts.h"
#include "compose/variables.h"
#include "i18n/say.h"
#include "json/write.h"

static void write_text(struct mes_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        mes_json_write_text(writer, key, mes_str_of(text));
}

static void write_person(struct mes_json_writer *writer, const char *key, const char *address,
                         const char *name)
{
    mes_json_write_object(writer, key);
    write_text(writer, "address", address);
    write_text(writer, "name", name);
    mes_json_write_object_end(writer);
}

/* A wished sender, of which either part may be missing. */
static void write_wish(struct mes_json_writer *writer, const char *key, const struct mes_message *message,
                       enum mes_message_text address)
{
    if (message->texts[address] != NULL || message->texts[address + 1] != NULL)
        write_person(writer, key, message->texts[address], message->texts[address + 1]);
}

static void write_recipients(struct mes_json_writer *writer, const char *key,
                             const struct mes_recipients *list)
{
    if (list->count == 0)
        return;
    mes_json_write_list(writer, key);
    for (size_t i = 0; i < list->count; i++)
        write_person(writer, NULL, list->items[i].spec, list->items[i].name);
    mes_json_write_list_end(writer);
}

static void write_headers(struct mes_json_writer *writer, const struct mes_message *message)
{
    mes_json_write_list(writer, "headers");
    for (size_t i = 0; i < message->field_count; i++) {
        mes_json_write_list(writer, NULL);
        mes_json_write_text(writer, NULL, mes_str_of(message->fields[i].name));
        mes_json_write_text(writer, NULL, mes_str_of(message->fields[i].value));
        mes_json_write_list_end(writer);
    }
    mes_json_write_list_end(writer);
}

static void write_template(struct mes_json_writer *writer, const struct mes_compose_sources *sources)
{
    mes_json_write_object(writer, "template");
    write_text(writer, "name", sources->name);
    write_text(writer, "language", sources->language);
    mes_json_write_flag(writer, "builtIn", sources->is_built_in);
    mes_json_write_text(writer, "html", sources->html);
    if (sources->text.data != NULL)
        mes_json_write_text(writer, "text", sources->text);
    mes_json_write_list(writer, "partials");
    for (const struct mes_compose_partial *at = sources->partials; at != NULL; at = at->next) {
        mes_json_write_object(writer, NULL);
        mes_json_write_text(writer, "name", at->name);
        mes_json_write_text(writer, at->is_text ? "text" : "html", at->source);
        mes_json_write_object_end(writer);
    }
    mes_json_write_list_end(writer);
    mes_json_write_object_end(writer);
}

static int write_files(struct mes_json_writer *writer, const struct mes_message_file *files, size_t count,
                       const char *key, struct mes_error *error)
{
    mes_json_write_list(writer, key);
    for (size_t i = 0; i < count; i++) {
        const struct mes_message_file *file = &files[i];
        if (file->hash == NULL)
            return mes_fail(error, MES_E_USAGE, MES_SAY_compose_not_a_blob, MES_ARGS(file->part.name));
        mes_json_write_object(writer, NULL);
        write_text(writer, "hash", file->hash);
        write_text(writer, "name", file->part.name);
        write_text(writer, "type", file->part.type);
        write_text(writer, "cid", file->part.content_id);
        mes_json_write_integer(writer, "size", (int64_t)file->size);
        mes_json_write_object_end(writer);
    }
    mes_json_write_list_end(writer);
    return 0;
}

static void write_identity(struct mes_json_writer *writer, const struct mes_compose_job *job)
{
    mes_json_write_integer(writer, "version", MES_STORED_VERSION);
    write_text(writer, "seed", job->id);
    mes_json_write_integer(writer, "date", job->unix_seconds);
    mes_json_write_integer(writer, "zone", job->zone_minutes);
    write_text(writer, "domain", job->domain);
    mes_json_write_list(writer, "personal");
    for (unsigned i = 0; mes_stored_slot_names[i] != NULL; i++)
        if ((job->personal >> i & 1) != 0)
            mes_json_write_text(writer, NULL, mes_str_of(mes_stored_slot_names[i]));
    mes_json_write_list_end(writer);
}

static void write_texts(struct mes_json_writer *writer, const struct mes_message *message)
{
    write_wish(writer, "from", message, MES_TEXT_FROM_ADDRESS);
    write_wish(writer, "replyTo", message, MES_TEXT_REPLY_TO_ADDRESS);
    write_text(writer, "subject", message->texts[MES_TEXT_SUBJECT]);
    write_text(writer, "text", message->texts[MES_TEXT_PLAIN]);
    write_text(writer, "html", message->texts[MES_TEXT_HTML]);
    write_recipients(writer, "cc", &message->recipients[MES_ROLE_CC]);
    write_recipients(writer, "bcc", &message->recipients[MES_ROLE_BCC]);
    if (message->field_count > 0)
        write_headers(writer, message);
    write_text(writer, "priority", mes_stored_priorities[message->priority]);
    write_text(writer, "dsn", message->dsn);
    if (message->requires_tls)
        mes_json_write_flag(writer, "requireTls", true);
    write_text(writer, "calendar", message->texts[MES_TEXT_CALENDAR]);
    if (message->variable_count > 0)
        mes_compose_variables_write(message->variables, message->variable_count, "vars", writer);
}

int mes_compose_stored_write(const struct mes_message *message, const struct mes_compose_job *job,
                             struct mes_buf *out, struct mes_error *error)
{
    struct mes_json_writer writer;
    size_t begin = out->size;
    int code = 0;
    mes_json_writer_init(&writer, out);
    mes_json_write_object(&writer, NULL);
    write_identity(&writer, job);
    write_texts(&writer, message);
    if (job->loaded != NULL)
        write_template(&writer, &job->loaded->sources);
    if (message->file_count > 0)
        code = write_files(&writer, message->files, message->file_count, "attachments", error);
    mes_json_write_object_end(&writer);
    if (code == 0)
        code = mes_buf_check(out, error);
    if (code != 0)
        mes_buf_truncate(out, begin);
    return code;
}

int mes_compose_stored_write_files(const struct mes_message *message, struct mes_buf *out,
                                   struct mes_error *error)
{
    const struct mes_recipients *to = &message->recipients[MES_ROLE_TO];
    struct mes_json_writer writer;
    size_t begin = out->size;
    if (to->count == 0 || to->items[message->last_to].file_count == 0)
        return 0;
    mes_json_writer_init(&writer, out);
    const struct mes_recipient *last = &to->items[message->last_to];
    int code = write_files(&writer, last->files, last->file_count, NULL, error);
    if (code == 0)
        code = mes_buf_check(out, error);
    if (code != 0)
        mes_buf_truncate(out, begin);
    return code;
}
