/* The service as one call: reads the settings, starts the threads, serves until it is told to stop. */
#ifndef MES_DAEMON_DAEMON_H
#define MES_DAEMON_DAEMON_H

#include <stdbool.h>

#include "account/finding.h"
#include "base/str.h"
#include "mes/error.h"

/* The service answers. Texts are valid during the call. */
struct mes_daemon_ready {
    const char *url;      /* "http://127.0.0.1:8025" */
    const char *settings; /* the settings file */
    const char *key_file; /* holds an API key for programs on this machine */
    struct mes_str key;   /* what is in it, at the first start on this data folder; else empty */
    bool is_capturing;    /* the first account keeps mails for people to look at, and sends none */
};

/* What it tells whoever started it; everything later goes to the log. */
struct mes_daemon_listener {
    /* While the settings are read. */
    void (*on_finding)(void *context, enum mes_finding_kind kind, const struct mes_error *finding);
    void (*on_ready)(void *context, const struct mes_daemon_ready *ready);
    void *context;
};

/* Where the settings of a service stand that was started without any. */
#define MES_DAEMON_OWN_SETTINGS "./data/AppSetting.json"

/* Serves from the settings file `config` until SIGTERM or SIGINT; the calling thread is the loop's. NULL:
 * from MES_DAEMON_OWN_SETTINGS, which is made with an account that captures mail when it does not exist. At
 * most once in a process, before any other thread. A second SIGTERM or SIGINT ends the process where it
 * stands, with 75.
 *
 * 0: it was told to stop, and all is in order. MES_E_CONFIG, MES_E_NOT_FOUND: the settings; MES_E_BUSY:
 * another service has the data folder; MES_E_STORAGE: the disk failed, and the service has to be started
 * anew. */
int mes_daemon_run(const char *config, const struct mes_daemon_listener *listener,
                   struct mes_error *error) MES_MUST_USE;

#endif
