#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "csv/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t rows, bad, hash, line;
};

static int on_row(void *context, const struct mes_csv_row *row, struct mes_error *error)
{
    struct sum *sum = context;
    (void)error;
    assert(row->count > 0 && row->number == sum->rows + 1 && row->line > sum->line);
    for (size_t i = 0; i < row->count; i++) {
        assert(mes_utf8_is_valid(row->fields[i]));
        for (size_t n = 0; n < row->fields[i].size; n++) {
            assert(row->fields[i].data[n] != '\0');
            sum->hash = sum->hash * 31 + (unsigned char)row->fields[i].data[n];
        }
    }
    sum->line = row->line;
    sum->rows++;
    return 0;
}

static void on_bad_row(void *context, uint64_t line, const struct mes_error *why)
{
    struct sum *sum = context;
    assert(line > sum->line && why->code != 0);
    sum->line = line;
    sum->bad++;
}

static struct sum read_in(struct mes_str input, enum mes_charset charset, size_t piece)
{
    struct sum sum = {0, 0, 0, 0};
    struct mes_csv_options options = {
        .charset = charset, .on_row = on_row, .on_bad_row = on_bad_row, .context = &sum};
    struct mes_csv_reader *reader = mes_csv_reader_new(&options);
    int code = 0;
    for (size_t at = 0; at < input.size && code == 0; at += piece)
        code = mes_csv_reader_feed(reader, mes_str_cut(input, at, piece), NULL);
    if (code == 0)
        code = mes_csv_reader_end(reader, NULL);
    assert(code == 0);
    mes_csv_reader_free(&reader);
    return sum;
}

/* Pieces of any size give the same rows, of valid UTF-8. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum mes_charset charset = (enum mes_charset)(data[0] % MES_CHARSET_COUNT);
    struct mes_str input = mes_str_make((const char *)data + 1, size - 1);
    struct sum whole = read_in(input, charset, SIZE_MAX / 2);
    struct sum pieces = read_in(input, charset, 1 + data[0] % 13);
    assert(whole.rows == pieces.rows && whole.bad == pieces.bad && whole.hash == pieces.hash);
    return 0;
}
