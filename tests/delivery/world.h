/* All that a transport needs: an account, mails, a relay, and a host that notes what it is told. */
#ifndef TESTS_DELIVERY_WORLD_H
#define TESTS_DELIVERY_WORLD_H

#include "base/digest.h"
#include "delivery/account_state.h"
#include "delivery/memory_ram.h"
#include "delivery/token.h"
#include "delivery/transport.h"
#include "net/loop.h"
#include "tests/delivery/relay.h"

enum { MAILS = 8 };

/* What it answers when it is asked for a permit: from the next turn on. */
enum answer { ANSWER_YES, ANSWER_NO, ANSWER_NEVER };

struct world {
    struct relay relay;
    struct mes_loop *loop;
    struct mes_tokens *tokens;
    struct mes_account_list *list;
    struct mes_memory_ram *ram;
    struct mes_memory memory;
    struct mes_account_state state;
    struct mes_transport *transport;
    struct mes_compose_job *job;
    struct mes_delivery_mail mails[MAILS];
    struct mes_dispatch dispatches[MAILS];
    size_t count;

    enum answer answers[MAILS];
    bool is_asked[MAILS]; /* and not answered yet */
    bool is_over[MAILS];
    bool is_drained;
    bool frees_when_drained;
    struct mes_buf log;      /* "want 0, done 0, " */
    struct mes_buf evidence; /* of the last outcome: "TLS SENDER\n" and the transcript */
    unsigned char digests[MAILS][MES_DIGEST_SIZE];
    bool has_digest[MAILS];
    const void *context; /* the test's own */
};

/* Mails with a `to` and a cc. `settings`: further JSON members of the account, each with a comma in front.
 * The transport is still to be made, with host_events. */
void open_world(struct world *world, const char *settings, size_t mails);
/* Frees the transport too, unless that was done. */
void close_world(struct world *world);
const struct mes_transport_events *host_events(struct world *world);

void start_all(struct world *world);
bool all_are_over(const struct world *world);
/* Turns the loop and answers what is asked for; fails the test when nothing more happens. */
void turn_until(struct world *world, bool (*is_done)(const struct world *world));

/* Frees the transport; what the relay heard till the end. */
const char *relay_log(struct world *world);
/* How often `what` stands in `text`. */
size_t count_of(const char *text, const char *what);

#endif
