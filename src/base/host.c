#include "base/host.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool is_full_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const char *dot = strchr(name, '.');
    return dot != NULL && dot != name && dot[1] != '\0' && name[strspn(name, allowed)] == '\0';
}

const char *mes_host_ehlo_name(char out[MES_HOST_NAME_SPACE])
{
    if (gethostname(out, MES_HOST_NAME_SPACE) != 0)
        out[0] = '\0';
    out[MES_HOST_NAME_SPACE - 1] = '\0';
    if (!is_full_name(out))
        (void)snprintf(out, MES_HOST_NAME_SPACE, "[127.0.0.1]");
    return out;
}
