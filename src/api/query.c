#include "api/query.h"

#include <string.h>

#include "api/exchange.h"
#include "api/schema.h"
#include "api/server_parts.h"
#include "base/nearest.h"
#include "base/utf8.h"

enum { MOST_PARAMETERS = 32 };

struct look {
    struct mes_api_request *request;
    const struct mes_json_value *known; /* the route's parameters, NULL when it has none */
    struct mes_str names[MOST_PARAMETERS];
    size_t count;
};

/* Once, in UTF-8, and few enough. */
static bool is_readable(struct look *look, struct mes_str name, struct mes_str value)
{
    if (look->count == MOST_PARAMETERS || !mes_utf8_is_valid(name) || !mes_utf8_is_valid(value))
        return false;
    for (size_t i = 0; i < look->count; i++)
        if (mes_str_eq(look->names[i], name))
            return false;
    look->names[look->count++] = name;
    return true;
}

static void refuse_unknown(const struct look *look, struct mes_str name)
{
    struct mes_nearest nearest;
    char known[MOST_PARAMETERS][64];
    size_t count = 0;
    mes_nearest_init(&nearest, name);
    for (const struct mes_json_value *one = look->known != NULL ? look->known->first : NULL;
         one != NULL && count < MOST_PARAMETERS; one = one->next)
        mes_nearest_offer(&nearest, mes_shown_text(known[count++], sizeof *known, one->key));
    const char *shown = MES_TEXT(name);
    if (nearest.found != NULL)
        mes_api_refuse(look->request, MES_API_PROBLEM_unknown_parameter, shown,
                       MES_SAY_api_unknown_parameter_nearest, MES_ARGS(shown, nearest.found));
    else
        mes_api_refuse(look->request, MES_API_PROBLEM_unknown_parameter, shown, MES_SAY_api_unknown_parameter,
                       MES_ARGS(shown));
}

/* The parameter as a JSON value of the kind that its schema wants, where it can be one. */
static struct mes_json_value value_of(const struct mes_json_value *schema, struct mes_str text)
{
    const struct mes_json_value *type = mes_json_member(schema, MES_STR("type"));
    struct mes_json_value value = {.kind = MES_JSON_TEXT, .text = text};
    uint64_t number = 0;
    bool wants_flag = type != NULL && mes_str_eq(type->text, MES_STR("boolean"));
    if (type != NULL && mes_str_eq(type->text, MES_STR("integer")) &&
        mes_str_to_uint(text, INT64_MAX, &number)) {
        value.kind = MES_JSON_INTEGER;
        value.integer = (int64_t)number;
        value.real = (double)number;
    } else if (wants_flag && (mes_str_eq(text, MES_STR("true")) || mes_str_eq(text, MES_STR("false")))) {
        value.kind = MES_JSON_FLAG;
    }
    return value;
}

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *key, size_t key_size,
                               const char *value, size_t value_size)
{
    struct look *look = context;
    struct mes_str name = mes_str_make(key, key_size);
    struct mes_str text = mes_str_make(value != NULL ? value : "", value != NULL ? value_size : 0);
    (void)kind;
    if (!is_readable(look, name, text)) {
        mes_api_refuse(look->request, MES_API_PROBLEM_bad_request, NULL, MES_SAY_api_bad_query, MES_NO_ARGS);
        return MHD_NO;
    }
    bool is_company = look->request->route->scope != MES_API_NONE && mes_str_eq(name, MES_STR("company"));
    if (is_company)
        return mes_api_request_act_for(look->request, text) ? MHD_YES : MHD_NO;
    const struct mes_json_value *schema = mes_json_member(look->known, name);
    if (schema == NULL) {
        refuse_unknown(look, name);
        return MHD_YES;
    }
    struct mes_json_value given = value_of(schema, text);
    (void)mes_api_schema_check(look->request, schema, MES_TEXT(name), &given);
    return MHD_YES;
}

bool mes_api_query_check(struct mes_api_request *request)
{
    struct look look = {.request = request};
    if (request->route->query[0] != '\0')
        look.known = mes_json_member(mes_api_schema(request->server->schemas, request->route->query),
                                     MES_STR("properties"));
    MHD_get_connection_values_n(mes_api_exchange_of(request)->connection, MHD_GET_ARGUMENT_KIND, look_at,
                                &look);
    return !mes_api_is_refused(request);
}
