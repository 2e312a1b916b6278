#include "cli/options.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/nearest.h"
#include "i18n/say.h"

#define IN(id) (1u << MES_CLI_DO_##id)
/* Those that work on the data folder itself. */
#define WITH_DATA (IN(BACKUP) | IN(RESTORE) | IN(CHECK))
#define WITH_ACCOUNTS                                                                                        \
    (IN(ACCOUNTS_LIST) | IN(ACCOUNTS_CHECK) | IN(ACCOUNTS_SECRETS) | IN(ACCOUNTS_LOGIN) | IN(CONFIG_SHOW))
/* `send` needs it too, unless it asks a service. The others find that of the service of this folder by
 * themselves. */
#define NEEDS_FILE WITH_ACCOUNTS
/* Those that ask a running service. */
#define JOBS                                                                                                 \
    (IN(QUEUE_LIST) | IN(QUEUE_SHOW) | IN(QUEUE_PAUSE) | IN(QUEUE_RESUME) | IN(QUEUE_CANCEL) |               \
     IN(QUEUE_RETRY) | IN(QUEUE_HOLD) | IN(QUEUE_RELEASE))
#define KEYS (IN(KEYS_CREATE) | IN(KEYS_LIST) | IN(KEYS_REVOKE))
#define ASKS (JOBS | KEYS | IN(STATUS))
#define WITH_COMPANY                                                                                         \
    (WITH_ACCOUNTS | IN(SEND) | IN(TEMPLATE_LIST) | IN(TEMPLATE_RENDER) | IN(KEYS_CREATE) | IN(KEYS_LIST))
#define ALL_WITH_FILE (WITH_COMPANY | WITH_DATA | ASKS | IN(SERVE))
#define ALL ((1u << MES_CLI_COMMAND_COUNT) - 1)

const struct mes_cli_option mes_cli_option_table[MES_CLI_OPTION_COUNT] = {
#define OPTION(id, name, argument, taken_by, needed_by, repeats, sentence)                                   \
    {name, argument, taken_by, needed_by, repeats, MES_SAY_##sentence},
#include "cli/options.def"
#undef OPTION
};

/* What a line of the command line is being read into. */
struct reading {
    struct mes_cli_options *options;
    int argc;
    char *const *argv;
    int at;
    struct mes_error *error;
};

static unsigned bit_of(const struct mes_cli_command *command)
{
    return 1u << (command - mes_cli_commands);
}

static const char *name_of_command(const struct mes_cli_command *command, char *out, size_t size)
{
    struct mes_buf name;
    mes_buf_init(&name, size - 1);
    mes_buf_add_text(&name, command->noun);
    mes_buf_add_text(&name, command->verb[0] != '\0' ? " " : "");
    mes_buf_add_text(&name, command->verb);
    memcpy(out, mes_buf_text(&name), name.size + 1);
    mes_buf_fini(&name);
    return out;
}

#define NAME_OF(command) name_of_command((command), (char[64]){0}, 64)

static const struct mes_cli_option *option_named(struct mes_str name)
{
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++)
        if (mes_str_eq(name, mes_str_of(mes_cli_option_table[i].name)))
            return &mes_cli_option_table[i];
    return NULL;
}

/* `name` stands behind `dashes` dashes in the argument. */
static int fail_unknown_option(struct reading *reading, struct mes_str name, size_t dashes)
{
    struct mes_str written = mes_str_make(name.data - dashes, name.size + dashes);
    struct mes_nearest nearest;
    mes_nearest_init(&nearest, name);
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++)
        mes_nearest_offer(&nearest, mes_cli_option_table[i].name);
    if (nearest.found == NULL)
        return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_unknown_option, MES_ARGS(MES_TEXT(written)));
    return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_unknown_option_near,
                    MES_ARGS(MES_TEXT(written), nearest.found));
}

