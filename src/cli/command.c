#include "cli/command.h"

#include <string.h>

#include "i18n/say.h"

const struct mes_cli_command mes_cli_commands[MES_CLI_COMMAND_COUNT] = {
#define COMMAND(id, noun, verb, function, operands, sentence) {noun, verb, operands, MES_SAY_##sentence},
#include "cli/command.def"
#undef COMMAND
};

const struct mes_cli_command *mes_cli_command_find(const char *const *words, size_t count,
                                                   bool *noun_known_out)
{
    *noun_known_out = false;
    for (size_t i = 0; i < MES_CLI_COMMAND_COUNT; i++) {
        const struct mes_cli_command *command = &mes_cli_commands[i];
        if (count == 0 || strcmp(command->noun, words[0]) != 0)
            continue;
        *noun_known_out = true;
        if (command->verb[0] == '\0' || (count > 1 && strcmp(command->verb, words[1]) == 0))
            return command;
    }
    return NULL;
}
