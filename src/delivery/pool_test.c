/* The pool as a host sees it that grants permits, keeps evidence and reloads accounts. */
#include "delivery/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/delivery/world.h"

static const char *const paces[] = {"off", "P", "X"};

static void open_pool(struct world *world, const char *settings, size_t mails)
{
    open_world(world, settings, mails);
    assert_int_equal(mes_pool_new(&world->state, world->loop, host_events(world), &world->transport, NULL),
                     0);
}

static void open_paced(struct world *world, const char *pace, size_t mails)
{
    char settings[200];
    (void)snprintf(settings, sizeof settings, ",\"pipelining\":\"%s\"", pace);
    open_pool(world, settings, mails);
}

/* ---- permits ---- */

/* Only its dot is missing. */
static bool has_whole_body(const struct world *world)
{
    return atomic_load(&world->relay.ends) == 1;
}

static void no_dot_leaves_before_its_permit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        struct world world = {.answers = {ANSWER_NEVER}};
        open_paced(&world, paces[i], 1);
        start_all(&world);
        turn_until(&world, has_whole_body);
        assert_int_equal(atomic_load(&world.relay.dots), 0);
        world.answers[0] = ANSWER_YES;
        turn_until(&world, all_are_over);
        assert_string_equal(mes_buf_text(&world.log), "want 0, sent 0, sent 0, done 0, ");
        assert_int_equal(count_of(relay_log(&world), "<dot>"), 1);
        close_world(&world);
    }
}

/* Refused: not a byte of its dot leaves, and the mails around it go their way. */
static void a_refused_permit_touches_no_other_mail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        struct world world = {.answers = {ANSWER_YES, ANSWER_NO}};
        open_paced(&world, paces[i], 4);
        start_all(&world);
        turn_until(&world, all_are_over);
        const char *log = mes_buf_text(&world.log);
        assert_int_equal(count_of(log, "sent 0, sent 0, done 0"), 1);
        assert_int_equal(count_of(log, "cancelled 1, cancelled 1, done 1"), 1);
        assert_int_equal(count_of(log, "sent 2, sent 2, done 2"), 1);
        assert_int_equal(count_of(log, "sent 3, sent 3, done 3"), 1);
        assert_int_equal(count_of(log, "withdrawn"), 0);
        log = relay_log(&world);
        assert_int_equal(count_of(log, "<dot>"), 3);
        assert_int_equal(count_of(log, "<connection>"), 1); /* nothing of it had been sent */
        close_world(&world);
    }
}

static bool is_first_over(const struct world *world)
{
    return world->is_over[0] && world->is_asked[1];
}

/* The same when the mail behind it waits in the session already. */
static void a_late_refusal_touches_no_other_mail(void **state)
{
    struct world world = {.answers = {ANSWER_YES, ANSWER_NEVER}};
    (void)state;
    open_paced(&world, "X", 3);
    start_all(&world);
    turn_until(&world, is_first_over);
    world.answers[1] = ANSWER_NO;
    turn_until(&world, all_are_over);
    assert_non_null(strstr(mes_buf_text(&world.log), "cancelled 1, cancelled 1, done 1, "));
    assert_non_null(strstr(mes_buf_text(&world.log), "sent 2, sent 2, done 2, "));
    assert_int_equal(count_of(mes_buf_text(&world.log), "want 2, "), 2);
    assert_int_equal(count_of(mes_buf_text(&world.log), "withdrawn 2, "), 1);
    assert_int_equal(count_of(relay_log(&world), "<connection>"), 2);
    close_world(&world);
}

/* The permits of the next mails are asked for while the one before still waits for its reply, so that one
 * flush of the disk serves several of them. Three at most, and one where a doubt is held for a person. */
static void permits_are_taken_ahead(void **state)
{
    static const char *const doubts[] = {"resend", "hold"};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof paces / sizeof paces[0]; i++) {
        struct world world = {.answers = {ANSWER_NEVER}};
        char settings[200];
        bool is_held = i % 2 == 1;
        (void)snprintf(settings, sizeof settings, ",\"pipelining\":\"%s\",\"onDoubt\":\"%s\"", paces[i / 2],
                       doubts[is_held]);
        open_pool(&world, settings, 6);
        start_all(&world);
        turn_until(&world, has_whole_body);
        assert_int_equal(count_of(mes_buf_text(&world.log), "want "), is_held ? 2 : 4);
        world.answers[0] = ANSWER_YES;
        turn_until(&world, all_are_over);
        assert_int_equal(count_of(mes_buf_text(&world.log), "want "), 6);
        close_world(&world);
    }
}

