/* What mails take of memory, and what happens when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/descriptor.h"
#include "compose/job.h"
#include "mime/dkim_key.h"

static const struct mes_compose_options options = {.domain = "sender.hk", .zone_minutes = 480};
static struct mes_identity sender = {.from_address = "me@sender.hk"}; /* signs its mails */
static struct mes_error error;

static struct mes_dkim_key *new_key(void)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                              "-----END PRIVATE KEY-----\n";
    struct mes_dkim_key *key;
    assert_int_equal(mes_mime_dkim_key_parse("sender.hk", "s", MES_STR(pem), &key), MES_DKIM_GOOD);
    return key;
}

/* The pass over what stands in files, as a sender makes it. */
static void sign_in_steps(struct mes_wire *wire, char *step, size_t step_size)
{
    assert_true(wire->is_unsigned);
    for (size_t i = mes_compose_wire_sign_begin(wire); i < wire->count; i++) {
        const struct mes_wire_piece *piece = &wire->pieces[i];
        if (piece->bytes != NULL)
            mes_compose_wire_sign_add(wire, mes_str_make(piece->bytes, piece->size));
        for (size_t done = 0; piece->bytes == NULL && done < piece->size; done += step_size) {
            size_t size = piece->size - done < step_size ? piece->size - done : step_size;
            assert_int_equal(
                mes_descriptor_read_at(piece->descriptor, piece->offset + done, step, size, &error), 0);
            mes_compose_wire_sign_add(wire, mes_str_make(step, size));
        }
    }
    assert_int_equal(mes_compose_wire_sign_end(wire, &error), 0);
}

/* P6 in small: what a large attachment adds to the peak must not depend on its size. */
static void D14_a_large_attachment_stays_out_of_memory(void **state)
{
    enum { SIZE = 40 * 1024 * 1024, STEP = 1024 * 1024 };
    char path[] = "/tmp/mes-job-test-XXXXXX";
    struct rusage before, after;
    struct mes_wire wire;
    static char step[STEP];
    struct mes_message *message = mes_message_new();
    struct mes_compose_job *job;
    (void)state;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    for (size_t i = 0; i < SIZE; i += STEP)
        assert_int_equal(write(descriptor, step, STEP), STEP);
    close(descriptor);
    assert_int_equal(mes_message_add_recipient(message, MES_ROLE_TO, "a@x.hk", NULL, &error), 0);
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(mes_message_attach_file(message, path, "large.bin", NULL, &error), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mes_compose_job_new(message, &options, &job, &error), 0);
    mes_message_free(&message);
    mes_compose_wire_init(&wire);
    assert_int_equal(mes_compose_job_render(job, 0, &sender, &wire, &error), 0);
    sign_in_steps(&wire, step, STEP);
    getrusage(RUSAGE_SELF, &after);
    assert_false(wire.is_in_memory || wire.is_unsigned);
    assert_true(wire.size > (uint64_t)SIZE / 3 * 4);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&job);
}

static size_t allocations_left;

static bool count_down(size_t size)
{
    (void)size;
    return allocations_left > 0 && allocations_left-- > 0;
}

static const char calendar[] =
    "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nEND:VCALENDAR\n";

static int build_all(struct mes_wire *wire, struct mes_compose_job **job)
{
    struct mes_message *whole = mes_message_new();
    int code = whole != NULL ? 0 : MES_E_NOMEM;
    if (code == 0)
        code = mes_message_add_recipient(whole, MES_ROLE_TO, "用户@例子.香港", "王", &error);
    if (code == 0)
        code = mes_message_set_recipient_variable(whole, "x", "1", &error);
    if (code == 0)
        code = mes_message_add_recipient(whole, MES_ROLE_CC, "c@x.hk", NULL, &error);
    if (code == 0)
        code = mes_message_set_from(whole, "a@x.hk", "A", &error);
    if (code == 0)
        code = mes_message_set_html(whole, "<p>{{x}} 你好</p>", &error);
    if (code == 0)
        code = mes_message_set_calendar(whole, calendar, NULL, &error);
    if (code == 0)
        code = mes_message_add_header(whole, "X-A", "報告", &error);
    if (code == 0)
        code = mes_message_attach_bytes(whole, "hello", 5, "報告\".txt", NULL, &error);
    if (code == 0)
        code = mes_compose_job_new(whole, &options, job, &error);
    mes_message_free(&whole);
    return code == 0 ? mes_compose_job_render(*job, 0, &sender, wire, &error) : code;
}

static void every_allocation_may_fail(void **state)
{
    int code = MES_E_NOMEM;
    (void)state;
    for (size_t n = 0; code == MES_E_NOMEM && n < 2000; n++) {
        struct mes_compose_job *job = NULL;
        struct mes_wire wire;
        mes_compose_wire_init(&wire);
        allocations_left = n;
        mes_alloc_set_hook(count_down);
        code = build_all(&wire, &job);
        mes_alloc_set_hook(NULL);
        if (code == 0)
            assert_true(wire.count > 2 && wire.needs_smtputf8);
        mes_compose_job_release(&job);
        mes_compose_wire_fini(&wire);
    }
    assert_int_equal(code, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            D14_a_large_attachment_stays_out_of_memory), /* first, before others raise the peak */
        cmocka_unit_test(every_allocation_may_fail),
    };
    struct mes_dkim_key *key = new_key();
    sender.dkim = key;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mes_mime_dkim_key_free(&key);
    return failed;
}
