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
    static const struct {
        int error;
        enum mes_conn_cause cause;
    } causes[] = {
        {ECONNREFUSED, MES_CONN_CAUSE_REFUSED},
        {EHOSTUNREACH, MES_CONN_CAUSE_UNREACHABLE},
        {ENETUNREACH, MES_CONN_CAUSE_UNREACHABLE},
        {ENETDOWN, MES_CONN_CAUSE_UNREACHABLE},
        {EHOSTDOWN, MES_CONN_CAUSE_UNREACHABLE},
        {EADDRNOTAVAIL, MES_CONN_CAUSE_UNREACHABLE},
        {EAFNOSUPPORT, MES_CONN_CAUSE_UNREACHABLE},
        /* What connect says of routes of the kinds "blackhole" and "prohibit", and of a firewall of this
           machine. */
        {EINVAL, MES_CONN_CAUSE_UNREACHABLE},
        {EACCES, MES_CONN_CAUSE_UNREACHABLE},
        {EPERM, MES_CONN_CAUSE_UNREACHABLE},
        {ETIMEDOUT, MES_CONN_CAUSE_TIMEOUT},
        {ECONNRESET, MES_CONN_CAUSE_RESET},
        {EPIPE, MES_CONN_CAUSE_RESET},
        {ENOMEM, MES_CONN_CAUSE_NO_MEMORY},
        {ENOBUFS, MES_CONN_CAUSE_NO_MEMORY},
    };
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].error == system_error)
            return causes[i].cause;
    return MES_CONN_CAUSE_SYSTEM;
}
