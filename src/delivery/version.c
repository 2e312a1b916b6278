#include "mes/mes.h"

const char *mes_version(void)
{
    return MES_VERSION;
}
