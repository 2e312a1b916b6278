#include "delivery/failover.h"

#include "delivery/reply_text.h"

enum {
    MES_REPLY_SPACE = 8 * 1024,
    MES_TRANSIENT_ANSWERS = 5,                /* then the next account may be used … */
    MES_TRANSIENT_SPREAD_MS = 60 * 60 * 1000, /* … if they came over at least an hour */
};

/* "Cut once" gets a fresh connection; cut again it is the account's fault. */
static void resolve_fresh_connection(const struct mes_delivery_mail *mail, struct mes_dispatch *dispatch,
                                     struct mes_verdict *verdict)
{
    if (verdict->next != MES_NEXT_CONNECTION)
        return;
    if (!mail->had_fresh_connection) {
        dispatch->wants_new_connection = true;
        return;
    }
    verdict->next = MES_NEXT_ACCOUNT;
    verdict->rest = MES_REST_SHORT;
}

static void count_transient(struct mes_delivery_mail *mail, struct mes_verdict *verdict, int64_t now)
{
    if (verdict->next != MES_NEXT_LATER)
        return;
    if (mail->transient_answers++ == 0)
        mail->first_transient_at = now;
    if (mail->transient_answers >= MES_TRANSIENT_ANSWERS &&
        now - mail->first_transient_at >= MES_TRANSIENT_SPREAD_MS)
        verdict->next = MES_NEXT_ACCOUNT;
}

static int note(struct mes_account_state *account, struct mes_dispatch *dispatch, size_t number,
                const struct mes_verdict_input *input, const struct mes_verdict *verdict,
                const struct mes_clock *clock)
{
    struct mes_delivery_mail *mail = dispatch->mail;
    struct mes_buf reply;
    char enhanced[16] = "";
    mes_buf_init(&reply, MES_REPLY_SPACE);
    mes_reply_text_add(&reply, input->text);
    for (size_t i = 0; i < input->enhanced.size && i + 1 < sizeof enhanced; i++)
        enhanced[i] = input->enhanced.data[i];
    const struct mes_attempt attempt = {
        .account = account->settings->identity,
        .step = input->step,
        .class_ = verdict->class_,
        .code = input->code,
        .enhanced = enhanced,
        .reply = mes_buf_text(&reply),
        .advice_id = verdict->advice_id,
        .milliseconds = mes_clock_monotonic(clock) - dispatch->started,
    };
    int code = mes_delivery_mail_note(mail, &mail->recipients[number], dispatch->account, &attempt, verdict);
    mes_buf_fini(&reply);
    return code;
}

int mes_failover_outcome(struct mes_account_state *account, struct mes_dispatch *dispatch, size_t number,
                         const struct mes_verdict_input *facts, unsigned connections, bool failover_any,
                         const struct mes_clock *clock)
{
    struct mes_verdict_input input = *facts;
    struct mes_verdict verdict;
    int64_t now = mes_clock_wall(clock);
    input.provider = mes_str_of(account->settings->provider != NULL ? account->settings->provider->id : "");
    input.from_is_own = dispatch->from_is_own;
    input.failover_any = failover_any;
    mes_verdict_decide(&input, &verdict);
    resolve_fresh_connection(dispatch->mail, dispatch, &verdict);
    count_transient(dispatch->mail, &verdict, now);
    if (verdict.next == MES_NEXT_DONE)
        dispatch->accepted++;
    /* Many recipients of one transaction hear the same about the account: it counts once. */
    bool speaks_of_account = verdict.next == MES_NEXT_DONE || verdict.rest != MES_REST_NONE;
    if (verdict.learn != MES_LEARN_NONE || (speaks_of_account && !dispatch->is_judged)) {
        uint32_t value = verdict.learn == MES_LEARN_CONNECTIONS ? connections : input.accepted;
        mes_account_state_judge(account, &verdict, dispatch->was_probe, value, now);
        dispatch->is_judged = dispatch->is_judged || speaks_of_account;
    }
    return note(account, dispatch, number, &input, &verdict, clock);
}

void mes_failover_end(struct mes_account_state *account, struct mes_dispatch *dispatch,
                      const struct mes_clock *clock)
{
    if (dispatch->wants_new_connection)
        dispatch->mail->had_fresh_connection = true;
    mes_account_state_end(account, dispatch->was_probe && !dispatch->is_judged, dispatch->taken,
                          dispatch->accepted, dispatch->taken_at, mes_clock_wall(clock));
}
