/* The routes /keys. */
#include "api/auth.h"
#include "api/key.h"
#include "api/resource.h"
#include "api/server_parts.h"
#include "base/instant.h"
#include "base/secret.h"

#include <string.h>

enum { SCOPES_SPACE = 32 };

struct making {
    struct mes_api_write write; /* first */
    struct mes_api_key_wish wish;
    struct mes_api_key_made made;
    char scopes[SCOPES_SPACE];
    int64_t now;
};

struct revoking {
    struct mes_api_write write; /* first */
    struct mes_store_ref ref;
    int64_t now;
};

static void write_scopes(struct mes_json_writer *json, const char *scopes)
{
    struct mes_str left = mes_str_of(scopes);
    struct mes_str name;
    mes_json_write_list(json, "scopes");
    while (mes_str_next(&left, ',', &name))
        mes_json_write_text(json, NULL, mes_str_trim(name));
    mes_json_write_list_end(json);
}

static void write_common(struct mes_json_writer *json, int64_t id, const char *name, const char *company)
{
    mes_api_resource_id(json, "id", id);
    mes_json_write_text(json, "name", mes_str_of(name));
    mes_json_write_text(json, "company", mes_str_of(company));
}

static int make_key(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct making *making = (struct making *)write;
    return mes_api_key_create(store, &making->wish, making->now, &making->made, error);
}

static void say_made(struct mes_api_request *request, struct mes_api_write *write, int code,
                     const struct mes_error *error)
{
    struct making *making = (struct making *)write;
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    struct mes_json_writer *json = mes_api_answer_json(request, 201);
    mes_json_write_object(json, NULL);
    write_common(json, making->made.id, making->wish.name, making->wish.company);
    write_scopes(json, making->wish.scopes);
    mes_api_resource_time(json, "expiresAt", making->wish.expires_at);
    mes_json_write_text(json, "key", mes_str_of(making->made.key));
    mes_json_write_object_end(json);
    mes_wipe(making->made.key, sizeof making->made.key);
}

/* The list of the body as the database has it; a scope that stands there twice counts once. */
static void join_scopes(const struct mes_json_value *list, char out[SCOPES_SPACE])
{
    unsigned scopes = 0;
    size_t size = 0;
    for (const struct mes_json_value *one = list->first; one != NULL; one = one->next) {
        unsigned scope = 0;
        if (mes_api_key_scopes(one->text.data, &scope))
            scopes |= scope;
    }
    for (unsigned scope = 1; scope <= MES_API_ADMIN; scope <<= 1) {
        if ((scopes & scope) == 0)
            continue;
        struct mes_str name = mes_str_of(mes_api_scope_name((enum mes_api_scope)scope));
        if (size > 0)
            out[size++] = ',';
        memcpy(out + size, name.data, name.size);
        size += name.size;
    }
    out[size] = '\0';
}

void mes_api_keys_create(struct mes_api_request *request)
{
    struct making *making = mes_arena_alloc(&request->arena, sizeof *making);
    const struct mes_json_value *expires = mes_json_member(request->json, MES_STR("expiresAt"));
    const struct mes_json_value *rate = mes_json_member(request->json, MES_STR("callsPerMinute"));
    if (making == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    making->write = (struct mes_api_write){make_key, say_made};
    making->now = request->now;
    join_scopes(mes_json_member(request->json, MES_STR("scopes")), making->scopes);
    making->wish.name = mes_json_member(request->json, MES_STR("name"))->text.data;
    making->wish.company = request->company;
    making->wish.scopes = making->scopes;
    making->wish.rate = rate != NULL ? rate->integer : 0;
    bool is_timed = expires != NULL && mes_instant_parse(expires->text, &making->wish.expires_at);
    if (is_timed && making->wish.expires_at <= request->now)
        mes_api_refuse(request, MES_API_PROBLEM_bad_value, "expiresAt", MES_SAY_api_key_past, MES_NO_ARGS);
    else
        mes_api_request_write(request, &making->write);
}

static bool write_key(void *context, const struct mes_store_key *key)
{
    struct mes_json_writer *json = context;
    mes_json_write_object(json, NULL);
    write_common(json, key->id, key->name, key->company);
    write_scopes(json, key->scopes);
    mes_api_resource_time(json, "createdAt", key->created_at);
    mes_api_resource_time(json, "expiresAt", key->expires_at);
    mes_api_resource_time(json, "revokedAt", key->revoked_at);
    if (key->rate != 0)
        mes_json_write_integer(json, "callsPerMinute", key->rate);
    else
        mes_json_write_null(json, "callsPerMinute");
    mes_json_write_object_end(json);
    return true;
}

void mes_api_keys_list(struct mes_api_request *request)
{
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct mes_error error;
    if (reader == NULL)
        return;
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_list(json, "items");
    if (mes_store_key_list(reader, request->reach, write_key, json, &error) != 0)
        mes_api_refuse_failure(request, &error);
    mes_json_write_list_end(json);
    mes_json_write_object_end(json);
}

static int revoke_key(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    struct revoking *revoking = (struct revoking *)write;
    return mes_store_key_revoke(store, revoking->ref, revoking->now, error);
}

static void say_revoked(struct mes_api_request *request, struct mes_api_write *write, int code,
                        const struct mes_error *error)
{
    (void)write;
    mes_api_auth_forget(request->server->auth);
    if (code == MES_E_NOT_FOUND)
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    else if (code != 0)
        mes_api_refuse_failure(request, error);
    else
        mes_api_answer_empty(request, 204);
}

void mes_api_keys_revoke(struct mes_api_request *request)
{
    struct revoking *revoking = mes_arena_alloc(&request->arena, sizeof *revoking);
    int64_t id = 0;
    if (!mes_api_request_id(request, 0, &id))
        return;
    if (revoking == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return;
    }
    *revoking = (struct revoking){{revoke_key, say_revoked}, {request->reach, id}, request->now};
    mes_api_request_write(request, &revoking->write);
}
