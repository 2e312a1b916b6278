/* Whatever a relay says, what is shown is valid UTF-8 without control characters, and the verdict stands. */
#include "delivery/reply_text.h"

#include <assert.h>

#include "base/utf8.h"
#include "delivery/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(struct mes_str raw)
{
    struct mes_buf shown;
    mes_buf_init(&shown, 16 * 1024 * 1024);
    mes_reply_text_add(&shown, raw);
    assert(shown.failed == 0 && mes_utf8_is_valid(mes_buf_str(&shown)));
    for (size_t i = 0; i < shown.size; i++)
        assert((unsigned char)shown.data[i] >= 0x20 || shown.data[i] == '\t');
    mes_buf_fini(&shown);
}

static void check_verdict(const uint8_t *head, struct mes_str text)
{
    struct mes_verdict_input input = {.step = (enum mes_step)(head[0] % MES_STEP_COUNT),
                                      .code = 200 + head[1] % 200 * 2,
                                      .text = text,
                                      .dot_written = (head[2] & 1) != 0,
                                      .accepted = head[2] >> 4,
                                      .from_is_own = (head[2] & 2) != 0,
                                      .failover_any = (head[2] & 4) != 0};
    struct mes_verdict verdict;
    mes_verdict_decide(&input, &verdict);
    assert(verdict.class_ != MES_CLASS_IN_DOUBT || input.dot_written);
    assert(verdict.retry_seconds >= 0 && verdict.retry_seconds <= 3600);
    assert(verdict.advice_id != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 3 };
    if (size < HEAD)
        return 0;
    struct mes_str text = mes_str_make((const char *)data + HEAD, size - HEAD);
    check_shown(text);
    check_verdict(data, text);
    return 0;
}
