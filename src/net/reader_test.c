#include "net/reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/net/memory.h"

enum { SIZE = 5 * MES_READER_BLOCK + 123 };

static char content[SIZE];
static char path[] = "/tmp/mes-reader-XXXXXX";
static int file;

static int write_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (char)(i * 7 + i / 1000);
    file = mkstemp(path);
    return file >= 0 && write(file, content, SIZE) == SIZE ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    close(file);
    return unlink(path);
}

/* A reader, and what it gave. */
struct reading {
    struct mes_loop *loop;
    struct mes_reader *reader;
    enum mes_reader_state state;
    struct mes_error error;
    struct mes_str piece;
    unsigned calls;
    bool frees_itself;
};

static void ready(void *context)
{
    struct reading *reading = context;
    reading->calls++;
    if (reading->frees_itself)
        mes_reader_free(&reading->reader);
}

static void begin(struct reading *reading, uint64_t offset, uint64_t size)
{
    *reading = (struct reading){.state = MES_READER_LATER};
    assert_int_equal(mes_loop_new(NULL, &reading->loop, NULL), 0);
    const struct mes_reader_options options = {.descriptor = file,
                                               .offset = offset,
                                               .size = size,
                                               .name = "letter.pdf",
                                               .on_ready = ready,
                                               .context = reading};
    assert_int_equal(mes_reader_new(reading->loop, &options, &reading->reader, NULL), 0);
}

static void finish(struct reading *reading)
{
    mes_reader_free(&reading->reader);
    mes_loop_free(&reading->loop);
}

/* The next piece, end or failure, turning the loop for as long as it takes. */
static enum mes_reader_state wait_next(struct reading *reading)
{
    for (int i = 0; i < 100; i++) {
        unsigned calls = reading->calls;
        reading->state = mes_reader_next(reading->reader, &reading->piece, &reading->error);
        if (reading->state != MES_READER_LATER)
            break;
        for (int turn = 0; turn < 50 && reading->calls == calls; turn++)
            mes_loop_step(reading->loop, 100);
        assert_int_equal(reading->calls, calls + 1);
    }
    return reading->state;
}

static void expect_range(size_t offset, size_t size)
{
    struct reading reading;
    size_t got = 0;
    begin(&reading, offset, size);
    while (wait_next(&reading) == MES_READER_PIECE) {
        assert_in_range(reading.piece.size, 1, MES_READER_BLOCK);
        assert_true(reading.piece.size <= size - got);
        assert_memory_equal(reading.piece.data, content + offset + got, reading.piece.size);
        got += reading.piece.size;
    }
    assert_int_equal(reading.state, MES_READER_END);
    assert_int_equal(got, size);
    assert_int_equal(wait_next(&reading), MES_READER_END);
    finish(&reading);
}

static void ranges_are_read_whole(void **state)
{
    (void)state;
    expect_range(0, SIZE);
    expect_range(1000, 3 * MES_READER_BLOCK);
    expect_range(SIZE - 1, 1);
    expect_range(77, 0);
    assert_int_equal(lseek(file, 0, SEEK_CUR), SIZE); /* the position is nobody's */
}

/* A piece stays what it is while the block behind it is read. */
static void a_piece_is_valid_until_the_next_call(void **state)
{
    (void)state;
    struct reading reading;
    begin(&reading, 0, SIZE);
    assert_int_equal(wait_next(&reading), MES_READER_PIECE);
    for (int i = 0; i < 5; i++)
        mes_loop_step(reading.loop, 10);
    assert_memory_equal(reading.piece.data, content, reading.piece.size);
    size_t first = reading.piece.size;
    assert_int_equal(mes_reader_next(reading.reader, &reading.piece, NULL),
                     MES_READER_PIECE); /* was read ahead */
    assert_memory_equal(reading.piece.data, content + first, reading.piece.size);
    finish(&reading);
}

static void a_file_that_became_shorter_is_an_error(void **state)
{
    (void)state;
    struct reading reading;
    char text[200];
    begin(&reading, SIZE - 100, 150);
    assert_int_equal(wait_next(&reading), MES_READER_PIECE);
    assert_int_equal(reading.piece.size, 100);
    assert_int_equal(wait_next(&reading), MES_READER_FAILED);
    assert_int_equal(reading.error.code, MES_E_FILE);
    mes_error_text(&reading.error, MES_EN, text, sizeof text);
    assert_non_null(strstr(text, "letter.pdf became shorter"));
    assert_non_null(strstr(text, "50 bytes"));
    assert_int_equal(wait_next(&reading), MES_READER_FAILED);
    finish(&reading);
}

static void an_unreadable_file_is_an_error(void **state)
{
    (void)state;
    struct reading reading;
    int kept = file;
    file = open("/tmp", O_RDONLY | O_DIRECTORY);
    begin(&reading, 0, 10);
    assert_int_equal(wait_next(&reading), MES_READER_FAILED);
    assert_int_equal(reading.error.code, MES_E_FILE);
    finish(&reading);
    close(file);
    file = kept;
}

static void a_reader_may_be_freed_at_any_time(void **state)
{
    (void)state;
    for (int turns = 0; turns < 4; turns++) {
        struct reading reading;
        begin(&reading, 0, SIZE);
        for (int i = 0; i < turns; i++)
            mes_loop_step(reading.loop, 10);
        reading.state = mes_reader_next(reading.reader, &reading.piece, NULL);
        assert_in_range(reading.state, MES_READER_PIECE, MES_READER_LATER);
        finish(&reading);
        assert_int_equal(reading.calls, 0);
    }
}

static void a_reader_may_be_freed_inside_its_call(void **state)
{
    (void)state;
    struct reading reading;
    begin(&reading, 0, SIZE);
    reading.frees_itself = true;
    assert_int_equal(mes_reader_next(reading.reader, &reading.piece, NULL), MES_READER_LATER);
    for (int i = 0; i < 50 && reading.calls == 0; i++)
        mes_loop_step(reading.loop, 100);
    assert_null(reading.reader);
    for (int i = 0; i < 3; i++)
        mes_loop_step(reading.loop, 5);
    assert_int_equal(reading.calls, 1);
    finish(&reading);
}

static void nothing_leaks_without_memory(void **state)
{
    (void)state;
    struct mes_loop *loop;
    struct mes_reader *reader;
    struct mes_error error;
    const struct mes_reader_options options = {.descriptor = file, .size = 1, .name = "x", .on_ready = ready};
    assert_int_equal(mes_loop_new(NULL, &loop, NULL), 0);
    for (unsigned allowed = 0; allowed < 2; allowed++) {
        memory_allow(allowed);
        assert_int_equal(mes_reader_new(loop, &options, &reader, &error), MES_E_NOMEM);
        assert_null(reader);
    }
    memory_allow_all();
    mes_loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_whole),
        cmocka_unit_test(a_piece_is_valid_until_the_next_call),
        cmocka_unit_test(a_file_that_became_shorter_is_an_error),
        cmocka_unit_test(an_unreadable_file_is_an_error),
        cmocka_unit_test(a_reader_may_be_freed_at_any_time),
        cmocka_unit_test(a_reader_may_be_freed_inside_its_call),
        cmocka_unit_test(nothing_leaks_without_memory),
    };
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
