#include "hook/receiver.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "hook/fate.h"
#include "hook/robot.h"
#include "http/url.h"
#include "i18n/say.h"
#include "mes/message.h"
#include "net/loop.h"
#include "net/timer.h"

enum { LINES_LIMIT = 1800, SUBJECT_SPACE = 120 };

struct mes_hook_receiver {
    struct mes_hook_receiver_setting setting;
    struct mes_hook_receiver *next;
    char *target; /* a URL is a secret */
    bool is_mail;
    char shown[MES_HTTP_URL_SHOWN];
    enum mes_language language;
    struct mes_buf lines; /* what is to be told, a line for each alert */
    unsigned more;        /* alerts that found no room in them */
    size_t sent_lines;    /* of what is under way */
    unsigned sent_more;
    struct mes_http_exchange *exchange;
    struct mes_timer *timer;
    int64_t failures;
    int64_t failing_since; /* by the loop's clock; 0: none */
};

/* --- sending --- */

static void forget_sent(struct mes_hook_receiver *receiver)
{
    mes_buf_consume(&receiver->lines, receiver->sent_lines);
    receiver->more -= receiver->sent_more;
    receiver->failures = 0;
    receiver->failing_since = 0;
}

static void on_told(struct mes_hook_receiver *receiver, bool took, const char *reason)
{
    int64_t now = mes_loop_now(receiver->setting.loop);
    if (took) {
        forget_sent(receiver);
        if (receiver->lines.size > 0 || receiver->more > 0)
            mes_timer_start(receiver->timer, MES_HOOK_RECEIVER_APART_MS);
        return;
    }
    mes_log(receiver->setting.log, MES_LOG_WARNING, "alert.failed", MES_LOG_TEXT("to", receiver->shown),
            MES_LOG_TEXT("result", reason));
    if (receiver->failures++ == 0)
        receiver->failing_since = now;
    if (now - receiver->failing_since >= MES_HOOK_RECEIVER_GIVE_UP_MS)
        forget_sent(receiver);
    if (receiver->lines.size > 0 || receiver->more > 0)
        mes_timer_start(receiver->timer, mes_hook_wait(receiver->failures, 0, 32768));
}

static void on_answer(void *context, const struct mes_http_result *result)
{
    struct mes_hook_receiver *receiver = context;
    char reason[MES_HTTP_TEXT];
    if (result->end == MES_HTTP_ANSWERED) {
        bool took = mes_hook_robot_took(mes_hook_robot_kind(receiver->target), result->status, result->body,
                                        reason, sizeof reason);
        on_told(receiver, took, reason);
    } else {
        on_told(receiver, false, result->text);
    }
}

static bool send_robot(struct mes_hook_receiver *receiver, struct mes_str text)
{
    struct mes_hook_robot_request robot;
    const struct mes_clock *clock = mes_loop_clock(receiver->setting.loop);
    if (mes_hook_robot_write(receiver->target, text, mes_clock_wall(clock), &robot, NULL) != 0)
        return false;
    const char *const headers[] = {robot.content_type, NULL};
    const struct mes_http_request request = {.url = mes_buf_text(&robot.url),
                                             .headers = headers,
                                             .body = mes_buf_str(&robot.body),
                                             .on_done = on_answer,
                                             .context = receiver};
    int code = mes_http_begin(receiver->setting.client, &request, &receiver->exchange, NULL);
    mes_hook_robot_request_fini(&robot);
    return code == 0;
}

static void send_mail(struct mes_hook_receiver *receiver, const struct mes_buf *text)
{
    struct mes_buf subject;
    struct mes_str rest = mes_buf_str(text), first;
    mes_buf_init(&subject, LINES_LIMIT);
    (void)mes_str_next(&rest, '\n', &first);
    mes_say(&subject, receiver->language, MES_SAY_hook_alert_subject,
            MES_ARGS(mes_shown_text((char[SUBJECT_SPACE]){0}, SUBJECT_SPACE, first)));
    const struct mes_hook_receiver_setting *setting = &receiver->setting;
    bool took =
        subject.failed == 0 && setting->on_mail != NULL &&
        setting->on_mail(setting->context, receiver->target, mes_buf_text(&subject), mes_buf_text(text));
    mes_buf_fini(&subject);
    on_told(receiver, took, "not queued");
}

static void on_due(void *context)
{
    struct mes_hook_receiver *receiver = context;
    struct mes_buf text;
    char number[24];
    mes_buf_init(&text, MES_HOOK_ROBOT_TEXT);
    receiver->sent_lines = receiver->lines.size;
    receiver->sent_more = receiver->more;
    mes_buf_add_str(&text, mes_str_trim(mes_buf_str(&receiver->lines)));
    if (receiver->more > 0) {
        mes_buf_add_char(&text, '\n');
        mes_say(&text, receiver->language, MES_SAY_hook_alert_more,
                MES_ARGS(mes_number_text(number, receiver->more)));
    }
    if (text.failed != 0)
        on_told(receiver, false, "out of memory");
    else if (receiver->is_mail)
        send_mail(receiver, &text);
    else if (!send_robot(receiver, mes_buf_str(&text)))
        on_told(receiver, false, "out of memory");
    mes_buf_fini(&text);
}

/* --- what is to be told --- */

static void add_line(struct mes_hook_receiver *receiver, const struct mes_hook_alert *alert, bool is_over)
{
    struct mes_buf line;
    mes_buf_init(&line, LINES_LIMIT);
    mes_hook_alert_say(alert, is_over, receiver->language, &line);
    mes_buf_add_char(&line, '\n');
    if (line.failed == 0 && receiver->lines.size + line.size <= LINES_LIMIT)
        mes_buf_add_str(&receiver->lines, mes_buf_str(&line));
    else
        receiver->more++;
    mes_buf_fini(&line);
}

