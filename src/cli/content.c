#include "cli/content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "cli/recipients.h"
#include "mime/limits.h"

enum { MES_CLI_CONTENT_ARENA = 64 * 1024 };

struct rule {
    enum mes_cli_option_id one;
    enum mes_cli_option_id other;
    bool must_clash; /* else `one` needs `other` */
};

static const struct rule rules[] = {
    {MES_CLI_OPT_TEXT, MES_CLI_OPT_TEXT_FILE, true},
    {MES_CLI_OPT_TEMPLATE, MES_CLI_OPT_TEXT, true},
    {MES_CLI_OPT_TEMPLATE, MES_CLI_OPT_TEXT_FILE, true},
    {MES_CLI_OPT_TEMPLATE, MES_CLI_OPT_HTML_FILE, true},
    {MES_CLI_OPT_LANG, MES_CLI_OPT_TEMPLATE, false},
    {MES_CLI_OPT_CALENDAR_METHOD, MES_CLI_OPT_CALENDAR, false},
    {MES_CLI_OPT_QUEUE, MES_CLI_OPT_RETRY_FOR, true},
    {MES_CLI_OPT_QUEUE, MES_CLI_OPT_DRY_RUN, true},
    {MES_CLI_OPT_QUEUE, MES_CLI_OPT_TRACE, true},
    {MES_CLI_OPT_WAIT, MES_CLI_OPT_QUEUE, false},
    {MES_CLI_OPT_SEND_AT, MES_CLI_OPT_QUEUE, false},
    {MES_CLI_OPT_TIME_ZONE, MES_CLI_OPT_SEND_AT, false},
    {MES_CLI_OPT_IDEMPOTENCY_KEY, MES_CLI_OPT_QUEUE, false},
    {MES_CLI_OPT_SERVER, MES_CLI_OPT_QUEUE, false},
    {MES_CLI_OPT_KEY_FILE, MES_CLI_OPT_QUEUE, false},
    {MES_CLI_OPT_CA_FILE, MES_CLI_OPT_QUEUE, false},
};

static const char *name_of(enum mes_cli_option_id id)
{
    return mes_cli_option_table[id].name;
}

static bool is_stdin(const struct mes_cli_options *options, enum mes_cli_option_id id)
{
    const char *path = mes_cli_text(options, id);
    return path != NULL && strcmp(path, "-") == 0;
}

static int check_rules(const struct mes_cli_options *options, struct mes_error *error)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *rule = &rules[i];
        if (!mes_cli_has(options, rule->one) || mes_cli_has(options, rule->other) != rule->must_clash)
            continue;
        return mes_fail(error, MES_E_USAGE,
                        rule->must_clash ? MES_SAY_cli_options_clash : MES_SAY_cli_option_needs,
                        MES_ARGS(name_of(rule->one), name_of(rule->other)));
    }
    return 0;
}

/* The sign between the two halves of an option's value, 0 when it has none. */
static char sign_of(enum mes_cli_option_id id)
{
    if (id == MES_CLI_OPT_VAR || id == MES_CLI_OPT_INLINE)
        return '=';
    return id == MES_CLI_OPT_HEADER ? ':' : '\0';
}

static int check_pair(const struct mes_cli_value *given, struct mes_error *error)
{
    char sign[2] = {sign_of(given->id), '\0'};
    const char *at = sign[0] != '\0' ? strchr(given->text, sign[0]) : given->text + 1;
    if (at != NULL && at != given->text)
        return 0;
    return mes_fail(
        error, MES_E_USAGE, MES_SAY_cli_not_a_pair,
        MES_ARGS(name_of(given->id), given->text, sign, mes_cli_option_table[given->id].argument));
}

int mes_cli_content_check(const struct mes_cli_options *options, struct mes_error *error)
{
    int code = check_rules(options, error);
    for (size_t i = 0; i < options->count && code == 0; i++)
        code = check_pair(&options->values[i], error);
    if (code == 0 && is_stdin(options, MES_CLI_OPT_TEXT_FILE) && is_stdin(options, MES_CLI_OPT_HTML_FILE))
        code = mes_fail(error, MES_E_USAGE, MES_SAY_cli_stdin_twice, MES_NO_ARGS);
    return code;
}

