/* What loading finds: all of it goes to a listener, the first problem to the caller's error. */
#ifndef MES_ACCOUNT_FINDING_H
#define MES_ACCOUNT_FINDING_H

#include <stdbool.h>

#include "account/account.h"
#include "base/error.h"

enum mes_finding_kind {
    MES_FINDING_PROBLEM, /* the list cannot be used */
    MES_FINDING_WARNING, /* it can, but a person should look */
    MES_FINDING_NOTE     /* worth knowing: the file used, the TLS mode used */
};

/* `finding` is only valid during the call. A NULL function means that nobody listens. */
struct mes_findings {
    void (*on_finding)(void *context, enum mes_finding_kind kind, const struct mes_error *finding);
    void *context;
};

struct mes_complaints {
    const struct mes_findings *listener; /* may be NULL */
    struct mes_error *error;             /* may be NULL */
    int code;                            /* of the first problem, 0 while there is none */
    size_t count;                        /* of problems */
};

/* A problem: MES_E_CONFIG. Loading goes on, so that all problems are told at once. */
void mes_account_complaints_problem(struct mes_complaints *complaints, int sentence,
                                    const char *const *arguments);
void mes_account_complaints_warn(struct mes_complaints *complaints, int sentence,
                                 const char *const *arguments);
void mes_account_complaints_note(struct mes_complaints *complaints, int sentence,
                                 const char *const *arguments);
/* A problem that another function has put into an error already. */
void mes_account_complaints_take(struct mes_complaints *complaints, const struct mes_error *error);
void mes_account_complaints_nomem(struct mes_complaints *complaints);

/* "FILE:LINE:COLUMN", the variable's name, or the place alone. Returns `out`. */
const char *mes_account_origin_text(char *out, size_t size, const struct mes_origin *origin);
/* The same as an argument of a sentence. */
#define MES_ORIGIN(origin) mes_account_origin_text((char[400]){0}, 400, (origin))

#endif
