#include "api/route.h"

#include <assert.h>
#include <string.h>

static const struct mes_api_route rows[] = {
#define ROUTE(method, path, scope, flags, handler, query, body, status, answer, summary)                     \
    {MES_API_##method, #handler, path,   MES_API_##scope, MES_API_##flags, mes_api_##handler, query, body,   \
     status,           answer,   summary},
#include "api/routes.def"
#undef ROUTE
};
const struct mes_api_routes mes_api_routes = {rows, sizeof rows / sizeof *rows};

static const char *const method_names[MES_API_METHODS] = {
    [MES_API_GET] = "GET", [MES_API_POST] = "POST",     [MES_API_PATCH] = "PATCH",
    [MES_API_PUT] = "PUT", [MES_API_DELETE] = "DELETE",
};

/* A {name} takes any part that is not empty. */
static bool matches(const char *pattern, struct mes_str path, struct mes_str values[MES_API_PATH_VALUES])
{
    size_t at = 0;
    size_t count = 0;
    while (*pattern != '\0') {
        if (*pattern != '{') {
            if (at == path.size || path.data[at++] != *pattern++)
                return false;
            continue;
        }
        size_t start = at;
        while (at < path.size && path.data[at] != '/')
            at++;
        if (at == start)
            return false;
        assert(count < MES_API_PATH_VALUES);
        values[count++] = mes_str_cut(path, start, at - start);
        pattern = strchr(pattern, '}') + 1;
    }
    return at == path.size;
}

struct mes_api_found mes_api_route_find(const struct mes_api_routes *routes, enum mes_api_method method,
                                        struct mes_str path)
{
    struct mes_api_found found = {.route = NULL};
    for (size_t i = 0; i < routes->count && found.route == NULL; i++) {
        const struct mes_api_route *route = &routes->rows[i];
        if (!matches(route->path, path, found.values))
            continue;
        found.allowed |= 1U << route->method;
        if (route->method == method)
            found.route = route;
    }
    return found;
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
