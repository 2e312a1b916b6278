/* A message compiled for sending: what all recipients share is encoded once, the rest is rendered for each.
 */
#ifndef MES_COMPOSE_JOB_H
#define MES_COMPOSE_JOB_H

#include "base/clock.h"
#include "base/error.h"
#include "compose/wire.h"
#include "mes/message.h"

struct mes_compose_job;
struct mes_dkim_key;

struct mes_compose_options {
    const char *domain;                /* of Message-IDs: the domain of the first account's From; not NULL */
    const struct mes_clock *clock;     /* for Date; NULL: the system's */
    int zone_minutes;                  /* the zone of Date, east of UTC: 480 for Hong Kong */
    const char *language_fallback;     /* for templates: "zh-HK,zh-TW,zh-CN,en-US"; NULL: the usual order */
    const struct mes_notices *notices; /* NULL: nobody listens */

    /* For a job that is compiled in batches, or again: together with the same message these give every
     * recipient the same bytes whichever batch it is in. See compose/stored.h. */
    const char *seed; /* MES_SEED_SIZE characters of [0-9a-z], of Message-IDs and boundary; NULL: random */
    int64_t unix_seconds; /* for Date; 0: now */
    uint64_t first_index; /* the number of the message's first `to` in the whole job */
    bool is_checked;      /* every recipient's templates were tried before: not again */
    bool may_grow;        /* further batches will come, whose recipients may bring variables of any name */
};

enum { MES_SEED_SIZE = 24 };

/* Who sends, decided by delivery for each account. UTF-8, checked when it is used. */
struct mes_identity {
    const char *from_address;
    const char *from_name;        /* NULL or "": none */
    const char *reply_to_address; /* NULL: no Reply-To */
    const char *reply_to_name;
    const struct mes_dkim_key *dkim; /* NULL: the mail is not signed */
};

struct mes_compose_recipient {
    const char *address; /* for RCPT TO, without angle brackets; domain in A-labels. As long as the job. */
    const char *name;    /* "" when there is none */
    enum mes_role role;
    bool needs_smtputf8;
};

/* Compiles `message`, which is copied or shared as needed: it may be changed or freed afterwards.
 * Message-IDs, Date and boundary are fixed here, and everything that can be wrong is found here: no
 * recipient, empty mail, an unknown template, a variable that one of the recipients lacks (MES_E_INPUT,
 * MES_E_NOT_FOUND). Reads template files: never on the loop thread. */
int mes_compose_job_new(const struct mes_message *message, const struct mes_compose_options *options,
                        struct mes_compose_job **job_out, struct mes_error *error) MES_MUST_USE;
/* A further share; the last one to release it, on whatever thread, frees it. */
struct mes_compose_job *mes_compose_job_share(struct mes_compose_job *job) MES_MUST_USE;
/* None of this share's wires may be in use any more. NULL is allowed; clears the pointer. */
void mes_compose_job_release(struct mes_compose_job **job);
/* About how many bytes it holds in memory, what it shares with its message included. */
size_t mes_compose_job_size(const struct mes_compose_job *job);

/* What a later compilation needs to come to the same bytes. As long as the job. */
const char *mes_compose_job_seed(const struct mes_compose_job *job);
int64_t mes_compose_job_unix_seconds(const struct mes_compose_job *job);

/* The mail for the `to` recipient `index` as `identity` sends it: the same bytes on every call. The wire is
 * initialised once and used again for any number of mails and jobs; it is valid until it is rendered into
 * again and no longer than the job. Changes nothing in the job: several threads may render at once, each into
 * a wire of its own. With `dkim` it is signed, as of the mail's Date; a body that stands in files is hashed
 * later, see compose/wire.h. */
int mes_compose_job_render(const struct mes_compose_job *job, size_t index,
                           const struct mes_identity *identity, struct mes_wire *wire,
                           struct mes_error *error) MES_MUST_USE;

/* The number of `to` recipients, that is, of mails. */
size_t mes_compose_job_count(const struct mes_compose_job *job);

/* Envelope recipients of each mail: its `to` (number 0), then every cc, then every bcc. */
size_t mes_compose_job_recipient_count(const struct mes_compose_job *job);
struct mes_compose_recipient mes_compose_job_recipient(const struct mes_compose_job *job, size_t index,
                                                       size_t number);

/* Long enough for every Message-ID with its angle brackets and the NUL. */
enum { MES_MESSAGE_ID_SPACE = 320 };
/* Fills `out` and returns it. */
const char *mes_compose_job_message_id(const struct mes_compose_job *job, size_t index,
                                       char out[MES_MESSAGE_ID_SPACE]);

/* Appends the subject of the mail for `to` recipient `index` as people read it. */
int mes_compose_job_subject(const struct mes_compose_job *job, size_t index, struct mes_buf *out,
                            struct mes_error *error) MES_MUST_USE;

/* What the message wishes; "" when it wishes nothing. Valid as long as the job. */
struct mes_compose_wishes {
    const char *from_address; /* the domain in A-labels */
    const char *from_name;
    const char *reply_to_address;
    const char *reply_to_name;
    bool requires_tls; /* REQUIRETLS */
    const char *dsn;   /* for RCPT NOTIFY=: "NEVER" or "SUCCESS,FAILURE,DELAY" or a part of it */
};
const struct mes_compose_wishes *mes_compose_job_wishes(const struct mes_compose_job *job);

#endif
