/* For tests of the verdict: what the facts of a reply or of a failure are. */
#ifndef MES_DELIVERY_REPLY_TEST_H
#define MES_DELIVERY_REPLY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/verdict.h"

/* What the session core would make of "535 5.7.8 Login fail" at a step. */
static inline struct mes_verdict_input reply(enum mes_step step, const char *line)
{
    struct mes_str text = mes_str_of(line), word;
    struct mes_verdict_input input = {.step = step, .from_is_own = true};
    uint64_t code = 0;
    assert_true(mes_str_next(&text, ' ', &word));
    assert_true(mes_str_to_uint(word, 999, &code));
    input.code = (int)code;
    input.text = text;
    struct mes_str rest = text;
    if (mes_str_next(&rest, ' ', &word) && word.size >= 5 && word.data[1] == '.' && word.data[0] >= '2' &&
        word.data[0] <= '5') {
        input.enhanced = word;
        input.text = rest;
    }
    input.dot_written = step == MES_STEP_DOT;
    return input;
}

static inline struct mes_verdict_input without_reply(enum mes_cause cause, enum mes_step step)
{
    return (struct mes_verdict_input){.cause = cause, .step = step, .from_is_own = true};
}

#endif
