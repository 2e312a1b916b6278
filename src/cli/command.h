/* The sub-commands, from command.def. */
#ifndef MES_CLI_COMMAND_H
#define MES_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct mes_cli;

enum mes_cli_command_id {
#define COMMAND(id, noun, verb, function, operands, sentence) MES_CLI_DO_##id,
#include "cli/command.def"
#undef COMMAND
    MES_CLI_COMMAND_COUNT
};

struct mes_cli_command {
    const char *noun;
    const char *verb;     /* "" for those of one word */
    const char *operands; /* as the help shows them */
    int sentence;
};

extern const struct mes_cli_command mes_cli_commands[MES_CLI_COMMAND_COUNT];

/* The command of these words ("accounts", "check"); NULL when there is none. `noun_known_out` tells whether
 * at least the first word is one. */
const struct mes_cli_command *mes_cli_command_find(const char *const *words, size_t count,
                                                   bool *noun_known_out);

/* What each does; returns the exit status. */
#define COMMAND(id, noun, verb, function, operands, sentence) int function(struct mes_cli *cli);
#include "cli/command.def"
#undef COMMAND

#endif
