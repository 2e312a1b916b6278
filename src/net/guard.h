/* Which addresses a request that a caller asked for may go to: none inside, unless it is allowed by name. */
#ifndef MES_NET_GUARD_H
#define MES_NET_GUARD_H

#include "base/str.h"
#include "mes/error.h"
#include "net/address.h"

enum { MES_GUARD_NETWORKS = 64 };

struct mes_guard_network {
    unsigned char bytes[16]; /* IPv4: the first four */
    unsigned bits;
    int family;
};

/* A plain value: {0} allows nothing but public addresses, and may be copied. Pure functions, any thread. */
struct mes_guard {
    size_t count;
    struct mes_guard_network allowed[MES_GUARD_NETWORKS];
};

/* Adds "10.1.0.0/16", "fd00::/8" or a single address to what is allowed. MES_E_CONFIG, naming it, for
 * anything else and for bits beyond the prefix; MES_E_LIMIT when there are too many. An address is compared
 * as it stands: to allow a mapped one or NAT64, allow its IPv6 prefix. */
int mes_guard_allow(struct mes_guard *guard, struct mes_str network, struct mes_error *error) MES_MUST_USE;

/* NULL when a connection to it may be made, else the name of the kind of address that forbids it, such as
 * "loopback" or "link-local". What is neither IPv4 nor IPv6 is "unknown family". */
const char *mes_guard_refuses(const struct mes_guard *guard, const struct mes_address *address);

/* The same for a host as it stands in a URL. NULL for a name, as what it leads to is known when it is looked
 * up; but `localhost` and names below it are loopback (RFC 6761 section 6.3). */
const char *mes_guard_refuses_host(const struct mes_guard *guard, struct mes_str host);

/* Reads a host that is an address in a notation that some resolver takes for one: 127.1, 0x7f.1, 0177.0.0.1,
 * 2130706433, [::ffff:127.0.0.1], a dot at the end. False for a name. */
bool mes_guard_read_literal(struct mes_str host, struct mes_address *address_out);

#endif
