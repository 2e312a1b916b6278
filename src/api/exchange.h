/* One request and its answer, as the server keeps it. Private to this folder. */
#ifndef MES_API_EXCHANGE_H
#define MES_API_EXCHANGE_H

#include <microhttpd.h>

#include "api/answer.h"
#include "api/request.h"

enum { MES_API_COMPLAINTS = 100, MES_API_ANSWER_HEADERS = 8, MES_API_ANSWER_LIMIT = 16 * 1024 * 1024 };

enum mes_api_phase {
    MES_API_PHASE_HEAD, /* the header was read; libmicrohttpd calls once before any body */
    MES_API_PHASE_BODY, /* the body comes, or has come to its end */
    MES_API_PHASE_END   /* the handler has the word */
};

struct mes_api_complaint {
    const char *field;
    const char *reason;
    const char *advice;
    const struct mes_api_complaint *next;
};

struct mes_api_refusal {
    enum mes_api_problem problem; /* of the first complaint */
    const struct mes_api_complaint *first;
    struct mes_api_complaint *last;
    unsigned count;
};

struct mes_api_answer {
    bool is_given;
    unsigned status;
    const char *content_type;
    struct mes_buf body;
    struct mes_json_writer json;
    struct {
        const char *name;
        const char *value;
    } headers[MES_API_ANSWER_HEADERS];
    unsigned header_count;
    bool must_close;
};

/* An answer that is made while it is sent. The hub's mutex guards what stands below it. */
struct mes_api_stream {
    enum mes_api_more (*next)(struct mes_api_request *request, struct mes_buf *out);
    struct mes_buf piece;
    size_t sent; /* of the piece */
    bool is_ended;
    int64_t job;
    bool is_registered;
    bool is_noted;  /* there was news since `next` was called */
    bool is_asleep; /* suspended */
    int64_t asleep_since;
    struct mes_api_exchange *previous, *following;
};

struct mes_api_exchange {
    struct mes_api_request request; /* first */
    struct MHD_Connection *connection;
    struct mes_api_visit *visit; /* the connection's */
    int64_t began_at;            /* monotonic */
    enum mes_api_phase phase;
    bool is_waiting;
    void (*after)(struct mes_api_request *request);
    void (*over)(struct mes_api_request *request);
    const struct mes_api_body_taker *taker;
    uint64_t received;
    uint64_t discarded; /* after a refusal in the middle of the body */
    bool is_large;      /* it has one of the few places for large bodies */
    bool is_cut_short;  /* the answer was sent by hand while the body still came */
    struct mes_buf body;
    struct mes_store_reader *reader;
    struct mes_api_commit *commit;
    struct mes_api_answer answer;
    struct mes_api_refusal refusal;
    struct mes_api_stream stream;
};

/* A request is always the first member of an exchange. */
static inline struct mes_api_exchange *mes_api_exchange_of(const struct mes_api_request *request)
{
    return (struct mes_api_exchange *)request;
}

/* libmicrohttpd's callbacks; `context` is the server. */
enum MHD_Result mes_api_exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
                                        const char *method, const char *version, const char *data,
                                        size_t *size, void **exchange);
void mes_api_exchange_completed(void *context, struct MHD_Connection *connection, void **exchange,
                                enum MHD_RequestTerminationCode code);

/* Gives the thread's reader back, so that no read transaction outlives a handler. */
void mes_api_exchange_drop_reader(struct mes_api_exchange *exchange);

#endif
