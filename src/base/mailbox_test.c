#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mailbox.h"
#include "base/thread.h"

enum { THREADS = 4, EACH = 5000 };

struct letter {
    struct mes_mailbox_item item;
    int from;
    int number;
};

struct sender {
    struct mes_mailbox *mailbox;
    struct letter letters[EACH];
};

static struct sender senders[THREADS];

static void send_all(void *context)
{
    struct sender *sender = context;
    for (int i = 0; i < EACH; i++)
        if (!mes_mailbox_post(sender->mailbox, &sender->letters[i].item))
            return;
}

static void start_senders(struct mes_mailbox *mailbox, struct mes_thread *threads[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        senders[i].mailbox = mailbox;
        for (int j = 0; j < EACH; j++)
            senders[i].letters[j] = (struct letter){.from = i, .number = j};
        assert_int_equal(mes_thread_start("sender", send_all, &senders[i], &threads[i], NULL), 0);
    }
}

/* Counts what came and checks that each sender's letters keep their order. */
static int read_letters(struct mes_mailbox_item *items, int next[THREADS])
{
    int count = 0;
    for (; items != NULL; items = items->next) {
        struct letter *letter = (struct letter *)items;
        assert_int_equal(letter->number, next[letter->from]++);
        count++;
    }
    return count;
}

/* Waits without a limit: a lost wake-up would leave this test hanging, and its time-out fails it. */
static void everything_arrives_once_and_in_order(void **state)
{
    struct mes_mailbox *mailbox = NULL;
    struct mes_thread *threads[THREADS];
    int next[THREADS] = {0};
    (void)state;
    assert_int_equal(mes_mailbox_new(NULL, NULL, &mailbox, NULL), 0);
    start_senders(mailbox, threads);
    for (int count = 0; count < THREADS * EACH;) {
        int more = read_letters(mes_mailbox_wait(mailbox, -1), next);
        assert_true(more > 0);
        count += more;
    }
    for (int i = 0; i < THREADS; i++)
        mes_thread_join(&threads[i]);
    assert_null(mes_mailbox_take(mailbox));
    mes_mailbox_free(&mailbox);
    assert_null(mailbox);
}

/* The outer mailbox stands for a loop: it is only nudged by `wake`. */
static void nudge(void *context)
{
    mes_mailbox_nudge(context);
}

static void a_wake_callback_loses_nothing(void **state)
{
    struct mes_mailbox *loop = NULL;
    struct mes_mailbox *mailbox = NULL;
    struct mes_thread *threads[THREADS];
    int next[THREADS] = {0};
    (void)state;
    assert_int_equal(mes_mailbox_new(NULL, NULL, &loop, NULL), 0);
    assert_int_equal(mes_mailbox_new(nudge, loop, &mailbox, NULL), 0);
    start_senders(mailbox, threads);
    for (int count = 0; count < THREADS * EACH;) {
        assert_null(mes_mailbox_wait(loop, -1));
        count += read_letters(mes_mailbox_take(mailbox), next);
    }
    for (int i = 0; i < THREADS; i++)
        mes_thread_join(&threads[i]);
    mes_mailbox_free(&mailbox);
    mes_mailbox_free(&loop);
}

static void count_wakes(void *context)
{
    ++*(int *)context;
}

static void many_items_wake_once(void **state)
{
    struct mes_mailbox *mailbox = NULL;
    struct letter letters[3] = {0};
    int wakes = 0;
    (void)state;
    assert_int_equal(mes_mailbox_new(count_wakes, &wakes, &mailbox, NULL), 0);
    assert_true(mes_mailbox_post(mailbox, &letters[0].item));
    assert_true(mes_mailbox_post(mailbox, &letters[1].item));
    assert_int_equal(wakes, 1);
    assert_ptr_equal(mes_mailbox_take(mailbox), &letters[0].item);
    assert_ptr_equal(letters[0].item.next, &letters[1].item);
    assert_true(mes_mailbox_post(mailbox, &letters[2].item));
    assert_int_equal(wakes, 2);
    assert_ptr_equal(mes_mailbox_take(mailbox), &letters[2].item);
    mes_mailbox_free(&mailbox);
}

static void a_nudge_before_the_wait_counts_once(void **state)
{
    struct mes_mailbox *mailbox = NULL;
    (void)state;
    assert_int_equal(mes_mailbox_new(NULL, NULL, &mailbox, NULL), 0);
    mes_mailbox_nudge(mailbox);
    assert_null(mes_mailbox_wait(mailbox, -1)); /* would hang if the nudge were lost */
    assert_null(mes_mailbox_wait(mailbox, 1));
    assert_null(mes_mailbox_wait(mailbox, 0));
    mes_mailbox_free(&mailbox);
}

static void a_closed_mailbox_refuses_but_gives_what_is_inside(void **state)
{
    struct mes_mailbox *mailbox = NULL;
    struct letter letters[2] = {0};
    (void)state;
    assert_int_equal(mes_mailbox_new(NULL, NULL, &mailbox, NULL), 0);
    assert_true(mes_mailbox_post(mailbox, &letters[0].item));
    assert_false(mes_mailbox_is_closed(mailbox));
    mes_mailbox_close(mailbox);
    assert_true(mes_mailbox_is_closed(mailbox));
    assert_false(mes_mailbox_post(mailbox, &letters[1].item));
    assert_ptr_equal(mes_mailbox_wait(mailbox, -1), &letters[0].item);
    assert_null(mes_mailbox_wait(mailbox, -1));
    mes_mailbox_free(&mailbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives_once_and_in_order),
        cmocka_unit_test(a_wake_callback_loses_nothing),
        cmocka_unit_test(many_items_wake_once),
        cmocka_unit_test(a_nudge_before_the_wait_counts_once),
        cmocka_unit_test(a_closed_mailbox_refuses_but_gives_what_is_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
