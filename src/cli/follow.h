/* Waiting for a job: its events as they come, a progress bar, and what became of it in the end. */
#ifndef MES_CLI_FOLLOW_H
#define MES_CLI_FOLLOW_H

#include "cli/service.h"

/* Lines of text/event-stream (the HTML standard, 9.2), in any pieces. */
struct mes_cli_events {
    /* A whole event; texts are valid during the call. False ends. */
    bool (*on_event)(void *context, const char *name, const char *data);
    void *context;
    struct mes_buf line, name, data;
    char last_id[64]; /* for Last-Event-ID */
};

void mes_cli_events_init(struct mes_cli_events *events,
                         bool (*on_event)(void *context, const char *name, const char *data), void *context);
void mes_cli_events_fini(struct mes_cli_events *events);
/* False when on_event wanted no more, or an event is larger than 1 MiB. */
bool mes_cli_events_feed(struct mes_cli_events *events, struct mes_str piece);

/* Follows the job until it has come to its end, over lost connections too; ^C ends the waiting, not the job.
 * Returns an exit status that says what became of its addresses, as that of `send` does. */
int mes_cli_follow(const struct mes_cli_service *service, const char *id);

#endif
