#include "net/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void mes_failure_set(struct mes_conn_failure *failure, enum mes_conn_stage stage, enum mes_conn_cause cause,
                     int system_error)
{
    failure->stage = stage;
    failure->cause = cause;
    failure->system_error = system_error;
    failure->text[0] = '\0';
}

void mes_failure_add(struct mes_conn_failure *failure, const char *format, ...)
{
    size_t used = strlen(failure->text);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(failure->text + used, MES_CONN_TEXT - used, format, args);
    va_end(args);
    for (char *c = failure->text + used; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    failure->text[mes_utf8_cut(mes_str_of(failure->text), MES_CONN_TEXT - 1).size] = '\0';
}

void mes_failure_system(struct mes_conn_failure *failure, enum mes_conn_stage stage, int system_error,
                        const char *what)
{
    mes_failure_set(failure, stage, mes_failure_cause_of(system_error), system_error);
    mes_failure_add(failure, "%s: %s", what, strerror(system_error));
}

enum mes_conn_cause mes_failure_cause_of(int system_error)
{
    switch (system_error) {
    case ECONNREFUSED:
        return MES_CONN_CAUSE_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EINVAL: /* what connect says of a route of the kind "blackhole" */
    case EACCES: /* "prohibit" */
    case EPERM:  /* a firewall of this machine */
        return MES_CONN_CAUSE_UNREACHABLE;
    case ETIMEDOUT:
        return MES_CONN_CAUSE_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
        return MES_CONN_CAUSE_RESET;
    case ENOMEM:
    case ENOBUFS:
        return MES_CONN_CAUSE_NO_MEMORY;
    default:
        return MES_CONN_CAUSE_SYSTEM;
    }
}
