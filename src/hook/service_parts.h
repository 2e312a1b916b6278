/* The inside of the service, for the files that make it and that take its news. */
#ifndef MES_HOOK_SERVICE_PARTS_H
#define MES_HOOK_SERVICE_PARTS_H

#include "base/thread.h"
#include "hook/service.h"
#include "store/folder.h"

struct mes_hook_deliverer;
struct mes_http_client;

struct mes_hook_service {
    struct mes_loop *loop;
    struct mes_log *log;
    struct mes_roster *roster;
    struct mes_courier *courier; /* NULL before the start and after the stop */
    struct mes_http_client *client;
    struct mes_hook_events *events;
    struct mes_hook_alerts *alerts;
    struct mes_hook_deliverer *deliverer;
    struct mes_mutex mutex; /* of the guard */
    struct mes_guard guard;
    unsigned char master[MES_STORE_FOLDER_SECRET_SIZE];
};

#endif
