/* Any bytes as JSON: every split gives the same events, and jansson takes and refuses the same texts. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json/pull.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Returns how it ended; `trace` gets all events. */
static enum mes_json_event run(const char *data, size_t size, size_t step, struct mes_buf *trace,
                               enum mes_json_pull_fault *fault_out)
{
    struct mes_json_pull pull;
    enum mes_json_event event = MES_JSON_MORE;
    size_t at = 0;
    mes_json_pull_init(&pull, 4096);
    while (event != MES_JSON_DONE && event != MES_JSON_BROKEN) {
        if (event == MES_JSON_MORE) {
            size_t part = size - at < step ? size - at : step;
            mes_json_pull_feed(&pull, mes_str_make(data + at, part));
            at += part;
            if (at == size)
                mes_json_pull_end(&pull);
        }
        event = mes_json_pull_next(&pull);
        if (event == MES_JSON_MORE)
            continue;
        mes_buf_add_format(trace, "%d %d ", (int)event, (int)pull.offset);
        mes_buf_add_str(trace, pull.text);
    }
    *fault_out = pull.fault;
    mes_json_pull_fini(&pull);
    return event;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_buf whole, parts;
    enum mes_json_pull_fault fault, other;
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    mes_buf_init(&whole, SIZE_MAX);
    mes_buf_init(&parts, SIZE_MAX);
    enum mes_json_event end = run(text, size - 1, SIZE_MAX, &whole, &fault);
    require(run(text, size - 1, 1 + data[0] % 64, &parts, &other) == end && fault == other);
    require(mes_str_eq(mes_buf_str(&whole), mes_buf_str(&parts)));
    /* For jansson a NUL behind the document is its end. */
    bool has_nul = size > 1 && memchr(text, '\0', size - 1) != NULL;
    json_error_t problem;
    json_t *tree = json_loadb(text, size - 1, JSON_DECODE_ANY, &problem);
    if (end == MES_JSON_DONE)
        require(tree != NULL || json_error_code(&problem) == json_error_numeric_overflow);
    else if (fault != MES_JSON_FAULT_DEEP && fault != MES_JSON_FAULT_LONG && !has_nul)
        require(tree == NULL);
    json_decref(tree);
    mes_buf_fini(&whole);
    mes_buf_fini(&parts);
    return 0;
}