/* Is `value` one of the words of "a|b|c"? */
static bool is_choice(struct mes_str choices, struct mes_str value)
{
    struct mes_str choice;
    while (mes_str_next(&choices, '|', &choice))
        if (mes_str_eq_nocase(choice, value))
            return true;
    return false;
}

static int check_value(struct reading *reading, const struct mes_cli_option *option, const char *text)
{
    if (strchr(option->argument, '|') == NULL || is_choice(mes_str_of(option->argument), mes_str_of(text)))
        return 0;
    return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_not_a_choice,
                    MES_ARGS(option->name, text, option->argument));
}

static int add_value(struct reading *reading, const struct mes_cli_option *option, const char *text)
{
    struct mes_cli_options *options = reading->options;
    enum mes_cli_option_id id = (enum mes_cli_option_id)(option - mes_cli_option_table);
    if (!option->repeats && option->argument[0] != '\0' && mes_cli_has(options, id))
        return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_option_twice, MES_ARGS(option->name));
    if (options->values == NULL)
        options->values = mes_alloc((size_t)reading->argc * sizeof *options->values);
    if (options->values == NULL)
        return mes_fail_nomem(reading->error);
    options->values[options->count++] = (struct mes_cli_value){.id = id, .text = text};
    return check_value(reading, option, text);
}

/* `--to --json` is a forgotten value, not an address called "--json". */
static bool is_known_option(const char *text)
{
    return text[0] == '-' && text[1] == '-' && option_named(mes_str_of(text + 2)) != NULL;
}

static int read_option(struct reading *reading, struct mes_str text)
{
    struct mes_str name = text;
    const char *equals = memchr(text.data, '=', text.size);
    if (equals != NULL)
        name.size = (size_t)(equals - text.data);
    const struct mes_cli_option *option = option_named(name);
    if (option == NULL)
        return fail_unknown_option(reading, name, 2);
    if (option->argument[0] == '\0') {
        if (equals != NULL)
            return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_option_alone, MES_ARGS(option->name));
        return add_value(reading, option, "");
    }
    if (equals != NULL)
        return add_value(reading, option, equals + 1);
    if (reading->at + 1 >= reading->argc || is_known_option(reading->argv[reading->at + 1]))
        return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_value_missing,
                        MES_ARGS(option->name, option->argument));
    reading->at++;
    return add_value(reading, option, reading->argv[reading->at]);
}

static int read_word(struct reading *reading, const char *word)
{
    struct mes_cli_options *options = reading->options;
    if (options->word_count == MES_CLI_WORDS)
        return mes_fail(reading->error, MES_E_USAGE, MES_SAY_cli_word_too_many, MES_ARGS(word));
    options->words[options->word_count++] = word;
    return 0;
}

static int read_all(struct reading *reading)
{
    bool only_words = false;
    int code = 0;
    for (reading->at = 1; reading->at < reading->argc && code == 0; reading->at++) {
        const char *text = reading->argv[reading->at];
        if (only_words || text[0] != '-' || text[1] == '\0')
            code = read_word(reading, text);
        else if (strcmp(text, "--") == 0)
            only_words = true;
        else if (strcmp(text, "-h") == 0)
            code = read_option(reading, MES_STR("help"));
        else if (strcmp(text, "--version") == 0)
            code = read_word(reading, "version");
        else if (text[1] == '-')
            code = read_option(reading, mes_str_of(text + 2));
        else
            code = fail_unknown_option(reading, mes_str_of(text + 1), 1);
    }
    return code;
}

static int fail_unknown_command(const struct mes_cli_options *options, struct mes_error *error)
{
    struct mes_nearest nearest;
    mes_nearest_init(&nearest, mes_str_of(options->words[0]));
    for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++)
        mes_nearest_offer(&nearest, mes_cli_commands[i].noun);
    if (nearest.found == NULL)
        return mes_fail(error, MES_E_USAGE, MES_SAY_cli_unknown_command, MES_ARGS(options->words[0]));
    return mes_fail(error, MES_E_USAGE, MES_SAY_cli_unknown_command_near,
                    MES_ARGS(options->words[0], nearest.found));
}

