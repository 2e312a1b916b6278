/* How many round trips a message costs at each pace, and how `auto` finds out. The relay answers whatever it
 * is sent, one round trip later; time stands still in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/session.h"

enum { MESSAGES = 100, BODY = 4096 };

struct mail {
    struct mes_source source; /* first */
    struct mes_smtp_message message;
    bool is_read;
};

struct world {
    int64_t round_trip;
    int64_t bdat_ms;      /* what a BDAT LAST takes longer */
    bool is_bdat_unknown; /* it answers BDAT by 503 */
    struct mes_smtp_session *session;
    struct mail mails[MESSAGES];
    size_t begun, sent, not_tried;
    int64_t time;
    size_t left; /* bytes of a chunk */
    bool is_in_data, is_in_last;
    struct mes_buf line, replies;
    size_t data, bdat;
    unsigned facts;
};

static char body[BODY];

static int64_t read_clock(void *context)
{
    return ((struct world *)context)->time;
}

static enum mes_pull pull(struct mes_source *source, struct mes_str *piece_out)
{
    struct mail *mail = (struct mail *)source;
    *piece_out = mes_str_make(body, sizeof body);
    mail->is_read = !mail->is_read;
    return mail->is_read ? MES_PULL_PIECE : MES_PULL_END;
}

static void on_ready(void *context, struct mes_smtp_session *session)
{
    struct world *world = context;
    while (world->begun < MESSAGES && mes_smtp_session_has_room(session))
        assert_int_equal(mes_smtp_session_submit(session, &world->mails[world->begun++].message), 0);
}

static void on_done(void *context, struct mes_smtp_session *session, const struct mes_smtp_result *result)
{
    struct world *world = context;
    (void)session;
    world->sent += result->outcomes[0].cause == MES_SMTP_REPLIED && result->outcomes[0].code == 250;
    world->not_tried += result->outcomes[0].cause == MES_SMTP_NOT_TRIED;
}

static void on_learned(void *context, struct mes_smtp_session *session, enum mes_smtp_fact fact)
{
    (void)session;
    ((struct world *)context)->facts |= 1u << fact;
}

static bool has_learned(const struct world *world, enum mes_smtp_fact fact)
{
    return (world->facts >> fact & 1) != 0;
}

/* --- The relay --- */

static void say(struct world *world, const char *text)
{
    mes_buf_add_text(&world->replies, text);
}

static void end_chunk(struct world *world)
{
    world->time += world->is_in_last ? world->bdat_ms : 0;
    say(world, world->is_bdat_unknown ? "503 not now\r\n" : "250 octets\r\n");
}

static void take_line(struct world *world, struct mes_str line)
{
    if (world->is_in_data) {
        world->is_in_data = !mes_str_eq(line, MES_STR("."));
        say(world, world->is_in_data ? "" : "250 queued\r\n");
    } else if (mes_str_starts(line, MES_STR("EHLO"))) {
        say(world, "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    } else if (mes_str_eq(line, MES_STR("DATA"))) {
        world->is_in_data = true;
        world->data++;
        say(world, "354 go\r\n");
    } else if (mes_str_starts(line, MES_STR("BDAT "))) {
        world->left = strtoul(line.data + 5, NULL, 10);
        world->is_in_last = mes_str_ends_nocase(line, MES_STR(" LAST"));
        world->bdat += world->is_in_last;
        if (world->left == 0)
            end_chunk(world);
    } else {
        say(world, "250 ok\r\n");
    }
}

static void take(struct world *world, struct mes_str bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (world->left > 0) {
            if (--world->left == 0)
                end_chunk(world);
            continue;
        }
        mes_buf_add_char(&world->line, bytes.data[i]);
        if (bytes.data[i] != '\n')
            continue;
        take_line(world, mes_str_cut(mes_buf_str(&world->line), 0, world->line.size - 2));
        mes_buf_clear(&world->line);
    }
}

/* All that the session wants to say, and a round trip later all that the relay says to it. */
static void turn(struct world *world)
{
    struct mes_str output;
    while ((output = mes_smtp_session_output(world->session)).size > 0) {
        take(world, output);
        mes_smtp_session_sent(world->session, output.size);
    }
    world->time += world->round_trip;
    struct mes_buf replies = world->replies;
    mes_buf_init(&world->replies, SIZE_MAX);
    mes_smtp_session_received(world->session, mes_buf_str(&replies));
    mes_buf_fini(&replies);
}

