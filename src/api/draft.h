/* What a caller wants to be sent, read from JSON: the message to be compiled, the head of its job, its
 * recipients. Every complaint names the member it is about ("to[3].vars"). */
#ifndef MES_API_DRAFT_H
#define MES_API_DRAFT_H

#include "api/answer.h"
#include "compose/blob.h"
#include "compose/job.h"
#include "queue/intake.h"
#include "json/parse.h"

struct mes_account_list;
struct mes_zone;

/* What reading needs of the world. */
struct mes_api_draft_host {
    const struct mes_account_list *accounts; /* of the company */
    const char *company;
    const char *zone;                 /* the company's */
    const struct mes_zone *zone_read; /* the same */
    const char *blob_folder;          /* NULL: no attachments can be taken */
    int64_t now;
    enum mes_language language; /* of the reasons in `rejected` and `warnings` */
    struct mes_arena *arena;    /* all that the draft points to */
    /* The upload's hash, name, type and size, in `arena`; MES_E_NOT_FOUND. */
    int (*find_upload)(void *context, int64_t id, struct mes_arena *arena,
                       struct mes_compose_blob_file *file_out, struct mes_error *error);
    /* Something is wrong. The draft is of no use then, but is read on, so that all complaints are told at
     * once. */
    void (*complain)(void *context, enum mes_api_problem problem, const char *field,
                     const struct mes_error *why);
    void *context;
};

/* An address that was not taken: the others are. */
struct mes_api_rejected {
    size_t index; /* in the caller's list, from 0 */
    struct mes_str address;
    struct mes_str why; /* a sentence */
};

/* A blob that was written for this draft: its row is still to be made. */
struct mes_api_new_blob {
    struct mes_compose_blob blob;
    struct mes_api_new_blob *next;
};

/* One who is to get the mail. Texts are in the draft's `people`, NULL: none. */
struct mes_api_recipient {
    size_t index;        /* in the caller's list */
    const char *address; /* as mes_address has `shown`: the domain as it was written */
    const char *spec;    /* the same with the domain in A-labels, as it goes into the envelope and the row */
    const char *name;    /* "" when there is none */
    const struct mes_json_value *vars;
    const char *variables; /* the same as JSON */
    const struct mes_compose_blob_file *files;
    size_t file_count;
    const char *attachments; /* the files as a JSON list, as compose/stored.h has it */
};

struct mes_api_draft {
    const struct mes_api_draft_host *host;
    struct mes_arena *people; /* of recipients; the host's arena, unless the caller sets another */
    struct mes_message *message;
    struct mes_intake_head head;          /* without id and asked_by */
    struct mes_api_recipient *recipients; /* those that were taken; each once when they are compiled */
    size_t recipient_count, recipient_room;
    struct mes_api_rejected *rejected;
    size_t rejected_count, rejected_room;
    size_t duplicates; /* addresses that stood there already */
    struct mes_api_new_blob *new_blobs;
    const char **hashes; /* of all blobs, each once */
    size_t hash_count, hash_room;
    struct mes_str *warnings; /* sentences */
    size_t warning_count;
    bool is_broken;          /* something was complained of */
    bool is_kind_open;       /* the caller named no kind: it follows from the number of recipients */
    bool has_date;           /* `send_at` was named */
    bool is_growing;         /* its recipients come later */
    struct mes_buf field;    /* the path of the member that is read */
    size_t root;             /* how much of it stands before the draft itself: "message" in a schedule */
    struct mes_buf document; /* once it is compiled */
    struct mes_compose_job *compiled;
    struct mes_notices notices; /* of compiling: become warnings */
};

/* The same `host` serves until `fini`. MES_E_NOMEM. */
int mes_api_draft_init(struct mes_api_draft *draft, const struct mes_api_draft_host *host,
                       struct mes_error *error) MES_MUST_USE;
void mes_api_draft_fini(struct mes_api_draft *draft);

