/* Robots in the chats of companies: the request that makes each kind say something. Pure. */
#ifndef MES_HOOK_ROBOT_H
#define MES_HOOK_ROBOT_H

#include <stdint.h>

#include "base/buf.h"

enum mes_hook_robot_kind {
    MES_HOOK_ROBOT_GENERIC, /* {"text":…}, which Slack, Mattermost and own programs read */
    MES_HOOK_ROBOT_WECOM,
    MES_HOOK_ROBOT_DINGTALK,
    MES_HOOK_ROBOT_FEISHU, /* and Lark */
    MES_HOOK_ROBOT_TELEGRAM
};

/* By the path of the vendor's API, so that a proxy of one's own in front of it works too. */
enum mes_hook_robot_kind mes_hook_robot_kind(const char *url);

/* The longest text that every kind takes, in bytes. */
enum { MES_HOOK_ROBOT_TEXT = 2000 };

struct mes_hook_robot_request {
    struct mes_buf url;
    struct mes_buf body;
    const char *content_type; /* "Content-Type: …", static */
};

/* The POST that says `text` (UTF-8, lines parted by LF) at the time `now` (ms since 1970). The URL's fragment
 * is the secret for those who sign (DingTalk, Feishu):
 * "https://oapi.dingtalk.com/robot/send?access_token=…#SEC…". */
int mes_hook_robot_write(const char *url, struct mes_str text, int64_t now,
                         struct mes_hook_robot_request *request_out, struct mes_error *error) MES_MUST_USE;
/* Wipes it: it holds keys. */
void mes_hook_robot_request_fini(struct mes_hook_robot_request *request);

/* Has it said it? Some answer 200 with an error inside, whose words are then put into `reason`. */
bool mes_hook_robot_took(enum mes_hook_robot_kind kind, int status, struct mes_str answer, char *reason,
                         size_t size);

#endif
