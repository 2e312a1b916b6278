/* Everything of the library in one include. */
#ifndef MES_MES_H
#define MES_MES_H

#include "mes/account.h"
#include "mes/error.h"
#include "mes/memory.h"
#include "mes/message.h"
#include "mes/report.h"
#include "mes/sender.h"

MES_BEGIN

/* "0.1.0" */
MES_API const char *mes_version(void);

MES_END

#endif
