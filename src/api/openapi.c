#include "api/openapi.h"

#include <string.h>

#include "api/key.h"
#include "api/server_parts.h"
#include "json/write.h"

static bool is_schema(const char *text)
{
    return text[0] != '\0' && strchr(text, '/') == NULL;
}

static void write_reference(struct mes_json_writer *json, const char *key, const char *schema)
{
    struct mes_buf path;
    mes_buf_init(&path, 200);
    mes_buf_add_text(&path, "#/components/schemas/");
    mes_buf_add_text(&path, schema);
    mes_json_write_object(json, key);
    mes_json_write_text(json, "$ref", mes_buf_str(&path));
    mes_json_write_object_end(json);
    mes_buf_fini(&path);
}

static void write_parameter(struct mes_json_writer *json, const char *in, struct mes_str name,
                            bool is_required)
{
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "name", name);
    mes_json_write_text(json, "in", mes_str_of(in));
    mes_json_write_flag(json, "required", is_required);
}

static void write_text_parameter(struct mes_json_writer *json, const char *in, struct mes_str name,
                                 const char *words)
{
    write_parameter(json, in, name, strcmp(in, "path") == 0);
    mes_json_write_text(json, "description", mes_str_of(words));
    mes_json_write_object(json, "schema");
    mes_json_write_text(json, "type", MES_STR("string"));
    mes_json_write_object_end(json);
    mes_json_write_object_end(json);
}

static void write_query(struct mes_json_writer *json, const struct mes_api_server *server, const char *schema)
{
    const struct mes_json_value *known =
        mes_json_member(mes_api_schema(server->schemas, schema), MES_STR("properties"));
    for (const struct mes_json_value *one = known != NULL ? known->first : NULL; one != NULL;
         one = one->next) {
        const struct mes_json_value *words = mes_json_member(one, MES_STR("description"));
        write_parameter(json, "query", one->key, false);
        if (words != NULL)
            mes_json_write_text(json, "description", words->text);
        mes_json_write_raw(json, "schema", mes_str_make(mes_api_schemas_text + one->offset, one->size));
        mes_json_write_object_end(json);
    }
}

static void write_parameters(struct mes_json_writer *json, const struct mes_api_server *server,
                             const struct mes_api_route *route)
{
    mes_json_write_list(json, "parameters");
    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        size_t size = strcspn(at + 1, "}");
        write_text_parameter(json, "path", mes_str_make(at + 1, size), "As an earlier answer gave it");
    }
    if (route->query[0] != '\0')
        write_query(json, server, route->query);
    if (route->scope != MES_API_NONE)
        write_text_parameter(json, "query", MES_STR("company"),
                             "For which company; only a key that belongs to none can name another");
    if ((route->flags & MES_API_IDEMPOTENT) != 0)
        write_text_parameter(json, "header", MES_STR("Idempotency-Key"),
                             "The same key and body give the same answer, however often they are sent");
    mes_json_write_list_end(json);
}

static void write_media(struct mes_json_writer *json, const char *types)
{
    struct mes_str left = mes_str_of(types);
    struct mes_str type;
    char name[64];
    mes_json_write_object(json, "content");
    if (is_schema(types)) {
        mes_json_write_object(json, "application/json");
        write_reference(json, "schema", types);
        mes_json_write_object_end(json);
    }
    while (!is_schema(types) && mes_str_next(&left, ' ', &type)) {
        mes_json_write_object(json, mes_shown_text(name, sizeof name, type));
        mes_json_write_object_end(json);
    }
    mes_json_write_object_end(json);
}

static void write_answer(struct mes_json_writer *json, const char *status, const char *words)
{
    mes_json_write_object(json, status);
    mes_json_write_text(json, "description", mes_str_of(words));
}

static void write_problem(struct mes_json_writer *json, const char *status, const char *words)
{
    write_answer(json, status, words);
    mes_json_write_object(json, "content");
    mes_json_write_object(json, "application/problem+json");
    write_reference(json, "schema", "Problem");
    mes_json_write_object_end(json);
    mes_json_write_object_end(json);
    mes_json_write_object_end(json);
}

static void write_answers(struct mes_json_writer *json, const struct mes_api_route *route)
{
    mes_json_write_object(json, "responses");
    write_answer(json, MES_NUMBER(route->status), route->summary);
    if (route->answer[0] != '\0')
        write_media(json, route->answer);
    mes_json_write_object_end(json);
    if (route->body[0] != '\0' || route->query[0] != '\0')
        write_problem(json, "400", "It cannot be read, or has an unknown field or parameter");
    if (route->scope != MES_API_NONE) {
        write_problem(json, "401", "No valid key");
        write_problem(json, "403", "The key has not got the scope");
    }
    if (strchr(route->path, '{') != NULL || route->scope != MES_API_NONE)
        write_problem(json, "404", "Nothing of that name for this key");
    if (route->body[0] != '\0')
        write_problem(json, "413", "The body is too large");
    if (route->body[0] != '\0' || route->query[0] != '\0')
        write_problem(json, "422", "A value cannot be used");
    write_problem(json, "429", "Too many requests; the header Retry-After says when to go on");
    write_problem(json, "default", "Any other refusal or failure");
    mes_json_write_object_end(json);
}

