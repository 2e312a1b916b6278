#include "http/multi.h"

#include "base/alloc.h"
#include "base/error.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/watch.h"

enum { IDLE_CONNECTIONS = 32 };

struct mes_http_multi {
    CURLM *curl;
    struct mes_loop *loop;
    struct mes_timer *alarm;   /* when libcurl wants to be called */
    struct mes_timer *harvest; /* runs while ended transfers may not have been told */
    void (*on_done)(void *context, CURL *curl, CURLcode code);
    void *context;
};

/* What is watched for libcurl: one of its sockets. */
struct eye {
    struct mes_http_multi *multi;
    struct mes_watch *watch;
    curl_socket_t socket;
};

/* An ended transfer is told in a call of its own, as whoever is told may free the multi. */
static void act(struct mes_http_multi *multi, curl_socket_t socket, int ready)
{
    int running;
    (void)curl_multi_socket_action(multi->curl, socket, ready, &running);
    mes_timer_start(multi->harvest, 0);
}

static void on_alarm(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void on_harvest(void *context)
{
    struct mes_http_multi *multi = context;
    int waiting;
    const CURLMsg *message = curl_multi_info_read(multi->curl, &waiting);
    if (message == NULL)
        return;
    mes_timer_start(multi->harvest, 0);
    if (message->msg == CURLMSG_DONE)
        multi->on_done(multi->context, message->easy_handle, message->data.result);
}

static void on_ready(void *context, bool is_readable, bool is_writable)
{
    const struct eye *eye = context;
    act(eye->multi, eye->socket, (is_readable ? CURL_CSELECT_IN : 0) | (is_writable ? CURL_CSELECT_OUT : 0));
}

static void close_eye(struct eye *eye)
{
    mes_watch_free(&eye->watch);
    mes_free(eye);
}

/* NULL when memory is used up: the transfer then ends by its deadline. */
static struct eye *open_eye(struct mes_http_multi *multi, curl_socket_t socket)
{
    struct eye *eye = mes_alloc(sizeof *eye);
    if (eye == NULL)
        return NULL;
    *eye = (struct eye){.multi = multi, .socket = socket};
    const struct mes_watch_handler handler = {on_ready, eye};
    if (mes_watch_new(multi->loop, socket, &handler, &eye->watch, NULL) == 0)
        return eye;
    mes_free(eye);
    return NULL;
}

/* libcurl says what it waits for on a socket; `eye` is what curl_multi_assign gave it. */
static int on_socket(CURL *curl, curl_socket_t socket, int what, void *context, void *own)
{
    struct mes_http_multi *multi = context;
    struct eye *eye = own;
    (void)curl;
    if (what == CURL_POLL_REMOVE) {
        if (eye != NULL)
            close_eye(eye);
        return 0;
    }
    if (eye == NULL) {
        eye = open_eye(multi, socket);
        if (eye == NULL)
            return 0;
        (void)curl_multi_assign(multi->curl, socket, eye);
    }
    mes_watch_set(eye->watch, (what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
    return 0;
}

static int on_timer(CURLM *curl, long delay_ms, void *context)
{
    struct mes_http_multi *multi = context;
    (void)curl;
    if (delay_ms < 0)
        mes_timer_stop(multi->alarm);
    else
        mes_timer_start(multi->alarm, delay_ms);
    return 0;
}

static bool set_up(struct mes_http_multi *multi)
{
    multi->curl = curl_multi_init();
    return multi->curl != NULL &&
           curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi) == CURLM_OK &&
           curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi) == CURLM_OK &&
           curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS) == CURLM_OK;
}

int mes_http_multi_new(struct mes_loop *loop, void (*on_done)(void *context, CURL *curl, CURLcode code),
                       void *context, struct mes_http_multi **multi_out, struct mes_error *error)
{
    struct mes_http_multi *multi = mes_alloc(sizeof *multi);
    *multi_out = NULL;
    if (multi == NULL)
        return mes_fail_nomem(error);
    *multi = (struct mes_http_multi){.loop = loop, .on_done = on_done, .context = context};
    int code = mes_timer_new(loop, on_alarm, multi, &multi->alarm, error);
    if (code == 0)
        code = mes_timer_new(loop, on_harvest, multi, &multi->harvest, error);
    if (code == 0 && !set_up(multi))
        code = mes_fail_nomem(error);
    if (code != 0)
        mes_http_multi_free(&multi);
    *multi_out = multi;
    return code;
}

void mes_http_multi_free(struct mes_http_multi **multi_place)
{
    struct mes_http_multi *multi = *multi_place;
    if (multi == NULL)
        return;
    /* Closes what stands idle, by on_socket and on_timer. */
    if (multi->curl != NULL)
        (void)curl_multi_cleanup(multi->curl);
    mes_timer_free(&multi->alarm);
    mes_timer_free(&multi->harvest);
    mes_free(multi);
    *multi_place = NULL;
}

bool mes_http_multi_add(struct mes_http_multi *multi, CURL *curl)
{
    return curl_multi_add_handle(multi->curl, curl) == CURLM_OK;
}

void mes_http_multi_remove(struct mes_http_multi *multi, CURL *curl)
{
    (void)curl_multi_remove_handle(multi->curl, curl);
}
