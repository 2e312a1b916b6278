#include "delivery/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/delivery/world.h"

#define CAPTURE ",\"transport\":\"capture\""

/* What the host was handed and has not answered. */
static struct {
    struct mes_dispatch *dispatches[32];
    const struct mes_captured *mails[32];
    size_t count;
} handed;

static void on_captured(void *context, struct mes_transport *transport, struct mes_dispatch *dispatch,
                        const struct mes_captured *mail)
{
    struct world *world = context;
    assert_ptr_equal(transport, world->transport);
    handed.dispatches[handed.count] = dispatch;
    handed.mails[handed.count++] = mail;
}

static void open_capture(struct world *world, const char *settings, size_t mails)
{
    memset(&handed, 0, sizeof handed);
    open_world(world, settings, mails);
    const struct mes_capture_options options = {
        .state = &world->state, .loop = world->loop, .on_captured = on_captured, .context = world};
    assert_int_equal(mes_capture_new(&options, host_events(world), &world->transport, NULL), 0);
}

static bool has_one(const struct world *world)
{
    (void)world;
    return handed.count == 1;
}

static void a_mail_counts_as_sent_when_the_host_says_so(void **state)
{
    struct world world = {.count = 0};
    unsigned char digest[MES_DIGEST_SIZE];
    (void)state;
    open_capture(&world, CAPTURE ",\"archiveBcc\":\"keep@x.test\"", 1);
    start_all(&world);
    turn_until(&world, has_one);
    const struct mes_captured *mail = handed.mails[0];
    assert_string_equal(mail->sender, "me@own.test");
    assert_int_equal(mail->recipient_count, 3);
    assert_string_equal(mail->recipients[0], "to0@x.test");
    assert_string_equal(mail->recipients[1], "cc@x.test");
    assert_string_equal(mail->recipients[2], "keep@x.test");
    assert_true(mes_str_starts(mail->bytes, MES_STR("From: me@own.test\r\nTo: to0@x.test\r\n")));
    assert_true(mes_str_ends_nocase(mail->bytes, MES_STR("\r\nthe last line\r\n")));
    assert_string_equal(mes_buf_text(&world.log), "");
    struct mes_digest_stream *stream = mes_digest_stream_new();
    mes_digest_stream_add(stream, mail->bytes.data, mail->bytes.size);
    assert_true(mes_digest_stream_end(stream, digest));
    mes_digest_stream_free(&stream);
    mes_capture_done(world.transport, handed.dispatches[0], true, "kept as 1");
    assert_string_equal(mes_buf_text(&world.log), "sent 0, sent 0, done 0, ");
    assert_string_equal(mes_buf_text(&world.evidence), "none me@own.test\n");
    assert_memory_equal(digest, world.digests[0], MES_DIGEST_SIZE);
    close_world(&world);
}

static void what_could_not_be_kept_was_not_sent(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_capture(&world, CAPTURE, 1);
    start_all(&world);
    turn_until(&world, has_one);
    mes_capture_done(world.transport, handed.dispatches[0], false, "disk full");
    assert_string_equal(mes_buf_text(&world.log), "failed 0, failed 0, done 0, ");
    mes_capture_done(world.transport, handed.dispatches[0], true, "once more"); /* known no longer */
    assert_string_equal(mes_buf_text(&world.log), "failed 0, failed 0, done 0, ");
    close_world(&world);
}

static bool is_drained(const struct world *world)
{
    return world->is_drained;
}

static void draining_waits_for_the_hosts_word(void **state)
{
    struct world world = {.frees_when_drained = true};
    (void)state;
    open_capture(&world, CAPTURE, 2);
    world.count = 1;
    start_all(&world);
    turn_until(&world, has_one);
    world.transport->face->drain(world.transport);
    world.count = 2;
    world.transport->face->start(world.transport, &world.dispatches[1]);
    for (int i = 0; i < 3; i++)
        mes_loop_step(world.loop, 0);
    assert_false(world.is_drained);
    mes_capture_done(world.transport, handed.dispatches[0], true, "");
    turn_until(&world, is_drained);
    assert_string_equal(mes_buf_text(&world.log), "returned 1, sent 0, sent 0, done 0, ");
    assert_null(world.transport);
    close_world(&world);
}

static void freeing_returns_what_has_no_word_yet(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_capture(&world, CAPTURE, 1);
    start_all(&world);
    turn_until(&world, has_one);
    world.transport->face->free(&world.transport);
    assert_string_equal(mes_buf_text(&world.log), "returned 0, ");
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_counts_as_sent_when_the_host_says_so),
        cmocka_unit_test(what_could_not_be_kept_was_not_sent),
        cmocka_unit_test(draining_waits_for_the_hosts_word),
        cmocka_unit_test(freeing_returns_what_has_no_word_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
