/* POST /messages: one call, one job, one answer after the commit. */
#include "api/accept.h"

void mes_api_message_post(struct mes_api_request *request)
{
    struct mes_api_accept *accept = mes_api_accept_new(request);
    struct mes_error error;
    if (accept == NULL)
        return;
    if (!mes_api_accept_key(accept, request->body)) {
        if (!mes_api_is_refused(request))
            mes_api_accept_answer(accept);
        return;
    }
    if (!mes_api_accept_read(accept, request->json, request->body))
        return;
    mes_api_draft_check_deadline(&accept->draft, accept->intake.recipient_count);
    mes_api_accept_describe(request, &accept->draft, accept->intake.recipient_count, &accept->answer);
    if (mes_buf_check(&accept->answer, &error) != 0)
        mes_api_refuse_failure(request, &error);
    else
        mes_api_accept_store(accept, mes_api_accept_answer);
}
