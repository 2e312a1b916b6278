/* The accounts after loading: every setting typed, filled from provider row and default, with its origin. */
#ifndef MES_ACCOUNT_ACCOUNT_H
#define MES_ACCOUNT_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/provider.h"
#include "account/proxy.h"
#include "base/secret.h"
#include "mes/account.h"

struct mes_dkim_key;

/* Values of the CHOICE settings, in the order of their words in settings.def; enum mes_pipelining stands in
 * provider.h. */
enum mes_account_transport { MES_ACCOUNT_TRANSPORT_SMTP, MES_ACCOUNT_TRANSPORT_CAPTURE };
enum mes_account_auth {
    MES_AUTH_AUTO,
    MES_AUTH_PLAIN,
    MES_AUTH_LOGIN,
    MES_AUTH_CRAM_MD5,
    MES_AUTH_SCRAM_SHA_1,
    MES_AUTH_SCRAM_SHA_256,
    MES_AUTH_SCRAM_SHA_1_PLUS,
    MES_AUTH_SCRAM_SHA_256_PLUS,
    MES_AUTH_XOAUTH2,
    MES_AUTH_OAUTHBEARER
};
enum mes_account_auth_minimum {
    MES_AUTH_MINIMUM_NONE,
    MES_AUTH_MINIMUM_CRAM_MD5,
    MES_AUTH_MINIMUM_SCRAM_SHA_1,
    MES_AUTH_MINIMUM_SCRAM_SHA_256,
    MES_AUTH_MINIMUM_SCRAM_SHA_1_PLUS,
    MES_AUTH_MINIMUM_SCRAM_SHA_256_PLUS
};
enum mes_account_tls_version { MES_ACCOUNT_TLS_1_2, MES_ACCOUNT_TLS_1_3 };
enum mes_account_use { MES_USE_ANY, MES_USE_TRANSACTIONAL, MES_USE_BULK };
enum mes_on_doubt { MES_ON_DOUBT_RESEND, MES_ON_DOUBT_HOLD };
enum mes_failover_on { MES_FAILOVER_ON_SMART, MES_FAILOVER_ON_ANY };
enum mes_account_log_format { MES_ACCOUNT_LOG_KEY_VALUE, MES_ACCOUNT_LOG_JSON };
enum mes_account_late { MES_ACCOUNT_LATE_SEND, MES_ACCOUNT_LATE_SKIP, MES_ACCOUNT_LATE_HOLD };
enum mes_from_policy { MES_FROM_POLICY_REQUIRE, MES_FROM_POLICY_PREFER };

/* Where the refresh token is written, and so where the next one goes. */
enum mes_token_place_kind {
    MES_TOKEN_NOWHERE,  /* `accounts login` has not been called yet */
    MES_TOKEN_FILE,     /* a file of its own */
    MES_TOKEN_SETTINGS, /* the settings file itself */
    MES_TOKEN_VARIABLE  /* of the environment: cannot be replaced */
};

struct mes_token_place {
    enum mes_token_place_kind kind;
    const char *name; /* the file or the variable; "" NOWHERE */
};

struct mes_text_list {
    const char *const *texts;
    size_t count;
};

/* Where a value comes from. */
enum mes_origin_kind {
    MES_ORIGIN_DEFAULT,
    MES_ORIGIN_PROVIDER,
    MES_ORIGIN_FILE,        /* the list's own file, or appsettings.{Environment}.json */
    MES_ORIGIN_ENVIRONMENT, /* a variable */
};

struct mes_origin {
    enum mes_origin_kind kind;
    const char *place; /* the file, the variable's name or the provider's id; "" for a default */
    unsigned line;     /* of a file, from 1; else 0 */
    unsigned column;
};

/* The number of each setting: MES_ACCOUNT_SETTING_host, MES_GLOBAL_SETTING_time_zone. */
#define ACCOUNT_ALIAS(key, member)
#define GLOBAL_SETTING(member, ...)
#define ACCOUNT_SETTING(member, ...) MES_ACCOUNT_SETTING_##member,
enum mes_account_setting {
#include "account/settings.def"
    MES_ACCOUNT_SETTING_COUNT
};
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING

#define GLOBAL_SETTING(member, ...) MES_GLOBAL_SETTING_##member,
#define ACCOUNT_SETTING(member, ...)
enum mes_global_setting {
#include "account/settings.def"
    MES_GLOBAL_SETTING_COUNT
};
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING

/* The C type of each type in settings.def. A TEXT or PATH that is not given is "", a SECRET NULL, a LIST
 * or PROXY empty, a NUMBER 0. A PATH is joined with the folder of the file that named it. */
#define MES_SETTING_MEMBER_FLAG(member) bool member;
#define MES_SETTING_MEMBER_NUMBER(member) int64_t member;
#define MES_SETTING_MEMBER_CHOICE(member) int member;
#define MES_SETTING_MEMBER_TEXT(member) const char *member;
#define MES_SETTING_MEMBER_PATH(member) const char *member;
#define MES_SETTING_MEMBER_REMARK(member) const char *member;
#define MES_SETTING_MEMBER_SECRET(member) struct mes_secret *member;
#define MES_SETTING_MEMBER_PROXY(member) struct mes_account_proxy member;
#define MES_SETTING_MEMBER_LIST(member) struct mes_text_list member;

/* One account. The members of settings.def (host, port, password, per_day …) hold what is in force; the rest
 * is worked out. All of it belongs to the list and never changes. */
struct mes_account {
#define GLOBAL_SETTING(member, ...)
#define ACCOUNT_SETTING(member, key, type, ...) MES_SETTING_MEMBER_##type(member)
#include "account/settings.def"
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING
    const char *identity; /* `name`, else the From address, else that with "#2"; unique in the list */
    const struct mes_provider *provider; /* NULL: the general handling */
    enum mes_account_tls tls;            /* the mode that is used */
    int quota_reset_minute;              /* of the day, in quota_reset_zone; -1: rolling */
    const char *quota_reset_zone;        /* "Asia/Shanghai", which exists; "" when rolling */
    bool uses_token;                     /* it logs in by an access token, not by a password */
    struct mes_token_place token_place;
    struct mes_dkim_key *dkim; /* signs its mails; NULL: they are not signed */
    struct mes_origin origins[MES_ACCOUNT_SETTING_COUNT];
};

struct mes_account_globals {
#define GLOBAL_SETTING(member, key, type, ...) MES_SETTING_MEMBER_##type(member)
#define ACCOUNT_SETTING(member, ...)
#include "account/settings.def"
#undef GLOBAL_SETTING
#undef ACCOUNT_SETTING
    struct mes_origin origins[MES_GLOBAL_SETTING_COUNT];
};
#undef ACCOUNT_ALIAS

/* Disabled accounts are not in the list. Read-only after loading: any number of threads. */
const struct mes_account *mes_account_list_at(const struct mes_account_list *list, size_t index);
/* The account of that identity, whatever its case; NULL when there is none. */
const struct mes_account *mes_account_list_find(const struct mes_account_list *list, struct mes_str identity);
const struct mes_account_globals *mes_account_list_globals(const struct mes_account_list *list);
/* The file that the accounts were read from: for the line on standard error that says so. */
const char *mes_account_list_file(const struct mes_account_list *list);
/* The settings file, which may be the same one. */
const char *mes_account_list_settings_file(const struct mes_account_list *list);

#endif
