/* GET /messages/{id}/source/{recipient}: the mail as the first account sends it, byte for byte. */
#include "account/list.h"
#include "api/message.h"
#include "api/resource.h"
#include "compose/stored.h"
#include "delivery/identity.h"
#include "queue/roster.h"
#include "store/content.h"

enum { MES_API_SOURCE_MOST = 64 * 1024 * 1024 };

/* What is built on the way to the bytes. */
struct source {
    struct mes_api_request *request;
    struct mes_store_job job;
    struct mes_store_recipient recipient;
    struct mes_buf document;
    struct mes_compose_stored *stored;
    struct mes_compose_job *compiled;
    struct mes_wire wire;
    struct mes_buf bytes;
};

static int load(struct source *source, struct mes_store_row row, struct mes_error *error)
{
    struct mes_api_request *request = source->request;
    struct mes_store_reader *reader = mes_api_request_reader(request);
    if (reader == NULL)
        return MES_E_CANCELLED;
    /* The row that was named may be a cc: the mail is that of its lead. */
    row.number -= row.number % (1 + source->job.copies);
    int code = mes_store_recipient_load(reader, row, &request->arena, &source->recipient, error);
    if (code == 0)
        code = mes_store_content_load(reader, (struct mes_store_ref){row.company, row.job}, &source->document,
                                      error);
    return code;
}

static int compile(struct source *source, struct mes_error *error)
{
    const struct mes_store_recipient *recipient = &source->recipient;
    const struct mes_compose_addressee addressee = {
        .number = (uint64_t)(recipient->number / (1 + source->job.copies)),
        .address = recipient->address,
        .name = recipient->name,
        .variables = recipient->variables[0] != '\0' ? recipient->variables : NULL,
        .attachments = recipient->attachments[0] != '\0' ? recipient->attachments : NULL};
    const char *folder = source->request->services->blob_folder;
    int code = mes_compose_stored_read(mes_buf_str(&source->document), folder, &source->stored, error);
    if (code == 0)
        code = mes_compose_stored_add(source->stored, &addressee, error);
    if (code == 0)
        code =
            mes_compose_job_new(source->stored->message, &source->stored->options, &source->compiled, error);
    return code;
}

/* The account that took it, else the one that would. */
static const struct mes_account *choose_account(const struct source *source,
                                                const struct mes_account_list *list)
{
    const char *name = source->recipient.account[0] != '\0' ? source->recipient.account : source->job.account;
    const struct mes_account *account = mes_account_list_find(list, mes_str_of(name));
    return account != NULL ? account : mes_account_list_at(list, 0);
}

/* The list is held until the bytes are there: its key signs them. */
static int render(struct source *source, struct mes_error *error)
{
    const struct mes_api_services *services = source->request->services;
    struct mes_roster *roster = services->hold_roster(services->context);
    const struct mes_account_list *list = mes_roster_list(roster, source->job.company);
    const struct mes_identity identity = mes_delivery_identity(
        choose_account(source, list), mes_account_list_at(list, 0), mes_compose_job_wishes(source->compiled));
    int code = mes_compose_job_render(source->compiled, 0, &identity, &source->wire, error);
    if (code == 0)
        code = mes_compose_wire_gather(&source->wire, &source->bytes, error);
    services->drop_roster(services->context, roster);
    return code;
}

static int build(struct source *source, struct mes_store_row row, struct mes_error *error)
{
    int code = load(source, row, error);
    if (code == 0)
        code = compile(source, error);
    return code == 0 ? render(source, error) : code;
}

void mes_api_message_source(struct mes_api_request *request)
{
    struct source source = {.request = request};
    struct mes_store_row row = {.company = request->reach};
    struct mes_error error;
    if (request->services->hold_roster == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready, MES_NO_ARGS);
        return;
    }
    if (!mes_api_message_load(request, &source.job) ||
        !mes_api_message_row(request, request->values[1], &row))
        return;
    row.job = source.job.id;
    mes_buf_init(&source.document, MES_API_SOURCE_MOST);
    mes_buf_init(&source.bytes, MES_API_SOURCE_MOST);
    mes_compose_wire_init(&source.wire);
    int code = build(&source, row, &error);
    if (code == 0) {
        mes_api_answer_header(request, "Content-Disposition",
                              MES_STR("attachment; filename=\"message.eml\""));
        mes_api_answer_header(request, "Content-Security-Policy", MES_STR("sandbox; default-src 'none'"));
        mes_api_answer_bytes(request, 200, "message/rfc822", &source.bytes);
    } else if (code != MES_E_CANCELLED) {
        mes_api_refuse_failure(request, &error);
    }
    mes_compose_wire_fini(&source.wire);
    mes_compose_job_release(&source.compiled);
    mes_compose_stored_free(&source.stored);
    mes_buf_fini(&source.document);
    mes_buf_fini(&source.bytes);
}
