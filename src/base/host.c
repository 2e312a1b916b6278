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
    char name[MES_HOST_NAME_SPACE] = "";
    bool is_known = gethostname(name, sizeof name - 1) == 0;
    (void)snprintf(out, MES_HOST_NAME_SPACE, "%s", is_known && is_full_name(name) ? name : "[127.0.0.1]");
    return out;
}
