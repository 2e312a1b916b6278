/* What is taken has lines of 75 bytes at most that end in CRLF, and comes out the same when it is read again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/invitation.h"

static void demand(bool is_so)
{
    if (!is_so)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_str text = {(const char *)data, size}, line;
    const char *method, *same;
    struct mes_buf once, again;
    mes_buf_init(&once, SIZE_MAX);
    mes_buf_init(&again, SIZE_MAX);
    if (mes_mime_invitation_write(text, MES_STR(""), &once, &method, NULL) == 0) {
        demand(mes_utf8_is_valid(mes_buf_str(&once)));
        demand(mes_mime_invitation_write(mes_buf_str(&once), mes_str_of(method), &again, &same, NULL) == 0);
        demand(same == method && mes_str_eq(mes_buf_str(&once), mes_buf_str(&again)));
        for (struct mes_str rest = mes_buf_str(&once); rest.size > 0;) {
            demand(mes_str_next(&rest, '\n', &line));
            demand(line.size > 1 && line.size <= 76 && line.data[line.size - 1] == '\r');
        }
    } else {
        demand(once.size == 0);
    }
    mes_buf_fini(&once);
    mes_buf_fini(&again);
    return 0;
}
