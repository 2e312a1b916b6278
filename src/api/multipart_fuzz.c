/* Any bytes as a form: every split gives the same parts, and all of a part's bytes come out. */
#include <stdint.h>
#include <stdlib.h>

#include "api/multipart.h"

static int on_part(void *context, const struct mes_api_part *part, struct mes_error *error)
{
    (void)error;
    mes_buf_add_format(context, "<%zu %zu %zu>", part->name.size, part->file.size, part->type.size);
    return 0;
}

static int on_bytes(void *context, struct mes_str bytes, struct mes_error *error)
{
    (void)error;
    mes_buf_add_str(context, bytes);
    return 0;
}

static int on_end(void *context, struct mes_error *error)
{
    (void)error;
    mes_buf_add_char(context, '>');
    return 0;
}

static void run(struct mes_str body, size_t step, struct mes_buf *out)
{
    const struct mes_api_part_sink sink = {on_part, on_bytes, on_end, out};
    struct mes_api_multipart reader;
    int code = mes_api_multipart_init(&reader, MES_STR("multipart/form-data; boundary=b"), &sink, NULL);
    for (size_t at = 0; at < body.size && code == 0; at += step)
        code = mes_api_multipart_feed(&reader, mes_str_cut(body, at, step), NULL);
    if (code == 0)
        code = mes_api_multipart_end(&reader, NULL);
    mes_buf_add_format(out, "%d", code);
    mes_api_multipart_fini(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_buf whole, parts;
    if (size == 0)
        return 0;
    struct mes_str body = mes_str_make((const char *)data + 1, size - 1);
    mes_buf_init(&whole, SIZE_MAX);
    mes_buf_init(&parts, SIZE_MAX);
    run(body, size, &whole);
    run(body, 1 + data[0] % 16, &parts);
    if (!mes_str_eq(mes_buf_str(&whole), mes_buf_str(&parts)))
        abort();
    mes_buf_fini(&whole);
    mes_buf_fini(&parts);
    return 0;
}
