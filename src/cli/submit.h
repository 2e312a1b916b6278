/* send --queue: the mail goes to a running service, which sends it. */
#ifndef MES_CLI_SUBMIT_H
#define MES_CLI_SUBMIT_H

#include "cli/recipients.h"
#include "cli/service.h"

struct mes_recipient;

/* Appends the body of a POST /messages made of the message and of the options that the message does not hold;
 * a head without `to` when `is_head`. `attachments` is the JSON of that member, "" for none. */
void mes_cli_submit_write(struct mes_buf *out, const struct mes_cli *cli, const struct mes_message *message,
                          bool is_head, struct mes_str attachments);
/* The same of one recipient: {"address":…}. */
void mes_cli_submit_write_recipient(struct mes_buf *out, const struct mes_recipient *recipient);

/* The whole of `send --queue`; the command line was checked. Returns an exit status. */
int mes_cli_submit(struct mes_cli *cli);

#endif
