#include "delivery/mail.h"

#include <assert.h>

#include "base/error.h"

enum {
    MES_MAIL_MEMORY = 16 * 1024 * 1024, /* a thousand recipients with twenty attempts each */
    MES_MAIL_CONTENT_REFUSALS = 2,      /* the first account's and one other's */
    MES_WORD_BITS = 64,
};

int mes_delivery_mail_init(struct mes_delivery_mail *mail, size_t index, const char *message_id,
                           size_t recipient_count, size_t account_count)
{
    *mail = (struct mes_delivery_mail){.index = index, .keeps_account = SIZE_MAX};
    mes_arena_init(&mail->arena, MES_MAIL_MEMORY);
    mail->tried_words = account_count / MES_WORD_BITS + 1;
    mail->recipient_count = recipient_count;
    mail->recipients = mes_arena_alloc(&mail->arena, recipient_count * sizeof *mail->recipients);
    mail->tried = mes_arena_alloc(&mail->arena, mail->tried_words * sizeof *mail->tried);
    mail->message_id = mes_arena_copy(&mail->arena, mes_str_of(message_id));
    if (mail->recipients == NULL || mail->tried == NULL || mail->message_id == NULL) {
        mes_delivery_mail_fini(mail);
        return MES_E_NOMEM;
    }
    for (size_t i = 0; i < recipient_count; i++)
        mail->recipients[i].last_class = MES_CLASS_CONFIG;
    return 0;
}

void mes_delivery_mail_fini(struct mes_delivery_mail *mail)
{
    mes_arena_fini(&mail->arena);
}

bool mes_delivery_mail_has_tried(const struct mes_delivery_mail *mail, size_t account)
{
    return (mail->tried[account / MES_WORD_BITS] >> (account % MES_WORD_BITS) & 1U) != 0;
}

void mes_delivery_mail_set_tried(struct mes_delivery_mail *mail, size_t account)
{
    mail->tried[account / MES_WORD_BITS] |= (uint64_t)1 << (account % MES_WORD_BITS);
}

size_t mes_delivery_mail_open_count(const struct mes_delivery_mail *mail)
{
    size_t count = 0;
    for (size_t i = 0; i < mail->recipient_count; i++)
        count += mail->recipients[i].fate == MES_FATE_OPEN;
    return count;
}

bool mes_delivery_mail_is_final(const struct mes_delivery_mail *mail)
{
    for (size_t i = 0; i < mail->recipient_count; i++)
        if (mail->recipients[i].fate != MES_FATE_FINAL)
            return false;
    return true;
}

static int keep_attempt(struct mes_delivery_mail *mail, struct mes_delivery_recipient *recipient,
                        const struct mes_attempt *attempt)
{
    struct mes_delivery_attempt *kept = mes_arena_alloc(&mail->arena, sizeof *kept);
    if (kept == NULL)
        return MES_E_NOMEM;
    kept->shown = *attempt;
    kept->shown.account = mes_arena_copy(&mail->arena, mes_str_of(attempt->account));
    kept->shown.enhanced = mes_arena_copy(&mail->arena, mes_str_of(attempt->enhanced));
    kept->shown.reply = mes_arena_copy(&mail->arena, mes_str_of(attempt->reply));
    kept->shown.advice_id = mes_arena_copy(&mail->arena, mes_str_of(attempt->advice_id));
    if (kept->shown.account == NULL || kept->shown.enhanced == NULL || kept->shown.reply == NULL ||
        kept->shown.advice_id == NULL)
        return MES_E_NOMEM;
    if (recipient->last != NULL)
        recipient->last->next = kept;
    else
        recipient->first = kept;
    recipient->last = kept;
    recipient->attempt_count++;
    return 0;
}

static void settle(struct mes_delivery_recipient *recipient, enum mes_delivery_fate fate,
                   enum mes_status status)
{
    recipient->fate = fate;
    recipient->status = status;
}

static void fall_to_next_account(struct mes_delivery_mail *mail, size_t account)
{
    mes_delivery_mail_set_tried(mail, account);
}

static void draw_consequence(struct mes_delivery_mail *mail, struct mes_delivery_recipient *recipient,
                             size_t account, const struct mes_verdict *verdict)
{
    switch (verdict->next) {
    case MES_NEXT_DONE:
        settle(recipient, MES_FATE_FINAL, MES_STATUS_SENT);
        break;
    case MES_NEXT_FAIL:
        settle(recipient, MES_FATE_FINAL, MES_STATUS_FAILED);
        break;
    case MES_NEXT_DOUBT:
        settle(recipient, MES_FATE_FINAL, MES_STATUS_IN_DOUBT);
        break;
    case MES_NEXT_ONE_ACCOUNT:
        fall_to_next_account(mail, account);
        if (++recipient->content_refusals >= MES_MAIL_CONTENT_REFUSALS)
            settle(recipient, MES_FATE_FINAL, MES_STATUS_FAILED);
        break;
    case MES_NEXT_ACCOUNT:
        fall_to_next_account(mail, account);
        break;
    case MES_NEXT_LATER:
        settle(recipient, MES_FATE_WAITING, MES_STATUS_DEFERRED);
        mail->keeps_account = account;
        break;
    case MES_NEXT_KEEP:
        settle(recipient, MES_FATE_WAITING, MES_STATUS_DEFERRED);
        break;
    case MES_NEXT_BATCH:
    case MES_NEXT_CONNECTION: /* the mail as a whole decides this one: see failover.c */
        break;
    }
}

