/* Jobs as people see them: GET /messages and what stands below it. */
#ifndef MES_API_MESSAGE_H
#define MES_API_MESSAGE_H

#include "api/answer.h"
#include "store/recipient.h"

/* "notice"; "" for a number that is no kind. Static. */
const char *mes_api_kind_name(int kind);

/* Writes the job as an object. */
void mes_api_message_write(const struct mes_api_request *request, struct mes_json_writer *json,
                           const struct mes_store_job *job);

/* The job whose id stands first in the path, in the request's arena. False: there is none for this caller,
 * and it was answered. */
bool mes_api_message_load(struct mes_api_request *request, struct mes_store_job *job_out) MES_MUST_USE;

/* The number of a recipient as it stands in a path or query. False: it is none, and was answered by 404. */
bool mes_api_message_row(struct mes_api_request *request, struct mes_str text,
                         struct mes_store_row *row_out) MES_MUST_USE;

#endif
