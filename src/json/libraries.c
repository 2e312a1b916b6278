#include "json/libraries.h"

#include <jansson.h>

void mes_json_libraries(void (*each)(void *context, const char *name, const char *version), void *context)
{
    each(context, "jansson", jansson_version_str());
}
