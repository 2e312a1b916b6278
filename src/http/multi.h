/* libcurl's transfers on a loop: its sockets and its timer. */
#ifndef MES_HTTP_MULTI_H
#define MES_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

#include "mes/error.h"

struct mes_http_multi;
struct mes_loop;

/* `on_done` is called from mes_loop_step, outside of libcurl, when a transfer has ended; it may do anything,
 * also free the multi. */
int mes_http_multi_new(struct mes_loop *loop, void (*on_done)(void *context, CURL *curl, CURLcode code),
                       void *context, struct mes_http_multi **multi_out,
                       struct mes_error *error) MES_MUST_USE;
/* Every transfer has been removed before. */
void mes_http_multi_free(struct mes_http_multi **multi);

/* Begins a transfer; false: no memory. It stays until it is removed, also when it has ended. */
bool mes_http_multi_add(struct mes_http_multi *multi, CURL *curl) MES_MUST_USE;
void mes_http_multi_remove(struct mes_http_multi *multi, CURL *curl);

#endif
