/* Checks of the settings that only the service uses. */
#ifndef MES_ACCOUNT_SERVICE_H
#define MES_ACCOUNT_SERVICE_H

#include "account/finding.h"

/* Problems name the place in the file. */
void mes_account_check_service(const struct mes_account_globals *globals, struct mes_complaints *complaints);

/* The minute of the day of "HH:MM", -1 for anything else. */
int mes_account_day_minute(struct mes_str text);

#endif
