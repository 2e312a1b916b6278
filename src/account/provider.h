/* What is known about mail providers: server, TLS mode, login, From rule and limits, one row each. */
#ifndef MES_ACCOUNT_PROVIDER_H
#define MES_ACCOUNT_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* How a connection becomes safe. IF_OFFERED is only for old files with `mailTool` 0 and neither flag. */
enum mes_account_tls {
    MES_ACCOUNT_TLS_NONE,
    MES_ACCOUNT_TLS_AT_ONCE,
    MES_ACCOUNT_TLS_STARTTLS,
    MES_ACCOUNT_TLS_IF_OFFERED
};

/* What the provider wants as senderUserPassword. */
enum mes_provider_login {
    MES_LOGIN_UNKNOWN,
    MES_LOGIN_PASSWORD,           /* the mailbox's own */
    MES_LOGIN_AUTHORIZATION_CODE, /* made in the web mail: QQ, 163, 126 */
    MES_LOGIN_APP_PASSWORD,       /* needs two-step verification: Gmail, Yahoo, iCloud */
    MES_LOGIN_SMTP_KEY,           /* a key made for SMTP: Brevo, SendGrid, SES */
    MES_LOGIN_OAUTH               /* no password any more: personal Outlook */
};

/* Which From the provider takes. */
enum mes_provider_from {
    MES_FROM_UNKNOWN,
    MES_FROM_LOGIN,   /* the login's own address */
    MES_FROM_ALIASES, /* the login's own or one confirmed in its settings; another one is replaced */
    MES_FROM_VERIFIED /* an address or domain that was confirmed with the provider */
};

enum mes_pipelining {
    MES_PIPELINING_AUTO,
    MES_PIPELINING_OFF,
    MES_PIPELINING_P,
    MES_PIPELINING_X,
    MES_PIPELINING_B
};

/* A figure that a provider publishes. All zero = unknown: it is never guessed. */
struct mes_provider_limit {
    int64_t value; /* above 0 when known */
    const char *source;
    const char *date; /* when the source was read, "2026-11-22" */
};

/* Where its access tokens come from (OAuth 2.0). */
struct mes_provider_oauth {
    const char *authorize_url; /* RFC 6749 section 3.1; its query is kept */
    const char *token_url;
    const char *device_url; /* RFC 8628; NULL: it has none for mail */
    const char *scope;      /* to send mail, and to get a refresh token */
    const char *source;
    const char *date;
};

struct mes_provider {
    const char *id;      /* as senderOfCompany has it: "qq.com" */
    const char *name;    /* for people: "QQ Mail" */
    const char *aliases; /* further spellings of senderOfCompany, blanks between: "qq foxmail.com" */
    const char
        *host_suffixes; /* ends of senderServerHost that mean this row, blanks between: "smtp.qq.com" */
    const char *host;   /* NULL: must be given */
    uint16_t port;
    enum mes_account_tls tls;
    enum mes_provider_login login;
    enum mes_provider_from from;
    bool personal; /* made for a person's own mail, so that bulk is warned of */
    enum mes_pipelining pipelining;
    struct mes_provider_limit per_minute;
    struct mes_provider_limit per_hour;
    struct mes_provider_limit per_day;
    struct mes_provider_limit recipients; /* per message */
    struct mes_provider_limit message_bytes;
    struct mes_provider_limit connections;
    struct mes_provider_limit messages_per_connection;
    struct mes_provider_oauth oauth; /* all NULL: unknown */
    const char *source;              /* of host, port, TLS mode, login and From rule */
    const char *date;
};

/* The row for an account: by senderOfCompany (id or alias, whatever the case), else by the end of the host,
 * the longest one. NULL when none fits. Both may be empty. */
const struct mes_provider *mes_account_provider_find(struct mes_str sender_of_company, struct mes_str host);

/* Row `index` of the table, NULL past its end. */
const struct mes_provider *mes_account_provider_at(size_t index);

#endif
