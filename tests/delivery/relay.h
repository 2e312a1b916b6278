/* A relay in a thread of the test, which notes all that it hears. */
#ifndef TESTS_DELIVERY_RELAY_H
#define TESTS_DELIVERY_RELAY_H

#include <stdatomic.h>

#include "base/buf.h"
#include "tests/net/peer.h"

/* What it does; read by its thread, written before it starts. */
struct relay {
    const char *refuses;       /* a RCPT that holds this; NULL: none */
    const char *refuses_login; /* the reply to AUTH; NULL: taken */
    const char *refuses_bdat;  /* the reply to BDAT; NULL: taken */
    const char *keywords;      /* "250 PIPELINING" */
    unsigned connections;      /* at a time; 0 is 1 */
    const char *token;         /* it offers XOAUTH2 and takes this access token alone; NULL: PLAIN */
    unsigned cuts_after_354;   /* the message, from 1, in which it closes behind 354 */
    struct peer *peer;

    atomic_uint ends;   /* last lines of bodies */
    atomic_uint dots;   /* lone ones */
    atomic_uint logins; /* EHLO */
    struct mes_buf log; /* commands and bodies, un-stuffed; read after relay_stop */
};

/* For peer_start; the context is the relay. */
void relay_script(struct peer_link *link);

#endif