/* Reads everything but `to`. Members that it does not know are complained of. */
void mes_api_draft_read_head(struct mes_api_draft *draft, const struct mes_json_value *body);
/* Takes one recipient: a text, or {address,name,vars,attachments}. `text` is the JSON that `value` was parsed
 * from, `index` its number in the caller's list; draft->field is its path. A bad address is put into
 * `rejected`; whatever else is wrong is complained of. */
void mes_api_draft_read_recipient(struct mes_api_draft *draft, const struct mes_json_value *value,
                                  struct mes_str text, size_t index);
/* One recipient as the row of a table has it; `variables` is a JSON object. As above. */
struct mes_api_row {
    struct mes_str address, name, variables;
};
void mes_api_draft_read_row(struct mes_api_draft *draft, const struct mes_api_row *row, size_t index);
/* All items of the body's `to`. */
void mes_api_draft_read_to(struct mes_api_draft *draft, const struct mes_json_value *body,
                           struct mes_str text);
/* An address that is not taken. Beyond the first 1000 only `rejected_count` grows. */
void mes_api_draft_reject(struct mes_api_draft *draft, size_t index, struct mes_str address,
                          const struct mes_error *why);

/* How a message of the company is compiled. Texts are in the arena. */
int mes_api_draft_options(struct mes_api_draft *draft, struct mes_compose_options *options_out,
                          struct mes_error *error) MES_MUST_USE;
/* Adds the recipients to the message, drops those that stand there already, and compiles: fills `compiled`,
 * `document` and the head's document, blobs, copies, kind and subject. What does not compile is complained
 * of, naming the first recipient that is to blame. */
void mes_api_draft_compile(struct mes_api_draft *draft);
/* The same for a job whose recipients are still to come, by compose/stored.h. The subject is as the caller
 * wrote it. */
void mes_api_draft_compile_head(struct mes_api_draft *draft);
/* Warns when that many rows cannot leave before the deadline that the caller named, by the limits of the
 * accounts. */
void mes_api_draft_check_deadline(struct mes_api_draft *draft, uint64_t rows);
/* The rows of the compiled job, in the arena: each `to`, then its cc and bcc. NULL: out of memory. */
struct mes_intake_recipient *mes_api_draft_rows(const struct mes_api_draft *draft, size_t *count_out);

enum { MES_API_REJECTED_SHOWN = 1000, MES_API_BLOBS = 100000 };

/* For the parts of draft*.c: complains at the member whose path is draft->field, or at one inside it. */
void mes_api_draft_complain(struct mes_api_draft *draft, enum mes_api_problem problem,
                            const struct mes_error *why);
void mes_api_draft_complain_of(struct mes_api_draft *draft, enum mes_api_problem problem, int sentence,
                               const char *const *arguments);
/* Warns of something that does not keep the mail from being sent. */
void mes_api_draft_warn(struct mes_api_draft *draft, int sentence, const char *const *arguments);
void mes_api_draft_warn_of(struct mes_api_draft *draft, const struct mes_error *warning);
/* draft_content.c: the members that make the message. */
void mes_api_draft_read_content(struct mes_api_draft *draft, const struct mes_json_value *body);
/* draft_files.c: attachments of all, and of one recipient. */
void mes_api_draft_read_files(struct mes_api_draft *draft, const struct mes_json_value *list);
void mes_api_draft_read_own_files(struct mes_api_draft *draft, const struct mes_json_value *list,
                                  struct mes_api_recipient *recipient);
/* Goes into a member of the value that is read: "to[3]" becomes "to[3].name"; and back to what it was. */
size_t mes_api_draft_enter(struct mes_api_draft *draft, const char *member);
size_t mes_api_draft_enter_item(struct mes_api_draft *draft, size_t index);
void mes_api_draft_leave(struct mes_api_draft *draft, size_t mark);
/* The value's text as it has to be; complains and returns NULL when it is none. NULL for NULL. */
const char *mes_api_draft_text(struct mes_api_draft *draft, const struct mes_json_value *value);
/* Complains of members of `object` that are not among `names`, which NULL ends. */
void mes_api_draft_check_names(struct mes_api_draft *draft, const struct mes_json_value *object,
                               const char *const *names);

#endif
