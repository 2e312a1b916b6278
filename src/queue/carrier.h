/* The carrier: takes leased mails from the courier and brings them out through the accounts. Loop thread,
 * except where it says "any thread". */
#ifndef MES_QUEUE_CARRIER_H
#define MES_QUEUE_CARRIER_H

#include "base/mailbox.h"
#include "mes/error.h"
#include "mes/report.h"

struct mes_carrier;
struct mes_courier;
struct mes_log;
struct mes_loop;
struct mes_queue_memory;
struct mes_roster;

/* An account rests, or is well again. */
struct mes_carrier_account_news {
    const char *company; /* whose list it is; "" the general one */
    const char *account;
    int64_t until; /* 0: it is well; INT64_MAX: it rests until its settings change */
    const char *advice_id;
    bool is_alarm; /* to be told to a person: once per illness */
};

/* What it tells, on the loop thread. All may be NULL. */
struct mes_carrier_listener {
    void (*on_account)(void *context, const struct mes_carrier_account_news *news);
    /* None of the list's accounts can send, or one can again. */
    void (*on_all_down)(void *context, const char *company, bool is_down);
    /* Mail goes out through another account since the first of the list cannot send; or `account`, the first,
     * sent again. */
    void (*on_fallback)(void *context, const char *company, const char *account, bool is_in_use);
    /* An account took a mail for the first time since its list was opened, or a check found it well: what was
     * told of it before, perhaps by an earlier process, is over. `is_first`: the list's first did. */
    void (*on_proved)(void *context, const char *company, const char *account, bool is_first);
    void *context;
};

struct mes_carrier_options {
    struct mes_loop *loop;
    struct mes_roster *roster;       /* shared */
    struct mes_queue_memory *memory; /* of health, limits and relays */
    struct mes_log *log;             /* may be NULL */
    struct mes_carrier_listener listener;
};

int mes_carrier_new(const struct mes_carrier_options *options, struct mes_carrier **carrier_out,
                    struct mes_error *error) MES_MUST_USE;
/* After mes_courier_start: where results go. */
void mes_carrier_set_courier(struct mes_carrier *carrier, struct mes_courier *courier);

/* New account lists: mails under way stay with the old ones, everything else goes by the new ones. When it
 * fails the old ones stay. */
int mes_carrier_set_roster(struct mes_carrier *carrier, struct mes_roster *roster,
                           struct mes_error *error) MES_MUST_USE;

/* Nothing new is begun. What is not yet under way goes back to the courier; written dots get `grace_ms`, then
 * they are in doubt. `on_drained` is called when nothing is under way any more and every result was posted.
 */
void mes_carrier_drain(struct mes_carrier *carrier, int64_t grace_ms, void (*on_drained)(void *context),
                       void *context);
/* Only when drained, or when the process ends without caring (dots are in doubt after the next start). */
void mes_carrier_free(struct mes_carrier **carrier);

/* An account as people see it. Texts are valid during the call. */
struct mes_carrier_account {
    const char *company; /* "" the general list */
    const char *name;
    bool is_resting;
    int64_t until;         /* end of the rest; INT64_MAX: until its settings change; 0: well */
    const char *advice_id; /* of the last failure */
    int64_t checked_at;    /* the last login, 0: none since the start */
    bool is_quota_used;
    int64_t quota_until;
    int64_t used_minute, used_hour, used_day; /* recipients */
    int64_t per_minute, per_hour, per_day;    /* 0: no limit */
    unsigned connections;
};

/* Work for the loop thread from another one: looking at accounts, ordering them about. */
struct mes_carrier_request {
    struct mes_mailbox_item item; /* first */
    /* On the loop thread, once; owns the request from now on. */
    void (*run)(struct mes_carrier_request *request, struct mes_carrier *carrier);
};
/* Any thread. While the carrier is being freed `run` is called at once with a carrier of NULL. */
void mes_carrier_post(struct mes_carrier *carrier, struct mes_carrier_request *request);

/* The accounts that a company sends through, in their order; NULL: every list there is. */
void mes_carrier_each_account(struct mes_carrier *carrier, const char *company,
                              void (*each)(void *context, const struct mes_carrier_account *account),
                              void *context);
/* The account sends nothing until it is woken. False: the company has no account of that name. */
bool mes_carrier_rest(struct mes_carrier *carrier, const char *company, const char *name);
/* Ends a rest and a learned quota: the next mail is a probe. */
bool mes_carrier_wake(struct mes_carrier *carrier, const char *company, const char *name);

/* Logs in without sending; what comes of it counts for the account's health. `on_done` on the loop thread,
 * later: the step at which it ended, the class (`none`: it works), reply and advice, valid during the call.
 */
typedef void mes_carrier_checked(void *context, const struct mes_attempt *attempt);
bool mes_carrier_check(struct mes_carrier *carrier, const char *company, const char *name,
                       mes_carrier_checked *on_done, void *context);
/* Every account once, one after the other: for the daily check. */
void mes_carrier_check_all(struct mes_carrier *carrier);

struct mes_queue_mail;
/* The courier's: a leased mail for the loop thread; the answer to a dot; when a company's lane can take mail
 * (0: now; wall clock). Any thread. */
void mes_carrier_hand(struct mes_carrier *carrier, struct mes_queue_mail *mail);
void mes_carrier_answer_dot(struct mes_carrier *carrier, struct mes_queue_mail *mail);
bool mes_carrier_holds_doubts(struct mes_carrier *carrier, const char *company, const char *account);
int64_t mes_carrier_gate(struct mes_carrier *carrier, const char *company, int lane);
/* For how many milliseconds since then (wall clock) every account of the lane was ill; the last illness alone
 * is remembered. Any thread. */
int64_t mes_carrier_ill_ms(struct mes_carrier *carrier, const char *company, int lane, int64_t since);

/* The wall clock was set: looks again who rests. Any thread. */
void mes_carrier_look_at_clock(struct mes_carrier *carrier);

/* How many mails are under way. Any thread. */
size_t mes_carrier_in_flight(const struct mes_carrier *carrier);

#endif
