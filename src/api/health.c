#include "api/answer.h"

static void say_status(struct mes_api_request *request, const char *status)
{
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "status", mes_str_of(status));
    mes_json_write_object_end(json);
}

void mes_api_health_alive(struct mes_api_request *request)
{
    say_status(request, "alive");
}

void mes_api_health_ready(struct mes_api_request *request)
{
    const struct mes_api_services *services = request->services;
    const char *reason = services->not_ready != NULL ? services->not_ready(services->context) : NULL;
    if (reason == NULL)
        say_status(request, "ready");
    else
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_not_ready, MES_ARGS(reason));
}
