/* Builds the mails of tests/oracle: reads cases as JSON from standard input and writes the mail for each of
 * their recipients into the folder. usage: oracle-build FOLDER <CASES.json Writes 1.eml, 2.eml …, and prints
 * a line of JSON for each: what the wire says beside its bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/descriptor.h"
#include "base/file.h"
#include "compose/job.h"
#include "mime/dkim_key.h"

static struct mes_error error;

static void must(int code)
{
    char text[2000];
    if (code == 0)
        return;
    fprintf(stderr, "%s\n", mes_error_text(&error, MES_EN, text, sizeof text));
    exit(1);
}

static const char *text_of(const json_t *of, const char *key)
{
    return json_string_value(json_object_get(of, key));
}

static void add_recipients(struct mes_message *message, const json_t *a_case, const char *key,
                           enum mes_role role)
{
    size_t i;
    json_t *person;
    const char *name;
    json_t *value;
    json_array_foreach(json_object_get(a_case, key), i, person)
    {
        must(mes_message_add_recipient(message, role, text_of(person, "address"), text_of(person, "name"),
                                       &error));
        json_object_foreach(json_object_get(person, "variables"), name, value)
            must(mes_message_set_recipient_variable(message, name, json_string_value(value), &error));
    }
}

static void add_texts(struct mes_message *message, const json_t *a_case)
{
    const char *name;
    json_t *value;
    if (text_of(a_case, "subject") != NULL)
        must(mes_message_set_subject(message, text_of(a_case, "subject"), &error));
    if (text_of(a_case, "text") != NULL)
        must(mes_message_set_text(message, text_of(a_case, "text"), &error));
    if (text_of(a_case, "html") != NULL)
        must(mes_message_set_html(message, text_of(a_case, "html"), &error));
    if (text_of(a_case, "template") != NULL)
        must(mes_message_set_template(message, NULL, text_of(a_case, "template"), text_of(a_case, "language"),
                                      &error));
    if (text_of(a_case, "calendar") != NULL)
        must(mes_message_set_calendar(message, text_of(a_case, "calendar"), NULL, &error));
    json_object_foreach(json_object_get(a_case, "variables"), name, value)
        must(mes_message_set_variable(message, name, json_string_value(value), &error));
}

static void add_file(struct mes_message *message, const json_t *file)
{
    const char *path = text_of(file, "path"), *name = text_of(file, "name"), *type = text_of(file, "type");
    struct mes_buf bytes;
    if (text_of(file, "cid") != NULL) {
        must(mes_message_inline_file(message, text_of(file, "cid"), path, &error));
    } else if (json_is_true(json_object_get(file, "in_memory"))) {
        mes_buf_init(&bytes, SIZE_MAX);
        must(mes_file_read(path, &bytes, &error));
        must(mes_message_attach_bytes(message, mes_buf_text(&bytes), bytes.size, name, type, &error));
        mes_buf_fini(&bytes);
    } else {
        must(mes_message_attach_file(message, path, name, type, &error));
    }
}

static struct mes_message *message_of(const json_t *a_case)
{
    struct mes_message *message = mes_message_new();
    size_t i;
    json_t *item;
    add_recipients(message, a_case, "to", MES_ROLE_TO);
    add_recipients(message, a_case, "cc", MES_ROLE_CC);
    add_recipients(message, a_case, "bcc", MES_ROLE_BCC);
    add_texts(message, a_case);
    json_array_foreach(json_object_get(a_case, "files"), i, item) add_file(message, item);
    json_array_foreach(json_object_get(a_case, "headers"), i, item)
        must(mes_message_add_header(message, json_string_value(json_array_get(item, 0)),
                                    json_string_value(json_array_get(item, 1)), &error));
    must(mes_message_set_priority(
        message, (enum mes_priority)json_integer_value(json_object_get(a_case, "priority")), &error));
    return message;
}

/* {"domain":…,"selector":…,"key":PATH}; NULL: not signed. */
static struct mes_dkim_key *key_of(const json_t *dkim)
{
    struct mes_dkim_key *key = NULL;
    struct mes_buf pem;
    if (dkim == NULL)
        return NULL;
    mes_buf_init(&pem, SIZE_MAX);
    must(mes_file_read(text_of(dkim, "key"), &pem, &error));
    if (mes_mime_dkim_key_parse(text_of(dkim, "domain"), text_of(dkim, "selector"), mes_buf_str(&pem),
                                &key) != MES_DKIM_GOOD)
        exit(1);
    mes_buf_fini(&pem);
    return key;
}

