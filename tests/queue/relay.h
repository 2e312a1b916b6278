/* A relay for the queue's tests: one thread a connection; what it does with a mail stands in the recipient's
 * local part. It keeps a ledger of what it accepted.
 *
 *   ok…        accepted
 *   refused…   550 5.1.1 at RCPT
 *   grey…      451 4.7.1 at RCPT the first time, then accepted
 *   spam…      554 5.7.1 at the dot
 *   cut…       takes the dot, notes it, and closes without an answer, the first `cuts` times
 *   slow…      accepted, after relay_release */
#ifndef TESTS_QUEUE_RELAY_H
#define TESTS_QUEUE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

struct relay;

struct relay *relay_start(void);
unsigned relay_port(const struct relay *relay);
void relay_stop(struct relay **relay);

/* How often a `cut` address is cut; 1 at first. */
void relay_set_cuts(struct relay *relay, unsigned cuts);
/* Lets the `slow` ones go on. */
void relay_release(struct relay *relay);
/* New connections get 421. */
void relay_set_down(struct relay *relay, bool is_down);

/* Mails whose dot was taken (also those that were cut), in their order: recipient and Message-ID. */
size_t relay_count(struct relay *relay);
size_t relay_count_of(struct relay *relay, const char *recipient);
/* The position of the recipient's first mail; SIZE_MAX when there is none. */
size_t relay_position(struct relay *relay, const char *recipient);
/* All mails of the recipient had the same Message-ID. */
bool relay_has_one_id(struct relay *relay, const char *recipient);
/* RCPT commands that were seen for the recipient. */
size_t relay_rcpt_count(struct relay *relay, const char *recipient);

#endif
