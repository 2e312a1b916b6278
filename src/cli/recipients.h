/* Who the mail goes to: --to, --cc, --bcc and the lists of --to-file. */
#ifndef MES_CLI_RECIPIENTS_H
#define MES_CLI_RECIPIENTS_H

#include "cli/cli.h"
#include "mes/message.h"
#include "mime/address.h"

struct mes_cli_recipients {
    struct mes_cli *cli;
    struct mes_message *message;
    size_t count[MES_ROLE_BCC + 1]; /* good ones, by role, each once */
    size_t bad;
    /* Every address that cannot be used, as it was given, after it was told on standard error. May be NULL.
     */
    void (*on_bad)(void *context, struct mes_str address, const struct mes_error *why);
    void *context;
};

/* Reads all of them into the message and says what is wrong with each bad one. Fails (MES_E_NOMEM,
 * MES_E_FILE, MES_E_INPUT for a list without the column "address") only when it could not go through all.
 * Whether `bad` ones matter is the caller's decision. */
int mes_cli_recipients_add(struct mes_cli_recipients *recipients, struct mes_error *error) MES_MUST_USE;

/* May the mail be sent to those that are left, or to all? Says what follows from the bad ones, and warns of
 * copies that go out many times. */
bool mes_cli_recipients_may_send(const struct mes_cli_recipients *recipients);

/* Counts and tells an address that cannot be used; `where` is "--to" or "list.csv:17". */
void mes_cli_recipients_bad(struct mes_cli_recipients *recipients, const char *where, struct mes_str address,
                            const struct mes_error *why);

/* The one address of an option such as --from, put right and reported like the others. NULL texts when the
 * option was not given. The texts live in the arena. */
int mes_cli_one_address(struct mes_cli *cli, enum mes_cli_option_id id, struct mes_arena *arena,
                        struct mes_address *address_out, struct mes_error *error) MES_MUST_USE;

#endif
