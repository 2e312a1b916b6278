/* Taking a job over: what was answered "accepted" stands in the database before the answer is given. */
#ifndef MES_QUEUE_INTAKE_H
#define MES_QUEUE_INTAKE_H

#include "base/id.h"
#include "base/str.h"
#include "queue/courier.h"

struct mes_compose_job;
struct mes_queue_mail;

enum mes_queue_kind { MES_KIND_TRANSACTIONAL, MES_KIND_NOTICE, MES_KIND_MARKETING };
/* Transactional mail before bulk; bulk is never starved. */
enum mes_queue_lane { MES_LANE_TRANSACTIONAL, MES_LANE_BULK, MES_LANE_COUNT };
enum mes_queue_late { MES_LATE_SEND, MES_LATE_SKIP, MES_LATE_HOLD };
/* The account's own `onDoubt`, or what the caller wishes. */
enum mes_queue_doubt { MES_DOUBT_ACCOUNT, MES_DOUBT_RESEND, MES_DOUBT_HOLD };

/* What a job is, all of it checked by the caller. Texts are borrowed until `done`; NULL is "". */
struct mes_intake_head {
    int64_t id; /* of mes_id_next, so that the answer can be written before the commit */
    const char *company;
    enum mes_queue_kind kind;
    enum mes_queue_lane lane;
    int priority;        /* 0 to 9, 5 is usual: the higher one goes first within its lane */
    const char *account; /* this one alone; "" any */
    enum mes_queue_doubt on_doubt;
    enum mes_queue_late late;
    int64_t created_at;
    int64_t send_at;          /* `created_at` for at once */
    int64_t expires_at;       /* 0: the usual 48 h of trying */
    const char *zone;         /* "" the company's */
    const char *quiet_hours;  /* as queue/quiet.h reads them; "" none */
    int64_t keep_days;        /* of the content; 0: the setting's */
    int64_t asked_by;         /* the API key's id; 0: the command line, or the service itself */
    int64_t schedule_id;      /* 0: none */
    const char *subject;      /* for lists */
    struct mes_str document;  /* compose/stored.h */
    const char *const *blobs; /* hashes of all attachments, those of single recipients too */
    size_t blob_count;
    size_t copies; /* how many cc and bcc each mail has */
    bool is_held;  /* waits for a release */
};

/* One row. The `to` of a mail comes first, then its cc and bcc, in the document's order. */
struct mes_intake_recipient {
    const char *address;
    const char *name;        /* NULL: none */
    const char *variables;   /* a JSON object; NULL: none */
    const char *attachments; /* a JSON list as compose/stored.h has it; NULL: none */
};

/* A caller's Idempotency-Key, unique per company and key. */
struct mes_intake_key {
    const char *name;         /* "" : none was given */
    unsigned char digest[32]; /* SHA-256 of the whole body */
    int status;               /* what is answered, now and to every repeat of the call */
    struct mes_str answer;
};

enum mes_intake_result {
    MES_INTAKE_ACCEPTED, /* committed */
    MES_INTAKE_REPEATED, /* known already: `known_status` and `known_answer` were answered then */
    MES_INTAKE_CONFLICT, /* the key belongs to another body: 409 */
    MES_INTAKE_BUSY,     /* the call that reserved the key is still running: 409 with Retry-After */
    MES_INTAKE_FAILED    /* `error` says why; nothing is stored */
};

/* One whole job in one command: POST /messages. The caller fills the first block, posts `command` of it with
 * mes_intake_post, and owns it again in `on_done`. */
struct mes_intake {
    struct mes_courier_command command; /* first; filled by mes_intake_post */
    struct mes_intake_head head;
    struct mes_intake_key key;
    const struct mes_intake_recipient *recipients;
    size_t recipient_count;
    /* The job as it was compiled to check it, so that a mail that may leave now need not be read again.
     * Shared (mes_compose_job_share); may be NULL. */
    struct mes_compose_job *compiled;
    void (*on_done)(struct mes_intake *intake, enum mes_intake_result result, const struct mes_error *error);
    void *context;

    /* Valid in on_done: */
    int known_status;
    struct mes_str known_answer;

    struct mes_courier *courier; /* private, like all that follows */
    enum mes_intake_result result;
    char *known_text;
    struct mes_queue_mail *parcel;
};

/* Any thread. `on_done` is called on the store thread, exactly once. A job of many rows goes in slices,
 * between which others are served; a call with its key meanwhile finds it BUSY. */
void mes_intake_post(struct mes_courier *courier, struct mes_intake *intake);

/* The same on the store thread, inside its transaction: for what makes jobs there (schedules, alerts).
 * `on_done` is not called; what `intake` points to may go when it returns. */
int mes_intake_run(struct mes_courier *courier, struct mes_intake *intake, enum mes_intake_result *result_out,
                   struct mes_error *error) MES_MUST_USE;

/* A job that comes in slices, in any number of commands: POST /messages/bulk. Unfinished ones are removed
 * when the service starts again. Each step is a command of its own that must be done before the next is
 * posted. */
enum mes_intake_step {
    MES_INTAKE_OPEN,  /* the head and the key */
    MES_INTAKE_SLICE, /* `recipients` */
    MES_INTAKE_CLOSE, /* queues the job; the head's `document`, `blobs`, `send_at` as they are now */
    MES_INTAKE_DROP   /* removes everything of it, the key too */
};

enum { MES_INTAKE_SLICE_MOST = 1000 };

struct mes_intake_slice {
    struct mes_courier_command command; /* first */
    enum mes_intake_step step;
    struct mes_intake_head *head;
    struct mes_intake_key *key;
    const struct mes_intake_recipient *recipients;
    size_t recipient_count; /* at most MES_INTAKE_SLICE_MOST */
    int64_t first_number;   /* of the slice's first row; CLOSE: how many rows there are */
    void (*on_done)(struct mes_intake_slice *slice, enum mes_intake_result result,
                    const struct mes_error *error);
    void *context;

    /* OPEN, REPEATED: what was answered then, and the digest of the body that it was answered to: the caller
     * reads its own body to the end and compares. */
    int known_status;
    struct mes_str known_answer;
    unsigned char known_digest[32];

    struct mes_courier *courier; /* private, like all that follows */
    enum mes_intake_result result;
    char *known_text;
    bool is_gone;
};

/* As mes_intake_post. */
void mes_intake_post_slice(struct mes_courier *courier, struct mes_intake_slice *slice);

#endif
