/* Whatever comes in as a request and a query, what is found in it lies inside it and holds no NUL. */
#include "http/landing.h"

#include <stdlib.h>
#include <string.h>

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_str path, query;
    struct mes_buf value;
    if (!mes_http_landing_parse(mes_str_make((const char *)data, size), &path, &query))
        return 0;
    mes_buf_init(&value, 4096);
    if (path.size == 0 || path.size + query.size > size)
        abort();
    if (mes_http_form_find(query, "code", &value) && value.size > 0 &&
        memchr(value.data, 0, value.size) != NULL)
        abort();
    mes_buf_fini(&value);
    return 0;
}
