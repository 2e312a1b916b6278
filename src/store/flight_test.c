#include "store/flight.h"

#include "store/fixture_test.h"

static void only_the_leases_own_token_counts(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_flight flight = {
        .job = 7, .number = 2, .token = 11, .doubts = 1, .account = "first", .since = NOON_MS};
    struct mes_store_flight_counts counts;
    bool is_ours = true;
    add_flight(fixture, 7, 2, 11);
    add_flight(fixture, 8, 0, 12);
    flight.token = 10;
    works(mes_store_flight_mark_dot(fixture->store, &flight, &is_ours, &fixture->error));
    assert_false(is_ours);
    works(mes_store_flight_count(fixture->reads, 0, &counts, &fixture->error));
    assert_int_equal(counts.dots, 0);
    assert_int_equal(counts.leased, 2);
    flight.token = 11;
    works(mes_store_flight_mark_dot(fixture->store, &flight, &is_ours, &fixture->error));
    assert_true(is_ours);
    works(mes_store_flight_count(fixture->reads, 7, &counts, &fixture->error));
    assert_int_equal(counts.dots, 1);
    assert_int_equal(counts.leased, 0);
    flight.token = 10;
    works(mes_store_flight_withdraw_dot(fixture->store, &flight, &is_ours, &fixture->error));
    assert_false(is_ours);
    works(mes_store_flight_remove(fixture->store, &flight, &is_ours, &fixture->error));
    assert_false(is_ours);
    flight.token = 11;
    works(mes_store_flight_withdraw_dot(fixture->store, &flight, &is_ours, &fixture->error));
    assert_true(is_ours);
    works(mes_store_flight_count(fixture->reads, 7, &counts, &fixture->error));
    assert_int_equal(counts.dots, 0);
    works(mes_store_flight_remove(fixture->store, &flight, &is_ours, &fixture->error));
    assert_true(is_ours);
    works(mes_store_flight_remove(fixture->store, &flight, &is_ours, &fixture->error));
    assert_false(is_ours);
    works(mes_store_flight_count(fixture->reads, 0, &counts, &fixture->error));
    assert_int_equal(counts.leased, 1);
}

static void a_mail_is_leased_once(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_flight again = {.job = 7, .number = 2, .token = 12, .since = NOON_MS};
    add_flight(fixture, 7, 2, 11);
    assert_int_equal(mes_store_flight_add(fixture->store, &again, &fixture->error), MES_E_CONFLICT);
}

struct left {
    struct mes_store_flight flights[4];
    size_t count;
};

static bool see_flight(void *context, const struct mes_store_flight *flight)
{
    struct left *left = context;
    left->flights[left->count] = *flight;
    left->flights[left->count].account = strcmp(flight->account, "first") == 0 ? "first" : "?";
    return ++left->count < 4;
}

static void what_an_earlier_process_left_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct mes_store_flight dot = {
        .job = 7, .number = 2, .token = 11, .doubts = 2, .account = "first", .since = NOON_MS, .crashes = 1};
    struct left left = {.count = 0};
    bool is_ours = false;
    works(mes_store_flight_add(fixture->store, &dot, &fixture->error));
    works(mes_store_flight_mark_dot(fixture->store, &dot, &is_ours, &fixture->error));
    works(mes_store_flight_left(fixture->store, 4, see_flight, &left, &fixture->error));
    assert_int_equal(left.count, 0); /* its own are none of these */
    int64_t epoch = mes_store_epoch(fixture->store);
    fixture_reopen(fixture);
    assert_int_equal(mes_store_epoch(fixture->store), epoch + 1);
    add_flight(fixture, 7, 3, 12);
    works(mes_store_flight_left(fixture->store, 4, see_flight, &left, &fixture->error));
    assert_int_equal(left.count, 1);
    const struct mes_store_flight *found = &left.flights[0];
    assert_int_equal(found->job, 7);
    assert_int_equal(found->number, 2);
    assert_int_equal(found->token, 11);
    assert_int_equal(found->epoch, epoch);
    assert_true(found->is_dot);
    assert_int_equal(found->doubts, 2);
    assert_string_equal(found->account, "first");
    assert_int_equal(found->since, NOON_MS);
    assert_int_equal(found->crashes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(only_the_leases_own_token_counts),
                                       run_with_fixture(a_mail_is_leased_once),
                                       run_with_fixture(what_an_earlier_process_left_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
