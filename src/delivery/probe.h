/* Logs in to an account without sending anything: name, connection, TLS, EHLO, AUTH, QUIT. Loop thread. */
#ifndef MES_DELIVERY_PROBE_H
#define MES_DELIVERY_PROBE_H

#include "account/account.h"
#include "delivery/verdict.h"
#include "net/loop.h"

struct mes_probe;
struct mes_token;

/* Valid during on_done. */
struct mes_probe_result {
    bool works;                     /* the login was accepted, or none is needed */
    struct mes_verdict_input facts; /* where and why it ended; step AUTH (or EHLO) when it works */
    struct mes_verdict verdict;     /* class, rest, advice */
    const char *tls;       /* "TLSv1.3 TLS_AES_256_GCM_SHA384", "none", "" when it did not come to it */
    const char *mechanism; /* "SCRAM-SHA-256": how it logged in, or tried to; "" when it did not */
    int64_t milliseconds;
    struct mes_str transcript; /* as in struct mes_evidence */
};

struct mes_probe_options {
    struct mes_loop *loop;
    const struct mes_account *account; /* must outlive the probe; a capture account always works */
    struct mes_token *token;           /* the account's, where it logs in by one; must outlive the probe */
    /* Once, never from inside mes_probe_start; the probe is gone when it returns. */
    void (*on_done)(void *context, const struct mes_probe_result *result);
    void *context;
};

/* What the network or the relay does, and files of the account that cannot be read, come as the result. */
int mes_probe_start(const struct mes_probe_options *options, struct mes_probe **probe_out,
                    struct mes_error *error) MES_MUST_USE;
/* Without on_done; not after it. NULL inside is allowed. */
void mes_probe_cancel(struct mes_probe **probe);

#endif
