/* A name server in a thread of the test, for one name whose addresses change from question to question. */
#ifndef TESTS_NET_NAMES_H
#define TESTS_NET_NAMES_H

struct names;

/* Each text is what one look-up of any name gives: IPv4 addresses parted by blanks; "" none. The last one is
 * for all look-ups that follow. NULL ends the list, which is borrowed. There are no IPv6 addresses. */
struct names *names_start(const char *const *answers);
void names_stop(struct names **names);
/* "127.0.0.1:12345". */
const char *names_server(const struct names *names);
/* How often the IPv4 addresses were asked for. */
unsigned names_lookups(struct names *names);

#endif
