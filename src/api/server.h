/* The HTTP server of the API: strict, bounded, on threads of its own. */
#ifndef MES_API_SERVER_H
#define MES_API_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mes/error.h"

struct mes_api_routes;
struct mes_api_server;
struct mes_carrier;
struct mes_clock;
struct mes_courier;
struct mes_hook_service;
struct mes_log;
struct mes_roster;
struct mes_store_readers;

/* What handlers work with. All of it is the caller's and outlives the server; functions are called on any
 * HTTP thread. A member that is NULL makes the routes that need it answer 503. */
struct mes_api_services {
    const struct mes_clock *clock;
    struct mes_courier *courier;
    struct mes_carrier *carrier;
    struct mes_hook_service *hooks; /* webhooks */
    struct mes_store_readers *readers;
    const char *blob_folder; /* of attachments */
    /* The accounts as they are now; to be given back. */
    struct mes_roster *(*hold_roster)(void *context);
    void (*drop_roster)(void *context, struct mes_roster *roster);
    /* Reads the settings again, soon. */
    void (*reload)(void *context);
    /* Why the service is not ready: NULL when it is, else a word such as "database" (static). */
    const char *(*not_ready)(void *context);
    struct mes_log *log;
    void *context;
};

struct mes_api_options {
    const struct mes_api_routes *routes; /* NULL: routes.def; tests have their own */
    const char *listen;                  /* "127.0.0.1:8025", "[::1]:0"; port 0: the system chooses */
    int listener; /* a listening socket in its place, the server's from the call on; 0: none */
    const char *certificate_file; /* PEM, with the key file; both NULL: no TLS */
    const char *key_file;
    const char *public_url; /* "https://mail.example.hk": links begin with it; NULL: they have no host */
    const char *const *trusted_proxies; /* addresses, ended by NULL; NULL: none */
    const char *data_folder;            /* of blobs/, for uploads; NULL: none */
    unsigned threads;                   /* that answer; 0: 2 */
    unsigned connections_per_address;   /* 0: 64. Not for loopback, unless a trusted proxy */
    unsigned connections;               /* 0: 4000 */
    unsigned idle_seconds;              /* 0: 30. A connection on which nothing moves is closed */
    unsigned header_seconds;            /* 0: 30. A header that takes longer is cut off, and a body of less
                                           than a kilobyte a second, see visit.h */
    unsigned requests_per_minute;       /* of one address; 0: 6000. Not for loopback, as above */
    unsigned failed_keys_per_minute;    /* attempts without a valid key of one address; 0: 30 */
};

/* Listens and serves from now on. `options` need not outlive the call, `services` must. Errors: MES_E_CONFIG
 * (the address, the certificate), MES_E_SYSTEM (the port is taken …). */
int mes_api_server_start(const struct mes_api_options *options, const struct mes_api_services *services,
                         struct mes_api_server **server_out, struct mes_error *error) MES_MUST_USE;

/* The port that was chosen. */
unsigned mes_api_server_port(const struct mes_api_server *server);

/* No new connections from now on; those that stand are served to the end of their request. Streams end. */
void mes_api_server_drain(struct mes_api_server *server);
/* Requests that wait for the courier or someone else. */
size_t mes_api_server_waiting(const struct mes_api_server *server);
/* Ends everything. Whoever wakes waiting requests (the courier) still runs: this waits until none waits any
 * more. */
void mes_api_server_stop(struct mes_api_server **server);

/* These jobs have changed: streams that wait for one of them look again. Cheap; any thread, best after each
 * commit. */
void mes_api_server_news(struct mes_api_server *server, const int64_t *jobs, size_t count);

#endif
