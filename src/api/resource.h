/* What the resources share: ids, times and links in answers, pages of lists, the blobs of a request. */
#ifndef MES_API_RESOURCE_H
#define MES_API_RESOURCE_H

#include "api/draft.h"

struct mes_store;

/* The struct that holds `member`. */
#define MES_API_OWNER(member_at, type, member) ((type *)(void *)((char *)(member_at)-offsetof(type, member)))

/* Members of an answer. A time of 0 is null, an empty text too. */
void mes_api_resource_text(struct mes_json_writer *json, const char *key, const char *text);
void mes_api_resource_id(struct mes_json_writer *json, const char *key, int64_t id);
void mes_api_resource_time(struct mes_json_writer *json, const char *key, int64_t ms);
/* 204 for code 0: it is gone. */
void mes_api_resource_answer_gone(struct mes_api_request *request, int code, const struct mes_error *error);
/* "links": {self, recipients, events} of a job. */
void mes_api_resource_links(const struct mes_api_request *request, struct mes_json_writer *json, int64_t job);

/* A page {"items":[…],"next":cursor or null}: what the callback of a list writes into. */
struct mes_api_listing {
    struct mes_api_request *request;
    struct mes_json_writer *json;
};
struct mes_api_listing mes_api_resource_begin_list(struct mes_api_request *request);
/* `cursor` 0: that was the last page. A failure (`code`) is answered instead. */
void mes_api_resource_end_list(struct mes_api_listing *listing, int64_t cursor, int code,
                               const struct mes_error *error);

/* The query parameters of every list: `limit` (50, at most 1000), and the cursor of the page before, 0 at
 * first. False: it is no cursor, and was refused. */
unsigned mes_api_resource_limit(const struct mes_api_request *request);
bool mes_api_resource_cursor(struct mes_api_request *request, int64_t *cursor_out) MES_MUST_USE;
/* A query parameter with words parted by commas, as a set of bits; 0 when it was not given. */
bool mes_api_resource_query_set(struct mes_api_request *request, const char *name,
                                bool (*parse)(struct mes_str word, unsigned *bit_out),
                                unsigned *set_out) MES_MUST_USE;
/* A query parameter that is a time; 0 when it was not given. */
bool mes_api_resource_query_time(struct mes_api_request *request, const char *name,
                                 int64_t *ms_out) MES_MUST_USE;

/* An upload of the request's company, its texts in `arena`. MES_E_NOT_FOUND. */
int mes_api_resource_find_upload(struct mes_api_request *request, int64_t id, struct mes_arena *arena,
                                 struct mes_compose_blob_file *file_out,
                                 struct mes_error *error) MES_MUST_USE;
/* Store thread: makes the rows of blobs that were written. */
int mes_api_resource_add_blobs(const struct mes_api_new_blob *blobs, int64_t now, struct mes_store *store,
                               struct mes_error *error) MES_MUST_USE;

#endif
