#include "store/fixture_test.h"

#include "store/job.h"

static void a_job_comes_back_as_it_was_stored(void **state)
{
    struct fixture *fixture = *state;
    const struct mes_store_job job = {.id = 77,
                                      .company = "acme",
                                      .state = MES_STORE_HELD,
                                      .kind = 2,
                                      .lane = 1,
                                      .priority = 9,
                                      .account = "first",
                                      .on_doubt = 1,
                                      .late_policy = 2,
                                      .created_at = 3,
                                      .send_at = 4,
                                      .expires_at = 5,
                                      .quiet_hours = "22:00-08:00",
                                      .zone = "Asia/Hong_Kong",
                                      .keep_days = 6,
                                      .asked_by = 7,
                                      .schedule_id = 8,
                                      .subject = "陳大文",
                                      .copies = 9,
                                      .mails = 10,
                                      .cursor = 11,
                                      .next_at = 12,
                                      .counts = {13, 14, 15, 16, 17, 18},
                                      .content_refusals = 19,
                                      .done_at = 20,
                                      .paused_at = 21,
                                      .is_content_gone = true};
    works(mes_store_job_add(fixture->store, &job, &fixture->error));
    struct mes_store_job back = load_job(fixture, 77);
    assert_string_equal(back.company, job.company);
    assert_string_equal(back.account, job.account);
    assert_string_equal(back.quiet_hours, job.quiet_hours);
    assert_string_equal(back.zone, job.zone);
    assert_string_equal(back.subject, job.subject);
#define SAME(member) assert_int_equal(back.member, job.member)
    SAME(id), SAME(state), SAME(kind), SAME(lane), SAME(priority), SAME(on_doubt), SAME(late_policy);
    SAME(created_at), SAME(send_at), SAME(expires_at), SAME(keep_days), SAME(asked_by), SAME(schedule_id);
    SAME(copies), SAME(mails), SAME(cursor), SAME(next_at), SAME(content_refusals), SAME(done_at);
    SAME(paused_at), SAME(is_content_gone);
#undef SAME
    assert_memory_equal(back.counts, job.counts, sizeof job.counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {run_with_fixture(a_job_comes_back_as_it_was_stored)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