/* What is to be published, by the name that it is asked for by. */
static json_t *record_of(const struct mes_dkim_key *key)
{
    char name[600];
    struct mes_buf text;
    if (key == NULL)
        return json_null();
    mes_buf_init(&text, SIZE_MAX);
    mes_mime_dkim_key_record(key, &text);
    (void)snprintf(name, sizeof name, "%s._domainkey.%s", mes_mime_dkim_key_selector(key),
                   mes_mime_dkim_key_domain(key));
    json_t *record = json_pack("[s, s]", name, mes_buf_text(&text));
    mes_buf_fini(&text);
    return record;
}

static void write_piece(FILE *file, const struct mes_wire_piece *piece)
{
    char block[64 * 1024];
    if (piece->bytes != NULL)
        fwrite(piece->bytes, 1, piece->size, file);
    for (size_t done = 0; piece->bytes == NULL && done < piece->size;) {
        size_t size = piece->size - done < sizeof block ? piece->size - done : sizeof block;
        must(mes_descriptor_read_at(piece->descriptor, piece->offset + done, block, size, &error));
        fwrite(block, 1, size, file);
        done += size;
    }
}

/* What has to be read from files is signed by a pass in steps, as it is when it is sent. */
static void sign_in_steps(struct mes_wire *wire)
{
    char step[4093];
    if (!wire->is_unsigned)
        return;
    for (size_t i = mes_compose_wire_sign_begin(wire); i < wire->count; i++) {
        const struct mes_wire_piece *piece = &wire->pieces[i];
        for (size_t done = 0; done < piece->size; done += sizeof step) {
            size_t size = piece->size - done < sizeof step ? piece->size - done : sizeof step;
            if (piece->bytes != NULL)
                memcpy(step, piece->bytes + done, size);
            else
                must(mes_descriptor_read_at(piece->descriptor, piece->offset + done, step, size, &error));
            mes_compose_wire_sign_add(wire, mes_str_make(step, size));
        }
    }
    must(mes_compose_wire_sign_end(wire, &error));
}

/* Counted over all cases. */
static size_t written;

static void write_mail(const struct mes_compose_job *job, size_t index, struct mes_wire *wire,
                       const char *folder)
{
    char path[4096], message_id[MES_MESSAGE_ID_SPACE];
    (void)snprintf(path, sizeof path, "%s/%zu.eml", folder, ++written);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        exit(1);
    sign_in_steps(wire);
    for (size_t i = 0; i < wire->count; i++)
        write_piece(file, &wire->pieces[i]);
    fclose(file);
    json_t *envelope = json_array();
    for (size_t i = 0; i < mes_compose_job_recipient_count(job); i++)
        json_array_append_new(envelope, json_string(mes_compose_job_recipient(job, index, i).address));
    json_t *facts = json_pack("{s:s, s:I, s:b, s:s, s:o, s:s, s:o}", "sender", wire->sender, "size",
                              (json_int_t)wire->size, "smtputf8", wire->needs_smtputf8, "message_id",
                              mes_compose_job_message_id(job, index, message_id), "envelope", envelope,
                              "path", path, "record", record_of(wire->signing.key));
    json_dumpf(facts, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(facts);
}

static void build(const json_t *a_case, const char *folder)
{
    struct mes_message *message = message_of(a_case);
    const struct mes_compose_options options = {.domain = "sender.example", .zone_minutes = 480};
    const json_t *from = json_object_get(a_case, "from"), *reply_to = json_object_get(a_case, "reply_to");
    struct mes_dkim_key *key = key_of(json_object_get(a_case, "dkim"));
    const struct mes_identity identity = {text_of(from, "address"), text_of(from, "name"),
                                          text_of(reply_to, "address"), text_of(reply_to, "name"), key};
    struct mes_compose_job *job;
    struct mes_wire wire;
    must(mes_compose_job_new(message, &options, &job, &error));
    mes_message_free(&message);
    mes_compose_wire_init(&wire);
    for (size_t i = 0; i < mes_compose_job_count(job); i++) {
        must(mes_compose_job_render(job, i, &identity, &wire, &error));
        write_mail(job, i, &wire, folder);
    }
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&job);
    mes_mime_dkim_key_free(&key);
}

int main(int count, char **arguments)
{
    json_t *a_case = NULL;
    if (count != 2)
        return 64;
    while ((a_case = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        build(a_case, arguments[1]);
        json_decref(a_case);
    }
    return written > 0 ? 0 : 64;
}
