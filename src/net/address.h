/* Addresses of hosts: what the resolver gives and a connection is opened to. */
#ifndef MES_NET_ADDRESS_H
#define MES_NET_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { MES_ADDRESS_COUNT = 16, MES_ADDRESS_TEXT = 80 };

struct mes_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket; /* its port is not used */
};

struct mes_address_list {
    size_t count;
    struct mes_address items[MES_ADDRESS_COUNT]; /* in the order in which they are to be tried */
};

/* Reads "192.0.2.1", "2001:db8::1", "[2001:db8::1]" or "fe80::1%eth0"; false for anything else, such as a
 * name. */
bool mes_address_parse(const char *text, struct mes_address *address_out);
/* "192.0.2.1:25", "[2001:db8::1]:25"; the port is set in the address too. An IPv6 address without brackets is
 * refused: nobody knows where it ends. */
bool mes_address_parse_port(const char *text, struct mes_address *address_out);
/* What the system names as a peer, without its port; IPv4 inside IPv6 (::ffff:192.0.2.1) becomes IPv4. */
struct mes_address mes_address_of(const struct sockaddr *peer);
bool mes_address_is_loopback(const struct mes_address *address);
bool mes_address_is_any(const struct mes_address *address);
/* The bytes that tell one subscriber from another: all four of IPv4, the /64 of IPv6. Returns their number.
 */
size_t mes_address_subscriber(const struct mes_address *address, unsigned char out[8]);
/* Adds one at the end; false when the list is full (then the address is left out). */
bool mes_address_list_add(struct mes_address_list *list, const struct mes_address *address);
/* Both lists in turn, IPv6 first, as many as fit (RFC 8305 section 4). */
void mes_address_list_merge(const struct mes_address_list *v6, const struct mes_address_list *v4,
                            struct mes_address_list *list_out);

/* "192.0.2.1:25", "[2001:db8::1]:25"; without the port (and brackets) when it is 0. Returns `out`. */
const char *mes_address_text(const struct mes_address *address, unsigned port, char out[MES_ADDRESS_TEXT]);
socklen_t mes_address_size(const struct mes_address *address);
bool mes_address_equal(const struct mes_address *a, const struct mes_address *b);

#endif
