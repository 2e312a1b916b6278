/* Warns of passwords that others can read: in a file with open permissions, or in one that git keeps. */
#ifndef MES_ACCOUNT_EXPOSURE_H
#define MES_ACCOUNT_EXPOSURE_H

#include "account/layers.h"

/* One warning for each file and kind. Reads the files' permissions and git's index. */
void mes_account_exposure_warn(const struct mes_layers *layers, struct mes_complaints *complaints);

#endif