const char *mes_cli_split(const char *text, char sign, struct mes_buf *name_out)
{
    const char *at = strchr(text, sign);
    mes_buf_clear(name_out);
    mes_buf_add(name_out, text, (size_t)(at - text));
    return at + 1;
}

static int read_stdin(struct mes_buf *out, struct mes_error *error)
{
    char block[16 * 1024];
    size_t got;
    errno = 0;
    while ((got = fread(block, 1, sizeof block, stdin)) > 0)
        mes_buf_add(out, block, got);
    return ferror(stdin) ? mes_fail_file(error, "-", errno) : mes_buf_check(out, error);
}

/* A whole text file as a C string: without a byte order mark, and refused when a NUL would cut it short. */
static int read_text(const char *path, struct mes_buf *out, struct mes_error *error)
{
    int code = strcmp(path, "-") == 0 ? read_stdin(out, error) : mes_file_read(path, out, error);
    if (code != 0)
        return code;
    if (mes_str_starts(mes_buf_str(out), MES_STR("\xEF\xBB\xBF")))
        mes_buf_consume(out, 3);
    if (out->size > 0 && memchr(out->data, '\0', out->size) != NULL)
        return mes_fail(error, MES_E_INPUT, MES_SAY_cli_file_nul, MES_ARGS(path));
    return 0;
}

static int add_file(struct mes_cli *cli, struct mes_message *message, enum mes_cli_option_id id,
                    int (*set)(struct mes_message *message, const char *text, struct mes_error *error),
                    struct mes_error *error)
{
    const char *path = mes_cli_text(cli->options, id);
    struct mes_buf text;
    if (path == NULL)
        return 0;
    mes_buf_init(&text, MES_LIMIT_BODY);
    int code = read_text(path, &text, error);
    if (code == 0)
        code = set(message, mes_buf_text(&text), error);
    mes_buf_fini(&text);
    return code;
}

static int add_calendar(struct mes_cli *cli, struct mes_message *message, struct mes_error *error)
{
    const char *path = mes_cli_text(cli->options, MES_CLI_OPT_CALENDAR);
    struct mes_buf text;
    if (path == NULL)
        return 0;
    mes_buf_init(&text, MES_LIMIT_CALENDAR);
    int code = read_text(path, &text, error);
    if (code == 0)
        code = mes_message_set_calendar(message, mes_buf_text(&text),
                                        mes_cli_text(cli->options, MES_CLI_OPT_CALENDAR_METHOD), error);
    mes_buf_fini(&text);
    return code;
}

static int add_sender(struct mes_cli *cli, struct mes_message *message, struct mes_arena *arena,
                      struct mes_error *error)
{
    const char *name = mes_cli_text(cli->options, MES_CLI_OPT_FROM_NAME);
    struct mes_address from, reply_to;
    int code = mes_cli_one_address(cli, MES_CLI_OPT_FROM, arena, &from, error);
    if (code == 0)
        code = mes_cli_one_address(cli, MES_CLI_OPT_REPLY_TO, arena, &reply_to, error);
    if (code != 0)
        return code;
    if (name == NULL && from.name != NULL && from.name[0] != '\0')
        name = from.name;
    if (from.shown != NULL || name != NULL)
        code = mes_message_set_from(message, from.shown, name, error);
    if (code == 0 && reply_to.shown != NULL)
        code = mes_message_set_reply_to(message, reply_to.shown, reply_to.name, error);
    return code;
}