/* What was in doubt before asks when its turn has come. */
static void a_doubted_mail_asks_for_no_permit_while_it_waits(void **state)
{
    struct world world = {.answers = {ANSWER_NEVER}};
    (void)state;
    open_paced(&world, "P", 3);
    world.dispatches[1].is_doubted = true;
    start_all(&world);
    turn_until(&world, has_whole_body);
    assert_string_equal(mes_buf_text(&world.log), "want 0, want 2, ");
    world.answers[0] = ANSWER_YES;
    turn_until(&world, all_are_over);
    assert_true(strstr(mes_buf_text(&world.log), "done 0") < strstr(mes_buf_text(&world.log), "want 1"));
    close_world(&world);
}

/* The connection ends with mails waiting in it: each gets its turn on the next, in its order, and none is
 * charged for what it had nothing to do with. */
static void what_waited_in_a_connection_comes_back(void **state)
{
    struct world world = {.relay = {.cuts_after_354 = 1}};
    for (size_t i = 0; i < MAILS; i++)
        world.answers[i] = ANSWER_NEVER;
    (void)state;
    open_paced(&world, "P", 6);
    start_all(&world);
    turn_until(&world, all_are_over);
    const char *log = mes_buf_text(&world.log);
    for (const char *at = log; *at != '\0'; at++)
        assert_true(strncmp(at, "sent", 4) != 0 && strncmp(at, "failed", 6) != 0);
    assert_int_equal(count_of(log, "cut "), 12);
    assert_true(strstr(log, "done 0") < strstr(log, "done 1") &&
                strstr(log, "done 1") < strstr(log, "done 2"));
    assert_true(strstr(log, "done 2") < strstr(log, "done 3") &&
                strstr(log, "done 3") < strstr(log, "done 4"));
    assert_int_equal(count_of(log, "want 3, "), 4);
    assert_int_equal(count_of(log, "withdrawn 3, "), 4);
    assert_int_equal(count_of(relay_log(&world), "<connection>"), 6);
    close_world(&world);
}

static bool is_withdrawn(const struct world *world)
{
    return strstr(mes_buf_text(&world->log), "withdrawn 0") != NULL;
}

/* The relay goes away before the permit comes: what was written down about the dot must be taken back. */
static void a_permit_is_withdrawn_when_its_session_ends(void **state)
{
    struct world world = {.relay = {.cuts_after_354 = 1}, .answers = {ANSWER_NEVER}};
    (void)state;
    open_paced(&world, "P", 1);
    start_all(&world);
    turn_until(&world, is_withdrawn);
    assert_true(strstr(mes_buf_text(&world.log), "want 0, withdrawn 0, cut 0, cut 0, done 0, ") != NULL);
    world.transport->face->permit(world.transport, &world.dispatches[0], true);  /* too late: ignored */
    world.transport->face->permit(world.transport, &world.dispatches[1], false); /* never was there */
    close_world(&world);
}

/* ---- evidence ---- */

/* The relay's copy of the n-th mail (from 0). */
static struct mes_str body_of(const char *log, unsigned number)
{
    const char *at = log;
    for (unsigned i = 0; i <= number; i++)
        at = strstr(at, "DATA\n") + 5;
    return mes_str_make(at, (size_t)(strstr(at, "<dot>") - at));
}

static void evidence_is_what_the_relay_got(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        struct world world = {.count = 0};
        open_paced(&world, paces[i], 2);
        start_all(&world);
        turn_until(&world, all_are_over);
        assert_string_equal(mes_buf_text(&world.evidence), "none me@own.test\n");
        const char *log = relay_log(&world);
        struct mes_digest_stream *stream = mes_digest_stream_new();
        for (unsigned k = 0; k < 2; k++) {
            unsigned char digest[MES_DIGEST_SIZE];
            struct mes_str body = body_of(log, k);
            mes_digest_stream_add(stream, body.data, body.size);
            assert_true(mes_digest_stream_end(stream, digest));
            assert_true(world.has_digest[k]);
            assert_memory_equal(digest, world.digests[k], MES_DIGEST_SIZE);
        }
        mes_digest_stream_free(&stream);
        close_world(&world);
    }
}

