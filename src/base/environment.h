/* The variables of the environment, read only. */
#ifndef MES_BASE_ENVIRONMENT_H
#define MES_BASE_ENVIRONMENT_H

#include "base/str.h"

/* The process's own: "NAME=value" texts, ended by NULL. */
const char *const *mes_environment(void);

/* The value of a variable, NULL when it is not there. Names match exactly. */
const char *mes_environment_find(const char *const *environment, struct mes_str name);

#endif
