/* mailenhance status: is the service well? */
#include "cli/service.h"
#include "cli/status.h"

int mes_cli_status(struct mes_cli *cli)
{
    struct mes_cli_service service;
    struct mes_http_answer answer;
    int status = mes_cli_service_init(cli, &service);
    if (status == MES_CLI_EXIT_OK)
        status = mes_cli_service_ask(&service, &(struct mes_cli_question){.path = "/readyz"}, &answer);
    if (status == MES_CLI_EXIT_OK) {
        mes_cli_put_sentence(cli, MES_SAY_cli_service_ready, MES_ARGS(mes_buf_text(&service.url)));
        mes_http_answer_fini(&answer);
    }
    mes_cli_service_fini(&service);
    return status;
}
