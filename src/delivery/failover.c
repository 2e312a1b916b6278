#include "delivery/failover.h"

#include "delivery/reply_text.h"

enum {
    MES_REPLY_SPACE = 8 * 1024,
    MES_TRANSIENT_ANSWERS = 5,                /* then the next account may be used … */
    MES_TRANSIENT_SPREAD_MS = 60 * 60 * 1000, /* … if they came over at least an hour */
};

/* "Cut once" gets a fresh connection; cut again it is the account's fault. */
static void resolve_fresh_connection(struct mes_dispatch *dispatch, struct mes_verdict *verdict)
{
    if (verdict->next != MES_NEXT_CONNECTION)
        return;
    if (!dispatch->mail->had_fresh_connection) {
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

static int note(const struct mes_failover *failover, struct mes_dispatch *dispatch, size_t number,
                const struct mes_verdict_input *input, const struct mes_verdict *verdict)
{
    struct mes_delivery_mail *mail = dispatch->mail;
    const struct mes_account *settings = failover->accounts[dispatch->account].settings;
    struct mes_buf shown, reply;
    char enhanced[16] = "";
    mes_buf_init(&shown, MES_REPLY_SPACE);
    mes_buf_init(&reply, MES_REPLY_SPACE);
    mes_reply_text_add(&shown, input->text);
    mes_secret_hide(settings->password, mes_buf_str(&shown), &reply);
    for (size_t i = 0; i < input->enhanced.size && i + 1 < sizeof enhanced; i++)
        enhanced[i] = input->enhanced.data[i];
    const struct mes_attempt attempt = {
        .account = settings->identity,
        .step = input->step,
        .class_ = verdict->class_,
        .code = input->code,
        .enhanced = enhanced,
        .reply = mes_buf_text(&reply),
        .advice_id = verdict->advice_id,
        .milliseconds = mes_clock_monotonic(failover->clock) - dispatch->started,
    };
    int code = mes_delivery_mail_note(mail, &mail->recipients[number], dispatch->account, &attempt, verdict);
    mail->recipients[number].dsn = dispatch->evidence != NULL ? dispatch->evidence->dsn : MES_DSN_NONE;
    mes_buf_fini(&shown);
    mes_buf_fini(&reply);
    return code;
}

int mes_failover_outcome(const struct mes_failover *failover, struct mes_dispatch *dispatch, size_t number,
                         const struct mes_verdict_input *facts)
{
    struct mes_account_state *account = &failover->accounts[dispatch->account];
    struct mes_verdict_input input = *facts;
    struct mes_verdict verdict;
    int64_t now = mes_clock_wall(failover->clock);
    input.provider = mes_str_of(account->settings->provider != NULL ? account->settings->provider->id : "");
    input.from_is_own = dispatch->from_is_own;
    input.failover_any = failover->any;
    mes_verdict_decide(&input, &verdict);
    resolve_fresh_connection(dispatch, &verdict);
    count_transient(dispatch->mail, &verdict, now);
    mes_account_state_judge(account, &dispatch->use, &verdict,
                            verdict.learn == MES_LEARN_CONNECTIONS ? input.connections : input.accepted, now);
    return note(failover, dispatch, number, &input, &verdict);
}

void mes_failover_end(const struct mes_failover *failover, struct mes_dispatch *dispatch)
{
    if (dispatch->wants_new_connection)
        dispatch->mail->had_fresh_connection = true;
    mes_account_state_end(&failover->accounts[dispatch->account], &dispatch->use,
                          mes_clock_wall(failover->clock));
}
