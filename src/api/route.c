#include "api/route.h"

#include <string.h>

const struct mes_api_route mes_api_routes[] = {
#define ROUTE(method, path, scope, flags, handler, query, body, status, answer, summary)                     \
    {MES_API_##method, path,   MES_API_##scope, MES_API_##flags, mes_api_##handler, query, body,             \
     status,           answer, summary},
#include "api/routes.def"
#undef ROUTE
};
const size_t mes_api_route_count = sizeof mes_api_routes / sizeof *mes_api_routes;

static const char *const method_names[MES_API_METHODS] = {
    [MES_API_GET] = "GET", [MES_API_POST] = "POST",     [MES_API_PATCH] = "PATCH",
    [MES_API_PUT] = "PUT", [MES_API_DELETE] = "DELETE",
};

/* Both paths part by part; a {name} takes any part that is not empty. */
static bool matches(const char *pattern, struct mes_str path, struct mes_str values[MES_API_PATH_VALUES])
{
    struct mes_str left = mes_str_of(pattern);
    struct mes_str wanted;
    struct mes_str part;
    size_t count = 0;
    while (mes_str_next(&left, '/', &wanted)) {
        if (!mes_str_next(&path, '/', &part))
            return false;
        bool is_value = wanted.size > 0 && wanted.data[0] == '{';
        if (is_value ? part.size == 0 || count == MES_API_PATH_VALUES : !mes_str_eq(wanted, part))
            return false;
        if (is_value)
            values[count++] = part;
    }
    return !mes_str_next(&path, '/', &part);
}

enum mes_api_found mes_api_route_find(enum mes_api_method method, struct mes_str path,
                                      const struct mes_api_route **route_out,
                                      struct mes_str values_out[MES_API_PATH_VALUES], unsigned *allowed_out)
{
    *allowed_out = 0;
    for (size_t i = 0; i < mes_api_route_count; i++) {
        const struct mes_api_route *route = &mes_api_routes[i];
        struct mes_str values[MES_API_PATH_VALUES] = {{NULL, 0}};
        if (!matches(route->path, path, values))
            continue;
        *allowed_out |= 1U << route->method;
        if (route->method != method)
            continue;
        memcpy(values_out, values, sizeof values);
        *route_out = route;
        return MES_API_FOUND;
    }
    return *allowed_out == 0 ? MES_API_NO_PATH : MES_API_NO_METHOD;
}

bool mes_api_method_parse(struct mes_str text, enum mes_api_method *method_out)
{
    if (mes_str_eq(text, MES_STR("HEAD"))) {
        *method_out = MES_API_GET;
        return true;
    }
    for (int method = 0; method < MES_API_METHODS; method++) {
        if (mes_str_eq(text, mes_str_of(method_names[method]))) {
            *method_out = (enum mes_api_method)method;
            return true;
        }
    }
    return false;
}

const char *mes_api_method_name(enum mes_api_method method)
{
    return method_names[method];
}
