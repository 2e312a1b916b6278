#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "i18n/say.h"

/* The value of --lang-ui, looked for before anything else, so that even a wrong command line is answered in
 * the user's language. */
static const char *wished(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--lang-ui=", 10) == 0)
            return argv[i] + 10;
        if (strcmp(argv[i], "--lang-ui") == 0 && i + 1 < argc)
            return argv[i + 1];
    }
    return NULL;
}

static const char *of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return "en";
}

enum mes_language mes_cli_language(int argc, char *const *argv)
{
    enum mes_language language = MES_EN;
    const char *name = wished(argc, argv);
    if (name == NULL || !mes_language_parse(mes_str_of(name), &language))
        if (!mes_language_parse(mes_str_of(of_environment()), &language))
            return MES_EN;
    return language;
}
