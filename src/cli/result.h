/* What became of one address, as a line for programs or for people. */
#ifndef MES_CLI_RESULT_H
#define MES_CLI_RESULT_H

#include "base/buf.h"
#include "mes/report.h"

/* One JSON object without line end: recipient, role, status, account, code, enhanced, reply, messageId and
 * the list of attempts, oldest first. In English. */
void mes_cli_result_json(struct mes_buf *out, const struct mes_result *result);

/* The same for a `to` address that was left out because it cannot be used: failed, without any attempt. */
void mes_cli_result_json_rejected(struct mes_buf *out, const char *address, const char *why);

/* One line without line end: address, what became of it, and for a failure the relay's words and the advice.
 */
void mes_cli_result_text(struct mes_buf *out, enum mes_language language, const struct mes_result *result);

/* For a reply within a sentence, which brings a full stop of its own; an ellipsis stays. */
void mes_cli_drop_full_stop(struct mes_buf *reply);

/* An attempt that did not end well, for the notes on standard error: account, step, reply, advice. */
void mes_cli_attempt_text(struct mes_buf *out, enum mes_language language, const struct mes_attempt *attempt);

#endif
