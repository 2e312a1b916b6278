/* The pool, its connections and the pace of each: how mails are spread, and BDAT. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "delivery/pool.h"
#include "tests/delivery/world.h"

#define BDAT_KEYWORDS "250-CHUNKING\r\n250 PIPELINING"

static void open_paced(struct world *world, const char *pace, size_t mails)
{
    char settings[200];
    (void)snprintf(settings, sizeof settings, ",\"pipelining\":\"%s\"", pace);
    open_world(world, settings, mails);
    assert_int_equal(mes_pool_new(&world->state, world->loop, host_events(world), &world->transport, NULL),
                     0);
}

/* ---- groups ---- */

static pthread_t client; /* the relay sends too, in threads of its own */
static unsigned sends;

/* Instead of the C library's. */
ssize_t send(int descriptor, const void *data, size_t size, int flags)
{
    sends += pthread_equal(pthread_self(), client) != 0;
    return sendto(descriptor, data, size, flags, NULL, 0);
}

/* What may travel together leaves in one piece: EHLO, the first group, then body, dot and the next envelope;
 * by BDAT everything that follows the first line. */
static void a_group_is_one_send(void **state)
{
    static const struct {
        const char *pace;
        unsigned sends;
    } rows[] = {{"P", 1 + 2 * 3}, {"X", 1 + 1 + 3}, {"B", 1 + 1 + 1}};
    (void)state;
    client = pthread_self();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = {.relay = {.keywords = BDAT_KEYWORDS}};
        open_paced(&world, rows[i].pace, 3);
        sends = 0;
        start_all(&world);
        turn_until(&world, all_are_over);
        assert_int_equal(sends, rows[i].sends);
        close_world(&world);
    }
}

/* ---- spreading ---- */

static bool are_two_asked(const struct world *world)
{
    return world->is_asked[0] && world->is_asked[1];
}

static bool are_all_asked(const struct world *world)
{
    return count_of(mes_buf_text(&world->log), "want ") == world->count;
}

/* A mail for each connection before a second one for any of them, even where they may wait in it. */
static void mails_are_spread_before_they_pile_up(void **state)
{
    struct world world = {.relay = {.connections = 3}};
    (void)state;
    for (size_t i = 0; i < MAILS; i++)
        world.answers[i] = ANSWER_NEVER;
    open_paced(&world, "P", 7);
    world.count = 2;
    start_all(&world);
    turn_until(&world, are_two_asked);
    assert_int_equal(atomic_load(&world.relay.logins), 2);
    for (; world.count < 7; world.count++)
        world.transport->face->start(world.transport, &world.dispatches[world.count]);
    turn_until(&world, are_all_asked);
    assert_int_equal(atomic_load(&world.relay.logins), 3);
    for (size_t i = 0; i < MAILS; i++)
        world.answers[i] = ANSWER_YES;
    turn_until(&world, all_are_over);
    assert_int_equal(count_of(relay_log(&world), "<dot>"), 7);
    close_world(&world);
}

/* ---- BDAT ---- */

/* Three mails behind each other without a reply in between, each as it is proved. */
static void by_B_mails_leave_together(void **state)
{
    struct world world = {.relay = {.keywords = BDAT_KEYWORDS}};
    (void)state;
    open_paced(&world, "B", 3);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_int_equal(count_of(mes_buf_text(&world.log), "sent "), 6);
    const char *log = relay_log(&world);
    assert_int_equal(count_of(log, "<connection>"), 1);
    assert_int_equal(count_of(log, "DATA\n"), 0);
    struct mes_digest_stream *stream = mes_digest_stream_new();
    for (unsigned k = 1; k < 3; k++) { /* the first one's first line is a chunk of its own */
        unsigned char digest[MES_DIGEST_SIZE];
        char sender[32];
        (void)snprintf(sender, sizeof sender, "<to%u@x.test>", k);
        const char *body = strstr(strstr(strstr(log, sender), "BDAT "), "\n") + 1;
        mes_digest_stream_add(stream, body, (size_t)(strstr(body, "<dot>") - body));
        assert_true(mes_digest_stream_end(stream, digest));
        assert_memory_equal(digest, world.digests[k], MES_DIGEST_SIZE);
    }
    mes_digest_stream_free(&stream);
    close_world(&world);
}

/* BDAT is refused: the mail goes out by DATA at once, and no later connection asks again. */
static void a_refused_BDAT_is_remembered(void **state)
{
    struct world world = {.relay = {.keywords = BDAT_KEYWORDS, .refuses_bdat = "503 5.5.1 no BDAT"}};
    (void)state;
    open_paced(&world, "B", 4);
    world.count = 2;
    start_all(&world);
    turn_until(&world, all_are_over);
    world.transport->face->free(&world.transport);
    assert_int_equal(mes_pool_new(&world.state, world.loop, host_events(&world), &world.transport, NULL), 0);
    world.count = 4;
    for (size_t i = 2; i < 4; i++)
        world.transport->face->start(world.transport, &world.dispatches[i]);
    turn_until(&world, all_are_over);
    assert_int_equal(count_of(mes_buf_text(&world.log), "sent "), 8);
    assert_int_equal(count_of(mes_buf_text(&world.log), "done "), 4);
    const char *log = relay_log(&world);
    assert_int_equal(count_of(log, "<connection>"), 2);
    assert_int_equal(count_of(log, "BDAT "), 1);
    assert_int_equal(count_of(log, "DATA\n"), 4);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_one_send),
        cmocka_unit_test(mails_are_spread_before_they_pile_up),
        cmocka_unit_test(by_B_mails_leave_together),
        cmocka_unit_test(a_refused_BDAT_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
