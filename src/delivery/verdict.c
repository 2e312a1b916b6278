#include "delivery/verdict.h"

#include "base/buf.h"
#include "delivery/reply_text.h"
#include "delivery/retry_time.h"
#include "delivery/verdict_table.h"

enum { TEXT_MOST = 256 * 1024 };

/* What follows from each class, with nothing special about it. */
static const enum mes_next next_of_class[MES_CLASS_COUNT] = {
    [MES_CLASS_NONE] = MES_NEXT_DONE,       [MES_CLASS_ACCOUNT] = MES_NEXT_ACCOUNT,
    [MES_CLASS_RECIPIENT] = MES_NEXT_FAIL,  [MES_CLASS_CONTENT] = MES_NEXT_ONE_ACCOUNT,
    [MES_CLASS_TRANSIENT] = MES_NEXT_LATER, [MES_CLASS_PROTOCOL] = MES_NEXT_CONNECTION,
    [MES_CLASS_IN_DOUBT] = MES_NEXT_DOUBT,  [MES_CLASS_CONFIG] = MES_NEXT_ACCOUNT,
    [MES_CLASS_INTERNAL] = MES_NEXT_KEEP,
};

static bool is_success(const struct mes_verdict_input *input)
{
    /* Whatever comes after QUIT, the results stand already (QQ answers it with odd bytes). */
    return input->step == MES_STEP_QUIT || (input->cause == MES_CAUSE_REPLY && input->code / 100 == 2);
}

static bool is_refusal(const struct mes_verdict_input *input)
{
    return input->cause == MES_CAUSE_REPLY && (input->code / 100 == 4 || input->code / 100 == 5);
}

static void set_class(struct mes_verdict *verdict, enum mes_class class_)
{
    verdict->class_ = class_;
    verdict->next = next_of_class[class_];
}

static void from_row(const struct mes_verdict_row *row, const struct mes_verdict_input *input,
                     struct mes_verdict *verdict)
{
    set_class(verdict, row->class_);
    verdict->learn = row->learn;
    verdict->advice_id = row->advice;
    if (row->rest == MES_VERDICT_REST_OWN_FROM)
        verdict->rest = input->from_is_own ? MES_REST_LONG : MES_REST_NONE;
    else
        verdict->rest = (enum mes_rest)row->rest;
    /* Who rests long is waiting for a person. */
    verdict->alarm = verdict->rest == MES_REST_LONG || verdict->rest == MES_REST_CHANGE;
}

/* What the message asks for and this relay cannot do says nothing about the others. */
static bool is_unfit(enum mes_cause cause)
{
    return cause == MES_CAUSE_NO_SMTPUTF8 || cause == MES_CAUSE_NO_REQUIRETLS || cause == MES_CAUSE_TOO_LARGE;
}

/* "Too many recipients" after some were taken only means: the rest in a further transaction. */
static void settle_recipients(const struct mes_verdict_input *input, struct mes_verdict *verdict)
{
    if (verdict->learn != MES_LEARN_RECIPIENTS)
        return;
    if (input->accepted > 0) {
        verdict->class_ = MES_CLASS_NONE;
        verdict->next = MES_NEXT_BATCH;
        verdict->advice_id = "";
    } else {
        verdict->learn = MES_LEARN_NONE;
    }
}

static void settle_next(const struct mes_verdict_input *input, struct mes_verdict *verdict)
{
    if (is_unfit(input->cause))
        verdict->next = MES_NEXT_ACCOUNT;
    if (!input->failover_any)
        return;
    switch (verdict->next) {
    case MES_NEXT_FAIL:
    case MES_NEXT_ONE_ACCOUNT:
    case MES_NEXT_LATER:
        verdict->next = MES_NEXT_ACCOUNT;
        break;
    default:
        break;
    }
}

static void look_up(const struct mes_verdict_input *input, struct mes_str text, struct mes_verdict *verdict)
{
    const struct mes_verdict_row *row = mes_verdict_row_find(input, text);
    if (row != NULL)
        from_row(row, input, verdict);
    else
        set_class(verdict, MES_CLASS_PROTOCOL);
    verdict->retry_seconds = mes_retry_time_find(text);
}

void mes_verdict_decide(const struct mes_verdict_input *input, struct mes_verdict *verdict_out)
{
    *verdict_out = (struct mes_verdict){.advice_id = ""};
    if (is_success(input))
        return;
    if (input->dot_written && !is_refusal(input)) {
        set_class(verdict_out, MES_CLASS_IN_DOUBT);
        verdict_out->advice_id = "delivery.in-doubt";
        return;
    }
    struct mes_buf decoded;
    mes_buf_init(&decoded, TEXT_MOST);
    mes_reply_text_add(&decoded, input->text);
    bool is_decoded = mes_buf_check(&decoded, NULL) == 0;
    look_up(input, is_decoded ? mes_buf_str(&decoded) : input->text, verdict_out);
    mes_buf_fini(&decoded);
    settle_recipients(input, verdict_out);
    settle_next(input, verdict_out);
}
