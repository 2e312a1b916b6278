/* One HTTP request as one blocking call: for the command line, which asks a running service. */
#ifndef MES_HTTP_CALL_H
#define MES_HTTP_CALL_H

#include "base/buf.h"
#include "mes/error.h"

/* What is sent is `body`, then the file, then `body_end`; without any of them there is no body. */
struct mes_http_call {
    const char *method;         /* NULL: GET */
    const char *url;            /* http or https */
    const char *const *headers; /* "Name: value", ended by NULL; NULL: none */
    struct mes_str body;
    const char *body_file; /* read while it is sent, so that it may be of any size; NULL: none */
    struct mes_str body_end;
    const char *ca_file;    /* PEM; NULL: the authorities that the system trusts */
    int connect_timeout_ms; /* 0: 10 s */
    int timeout_ms;         /* for the whole; 0: no limit, as for progress that is followed */
    size_t
        answer_limit; /* a longer answer is MES_E_LIMIT; 0: 16 MiB. Of what on_answer takes nothing counts */
    /* Pieces of a successful answer (2xx) as they come; other answers go into the answer's body as ever.
     * False ends the call with MES_E_CANCELLED. NULL: all goes into the body. */
    bool (*on_answer)(void *context, struct mes_str piece);
    /* Bytes of the body sent so far, now and then; NULL: not told. */
    void (*on_sent)(void *context, uint64_t sent, uint64_t total);
    /* Asked now and then, about once a second while nothing comes; true ends the call with MES_E_CANCELLED.
     * NULL: never. */
    bool (*is_ended)(void *context);
    void *context; /* of the three above */
};

struct mes_http_answer {
    int status; /* 200, 404 … */
    char content_type[128];
    int retry_after_s;   /* of Retry-After in seconds; 0: none */
    struct mes_buf body; /* mes_buf_text is ended by NUL */
};

/* Blocks until the answer is complete; whatever its status is, it is data: the caller looks at it. No
 * redirects, no proxies, no cookies, no credentials but those in `headers`. MES_E_INPUT: no usable URL.
 * MES_E_SYSTEM: nobody there, or no answer (the sentence says what to do). MES_E_TLS: the certificate is not
 * good. MES_E_FILE: the body's file. On failure the answer is empty and needs no release. Any thread but the
 * loop's. */
int mes_http_call(const struct mes_http_call *call, struct mes_http_answer *answer_out,
                  struct mes_error *error) MES_MUST_USE;
void mes_http_answer_fini(struct mes_http_answer *answer);

#endif
