/* Takes a job over for a request: from what the caller wrote to the commit, after which it can be answered.
 */
#ifndef MES_API_ACCEPT_H
#define MES_API_ACCEPT_H

#include "api/draft.h"

struct mes_roster;

/* Lives in the request's arena and ends with it. */
struct mes_api_accept {
    struct mes_intake intake; /* first */
    struct mes_api_request *request;
    struct mes_roster *roster;
    struct mes_api_draft_host host;
    struct mes_api_draft draft;
    struct mes_api_write blobs; /* the rows of blobs that came with the body */
    struct mes_buf answer;      /* what is answered now and to every repeat: filled before it is stored */
    void (*after)(struct mes_api_accept *accept);
    bool is_complained; /* for a `complain` that answers once */
    /* How it ended, in `after`: */
    enum mes_intake_result result;
    struct mes_error error; /* of FAILED */
    int known_status;       /* of REPEATED */
    struct mes_str known_answer;
};

/* What is wrong with a draft is refused with `request` by default; another `complain` may be set in `host`
 * (its context is the accept) before anything is read. NULL: it was refused. */
struct mes_api_accept *mes_api_accept_new(struct mes_api_request *request) MES_MUST_USE;

/* Reads the body `json` (parsed from `text`) and compiles it. False: something was complained of, and nothing
 * was stored. */
bool mes_api_accept_read(struct mes_api_accept *accept, const struct mes_json_value *json,
                         struct mes_str text) MES_MUST_USE;

/* Takes the Idempotency-Key of the request, whose body is `text`. False: the request was answered (a key that
 * is none), or its answer is known and `result` says so. */
bool mes_api_accept_key(struct mes_api_accept *accept, struct mes_str text) MES_MUST_USE;

/* Stores the job and waits; `after` is called on an HTTP thread when it is durable, or was not taken. */
void mes_api_accept_store(struct mes_api_accept *accept, void (*after)(struct mes_api_accept *accept));

/* "rejected" and "rejectedCount". */
void mes_api_accept_write_rejected(struct mes_json_writer *json, const struct mes_api_draft *draft);
/* Writes {id,recipients,accepted,…} of a job that has this many rows. */
void mes_api_accept_describe(const struct mes_api_request *request, const struct mes_api_draft *draft,
                             uint64_t rows, struct mes_buf *out);

/* Nobody is left to send to: complains of each rejected one; `list` is where they stood. */
void mes_api_accept_refuse_all(struct mes_api_draft *draft, const char *list);

/* The name of the request's Idempotency-Key, "" when there is none. False: it cannot be used, and was
 * refused. */
bool mes_api_accept_key_name(struct mes_api_request *request, struct mes_arena *arena,
                             struct mes_intake_key *key) MES_MUST_USE;
/* Answers a call whose key is known: REPEATED with `answer`, CONFLICT or BUSY. */
void mes_api_accept_answer_known(struct mes_api_request *request, enum mes_intake_result result, int status,
                                 struct mes_str answer);

/* Answers as POST /messages does: 202, the known answer, 409 or a failure. */
void mes_api_accept_answer(struct mes_api_accept *accept);

#endif
