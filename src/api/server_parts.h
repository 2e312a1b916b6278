/* What the server is made of. Private to this folder. */
#ifndef MES_API_SERVER_PARTS_H
#define MES_API_SERVER_PARTS_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "api/auth.h"
#include "api/client.h"
#include "api/hub.h"
#include "api/metrics.h"
#include "api/rate.h"
#include "api/schema.h"
#include "api/server.h"
#include "api/visit.h"
#include "base/buf.h"

struct mes_api_server {
    struct MHD_Daemon *daemon;
    struct mes_api_services services;
    struct mes_api_routes routes;
    struct mes_buf openapi; /* the document, made once */
    struct mes_api_schemas *schemas;
    struct mes_api_hub *hub;
    struct mes_api_auth *auth;
    struct mes_api_clients *clients;
    struct mes_api_visits *visits;
    struct mes_api_rate *requests;    /* by address and by key */
    struct mes_api_rate *failed_keys; /* by address */
    struct mes_api_metrics metrics;
    unsigned requests_per_minute;
    unsigned failed_keys_per_minute;
    char *public_url; /* without '/' at its end; "" when there is none */
    unsigned port;
    bool has_tls;
    int listener; /* the listening socket that draining took out of service; -1 */
    atomic_bool is_draining;
    atomic_size_t waiting;
    atomic_uint large_bodies; /* that are held now */
};

#endif
