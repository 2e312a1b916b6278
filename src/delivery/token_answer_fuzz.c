/* Whatever a token server answers, no token holds what could become a field or a line of its own. */
#include "delivery/token_answer.h"

#include <stdlib.h>

static void check(const struct mes_secret *secret)
{
    struct mes_str text = mes_secret_reveal(secret);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            abort();
    if (text.size > MES_TOKEN_MOST)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_token_answer answer;
    bool is_good = mes_token_answer_read(mes_str_make((const char *)data, size), &answer);
    check(answer.access);
    check(answer.refresh);
    check(answer.device_code);
    if (is_good && (answer.lives_s < 0 || answer.interval_s < 0))
        abort();
    mes_token_answer_fini(&answer);
    return 0;
}
