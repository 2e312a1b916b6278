/* Jobs of a running service, as `queue` and `send --queue` show them. */
#ifndef MES_CLI_QUEUE_H
#define MES_CLI_QUEUE_H

#include "cli/service.h"

/* The operand that names a job; NULL, and said why, when it is missing or no id. */
const char *mes_cli_queue_id(struct mes_cli *cli);

/* Both write to standard output, as a JSON object a line or as text: the job, and a line for each of its
 * addresses. Return an exit status. */
int mes_cli_queue_show_job(const struct mes_cli_service *service, const char *id);
int mes_cli_queue_show_recipients(const struct mes_cli_service *service, const char *id);

#endif
