#include "http/call.h"

#include <assert.h>
#include <string.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "http/easy.h"
#include "http/url.h"
#include "i18n/say.h"

enum { CONNECT_TIMEOUT_MS = 10 * 1000, ANSWER_LIMIT = 16 * 1024 * 1024 };

/* One call under way. `failed` is a code of ours that ended it, with its sentence in `error`. */
struct state {
    const struct mes_http_call *call;
    struct mes_http_answer *answer;
    struct mes_http_easy easy;
    struct mes_input file;
    struct mes_str front, back; /* of the body: what is still to be sent before and after the file */
    uint64_t total;
    int failed;
    struct mes_error *error;
};

static size_t take(struct mes_str *from, char *out, size_t size)
{
    size_t taken = from->size < size ? from->size : size;
    if (taken > 0)
        memcpy(out, from->data, taken);
    *from = mes_str_skip(*from, taken);
    return taken;
}

/* libcurl asks for the next part of the body; 0 is its end. */
static size_t on_wanted(char *out, size_t unit, size_t count, void *context)
{
    struct state *state = context;
    size_t got = take(&state->front, out, unit * count);
    if (got == 0 && state->file.descriptor >= 0) {
        state->failed = mes_descriptor_read(&state->file, out, unit * count, &got, state->error);
        if (state->failed != 0)
            return CURL_READFUNC_ABORT;
        if (got == 0)
            mes_descriptor_close(&state->file.descriptor);
    }
    return got > 0 ? got : take(&state->back, out, unit * count);
}

static bool is_success(const struct state *state)
{
    long status = 0;
    (void)curl_easy_getinfo(state->easy.curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_answer(char *data, size_t unit, size_t count, void *context)
{
    struct state *state = context;
    struct mes_str piece = mes_str_make(data, unit * count);
    if (state->call->on_answer != NULL && is_success(state)) {
        if (state->call->on_answer(state->call->context, piece))
            return piece.size;
        state->failed = mes_fail(state->error, MES_E_CANCELLED, MES_SAY_http_ended, MES_NO_ARGS);
        return CURL_WRITEFUNC_ERROR;
    }
    mes_buf_add_str(&state->answer->body, piece);
    state->failed = mes_buf_check(&state->answer->body, state->error);
    return state->failed == 0 ? piece.size : CURL_WRITEFUNC_ERROR;
}

/* The types are libcurl's. Anything but 0 ends the transfer. */
static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct state *state = context;
    const struct mes_http_call *call = state->call;
    (void)down_total;
    (void)down;
    (void)up_total;
    if (call->on_sent != NULL && state->total > 0)
        call->on_sent(call->context, (uint64_t)up, state->total);
    if (call->is_ended == NULL || !call->is_ended(call->context))
        return 0;
    state->failed = mes_fail(state->error, MES_E_CANCELLED, MES_SAY_http_ended, MES_NO_ARGS);
    return 1;
}

static int open_body(struct state *state)
{
    const struct mes_http_call *call = state->call;
    state->front = call->body;
    state->back = call->body_end;
    if (call->body_file != NULL) {
        int code = mes_descriptor_open(call->body_file, &state->file, state->error);
        if (code != 0)
            return code;
    }
    state->total = state->file.size + call->body.size + call->body_end.size;
    return 0;
}

static bool set_body(const struct state *state)
{
    CURL *curl = state->easy.curl;
    return curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_wanted) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, state) == CURLE_OK;
}

static bool set_rest(struct state *state)
{
    const struct mes_http_call *call = state->call;
    CURL *curl = state->easy.curl;
    long connect = call->connect_timeout_ms > 0 ? call->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    return curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, state) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, state) == CURLE_OK;
}

/* What libcurl says is said again with what a person can do about it. */
static int explain(const struct state *state, CURLcode code)
{
    char shown[MES_HTTP_URL_SHOWN];
    const char *url = mes_http_url_shown(state->call->url, shown);
    const char *reason = curl_easy_strerror(code);
    if (state->failed != 0)
        return state->failed;
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return mes_fail_nomem(state->error);
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return mes_fail(state->error, MES_E_SYSTEM, MES_SAY_http_nobody, MES_ARGS(url, reason));
    case CURLE_OPERATION_TIMEDOUT:
        return mes_fail(state->error, MES_E_SYSTEM, MES_SAY_http_timeout, MES_ARGS(url));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return mes_fail(state->error, MES_E_TLS, MES_SAY_http_tls, MES_ARGS(url, reason));
    default:
        return mes_fail(state->error, MES_E_SYSTEM, MES_SAY_http_broken, MES_ARGS(url, reason));
    }
}

static void take_facts(const struct state *state)
{
    long status = 0;
    char *type = NULL;
    curl_off_t after = 0;
    (void)curl_easy_getinfo(state->easy.curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(state->easy.curl, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(state->easy.curl, CURLINFO_RETRY_AFTER, &after);
    state->answer->status = (int)status;
    state->answer->retry_after_s = after < INT32_MAX ? (int)after : INT32_MAX;
    (void)mes_shown_text(state->answer->content_type, sizeof state->answer->content_type, mes_str_of(type));
}

static int run(struct state *state)
{
    const struct mes_http_call *call = state->call;
    struct mes_http_url url;
    int code = mes_http_url_parse(call->url, &url, state->error);
    if (code == 0)
        code = open_body(state);
    if (code != 0)
        return code;
    struct mes_http_easy_options options = {.method = call->method != NULL ? call->method : "GET",
                                            .url = call->url,
                                            .headers = call->headers,
                                            .ca_file = call->ca_file,
                                            .body_size = state->total};
    code = mes_http_easy_new(&options, &state->easy, state->error);
    if (code != 0)
        return code;
    if (!set_rest(state) || (state->total > 0 && !set_body(state)))
        return mes_fail_nomem(state->error);
    CURLcode result = curl_easy_perform(state->easy.curl);
    if (result != CURLE_OK)
        return explain(state, result);
    take_facts(state);
    return 0;
}

int mes_http_call(const struct mes_http_call *call, struct mes_http_answer *answer_out,
                  struct mes_error *error)
{
    struct mes_error unwanted;
    struct state state = {
        .call = call, .answer = answer_out, .file = {.descriptor = -1}, .error = error ? error : &unwanted};
    *answer_out = (struct mes_http_answer){.status = 0};
    mes_buf_init(&answer_out->body, call->answer_limit > 0 ? call->answer_limit : ANSWER_LIMIT);
    int code = run(&state);
    mes_http_easy_free(&state.easy);
    mes_descriptor_close(&state.file.descriptor);
    if (code != 0)
        mes_http_answer_fini(answer_out);
    return code;
}

void mes_http_answer_fini(struct mes_http_answer *answer)
{
    mes_buf_fini(&answer->body);
}
