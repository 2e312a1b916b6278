#include "api/bulk.h"

#include "api/accept.h"
#include "api/resource.h"
#include "base/alloc.h"
#include "queue/roster.h"

/* Of the whole body: a million recipients with a kilobyte each. */
#define MES_API_BULK_MOST (UINT64_C(2) << 30)

static void complain(void *context, enum mes_api_problem problem, const char *field,
                     const struct mes_error *why)
{
    const struct mes_api_bulk *bulk = context;
    mes_api_refuse_error(bulk->request, problem, field[0] != '\0' ? field : NULL, why);
}

static int find_upload(void *context, int64_t id, struct mes_arena *arena,
                       struct mes_compose_blob_file *file_out, struct mes_error *error)
{
    return mes_api_resource_find_upload(((const struct mes_api_bulk *)context)->request, id, arena, file_out,
                                        error);
}

static void piece(struct mes_api_request *request, struct mes_str bytes)
{
    struct mes_api_bulk *bulk = request->own;
    mes_digest_stream_add(bulk->digest, bytes.data, bytes.size);
    if (bulk->is_csv)
        mes_api_bulk_csv_read(bulk, bytes);
    else
        mes_api_bulk_read(bulk, bytes);
    mes_api_bulk_pump(bulk);
}

static void end(struct mes_api_request *request)
{
    struct mes_api_bulk *bulk = request->own;
    if (bulk->is_csv)
        mes_api_bulk_csv_end(bulk);
    else
        mes_api_bulk_read_end(bulk);
    if (!mes_api_is_refused(request))
        mes_api_bulk_finish(bulk);
}

/* The company is known only when the head was read. */
bool mes_api_bulk_settle(struct mes_api_bulk *bulk)
{
    const struct mes_api_services *services = bulk->request->services;
    char *company = mes_arena_copy(&bulk->arena, mes_str_of(bulk->request->company));
    bulk->roster = services->hold_roster(services->context);
    if (company == NULL || bulk->roster == NULL) {
        mes_api_refuse(bulk->request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready,
                       MES_NO_ARGS);
        return false;
    }
    bulk->host.company = company;
    bulk->host.accounts = mes_roster_list(bulk->roster, company);
    bulk->host.zone = mes_roster_zone(bulk->roster, company);
    bulk->host.zone_read = mes_roster_zone_read(bulk->roster, company);
    bulk->draft.head.company = company;
    return true;
}

static int init(struct mes_api_bulk *bulk, struct mes_api_request *request, struct mes_error *error)
{
    bulk->request = request;
    bulk->courier = request->services->courier;
    mes_arena_init(&bulk->arena, MES_API_ARENA_LIMIT);
    mes_buf_init(&bulk->line, MES_API_BODY_LIMIT);
    mes_buf_init(&bulk->answer, MES_API_BODY_LIMIT);
    bulk->ready_last = &bulk->ready;
    bulk->host = (struct mes_api_draft_host){.blob_folder = request->services->blob_folder,
                                             .now = request->now,
                                             .language = request->language,
                                             .arena = &bulk->arena,
                                             .find_upload = find_upload,
                                             .complain = complain,
                                             .context = bulk};
    int code = mes_api_draft_init(&bulk->draft, &bulk->host, error);
    if (code == 0)
        code = mes_api_seen_init(&bulk->seen, error);
    bulk->digest = mes_digest_stream_new();
    return code == 0 && bulk->digest == NULL ? mes_fail_nomem(error) : code;
}

void mes_api_message_bulk(struct mes_api_request *request)
{
    static const struct mes_api_body_taker taker = {piece, end, mes_api_bulk_over, MES_API_BULK_MOST};
    const struct mes_api_services *services = request->services;
    struct mes_api_bulk *bulk = mes_alloc(sizeof *bulk);
    struct mes_error error;
    if (bulk == NULL || services->hold_roster == NULL || services->courier == NULL) {
        mes_free(bulk);
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready, MES_NO_ARGS);
        return;
    }
    request->own = bulk;
    mes_api_request_take_body(request, &taker);
    if (init(bulk, request, &error) != 0) {
        mes_api_refuse_failure(request, &error);
        return;
    }
    if (!mes_api_accept_key_name(request, &bulk->arena, &bulk->key))
        return;
    if (mes_str_eq(mes_api_request_media_type(request), MES_STR("multipart/form-data")))
        mes_api_bulk_csv_begin(bulk);
}
