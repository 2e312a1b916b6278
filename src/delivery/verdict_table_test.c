#include "delivery/verdict_table.h"

#include "account/provider.h"
#include "delivery/reply_test.h"
#include "i18n/advice.h"

static enum mes_step step_of(struct mes_str word)
{
    for (int step = 0; step < MES_STEP_COUNT; step++) {
        if (mes_str_eq(word, mes_str_of(mes_step_name((enum mes_step)step))))
            return (enum mes_step)step;
    }
    fail_msg("no such step: %.*s", MES_STR_ARGS(word));
    return MES_STEP_LIMIT;
}

static struct mes_verdict_input input_of_row(const struct mes_verdict_row *row)
{
    if (row->part == MES_VERDICT_CAUSE) {
        int step = 0;
        while (row->steps != 0 && (row->steps & (1u << step)) == 0)
            step++;
        return without_reply(row->cause, row->steps == 0 ? MES_STEP_BODY : (enum mes_step)step);
    }
    struct mes_str sample = mes_str_of(row->sample), step, provider = mes_str_of(row->providers);
    assert_true(mes_str_next(&sample, ' ', &step));
    struct mes_verdict_input input = reply(step_of(step), sample.data);
    (void)mes_str_next(&provider, '|', &input.provider);
    input.by_token = row->by_token;
    return input;
}

static void every_row_is_selected_by_its_sample(void **state)
{
    (void)state;
    for (size_t i = 0; mes_verdict_row_at(i) != NULL; i++) {
        const struct mes_verdict_row *row = mes_verdict_row_at(i);
        struct mes_verdict_input input = input_of_row(row);
        const struct mes_verdict_row *found = mes_verdict_row_find(&input, input.text);
        if (found != row)
            fail_msg("row %zu \"%s\" (%s) is shadowed by \"%s\" (%s)", i, row->sample, row->advice,
                     found == NULL ? "none" : found->sample, found == NULL ? "" : found->advice);
    }
}

static void rows_stand_in_the_order_of_precedence(void **state)
{
    (void)state;
    for (size_t i = 1; mes_verdict_row_at(i) != NULL; i++)
        assert_true(mes_verdict_row_at(i - 1)->part <= mes_verdict_row_at(i)->part);
}

static void every_advice_of_a_row_has_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; mes_verdict_row_at(i) != NULL; i++) {
        const char *advice = mes_verdict_row_at(i)->advice;
        if (advice[0] != '\0' && mes_advice_text(advice, MES_ZH_HK)[0] == '\0')
            fail_msg("no sentence for \"%s\"", advice);
    }
}

static bool is_used(const char *advice)
{
    for (size_t i = 0; mes_verdict_row_at(i) != NULL; i++) {
        if (strcmp(mes_verdict_row_at(i)->advice, advice) == 0)
            return true;
    }
    return strcmp(advice, "delivery.in-doubt") == 0;
}

static void every_sentence_of_advice_is_given_by_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; mes_advice_id_at(i) != NULL; i++) {
        if (!is_used(mes_advice_id_at(i)))
            fail_msg("nothing gives \"%s\"", mes_advice_id_at(i));
    }
}

static bool is_provider_or_group(struct mes_str id)
{
    const struct mes_provider *provider;
    for (size_t i = 0; (provider = mes_account_provider_at(i)) != NULL; i++) {
        struct mes_str known = mes_str_of(provider->id);
        if (mes_str_eq(known, id) || (id.data[id.size - 1] == '-' && mes_str_starts(known, id)))
            return true;
    }
    return false;
}

static void every_provider_of_a_row_exists(void **state)
{
    (void)state;
    for (size_t i = 0; mes_verdict_row_at(i) != NULL; i++) {
        struct mes_str ids = mes_str_of(mes_verdict_row_at(i)->providers), id;
        while (ids.size > 0 && mes_str_next(&ids, '|', &id)) {
            if (!is_provider_or_group(id))
                fail_msg("no provider \"%.*s\"", MES_STR_ARGS(id));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_selected_by_its_sample),
        cmocka_unit_test(rows_stand_in_the_order_of_precedence),
        cmocka_unit_test(every_advice_of_a_row_has_a_sentence),
        cmocka_unit_test(every_sentence_of_advice_is_given_by_a_row),
        cmocka_unit_test(every_provider_of_a_row_exists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
