/* The store's side of a mail under way: its dot, and its end. Posted by the carrier, run on the store thread.
 */
#ifndef MES_QUEUE_FLIGHT_H
#define MES_QUEUE_FLIGHT_H

#include "queue/mail.h"

/* Writes down that the mail's dot is about to be written, or takes that back (see struct mes_queue_dot). The
 * answer goes to the carrier that the mail is with. Refused when the job was cancelled or the lease is void.
 */
void mes_flight_post_dot(struct mes_courier *courier, struct mes_queue_mail *mail);

/* Writes down the mail's outcome and ends its lease. The mail is freed when it is durable: in the database,
 * or in the journal when the database cannot take it. */
void mes_flight_post_outcome(struct mes_courier *courier, struct mes_queue_mail *mail);

#endif
