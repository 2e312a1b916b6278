/* What became of a message: one result per address, with every attempt that was made for it. */
#ifndef MES_REPORT_H
#define MES_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mes/export.h"
#include "mes/language.h"

MES_BEGIN

/* Where an attempt ended. `limit` = skipped before it began: the account is resting or its quota is used up.
 */
enum mes_step {
    MES_STEP_LIMIT,
    MES_STEP_RESOLVE,
    MES_STEP_CONNECT,
    MES_STEP_PROXY,
    MES_STEP_TLS,
    MES_STEP_GREETING,
    MES_STEP_EHLO,
    MES_STEP_STARTTLS,
    MES_STEP_AUTH,
    MES_STEP_MAIL,
    MES_STEP_RCPT,
    MES_STEP_DATA,
    MES_STEP_BODY,
    MES_STEP_DOT,
    MES_STEP_QUIT,
    MES_STEP_COUNT
};

/* Whose fault a failure is, which decides what follows. `none` is success. */
enum mes_class {
    MES_CLASS_NONE,
    MES_CLASS_ACCOUNT,
    MES_CLASS_RECIPIENT,
    MES_CLASS_CONTENT,
    MES_CLASS_TRANSIENT,
    MES_CLASS_PROTOCOL,
    MES_CLASS_IN_DOUBT,
    MES_CLASS_CONFIG,
    MES_CLASS_INTERNAL,
    MES_CLASS_COUNT
};

/* in_doubt: the final dot was written and no answer came, so the mail may have been delivered. */
enum mes_status {
    MES_STATUS_SENT,
    MES_STATUS_FAILED,
    MES_STATUS_DEFERRED,
    MES_STATUS_IN_DOUBT,
    MES_STATUS_COUNT
};

/* Was a notification that the message wished for (mes_message_set_dsn) asked of the relay? */
enum mes_dsn {
    MES_DSN_NONE,        /* nothing was wished for, or the attempt did not come that far */
    MES_DSN_REQUESTED,   /* the relay was asked */
    MES_DSN_NOT_OFFERED, /* the relay cannot be asked: none will come, but failures, as always */
    MES_DSN_COUNT
};

enum mes_role { MES_ROLE_TO, MES_ROLE_CC, MES_ROLE_BCC };

/* One try through one account. Texts belong to the report. Members may be added at its end in a later
 * version, and to struct mes_result: let mes_result_attempt and mes_report_result find them. */
struct mes_attempt {
    const char *account;
    enum mes_step step;
    enum mes_class class_; /* "class" in JSON */
    int code;              /* the relay's reply, 0 when there was none */
    const char *enhanced;  /* "5.7.8", "" when there was none */
    const char *reply;     /* valid UTF-8, without code; or what happened, such as "connection refused" */
    const char *advice_id; /* "auth.authorization-code", "" when there is no advice */
    int64_t milliseconds;  /* how long the attempt took */
};

struct mes_result {
    const char *recipient; /* the address as it went into RCPT TO */
    enum mes_role role;
    enum mes_status status;
    const char *message_id;             /* with its angle brackets */
    const struct mes_attempt *attempts; /* oldest first */
    size_t attempt_count;
    enum mes_dsn dsn; /* at the relay of the last attempt */
};

struct mes_report;

MES_API size_t mes_report_count(const struct mes_report *report);
/* NULL when `index` is not below the count. */
MES_API const struct mes_result *mes_report_result(const struct mes_report *report, size_t index);
/* The same as &result->attempts[index], but also in a program that was built when an attempt had fewer
 * members; NULL when `index` is not below attempt_count. */
MES_API const struct mes_attempt *mes_result_attempt(const struct mes_result *result, size_t index);
/* NULL is allowed; clears the pointer. */
MES_API void mes_report_free(struct mes_report **report);

/* One sentence that says what to change; "" for an id that is unknown. Static. */
MES_API const char *mes_advice_text(const char *advice_id, enum mes_language language);

/* The words used in JSON and logs: "auth", "account" ("" for none), "sent", "to". Static. */
MES_API const char *mes_step_name(enum mes_step step);
MES_API const char *mes_class_name(enum mes_class class_);
MES_API const char *mes_status_name(enum mes_status status);
MES_API const char *mes_role_name(enum mes_role role);
MES_API const char *mes_dsn_name(enum mes_dsn dsn); /* "requested", "not offered", "" for none */

MES_END

#endif
