#include "net/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/thread.h"
#include "net/loop.h"

enum { POSTS = 1000, THREADS = 3 };

struct note {
    struct mes_mailbox_item item; /* first */
    struct poster *poster;
    int number;
};

struct poster {
    struct mes_inbox *inbox;
    struct note notes[POSTS];
    int run;
};

static void noted(void *context, struct mes_mailbox_item *item)
{
    (void)context;
    struct note *note = (struct note *)item;
    assert_int_equal(note->number, note->poster->run);
    note->poster->run++;
}

static void post_all(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < POSTS; i++) {
        poster->notes[i] = (struct note){.poster = poster, .number = i};
        if (!mes_inbox_post(poster->inbox, &poster->notes[i].item))
            return;
    }
}

static bool is_all_run(void *context)
{
    const struct poster *posters = context;
    for (int i = 0; i < THREADS; i++)
        if (posters[i].run < POSTS)
            return false;
    return true;
}

static void items_of_many_threads_run_in_order(void **state)
{
    static struct poster posters[THREADS];
    struct mes_loop *loop;
    struct mes_inbox *inbox;
    struct mes_thread *threads[THREADS];
    (void)state;
    assert_int_equal(mes_loop_new(NULL, &loop, NULL), 0);
    assert_int_equal(mes_inbox_new(loop, noted, NULL, &inbox, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        posters[i].inbox = inbox;
        assert_int_equal(mes_thread_start("poster", post_all, &posters[i], &threads[i], NULL), 0);
    }
    mes_loop_run_until(loop, is_all_run, posters);
    for (int i = 0; i < THREADS; i++)
        mes_thread_join(&threads[i]);
    mes_inbox_free(&inbox);
    mes_loop_free(&loop);
}

static void what_waits_is_run_when_it_is_freed(void **state)
{
    static struct poster poster;
    struct mes_loop *loop;
    (void)state;
    assert_int_equal(mes_loop_new(NULL, &loop, NULL), 0);
    assert_int_equal(mes_inbox_new(loop, noted, NULL, &poster.inbox, NULL), 0);
    post_all(&poster);
    assert_int_equal(poster.run, 0);
    mes_inbox_free(&poster.inbox);
    assert_int_equal(poster.run, POSTS);
    mes_loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_of_many_threads_run_in_order),
        cmocka_unit_test(what_waits_is_run_when_it_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
