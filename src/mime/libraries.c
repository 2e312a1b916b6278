#include "mime/libraries.h"

#include <idn2.h>
#include <utf8proc.h>

void mes_mime_libraries(void (*each)(void *context, const char *name, const char *version), void *context)
{
    each(context, "utf8proc", utf8proc_version());
    each(context, "libidn2", idn2_check_version(NULL));
}
