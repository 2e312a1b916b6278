/* HTTP requests of the service: on its loop, to addresses that the guard lets through. */
#ifndef MES_HTTP_CLIENT_H
#define MES_HTTP_CLIENT_H

#include "mes/error.h"
#include "net/guard.h"

struct mes_http_client;
struct mes_http_exchange;
struct mes_loop;

struct mes_http_client_options {
    struct mes_loop *loop;
    struct mes_guard guard;
    const char *name_servers; /* "192.0.2.1:53,…"; NULL: the system's */
    const char *ca_file;      /* PEM; NULL: the authorities that the system trusts */
};

/* Loop thread, like all here. Copies the options. */
int mes_http_client_new(const struct mes_http_client_options *options, struct mes_http_client **client_out,
                        struct mes_error *error) MES_MUST_USE;
/* Ends what is under way without a call. */
void mes_http_client_free(struct mes_http_client **client);
/* For requests that begin from now on; connections that stand idle are not used any more. */
void mes_http_client_set_guard(struct mes_http_client *client, const struct mes_guard *guard);

enum mes_http_end {
    MES_HTTP_ANSWERED,    /* `status` says what */
    MES_HTTP_BAD_URL,     /* none that can be called */
    MES_HTTP_FORBIDDEN,   /* the guard: `kind` says why; no connection was made */
    MES_HTTP_NO_NAME,     /* the name has no address */
    MES_HTTP_UNREACHABLE, /* nobody there */
    MES_HTTP_TLS,         /* the certificate is not good, or TLS failed otherwise */
    MES_HTTP_TIMEOUT,
    MES_HTTP_BROKEN /* the connection ended in the middle, or what came is not HTTP; no memory */
};

enum { MES_HTTP_TEXT = 200, MES_HTTP_ANSWER_LIMIT = 64 * 1024, MES_HTTP_TIMEOUT_MS = 10 * 1000 };

/* Valid during the call. */
struct mes_http_result {
    enum mes_http_end end;
    int status;           /* ANSWERED: 200 … */
    const char *kind;     /* FORBIDDEN: the row of the guard, static */
    struct mes_str body;  /* of the answer */
    bool is_body_cut;     /* it was longer than the limit; the rest was not read */
    int retry_after_s;    /* the answer's Retry-After, 0: none */
    const char *text;     /* one line in English: what happened; without the URL, which may be a key */
    int64_t milliseconds; /* from begin to end, by the loop's clock */
};

struct mes_http_request {
    const char *method; /* NULL: POST */
    const char *url;
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
    struct mes_str body;
    int timeout_ms;      /* for the whole, the name's look-up included; 0: MES_HTTP_TIMEOUT_MS */
    size_t answer_limit; /* 0: MES_HTTP_ANSWER_LIMIT; an answer's header above that is BROKEN */
    /* Once, from mes_loop_step, never from mes_http_begin; the exchange is gone by then and `*exchange_out`
     * NULL. */
    void (*on_done)(void *context, const struct mes_http_result *result);
    void *context;
};

/* Begins one: looks the name up, checks every address by the guard, and connects to those addresses and no
 * others, however often the name changes meanwhile. HTTP/1.1; redirects are answers; the environment's
 * proxies, cookies and netrc play no part; certificates are verified. Everything is copied. `exchange_out`
 * stays valid until on_done. Fails with MES_E_NOMEM alone. */
int mes_http_begin(struct mes_http_client *client, const struct mes_http_request *request,
                   struct mes_http_exchange **exchange_out, struct mes_error *error) MES_MUST_USE;
/* Ends it without a call. A NULL inside is allowed. */
void mes_http_cancel(struct mes_http_exchange **exchange);

#endif
