#include <stdio.h>

#include "cli/follow.h"

enum { EVENT_MOST = 1024 * 1024 };

void mes_cli_events_init(struct mes_cli_events *events,
                         bool (*on_event)(void *context, const char *name, const char *data), void *context)
{
    *events = (struct mes_cli_events){.on_event = on_event, .context = context};
    mes_buf_init(&events->line, EVENT_MOST);
    mes_buf_init(&events->name, EVENT_MOST);
    mes_buf_init(&events->data, EVENT_MOST);
}

void mes_cli_events_fini(struct mes_cli_events *events)
{
    mes_buf_fini(&events->line);
    mes_buf_fini(&events->name);
    mes_buf_fini(&events->data);
}

static bool dispatch(struct mes_cli_events *events)
{
    bool goes_on = true;
    if (events->data.size > 0)
        goes_on = events->on_event(events->context, mes_buf_text(&events->name), mes_buf_text(&events->data));
    mes_buf_clear(&events->name);
    mes_buf_clear(&events->data);
    return goes_on;
}

static void take_field(struct mes_cli_events *events, struct mes_str name, struct mes_str value)
{
    if (mes_str_eq(name, MES_STR("event"))) {
        mes_buf_clear(&events->name);
        mes_buf_add_str(&events->name, value);
    } else if (mes_str_eq(name, MES_STR("data"))) {
        mes_buf_add_text(&events->data, events->data.size > 0 ? "\n" : "");
        mes_buf_add_str(&events->data, value);
    } else if (mes_str_eq(name, MES_STR("id")) && value.size < sizeof events->last_id) {
        (void)snprintf(events->last_id, sizeof events->last_id, "%.*s", MES_STR_ARGS(value));
    }
}

/* A line that begins with its colon is a comment: the service says that it is still there. */
static bool take_line(struct mes_cli_events *events, struct mes_str line)
{
    struct mes_str name, value = line;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    if (line.size == 0)
        return dispatch(events);
    value = line;
    if (!mes_str_next(&value, ':', &name))
        return true;
    if (mes_str_starts(value, MES_STR(" ")))
        value = mes_str_skip(value, 1);
    take_field(events, name, value);
    return true;
}

bool mes_cli_events_feed(struct mes_cli_events *events, struct mes_str piece)
{
    struct mes_str part, rest = piece;
    bool goes_on = true;
    while (goes_on && mes_str_next(&rest, '\n', &part)) {
        mes_buf_add_str(&events->line, part);
        if (rest.data == NULL)
            break; /* the line's end is still to come */
        goes_on = take_line(events, mes_buf_str(&events->line));
        mes_buf_clear(&events->line);
    }
    return goes_on && events->line.failed == 0 && events->data.failed == 0;
}
