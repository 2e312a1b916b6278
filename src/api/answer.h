/* What a handler answers: JSON, bytes, a stream, or complaints. It is sent once the handler has returned. */
#ifndef MES_API_ANSWER_H
#define MES_API_ANSWER_H

#include "api/request.h"
#include "base/buf.h"
#include "i18n/say.h"
#include "json/write.h"

/* MES_API_PROBLEM_<name> for each row of problem.def. */
enum mes_api_problem {
#define PROBLEM(name, id, status) MES_API_PROBLEM_##name,
#include "api/problem.def"
#undef PROBLEM
    MES_API_PROBLEM_COUNT
};

/* An answer in JSON: the handler writes one value with the writer, which stays the request's. A second call
 * begins the answer anew. */
struct mes_json_writer *mes_api_answer_json(struct mes_api_request *request, unsigned status);
/* An answer of another kind. `body` is moved: it is empty afterwards. `content_type` is static. */
void mes_api_answer_bytes(struct mes_api_request *request, unsigned status, const char *content_type,
                          struct mes_buf *body);
/* 204 and the like. */
void mes_api_answer_empty(struct mes_api_request *request, unsigned status);
/* A header field beside those of the core (Content-Type, Content-Length, X-Request-Id, Cache-Control:
 * no-store …). Copied. `name` is static; a value with control characters is left out. */
void mes_api_answer_header(struct mes_api_request *request, const char *name, struct mes_str value);
/* Appends publicUrl (where it is set), "/api/v1" and the path that the format gives: a link that the caller
 * can follow.
 */
void mes_api_answer_link(const struct mes_api_request *request, struct mes_buf *out, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum mes_api_more {
    MES_API_MORE,  /* something was appended; called again when it was sent */
    MES_API_LATER, /* nothing there now: called again after news of its job, without holding a thread
                      meanwhile */
    MES_API_END
};
/* An answer that is made while it is sent: an export, or events. `next` appends at most some 64 KiB to `out`,
 * on an HTTP thread; it gets a reader of its own in each call (mes_api_request_reader). A client that reads
 * slowly makes `next` be called slowly. `job`: after LATER it is called again when mes_api_server_news names
 * this job, and every few seconds; 0: every 500 ms. What `own` holds is freed in mes_api_request_on_over. */
void mes_api_answer_stream(struct mes_api_request *request, const char *content_type, int64_t job,
                           enum mes_api_more (*next)(struct mes_api_request *request, struct mes_buf *out));

/* Complains: the answer becomes application/problem+json. The first complaint decides status, type, title and
 * detail; further ones are listed in `errors` (at most 100). `field` is the path of the member
 * ("to[2].address"), a query parameter or a header, or NULL. The sentence says what is wrong here; the advice
 * comes from the problem's row. */
void mes_api_refuse(struct mes_api_request *request, enum mes_api_problem problem, const char *field,
                    int sentence, const char *const *arguments);
/* The same with a whole error. Its own words are only shown when its code is INPUT, NOT_FOUND, LIMIT or
 * CONFIG; others (SYSTEM, FILE, NOMEM …) go to the log under the request's id, and the answer names that id
 * alone. */
void mes_api_refuse_error(struct mes_api_request *request, enum mes_api_problem problem, const char *field,
                          const struct mes_error *error);
/* The problem that fits the error's code: INPUT bad_value, NOT_FOUND not_found, LIMIT too_large, NOMEM
 * unavailable, everything else internal. What a failed write usually ends in. */
void mes_api_refuse_failure(struct mes_api_request *request, const struct mes_error *error);
/* Was anything refused? */
bool mes_api_is_refused(const struct mes_api_request *request);

#endif