int mes_delivery_mail_note(struct mes_delivery_mail *mail, struct mes_delivery_recipient *recipient,
                           size_t account, const struct mes_attempt *attempt,
                           const struct mes_verdict *verdict)
{
    int code = 0;
    assert(recipient->fate == MES_FATE_OPEN);
    if (verdict->next != MES_NEXT_BATCH) {
        code = keep_attempt(mail, recipient, attempt);
        if (attempt->class_ != MES_CLASS_CONFIG)
            recipient->last_class = attempt->class_;
    }
    if (verdict->retry_seconds > mail->retry_seconds)
        mail->retry_seconds = verdict->retry_seconds;
    draw_consequence(mail, recipient, account, verdict);
    return code;
}

/* The last class that is not `config` decides; every account `config` is a failure of the set-up. */
static enum mes_status status_without_account(enum mes_class last)
{
    switch (last) {
    case MES_CLASS_RECIPIENT:
    case MES_CLASS_CONTENT:
    case MES_CLASS_CONFIG:
        return MES_STATUS_FAILED;
    default:
        return MES_STATUS_DEFERRED;
    }
}

void mes_delivery_mail_end_pass(struct mes_delivery_mail *mail)
{
    mail->passes++;
    for (size_t i = 0; i < mail->recipient_count; i++) {
        struct mes_delivery_recipient *recipient = &mail->recipients[i];
        if (recipient->fate != MES_FATE_OPEN)
            continue;
        enum mes_status status = status_without_account(recipient->last_class);
        settle(recipient, status == MES_STATUS_FAILED ? MES_FATE_FINAL : MES_FATE_WAITING, status);
    }
}

void mes_delivery_mail_begin_pass(struct mes_delivery_mail *mail)
{
    for (size_t i = 0; i < mail->tried_words; i++)
        mail->tried[i] = 0;
    mail->had_fresh_connection = false;
    mail->retry_seconds = 0;
    for (size_t i = 0; i < mail->recipient_count; i++) {
        struct mes_delivery_recipient *recipient = &mail->recipients[i];
        if (recipient->fate != MES_FATE_WAITING)
            continue;
        recipient->fate = MES_FATE_OPEN;
        recipient->content_refusals = 0;
    }
}

void mes_delivery_mail_give_up(struct mes_delivery_mail *mail)
{
    for (size_t i = 0; i < mail->recipient_count; i++)
        if (mail->recipients[i].fate != MES_FATE_FINAL)
            settle(&mail->recipients[i], MES_FATE_FINAL, MES_STATUS_DEFERRED);
}

static int report_recipient(const struct mes_delivery_mail *mail,
                            const struct mes_delivery_recipient *recipient, struct mes_attempt *attempts,
                            struct mes_report *report, const struct mes_result **kept)
{
    size_t count = 0;
    for (const struct mes_delivery_attempt *at = recipient->first; at != NULL; at = at->next)
        attempts[count++] = at->shown;
    *kept = mes_delivery_report_add(report, &(struct mes_result){
                                                .recipient = recipient->address,
                                                .role = recipient->role,
                                                .status = recipient->status,
                                                .message_id = mail->message_id,
                                                .attempts = attempts,
                                                .attempt_count = count,
                                                .dsn = recipient->dsn,
                                            });
    return *kept != NULL ? 0 : MES_E_NOMEM;
}

int mes_delivery_mail_report(const struct mes_delivery_mail *mail, struct mes_report *report,
                             void (*on_result)(void *context, const struct mes_result *result), void *context)
{
    struct mes_arena scratch;
    int code = 0;
    mes_arena_init(&scratch, MES_MAIL_MEMORY);
    for (size_t i = 0; i < mail->recipient_count && code == 0; i++) {
        const struct mes_delivery_recipient *recipient = &mail->recipients[i];
        const struct mes_result *kept = NULL;
        struct mes_attempt *attempts = mes_arena_alloc(&scratch, recipient->attempt_count * sizeof *attempts);
        code = attempts != NULL ? report_recipient(mail, recipient, attempts, report, &kept) : MES_E_NOMEM;
        if (code == 0 && on_result != NULL)
            on_result(context, kept);
    }
    mes_arena_fini(&scratch);
    return code;
}
