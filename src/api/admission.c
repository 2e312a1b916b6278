#include "api/admission.h"

#include <string.h>

#include "api/auth.h"
#include "api/body.h"
#include "api/framing.h"
#include "api/query.h"
#include "api/server_parts.h"
#include "api/tongue.h"
#include "base/utf8.h"

enum { HEADER_LIMIT = 16 * 1024, ADDRESS_LIMIT = 8 * 1024 };

static bool check_framing(struct mes_api_exchange *exchange, const char *method, const char *version)
{
    int sentence = 0;
    enum mes_api_framing framing = mes_api_framing_check(exchange->connection, method, version, &sentence);
    if (framing == MES_API_FRAMING_SOUND)
        return true;
    exchange->answer.must_close = true;
    mes_api_refuse(&exchange->request,
                   framing == MES_API_FRAMING_BAD ? MES_API_PROBLEM_bad_request
                                                  : MES_API_PROBLEM_not_implemented,
                   NULL, sentence, MES_NO_ARGS);
    return false;
}

/* What is longer than libmicrohttpd keeps is answered by libmicrohttpd, with the same statuses. */
static bool check_size(struct mes_api_exchange *exchange, const char *url)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    bool is_long_address = strlen(url) > ADDRESS_LIMIT;
    if (!is_long_address && (info == NULL || info->header_size <= HEADER_LIMIT))
        return true;
    exchange->answer.must_close = true;
    mes_api_refuse(
        &exchange->request, is_long_address ? MES_API_PROBLEM_uri_too_long : MES_API_PROBLEM_header_too_large,
        NULL, MES_SAY_api_header_too_large, MES_ARGS(MES_NUMBER(HEADER_LIMIT), MES_NUMBER(ADDRESS_LIMIT)));
    return false;
}

static void add_allow(struct mes_api_request *request, unsigned allowed)
{
    struct mes_buf names;
    mes_buf_init(&names, 100);
    for (int method = 0; method < MES_API_METHODS; method++) {
        if ((allowed & (1U << method)) == 0)
            continue;
        mes_buf_add_text(&names, names.size > 0 ? ", " : "");
        mes_buf_add_text(&names, mes_api_method_name((enum mes_api_method)method));
        mes_buf_add_text(&names, method == MES_API_GET ? ", HEAD" : "");
    }
    mes_api_answer_header(request, "Allow", mes_buf_str(&names));
    mes_buf_fini(&names);
}

static bool find_route(struct mes_api_request *request, const char *url, const char *method_name)
{
    enum mes_api_method method = MES_API_METHODS;
    struct mes_api_found found = {.route = NULL};
    char *path = mes_arena_copy(&request->arena, mes_str_of(url));
    (void)mes_api_method_parse(mes_str_of(method_name), &method);
    if (path != NULL && mes_utf8_is_valid(mes_str_of(path)))
        found = mes_api_route_find(&request->server->routes, method, mes_str_of(path));
    request->route = found.route;
    memcpy(request->values, found.values, sizeof request->values);
    if (found.route != NULL)
        return true;
    if (found.allowed == 0) {
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_no_path, MES_NO_ARGS);
    } else {
        add_allow(request, found.allowed);
        mes_api_refuse(request, MES_API_PROBLEM_no_method, NULL, MES_SAY_api_wrong_method,
                       MES_ARGS(MES_TEXT(mes_str_of(method_name))));
    }
    return false;
}

bool mes_api_admission_check(struct mes_api_exchange *exchange, const char *url, const char *method,
                             const char *version)
{
    struct mes_api_request *request = &exchange->request;
    request->language = mes_api_tongue(mes_api_request_header(request, "Accept-Language"));
    return check_framing(exchange, method, version) && check_size(exchange, url) &&
           find_route(request, url, method) && mes_api_auth_check(exchange) && mes_api_query_check(request) &&
           mes_api_body_expect(exchange);
}
