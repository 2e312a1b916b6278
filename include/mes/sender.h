/* Sending: through the first account that works. */
#ifndef MES_SENDER_H
#define MES_SENDER_H

#include "mes/account.h"
#include "mes/memory.h"
#include "mes/message.h"
#include "mes/report.h"

MES_BEGIN

struct mes_sender;

/* Zero all of it (`= {0}`) and set what is wanted. */
struct mes_sender_options {
    const char *account;             /* only this account; NULL: the whole list in order */
    bool bulk;                       /* paced, never on accounts kept for transactional mail */
    int64_t retry_for_ms;            /* > 0: deferred ones are tried again, backing off, for that long */
    const struct mes_memory *memory; /* NULL: in RAM, as long as the sender lives; must outlive the sender */
    /* Each line of the conversations, secrets as "***": direction '>' sent, '<' received, '*' remark. May be
     * NULL. */
    void (*on_trace)(void *context, const char *account, char direction, const char *line, size_t size);
    /* Each address as soon as its fate is known. May be NULL. */
    void (*on_result)(void *context, const struct mes_result *result);
    void *context;
    void *spare[6]; /* NULL: room for later options */
};

/* `options` NULL: the usual ones. The list must outlive the sender. One thread at a time; several senders may
 * live in several threads. No signal handlers, no exit, no output. */
MES_API int mes_sender_new(const struct mes_account_list *list, const struct mes_sender_options *options,
                           struct mes_sender **sender_out, struct mes_error *error) MES_MUST_USE;
/* Ends what is under way: an unanswered dot becomes in_doubt, the rest deferred; callbacks are made. */
MES_API void mes_sender_free(struct mes_sender **sender);

/* Sends to every recipient and returns when each has its result. 0 says that the message was accepted for
 * sending, not that it was sent: read the report. One pass over the accounts: what is deferred is left to the
 * caller. */
MES_API int mes_send(struct mes_sender *sender, const struct mes_message *message,
                     struct mes_report **report_out, struct mes_error *error) MES_MUST_USE;

/* The same without waiting: `on_done` is called once from mes_sender_step, and owns the report. */
MES_API int mes_submit(struct mes_sender *sender, const struct mes_message *message,
                       void (*on_done)(void *context, struct mes_report *report), void *context,
                       struct mes_error *error) MES_MUST_USE;

/* No new message is begun, now or later; outstanding replies get `grace_ms`. Any thread, and from inside a
 * signal handler. */
MES_API void mes_sender_cancel(struct mes_sender *sender, int grace_ms);
/* Ends early what was submitted with this `context`, and nothing else: of what is under way each relay's
 * answer is waited for, the rest is deferred. Its on_done is called from a later step. False: there is none.
 */
MES_API bool mes_sender_withdraw(struct mes_sender *sender, const void *context);

/* For a foreign loop: wait until `fd` is readable or `timeout_ms` (-1: no limit) has passed, then call
 * `step`. step returns true while something is under way. */
MES_API int mes_sender_fd(const struct mes_sender *sender);
MES_API int mes_sender_timeout_ms(const struct mes_sender *sender);
MES_API bool mes_sender_step(struct mes_sender *sender);

/* For a thread that has nothing else to wait for: waits at most `timeout_ms` (-1: no limit) until there is
 * something to do or mes_sender_wake was called, does it, and returns what step returns. A step that made a
 * callback does not wait afterwards. */
MES_API bool mes_sender_wait(struct mes_sender *sender, int timeout_ms);
/* Ends a wait that is under way, or else the next one at once; `fd` becomes readable. Any thread, and from
 * inside a signal handler. */
MES_API void mes_sender_wake(struct mes_sender *sender);

/* What would be sent to recipient `index` of the `to` list by the first account: an RFC 5322 message, CRLF
 * lines. Freed with mes_sender_release. */
MES_API int mes_sender_render(struct mes_sender *sender, const struct mes_message *message, size_t index,
                              char **bytes_out, size_t *size_out, struct mes_error *error) MES_MUST_USE;
MES_API void mes_sender_release(char **bytes);

MES_END

#endif
