/* The wait that a reply names: "try again in 5 minutes". */
#ifndef MES_DELIVERY_RETRY_TIME_H
#define MES_DELIVERY_RETRY_TIME_H

#include "base/str.h"

/* The first "N seconds|minutes|hours" (also in Chinese) of `text` in seconds, from 1 to 3600; 0 when there is
 * none. "100 per 60 minutes" is a rate, not a wait. */
int mes_retry_time_find(struct mes_str text);

#endif