/* "/api/v1/messages/{id}" is of "messages", "/healthz" of "healthz". */
static struct mes_str tag_of(const struct mes_api_route *route)
{
    static const char base[] = "/api/v1/";
    struct mes_str path = mes_str_of(route->path);
    struct mes_str tag;
    path = mes_str_skip(path, mes_str_starts(path, mes_str_of(base)) ? sizeof base - 1 : 1);
    return mes_str_next(&path, '/', &tag) ? tag : MES_STR("service");
}

static void write_security(struct mes_json_writer *json, const struct mes_api_route *route)
{
    mes_json_write_list(json, "security");
    if (route->scope != MES_API_NONE) {
        mes_json_write_object(json, NULL);
        mes_json_write_list(json, "key");
        mes_json_write_text(json, NULL, mes_str_of(mes_api_scope_name(route->scope)));
        mes_json_write_list_end(json);
        mes_json_write_object_end(json);
    }
    mes_json_write_list_end(json);
}

static void write_operation(struct mes_json_writer *json, const struct mes_api_server *server,
                            const struct mes_api_route *route)
{
    static const char *const verbs[MES_API_METHODS] = {[MES_API_GET] = "get",
                                                       [MES_API_POST] = "post",
                                                       [MES_API_PATCH] = "patch",
                                                       [MES_API_PUT] = "put",
                                                       [MES_API_DELETE] = "delete"};
    mes_json_write_object(json, verbs[route->method]);
    mes_json_write_text(json, "operationId", mes_str_of(route->name));
    mes_json_write_text(json, "summary", mes_str_of(route->summary));
    mes_json_write_list(json, "tags");
    mes_json_write_text(json, NULL, tag_of(route));
    mes_json_write_list_end(json);
    write_parameters(json, server, route);
    if (route->body[0] != '\0') {
        mes_json_write_object(json, "requestBody");
        mes_json_write_flag(json, "required", true);
        write_media(json, route->body);
        mes_json_write_object_end(json);
    }
    write_answers(json, route);
    write_security(json, route);
    mes_json_write_object_end(json);
}

static bool stands_before(const struct mes_api_routes *routes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(routes->rows[i].path, routes->rows[index].path) == 0)
            return true;
    return false;
}

static void write_paths(struct mes_json_writer *json, const struct mes_api_server *server)
{
    const struct mes_api_routes *routes = &server->routes;
    mes_json_write_object(json, "paths");
    for (size_t i = 0; i < routes->count; i++) {
        if (stands_before(routes, i))
            continue;
        mes_json_write_object(json, routes->rows[i].path);
        for (size_t j = i; j < routes->count; j++)
            if (strcmp(routes->rows[j].path, routes->rows[i].path) == 0)
                write_operation(json, server, &routes->rows[j]);
        mes_json_write_object_end(json);
    }
    mes_json_write_object_end(json);
}

static void write_head(struct mes_json_writer *json, const struct mes_api_server *server)
{
    mes_json_write_text(json, "openapi", MES_STR("3.1.0"));
    mes_json_write_object(json, "info");
    mes_json_write_text(json, "title", MES_STR("mailenhance"));
    mes_json_write_text(json, "version", MES_STR(MES_VERSION));
    mes_json_write_text(
        json, "description",
        MES_STR("Takes mail by HTTP, now or for later, keeps it durably and sends it through the first "
                "account that can. What was answered with 202 is never lost."));
    mes_json_write_object_end(json);
    mes_json_write_list(json, "servers");
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "url", mes_str_of(server->public_url[0] != '\0' ? server->public_url : "/"));
    mes_json_write_object_end(json);
    mes_json_write_list_end(json);
}

static void write_components(struct mes_json_writer *json)
{
    mes_json_write_object(json, "components");
    mes_json_write_object(json, "securitySchemes");
    mes_json_write_object(json, "key");
    mes_json_write_text(json, "type", MES_STR("http"));
    mes_json_write_text(json, "scheme", MES_STR("bearer"));
    mes_json_write_text(json, "description", MES_STR("An API key; the scope admin holds the others"));
    mes_json_write_object_end(json);
    mes_json_write_object_end(json);
    mes_json_write_raw(json, "schemas", mes_str_of(mes_api_schemas_text));
    mes_json_write_object_end(json);
}

int mes_api_openapi_write(const struct mes_api_server *server, struct mes_buf *out, struct mes_error *error)
{
    struct mes_json_writer json;
    mes_json_writer_init(&json, out);
    mes_json_write_object(&json, NULL);
    write_head(&json, server);
    write_paths(&json, server);
    write_components(&json);
    mes_json_write_object_end(&json);
    return mes_buf_check(out, error);
}

void mes_api_openapi(struct mes_api_request *request)
{
    struct mes_buf copy;
    mes_buf_init(&copy, SIZE_MAX);
    mes_buf_add_str(&copy, mes_buf_str(&request->server->openapi));
    mes_api_answer_bytes(request, 200, "application/json", &copy);
}
