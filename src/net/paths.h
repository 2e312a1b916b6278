/* Addresses that did not answer: tried last for a while, so that a dead one costs its 250 ms only once. */
#ifndef MES_NET_PATHS_H
#define MES_NET_PATHS_H

#include <stdint.h>

#include "net/address.h"

enum {
    MES_PATHS_MOST = 64, /* then the one that was noted first is forgotten */
    MES_PATHS_FIRST_MS = 60 * 1000,
    MES_PATHS_LONGEST_MS = 60 * 60 * 1000
};

enum mes_path_state {
    MES_PATH_GOOD,    /* nothing is known against it */
    MES_PATH_SUSPECT, /* its time is over: worth a try, but not a wait */
    MES_PATH_DEAD
};

/* A plain value, {0} is empty. `now` is any clock in milliseconds. */
struct mes_paths {
    struct mes_path {
        struct mes_address address;
        uint16_t port;
        unsigned failures; /* 0: the place is free */
        int64_t noted, until;
    } items[MES_PATHS_MOST];
};

enum mes_path_state mes_paths_ask(const struct mes_paths *paths, const struct mes_address *address,
                                  uint16_t port, int64_t now);
/* Dead for a minute, twice as long each further time, at most an hour. */
void mes_paths_note_failure(struct mes_paths *paths, const struct mes_address *address, uint16_t port,
                            int64_t now);
/* All that was against it is forgotten. */
void mes_paths_note_success(struct mes_paths *paths, const struct mes_address *address, uint16_t port);

#endif