static void what_was_not_sent_whole_has_no_digest(void **state)
{
    struct world world = {.relay = {.cuts_after_354 = 1}, .answers = {ANSWER_NEVER}};
    (void)state;
    open_paced(&world, "off", 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_false(world.has_digest[0]);
    close_world(&world);
}

#define LOGIN                                                                                                \
    ",\"senderUserName\":\"user\",\"senderUserPassword\":\"s3cret-word\",\"allowPlaintextAuth\":true,"       \
    "\"ehloName\":\"here\""

static void a_failure_has_its_transcript_and_no_other(void **state)
{
    struct world world = {.relay = {.refuses = "to1@"}};
    (void)state;
    open_pool(&world, LOGIN ",\"pipelining\":\"off\"", 2);
    world.count = 1;
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.evidence), "none me@own.test\n"); /* sent: nothing to tell */
    world.count = 2;
    world.transport->face->start(world.transport, &world.dispatches[1]);
    turn_until(&world, all_are_over);
    static const char begins[] = "none me@own.test\n"
                                 "< 220 relay ready\n"
                                 "> EHLO here\n"
                                 "< 250-relay\n"
                                 "< 250-AUTH PLAIN\n"
                                 "< 250 PIPELINING\n"
                                 "> AUTH PLAIN ***\n"
                                 "< 235 2.7.0 welcome\n"
                                 "> MAIL FROM:<me@own.test>\n"
                                 "< 250 2.1.0 ok\n"
                                 "> RCPT TO:<to1@x.test>\n"
                                 "< 550 5.1.1 nobody here, ***\n"
                                 "> RCPT TO:<cc@x.test>\n"
                                 "< 250 2.1.0 ok\n"
                                 "> DATA\n"
                                 "< 354 go on\n"
                                 "> body of ";
    struct mes_str evidence = mes_buf_str(&world.evidence);
    assert_true(mes_str_starts(evidence, MES_STR(begins)));
    assert_true(mes_str_ends_nocase(evidence, MES_STR(" bytes\n> .\n< 250 2.0.0 taken\n")));
    assert_true(evidence.size < sizeof begins + 50);
    close_world(&world);
}

static void a_refused_login_has_its_transcript(void **state)
{
    struct world world = {.relay = {.refuses_login = "535 5.7.8 not with s3cret-word"}};
    (void)state;
    open_pool(&world, LOGIN, 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    const char *evidence = mes_buf_text(&world.evidence);
    assert_non_null(strstr(evidence, "none \n< 220 relay ready\n"));
    assert_non_null(strstr(evidence, "> AUTH PLAIN ***\n< 535 5.7.8 not with ***\n"));
    close_world(&world);
}

/* ---- the archive ---- */

static void the_archive_gets_a_copy_that_nobody_sees(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_pool(&world, ",\"archiveBcc\":\"Keep@例子.test\"", 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.log), "want 0, sent 0, sent 0, done 0, ");
    const char *log = relay_log(&world);
    assert_non_null(strstr(log, "RCPT TO:<cc@x.test>\nRCPT TO:<Keep@xn--fsqu00a.test>\nDATA\n"));
    assert_int_equal(count_of(log, "Keep@"), 1);
    close_world(&world);
}

static void a_refused_archive_harms_no_mail(void **state)
{
    struct world world = {.relay = {.refuses = "keep@"}};
    (void)state;
    open_pool(&world, ",\"archiveBcc\":\"keep@x.test\"", 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.log), "want 0, sent 0, sent 0, archive 0, done 0, ");
    close_world(&world);
}

