#include "base/environment.h"

#include <unistd.h>

const char *const *mes_environment(void)
{
    static const char *const none[] = {NULL};
    return environ != NULL ? (const char *const *)environ : none;
}

const char *mes_environment_find(const char *const *environment, struct mes_str name)
{
    for (; *environment != NULL; environment++) {
        struct mes_str entry = mes_str_of(*environment);
        if (entry.size > name.size && entry.data[name.size] == '=' && mes_str_starts(entry, name))
            return entry.data + name.size + 1;
    }
    return NULL;
}