void mes_hook_receivers_tell(struct mes_hook_receiver *list, const struct mes_hook_alert *alert, bool is_over,
                             enum mes_language language)
{
    for (struct mes_hook_receiver *receiver = list; receiver != NULL; receiver = receiver->next) {
        receiver->language = language;
        add_line(receiver, alert, is_over);
        if (receiver->exchange == NULL && !mes_timer_is_active(receiver->timer))
            mes_timer_start(receiver->timer, MES_HOOK_RECEIVER_GATHER_MS);
    }
}

/* --- the list --- */

static void free_one(struct mes_hook_receiver *receiver)
{
    mes_http_cancel(&receiver->exchange);
    mes_timer_free(&receiver->timer);
    mes_buf_fini(&receiver->lines);
    mes_free(receiver->target);
    mes_free(receiver);
}

void mes_hook_receivers_free(struct mes_hook_receiver **list)
{
    while (*list != NULL) {
        struct mes_hook_receiver *receiver = *list;
        *list = receiver->next;
        free_one(receiver);
    }
}

static bool is_url(const char *target)
{
    return strstr(target, "://") != NULL;
}

static int refuse(const char *shown, const struct mes_error *why, struct mes_error *error)
{
    char text[MES_ERROR_SPACE];
    return mes_fail(error, MES_E_CONFIG, MES_SAY_hook_receiver,
                    MES_ARGS(shown, mes_error_text(why, MES_EN, text, sizeof text)));
}

/* What is wrong is said without a URL's secrets. */
static int check(const char *target, struct mes_error *error)
{
    struct mes_error why;
    if (is_url(target)) {
        char shown[MES_HTTP_URL_SHOWN];
        struct mes_http_url url;
        int code = mes_http_url_parse(target, &url, &why);
        return code == 0 ? 0 : refuse(mes_http_url_shown(target, shown), &why, error);
    }
    struct mes_message *message = mes_message_new();
    if (message == NULL)
        return mes_fail_nomem(error);
    int code = mes_message_add_recipient(message, MES_ROLE_TO, target, NULL, &why);
    mes_message_free(&message);
    return code == 0 ? 0 : refuse(MES_TEXT(mes_str_of(target)), &why, error);
}

static struct mes_hook_receiver *make_one(const struct mes_hook_receiver_setting *setting, const char *target)
{
    struct mes_hook_receiver *receiver = mes_alloc(sizeof *receiver);
    if (receiver == NULL)
        return NULL;
    receiver->setting = *setting;
    mes_buf_init(&receiver->lines, LINES_LIMIT);
    receiver->is_mail = !is_url(target);
    receiver->target = mes_copy(target, strlen(target));
    if (receiver->is_mail)
        (void)mes_shown_text(receiver->shown, sizeof receiver->shown, mes_str_of(target));
    else
        (void)mes_http_url_shown(target, receiver->shown);
    if (receiver->target == NULL ||
        mes_timer_new(setting->loop, on_due, receiver, &receiver->timer, NULL) != 0) {
        free_one(receiver);
        return NULL;
    }
    return receiver;
}

/* Takes the receiver of that target out of the list; NULL: it is not there. */
static struct mes_hook_receiver *take_out(struct mes_hook_receiver **list, const char *target)
{
    for (struct mes_hook_receiver **place = list; *place != NULL; place = &(*place)->next) {
        struct mes_hook_receiver *receiver = *place;
        if (strcmp(receiver->target, target) == 0) {
            *place = receiver->next;
            receiver->next = NULL;
            return receiver;
        }
    }
    return NULL;
}

static struct mes_hook_receiver *find(struct mes_hook_receiver *list, const char *target)
{
    while (list != NULL && strcmp(list->target, target) != 0)
        list = list->next;
    return list;
}

/* Those of the targets that are not in `list`: all of them, or none. */
static int make_new(struct mes_hook_receiver *list, const struct mes_hook_receiver_setting *setting,
                    const char *const *targets, size_t count, struct mes_hook_receiver **made_out)
{
    *made_out = NULL;
    for (size_t i = 0; i < count; i++) {
        if (find(list, targets[i]) != NULL || find(*made_out, targets[i]) != NULL)
            continue;
        struct mes_hook_receiver *receiver = make_one(setting, targets[i]);
        if (receiver == NULL) {
            mes_hook_receivers_free(made_out);
            return MES_E_NOMEM;
        }
        receiver->next = *made_out;
        *made_out = receiver;
    }
    return 0;
}

int mes_hook_receivers_replace(struct mes_hook_receiver **list,
                               const struct mes_hook_receiver_setting *setting, const char *const *targets,
                               size_t count, struct mes_error *error)
{
    struct mes_hook_receiver *made, *kept = NULL;
    for (size_t i = 0; i < count; i++) {
        int code = check(targets[i], error);
        if (code != 0)
            return code;
    }
    if (make_new(*list, setting, targets, count, &made) != 0)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < count; i++) {
        struct mes_hook_receiver *receiver = take_out(list, targets[i]);
        if (receiver == NULL)
            receiver = take_out(&made, targets[i]);
        if (receiver == NULL) /* named twice */
            continue;
        receiver->next = kept;
        kept = receiver;
    }
    mes_hook_receivers_free(list);
    *list = kept;
    return 0;
}