/* It needs a place of its own in each transaction, and never takes a recipient's. */
static void the_archive_has_room_in_every_transaction(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_pool(&world, ",\"archiveBcc\":\"keep@x.test\",\"maxRecipientsPerMessage\":2", 1);
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_int_equal(world.mails[0].recipients[1].fate, MES_FATE_OPEN);
    world.is_over[0] = false;
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_int_equal(world.mails[0].recipients[1].fate, MES_FATE_FINAL);
    const char *log = relay_log(&world);
    assert_non_null(strstr(log, "RCPT TO:<to0@x.test>\nRCPT TO:<keep@x.test>\nDATA\n"));
    assert_non_null(strstr(log, "RCPT TO:<cc@x.test>\nRCPT TO:<keep@x.test>\nDATA\n"));
    close_world(&world);
}

/* ---- limits and draining ---- */

static void a_learned_limit_reaches_an_open_connection(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_pool(&world, "", 2);
    world.count = 1;
    start_all(&world);
    turn_until(&world, all_are_over);
    mes_limit_learn(&world.state.limit, &world.state.rules, MES_LEARN_RECIPIENTS, 1,
                    mes_clock_wall(mes_clock_system()));
    world.count = 2;
    world.transport->face->start(world.transport, &world.dispatches[1]);
    turn_until(&world, all_are_over);
    assert_int_equal(world.mails[1].recipients[1].fate, MES_FATE_OPEN);
    const char *log = relay_log(&world);
    assert_int_equal(count_of(log, "<connection>"), 1);
    assert_non_null(strstr(log, "RCPT TO:<to1@x.test>\nDATA\n"));
    close_world(&world);
}

static bool has_asked(const struct world *world)
{
    return world->is_asked[0];
}

static bool is_drained(const struct world *world)
{
    return world->is_drained;
}

/* What is under way goes on to its end, what waits comes back, and then it is said once. */
static void draining_lets_mails_under_way_finish(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof paces[0]; i++) {
        struct world world = {.answers = {ANSWER_NEVER}, .frees_when_drained = i == 0};
        open_paced(&world, paces[i], 4);
        start_all(&world);
        turn_until(&world, has_asked);
        world.transport->face->drain(world.transport);
        assert_false(world.is_drained);
        world.answers[0] = ANSWER_YES;
        turn_until(&world, is_drained);
        const char *log = mes_buf_text(&world.log);
        assert_int_equal(count_of(log, "sent 0, sent 0, done 0"), 1);
        assert_int_equal(count_of(log, "returned 3"), 1);
        assert_true(all_are_over(&world));
        log = relay_log(&world);
        assert_int_equal(count_of(log, "QUIT\n"), 1);
        assert_int_equal(count_of(log, "<no dot>"), 0);
        close_world(&world);
    }
}

static void a_drained_pool_begins_nothing(void **state)
{
    struct world world = {.count = 0};
    (void)state;
    open_paced(&world, "P", 1);
    world.transport->face->drain(world.transport);
    turn_until(&world, is_drained);
    world.is_drained = false;
    start_all(&world);
    turn_until(&world, all_are_over);
    assert_string_equal(mes_buf_text(&world.log), "returned 0, ");
    assert_false(world.is_drained);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_dot_leaves_before_its_permit),
        cmocka_unit_test(a_refused_permit_touches_no_other_mail),
        cmocka_unit_test(a_late_refusal_touches_no_other_mail),
        cmocka_unit_test(permits_are_taken_ahead),
        cmocka_unit_test(a_doubted_mail_asks_for_no_permit_while_it_waits),
        cmocka_unit_test(what_waited_in_a_connection_comes_back),
        cmocka_unit_test(a_permit_is_withdrawn_when_its_session_ends),
        cmocka_unit_test(evidence_is_what_the_relay_got),
        cmocka_unit_test(what_was_not_sent_whole_has_no_digest),
        cmocka_unit_test(a_failure_has_its_transcript_and_no_other),
        cmocka_unit_test(a_refused_login_has_its_transcript),
        cmocka_unit_test(the_archive_gets_a_copy_that_nobody_sees),
        cmocka_unit_test(a_refused_archive_harms_no_mail),
        cmocka_unit_test(the_archive_has_room_in_every_transaction),
        cmocka_unit_test(a_learned_limit_reaches_an_open_connection),
        cmocka_unit_test(draining_lets_mails_under_way_finish),
        cmocka_unit_test(a_drained_pool_begins_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
