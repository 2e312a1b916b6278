/* One who is told of trouble: a mail address or a robot. Gathers what comes together, and tries again. */
#ifndef MES_HOOK_RECEIVER_H
#define MES_HOOK_RECEIVER_H

#include "hook/alert.h"

struct mes_hook_receiver;

enum {
    MES_HOOK_RECEIVER_GATHER_MS = 1000, /* what comes within it goes into one message */
    MES_HOOK_RECEIVER_APART_MS = 3000,  /* between two messages: the strictest vendors take 20 a minute */
    MES_HOOK_RECEIVER_GIVE_UP_MS = 24 * 60 * 60 * 1000
};

/* Loop thread, like all here. See struct mes_hook_alerts_options. */
struct mes_hook_receiver_setting {
    struct mes_loop *loop;
    struct mes_http_client *client;
    struct mes_log *log;
    bool (*on_mail)(void *context, const char *address, const char *subject, const char *text);
    void *context;
};

/* Makes the list anew. Those that are in it already go on with what they have to tell. MES_E_CONFIG: one is
 * neither a mail address nor a URL that can be called, and nothing has changed. */
int mes_hook_receivers_replace(struct mes_hook_receiver **list,
                               const struct mes_hook_receiver_setting *setting, const char *const *targets,
                               size_t count, struct mes_error *error) MES_MUST_USE;
void mes_hook_receivers_free(struct mes_hook_receiver **list);

/* Tells every one of them, soon. */
void mes_hook_receivers_tell(struct mes_hook_receiver *list, const struct mes_hook_alert *alert, bool is_over,
                             enum mes_language language);

#endif
