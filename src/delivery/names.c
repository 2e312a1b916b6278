/* The words of mes/report.h as they stand in JSON and logs. */
#include "mes/report.h"

static const char *const steps[MES_STEP_COUNT] = {
    [MES_STEP_LIMIT] = "limit", [MES_STEP_RESOLVE] = "resolve",   [MES_STEP_CONNECT] = "connect",
    [MES_STEP_PROXY] = "proxy", [MES_STEP_TLS] = "tls",           [MES_STEP_GREETING] = "greeting",
    [MES_STEP_EHLO] = "ehlo",   [MES_STEP_STARTTLS] = "starttls", [MES_STEP_AUTH] = "auth",
    [MES_STEP_MAIL] = "mail",   [MES_STEP_RCPT] = "rcpt",         [MES_STEP_DATA] = "data",
    [MES_STEP_BODY] = "body",   [MES_STEP_DOT] = "dot",           [MES_STEP_QUIT] = "quit",
};

static const char *const classes[MES_CLASS_COUNT] = {
    [MES_CLASS_NONE] = "",
    [MES_CLASS_ACCOUNT] = "account",
    [MES_CLASS_RECIPIENT] = "recipient",
    [MES_CLASS_CONTENT] = "content",
    [MES_CLASS_TRANSIENT] = "transient",
    [MES_CLASS_PROTOCOL] = "protocol",
    [MES_CLASS_IN_DOUBT] = "in_doubt",
    [MES_CLASS_CONFIG] = "config",
    [MES_CLASS_INTERNAL] = "internal",
};

static const char *const statuses[MES_STATUS_COUNT] = {
    [MES_STATUS_SENT] = "sent",
    [MES_STATUS_FAILED] = "failed",
    [MES_STATUS_DEFERRED] = "deferred",
    [MES_STATUS_IN_DOUBT] = "in_doubt",
};

const char *mes_step_name(enum mes_step step)
{
    return (unsigned)step < MES_STEP_COUNT ? steps[step] : "";
}

const char *mes_class_name(enum mes_class class_)
{
    return (unsigned)class_ < MES_CLASS_COUNT ? classes[class_] : "";
}

const char *mes_status_name(enum mes_status status)
{
    return (unsigned)status < MES_STATUS_COUNT ? statuses[status] : "";
}

const char *mes_role_name(enum mes_role role)
{
    static const char *const roles[] = {[MES_ROLE_TO] = "to", [MES_ROLE_CC] = "cc", [MES_ROLE_BCC] = "bcc"};
    return (unsigned)role <= MES_ROLE_BCC ? roles[role] : "";
}

const char *mes_dsn_name(enum mes_dsn dsn)
{
    static const char *const words[MES_DSN_COUNT] = {
        [MES_DSN_NONE] = "", [MES_DSN_REQUESTED] = "requested", [MES_DSN_NOT_OFFERED] = "not offered"};
    return (unsigned)dsn < MES_DSN_COUNT ? words[dsn] : "";
}