/* The noun is right, the second word is not: names those that are. */
static int fail_unknown_verb(const struct mes_cli_options *options, struct mes_error *error)
{
    struct mes_buf verbs;
    mes_buf_init(&verbs, 200);
    for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++) {
        if (strcmp(mes_cli_commands[i].noun, options->words[0]) != 0)
            continue;
        mes_buf_add_text(&verbs, verbs.size > 0 ? ", " : "");
        mes_buf_add_text(&verbs, NAME_OF(&mes_cli_commands[i]));
    }
    int code = mes_fail(error, MES_E_USAGE, MES_SAY_cli_unknown_verb,
                        MES_ARGS(options->words[0], mes_buf_text(&verbs)));
    mes_buf_fini(&verbs);
    return code;
}

static int find_command(struct mes_cli_options *options, struct mes_error *error)
{
    bool is_noun_known;
    options->command = mes_cli_command_find(options->words, options->word_count, &is_noun_known);
    if (is_noun_known && mes_cli_has(options, MES_CLI_OPT_HELP))
        return 0;
    if (options->command == NULL)
        return is_noun_known ? fail_unknown_verb(options, error) : fail_unknown_command(options, error);
    size_t own = options->command->verb[0] != '\0' ? 2 : 1;
    if (options->word_count > own && options->command->operands[0] == '\0')
        return mes_fail(error, MES_E_USAGE, MES_SAY_cli_word_too_many, MES_ARGS(options->words[own]));
    return 0;
}

static int check_taken(const struct mes_cli_options *options, struct mes_error *error)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct mes_cli_option *option = &mes_cli_option_table[options->values[i].id];
        if ((option->taken_by & bit_of(options->command)) == 0)
            return mes_fail(error, MES_E_USAGE, MES_SAY_cli_option_elsewhere,
                            MES_ARGS(option->name, NAME_OF(options->command)));
    }
    return 0;
}

static int check_needed(const struct mes_cli_options *options, struct mes_error *error)
{
    for (size_t i = 0; i < MES_CLI_OPTION_COUNT; i++) {
        const struct mes_cli_option *option = &mes_cli_option_table[i];
        bool is_needed = (option->needed_by & bit_of(options->command)) != 0;
        if (is_needed && !mes_cli_has(options, (enum mes_cli_option_id)i))
            return mes_fail(error, MES_E_USAGE, MES_SAY_cli_option_needed,
                            MES_ARGS(NAME_OF(options->command), option->name, option->argument));
    }
    return 0;
}

int mes_cli_options_parse(int argc, char *const *argv, struct mes_cli_options *options,
                          struct mes_error *error)
{
    *options = (struct mes_cli_options){0};
    struct reading reading = {.options = options, .argc = argc, .argv = argv, .error = error};
    int code = read_all(&reading);
    if (code != 0 || options->word_count == 0)
        return code;
    code = find_command(options, error);
    if (code != 0 || mes_cli_has(options, MES_CLI_OPT_HELP))
        return code;
    code = check_taken(options, error);
    return code != 0 ? code : check_needed(options, error);
}

void mes_cli_options_fini(struct mes_cli_options *options)
{
    mes_free(options->values);
    *options = (struct mes_cli_options){0};
}

bool mes_cli_has(const struct mes_cli_options *options, enum mes_cli_option_id id)
{
    return mes_cli_text(options, id) != NULL;
}

const char *mes_cli_text(const struct mes_cli_options *options, enum mes_cli_option_id id)
{
    size_t at = 0;
    return mes_cli_next(options, id, &at);
}

const char *mes_cli_next(const struct mes_cli_options *options, enum mes_cli_option_id id, size_t *at)
{
    while (*at < options->count) {
        const struct mes_cli_value *value = &options->values[(*at)++];
        if (value->id == id)
            return value->text;
    }
    return NULL;
}
