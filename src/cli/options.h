/* The command line as a table (options.def) and its parser. */
#ifndef MES_CLI_OPTIONS_H
#define MES_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "mes/error.h"

#include "base/str.h"
#include "cli/command.h"
#include "mes/language.h"

enum mes_cli_option_id {
#define OPTION(id, name, argument, taken_by, needed_by, repeats, sentence) MES_CLI_OPT_##id,
#include "cli/options.def"
#undef OPTION
    MES_CLI_OPTION_COUNT
};

struct mes_cli_option {
    const char *name;     /* without "--" */
    const char *argument; /* "": none; "a|b": one of these words; else what the help calls it */
    unsigned taken_by;    /* a bit for each enum mes_cli_command_id */
    unsigned needed_by;
    bool repeats;
    int sentence;
};

extern const struct mes_cli_option mes_cli_option_table[MES_CLI_OPTION_COUNT];

struct mes_cli_value {
    enum mes_cli_option_id id;
    const char *text; /* borrowed from argv; "" for an option that stands alone */
};

enum { MES_CLI_WORDS = 3 };

struct mes_cli_options {
    const struct mes_cli_command *command; /* NULL: none was named */
    struct mes_cli_value *values;          /* in the order given */
    size_t count;
    const char *words[MES_CLI_WORDS]; /* what is no option: the command's name and its operands */
    size_t word_count;
};

/* Reads the whole command line. `--name value` and `--name=value` are the same; `--` ends the options; -h is
 * --help, --version is the word version. With --help or no word at all nothing else is asked for. Errors
 * (MES_E_USAGE) name the word that is wrong and the nearest right one. The texts stay argv's. Call
 * mes_cli_options_fini in any case. */
int mes_cli_options_parse(int argc, char *const *argv, struct mes_cli_options *options,
                          struct mes_error *error) MES_MUST_USE;
void mes_cli_options_fini(struct mes_cli_options *options);

bool mes_cli_has(const struct mes_cli_options *options, enum mes_cli_option_id id);
/* The value of an option that does not repeat; NULL when it was not given. */
const char *mes_cli_text(const struct mes_cli_options *options, enum mes_cli_option_id id);
/* The values of one that repeats, in order: start with `*at` 0; NULL at the end. */
const char *mes_cli_next(const struct mes_cli_options *options, enum mes_cli_option_id id, size_t *at);

/* The language for people: --lang-ui on the command line, even if that is wrong elsewhere, else the first of
 * LC_ALL, LC_MESSAGES, LANG that is set, else English. */
enum mes_language mes_cli_language(int argc, char *const *argv);

/* "90s", "10m", "2h", "1h30m" up to 7 days; false for anything else. */
bool mes_cli_parse_duration(struct mes_str text, int64_t *milliseconds_out);

#endif
