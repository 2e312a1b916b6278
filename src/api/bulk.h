/* POST /messages/bulk from the inside: a job whose recipients arrive in a stream of any length. */
#ifndef MES_API_BULK_H
#define MES_API_BULK_H

#include <stdatomic.h>

#include "api/draft.h"
#include "api/multipart.h"
#include "api/seen.h"
#include "base/digest.h"
#include "compose/stored.h"
#include "csv/reader.h"

struct mes_roster;

enum {
    MES_API_SLICE_ROWS = 1000,
    MES_API_SLICE_BYTES = 4 * 1024 * 1024, /* of recipients, before a slice counts as full */
    MES_API_LINE_MOST = 1024 * 1024,       /* of a recipient */
    MES_API_LINE_VALUES = 20000
};

/* Recipients that go to the database in one commit. */
struct mes_api_slice {
    struct mes_api_slice *next;
    struct mes_arena arena;
    struct mes_api_recipient *recipients; /* MES_API_SLICE_ROWS of them, in the arena */
    size_t count;
    struct mes_intake_recipient *rows; /* those that passed, with cc and bcc */
    size_t row_count;
};

/* Whose turn it is. One step of the intake is under way at a time. */
enum mes_api_flight {
    MES_API_LANDED,   /* nothing is under way */
    MES_API_FLYING,   /* the store thread has it */
    MES_API_AWAITED,  /* and the request waits for it */
    MES_API_ABANDONED /* and the request is over: the store thread cleans up */
};

/* On the heap, for it outlives a request that is broken off. The HTTP thread has all of it but `step` while a
 * step is under way. */
struct mes_api_bulk {
    struct mes_api_request *request;
    struct mes_courier *courier;
    struct mes_roster *roster;
    struct mes_arena arena;
    struct mes_api_draft_host host;
    struct mes_api_draft draft;
    struct mes_compose_stored *stored; /* the document, for trying out recipients */
    bool is_personal;                  /* recipients' values stand in the mail: each must be tried */
    struct mes_api_seen seen;
    struct mes_digest_stream *digest;

    /* what arrives */
    bool is_csv;
    bool has_head;
    struct mes_buf line; /* of NDJSON that is not whole yet, or the form's part `head` */
    uint64_t line_number;
    size_t index; /* of the next recipient in the caller's list */
    struct mes_api_part_sink sink;
    struct mes_api_multipart form;
    enum { MES_API_PART_OTHER, MES_API_PART_HEAD, MES_API_PART_RECIPIENTS } part;
    struct mes_csv_reader *csv;
    struct mes_csv_header *header;
    size_t address_column, name_column;

    /* what goes to the database */
    struct mes_api_slice *filling;
    struct mes_api_slice *ready, **ready_last;
    size_t ready_count;
    uint64_t rows, mails; /* handed over so far */
    bool is_complete;     /* the body is whole */
    bool is_opened, is_closed;
    struct mes_intake_key key;
    struct mes_buf answer;
    struct mes_intake_slice step;
    struct mes_api_slice *flying;
    bool is_under_way; /* a step was posted, and what came of it was not looked at yet */
    _Atomic int flight;
    /* of the last step */
    enum mes_intake_result result;
    struct mes_error error;
    bool is_repeat; /* the key is known: the body is only read to be compared */
    unsigned char known_digest[MES_DIGEST_SIZE];
    int known_status;
    struct mes_str known_answer; /* in the arena */
    struct mes_api_write blobs;
};

/* bulk.c: the accounts of the company that the head names. False: it was refused. */
bool mes_api_bulk_settle(struct mes_api_bulk *bulk) MES_MUST_USE;

/* bulk_read.c: both refuse what is wrong with the request. */
void mes_api_bulk_read(struct mes_api_bulk *bulk, struct mes_str bytes);
void mes_api_bulk_read_end(struct mes_api_bulk *bulk);
/* bulk_csv.c: the form's parts and the CSV in it. Likewise. */
void mes_api_bulk_csv_begin(struct mes_api_bulk *bulk);
void mes_api_bulk_csv_read(struct mes_api_bulk *bulk, struct mes_str bytes);
void mes_api_bulk_csv_end(struct mes_api_bulk *bulk);
void mes_api_bulk_csv_fini(struct mes_api_bulk *bulk);
/* The head as JSON. False: it was refused. */
bool mes_api_bulk_head(struct mes_api_bulk *bulk, struct mes_str text) MES_MUST_USE;
/* The arena for the recipient that comes next; NULL: out of memory, which was refused. */
struct mes_arena *mes_api_bulk_room(struct mes_api_bulk *bulk);
/* Takes what the draft has read last, unless it was rejected or came before. */
void mes_api_bulk_take(struct mes_api_bulk *bulk);

/* bulk_slice.c */
void mes_api_bulk_open(struct mes_api_bulk *bulk);
/* Hands full slices over; waits when they come faster than they can be stored. */
void mes_api_bulk_pump(struct mes_api_bulk *bulk);
/* The body is whole: the rest goes, and then the answer. */
void mes_api_bulk_finish(struct mes_api_bulk *bulk);
/* The request is over: frees everything, once nothing is under way and what was stored in vain is gone. */
void mes_api_bulk_over(struct mes_api_request *request);
void mes_api_bulk_free(struct mes_api_bulk *bulk);

#endif