/* Sends all messages; round trips for each, set-up with it. */
static double run(struct world *world, enum mes_smtp_pace pace, unsigned depth)
{
    static const struct mes_smtp_callbacks callbacks = {
        .on_ready = on_ready, .on_done = on_done, .on_learned = on_learned};
    const struct mes_smtp_recipient recipient = {.address = MES_STR("b@y.example")};
    struct mes_clock clock = {read_clock, read_clock, world};
    const struct mes_smtp_options options = {.ehlo_name = MES_STR("c.example"),
                                             .pace = pace,
                                             .depth = depth,
                                             .greeting_ms = 60000,
                                             .read_ms = 60000,
                                             .write_ms = 60000,
                                             .final_ms = 60000,
                                             .clock = &clock};
    memset(body, 'x', sizeof body);
    mes_buf_init(&world->line, SIZE_MAX);
    mes_buf_init(&world->replies, SIZE_MAX);
    for (size_t i = 0; i < MESSAGES; i++) {
        world->mails[i].source = (struct mes_source){.next = pull, .size = sizeof body};
        world->mails[i].message = (struct mes_smtp_message){.sender = MES_STR("a@x.example"),
                                                            .recipients = &recipient,
                                                            .count = 1,
                                                            .source = &world->mails[i].source};
    }
    world->session = mes_smtp_session_new(&options, &callbacks, world);
    mes_smtp_session_received(world->session, MES_STR("220 mx\r\n"));
    int turns = 0;
    for (; world->sent + world->not_tried < MESSAGES && turns < 10 * MESSAGES; turns++)
        turn(world);
    assert_int_equal(world->sent + world->not_tried, MESSAGES);
    mes_smtp_session_free(&world->session);
    mes_buf_fini(&world->line);
    mes_buf_fini(&world->replies);
    return (double)turns / MESSAGES;
}

/* --- Tests --- */

static void each_pace_has_its_price(void **state)
{
    static const struct {
        enum mes_smtp_pace pace;
        unsigned depth;
        double least, most;
    } rows[] = {{MES_SMTP_PACE_OFF, 4, 4.0, 4.1}, {MES_SMTP_PACE_P, 4, 2.0, 2.1},
                {MES_SMTP_PACE_X, 4, 1.0, 1.1},   {MES_SMTP_PACE_B, 4, 0.25, 0.30},
                {MES_SMTP_PACE_B, 8, 0.12, 0.16}, {MES_SMTP_PACE_B, 64, 0.015, 0.06}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world world = {.round_trip = 50};
        double price = run(&world, rows[i].pace, rows[i].depth);
        assert_true(price >= rows[i].least && price <= rows[i].most);
        assert_int_equal(world.sent, MESSAGES);
    }
}

/* One message by P, then X until there is something to compare with, then B to the end. */
static void auto_takes_what_is_fastest(void **state)
{
    struct world world = {.round_trip = 50};
    (void)state;
    assert_true(run(&world, MES_SMTP_PACE_AUTO, 8) < 0.26);
    assert_true(has_learned(&world, MES_SMTP_FACT_X_WORKS) && has_learned(&world, MES_SMTP_FACT_B_WORKS));
    assert_true(world.data >= 5 && world.data <= 8);
    assert_int_equal(world.data + world.bdat, MESSAGES);
}

static void auto_never_takes_B_on_a_short_path(void **state)
{
    struct world world = {.round_trip = 19};
    (void)state;
    assert_true(run(&world, MES_SMTP_PACE_AUTO, 8) < 1.1);
    assert_int_equal(world.bdat, 0);
}

/* A relay that takes its time over BDAT: measured over some messages, then X again. */
static void auto_leaves_B_where_it_is_slower(void **state)
{
    struct world world = {.round_trip = 25, .bdat_ms = 40};
    (void)state;
    run(&world, MES_SMTP_PACE_AUTO, 4);
    assert_true(has_learned(&world, MES_SMTP_FACT_B_SLOW) && !has_learned(&world, MES_SMTP_FACT_B_WORKS));
    assert_true(world.bdat >= 16 && world.bdat <= 16 + 4);
    assert_int_equal(world.sent, MESSAGES);
}

static void auto_leaves_B_where_it_is_refused(void **state)
{
    struct world world = {.round_trip = 50, .is_bdat_unknown = true};
    (void)state;
    assert_true(run(&world, MES_SMTP_PACE_AUTO, 4) < 1.2);
    assert_true(has_learned(&world, MES_SMTP_FACT_B_REFUSED));
    assert_int_equal(world.not_tried, 1); /* the first one: it comes again */
    assert_int_equal(world.bdat, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pace_has_its_price),
        cmocka_unit_test(auto_takes_what_is_fastest),
        cmocka_unit_test(auto_never_takes_B_on_a_short_path),
        cmocka_unit_test(auto_leaves_B_where_it_is_slower),
        cmocka_unit_test(auto_leaves_B_where_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
