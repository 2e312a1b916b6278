#include "cli/recipients.h"

#include <string.h>

#include "cli/list.h"
#include "compose/message.h"

enum { MES_CLI_ADDRESS_ARENA = 8 * 1024 * 1024 };

/* One --to, --cc or --bcc as the address parser goes through it. */
struct given {
    struct mes_cli_recipients *recipients;
    enum mes_role role;
    const char *where; /* "--to" */
    struct mes_error *error;
};

void mes_cli_recipients_bad(struct mes_cli_recipients *recipients, const char *where, struct mes_str address,
                            const struct mes_error *why)
{
    struct mes_buf sentence;
    mes_buf_init(&sentence, 4096);
    mes_say_error(&sentence, recipients->cli->language, why);
    mes_cli_tell(recipients->cli, MES_SAY_cli_at, MES_ARGS(where, mes_buf_text(&sentence)));
    mes_buf_fini(&sentence);
    recipients->bad++;
    if (recipients->on_bad != NULL)
        recipients->on_bad(recipients->context, address, why);
}

static int on_address(void *context, const struct mes_address *address)
{
    struct given *given = context;
    struct mes_cli_recipients *recipients = given->recipients;
    int code = mes_message_add_recipient(recipients->message, given->role, address->shown, address->name,
                                         given->error);
    if (code == MES_E_INPUT) {
        mes_cli_recipients_bad(recipients, given->where, mes_str_of(address->shown), given->error);
        return 0;
    }
    return code;
}

static int on_bad(void *context, const struct mes_error *why)
{
    struct given *given = context;
    mes_cli_recipients_bad(given->recipients, given->where, mes_str_of(mes_error_argument(why, 0)), why);
    return 0;
}

static int add_text(struct given *given, const char *text)
{
    struct mes_notices notices = {.on_notice = mes_cli_on_notice, .context = given->recipients->cli};
    struct mes_address_sink sink = {
        .on_address = on_address, .on_bad = on_bad, .context = given, .notices = &notices};
    struct mes_address address;
    struct mes_arena arena;
    int code;
    mes_arena_init(&arena, MES_CLI_ADDRESS_ARENA);
    /* In a file a line end parts addresses; in an argument it is an attempt to smuggle something in. */
    if (strpbrk(text, "\r\n") == NULL)
        code = mes_mime_address_list(mes_str_of(text), &arena, &sink, given->error);
    else
        code = mes_mime_address_parse(mes_str_of(text), &arena, &notices, &address, given->error);
    if (code == MES_E_INPUT)
        code = on_bad(given, given->error);
    mes_arena_fini(&arena);
    return code;
}

static int add_given(struct mes_cli_recipients *recipients, enum mes_cli_option_id id, enum mes_role role,
                     struct mes_error *error)
{
    static const char *const names[] = {
        [MES_ROLE_TO] = "--to", [MES_ROLE_CC] = "--cc", [MES_ROLE_BCC] = "--bcc"};
    struct given given = {recipients, role, names[role], error};
    size_t at = 0;
    int code = 0;
    for (;;) {
        const char *text = mes_cli_next(recipients->cli->options, id, &at);
        if (text == NULL || code != 0)
            return code;
        code = add_text(&given, text);
    }
}

static int add_lists(struct mes_cli_recipients *recipients, struct mes_error *error)
{
    size_t at = 0;
    int code = 0;
    for (;;) {
        const char *path = mes_cli_next(recipients->cli->options, MES_CLI_OPT_TO_FILE, &at);
        if (path == NULL || code != 0)
            return code;
        code = mes_cli_list_add(recipients, path, error);
    }
}

int mes_cli_recipients_add(struct mes_cli_recipients *recipients, struct mes_error *error)
{
    int code = add_given(recipients, MES_CLI_OPT_TO, MES_ROLE_TO, error);
    if (code == 0)
        code = add_lists(recipients, error);
    if (code == 0)
        code = add_given(recipients, MES_CLI_OPT_CC, MES_ROLE_CC, error);
    if (code == 0)
        code = add_given(recipients, MES_CLI_OPT_BCC, MES_ROLE_BCC, error);
    for (enum mes_role role = MES_ROLE_TO; role <= MES_ROLE_BCC; role++)
        recipients->count[role] = mes_compose_message_count(recipients->message, role);
    return code;
}

static void warn_of_copies(const struct mes_cli_recipients *recipients)
{
    const size_t *count = recipients->count;
    if (count[MES_ROLE_TO] > 1 && count[MES_ROLE_CC] + count[MES_ROLE_BCC] > 0)
        mes_cli_tell(recipients->cli, MES_SAY_cli_copies_many, MES_ARGS(MES_NUMBER(count[MES_ROLE_TO])));
}

/* Wrong addresses were told one by one; this says what follows. */
bool mes_cli_recipients_may_send(const struct mes_cli_recipients *recipients)
{
    bool may_skip = mes_cli_has(recipients->cli->options, MES_CLI_OPT_SKIP_INVALID);
    if (recipients->count[MES_ROLE_TO] == 0) {
        mes_cli_tell(recipients->cli,
                     recipients->bad > 0 ? MES_SAY_cli_no_good_address : MES_SAY_cli_no_recipient,
                     MES_NO_ARGS);
        return false;
    }
    if (recipients->bad > 0)
        mes_cli_tell(recipients->cli, may_skip ? MES_SAY_cli_skipped : MES_SAY_cli_bad_addresses,
                     MES_ARGS(MES_NUMBER(recipients->bad)));
    if (recipients->bad > 0 && !may_skip)
        return false;
    warn_of_copies(recipients);
    return true;
}

int mes_cli_one_address(struct mes_cli *cli, enum mes_cli_option_id id, struct mes_arena *arena,
                        struct mes_address *address_out, struct mes_error *error)
{
    struct mes_notices notices = {.on_notice = mes_cli_on_notice, .context = cli};
    const char *text = mes_cli_text(cli->options, id);
    *address_out = (struct mes_address){0};
    if (text == NULL)
        return 0;
    return mes_mime_address_parse(mes_str_of(text), arena, &notices, address_out, error);
}