static int add_bodies(struct mes_cli *cli, struct mes_message *message, const char *template_folder,
                      struct mes_error *error)
{
    const struct mes_cli_options *options = cli->options;
    const char *subject = mes_cli_text(options, MES_CLI_OPT_SUBJECT);
    const char *text = mes_cli_text(options, MES_CLI_OPT_TEXT);
    const char *template = mes_cli_text(options, MES_CLI_OPT_TEMPLATE);
    int code = subject != NULL ? mes_message_set_subject(message, subject, error) : 0;
    if (code == 0 && text != NULL)
        code = mes_message_set_text(message, text, error);
    if (code == 0)
        code = add_file(cli, message, MES_CLI_OPT_TEXT_FILE, mes_message_set_text, error);
    if (code == 0)
        code = add_file(cli, message, MES_CLI_OPT_HTML_FILE, mes_message_set_html, error);
    if (code == 0 && template != NULL)
        code = mes_message_set_template(message, template_folder, template,
                                        mes_cli_text(options, MES_CLI_OPT_LANG), error);
    return code;
}

/* One option that repeats. `name` is room for the part before its sign. */
static int add_one(struct mes_cli *cli, struct mes_message *message, const struct mes_cli_value *given,
                   struct mes_buf *name, struct mes_error *error)
{
    bool is_uploaded = mes_cli_has(cli->options, MES_CLI_OPT_QUEUE);
    char sign = sign_of(given->id);
    const char *value = sign != '\0' ? mes_cli_split(given->text, sign, name) : given->text;
    switch (given->id) {
    case MES_CLI_OPT_VAR:
        return mes_message_set_variable(message, mes_buf_text(name), value, error);
    case MES_CLI_OPT_INLINE:
        return is_uploaded ? 0 : mes_message_inline_file(message, mes_buf_text(name), value, error);
    case MES_CLI_OPT_HEADER:
        return mes_message_add_header(message, mes_buf_text(name), value + strspn(value, " "), error);
    case MES_CLI_OPT_ATTACH:
        return is_uploaded ? 0 : mes_message_attach_file(message, value, NULL, NULL, error);
    default:
        return 0;
    }
}

static int add_repeated(struct mes_cli *cli, struct mes_message *message, struct mes_error *error)
{
    struct mes_buf name;
    int code = 0;
    mes_buf_init(&name, SIZE_MAX);
    for (size_t i = 0; i < cli->options->count && code == 0; i++)
        code = add_one(cli, message, &cli->options->values[i], &name, error);
    mes_buf_fini(&name);
    return code;
}

static int add_priority(struct mes_cli *cli, struct mes_message *message, struct mes_error *error)
{
    const char *priority = mes_cli_text(cli->options, MES_CLI_OPT_PRIORITY);
    if (priority == NULL)
        return 0;
    enum mes_priority value = MES_PRIORITY_NORMAL;
    if (mes_str_eq_nocase(mes_str_of(priority), MES_STR("high")))
        value = MES_PRIORITY_HIGH;
    else if (mes_str_eq_nocase(mes_str_of(priority), MES_STR("low")))
        value = MES_PRIORITY_LOW;
    return mes_message_set_priority(message, value, error);
}

static int add_delivery(struct mes_cli *cli, struct mes_message *message, struct mes_error *error)
{
    const char *dsn = mes_cli_text(cli->options, MES_CLI_OPT_DSN);
    mes_message_set_require_tls(message, mes_cli_has(cli->options, MES_CLI_OPT_REQUIRE_TLS));
    return dsn != NULL ? mes_message_set_dsn(message, dsn, error) : 0;
}

int mes_cli_content_add(struct mes_cli *cli, struct mes_message *message, const char *template_folder,
                        struct mes_error *error)
{
    struct mes_arena arena;
    mes_arena_init(&arena, MES_CLI_CONTENT_ARENA);
    int code = add_sender(cli, message, &arena, error);
    mes_arena_fini(&arena);
    if (code == 0)
        code = add_bodies(cli, message, template_folder, error);
    if (code == 0)
        code = add_repeated(cli, message, error);
    if (code == 0)
        code = add_calendar(cli, message, error);
    if (code == 0)
        code = add_delivery(cli, message, error);
    return code != 0 ? code : add_priority(cli, message, error);
}
