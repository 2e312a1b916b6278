/* Wording why a connection ended. */
#ifndef MES_NET_FAILURE_H
#define MES_NET_FAILURE_H

#include "net/conn.h"

/* Sets all but the text, which becomes empty. */
void mes_failure_set(struct mes_conn_failure *failure, enum mes_conn_stage stage, enum mes_conn_cause cause,
                     int system_error);
/* Appends to the text; what does not fit is cut. Control characters become '?', as part of it may come from a
 * peer. */
void mes_failure_add(struct mes_conn_failure *failure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Both at once for an error of a system call: "what: reason". */
void mes_failure_system(struct mes_conn_failure *failure, enum mes_conn_stage stage, int system_error,
                        const char *what);

/* What an errno value means to a person. */
enum mes_conn_cause mes_failure_cause_of(int system_error);

#endif
