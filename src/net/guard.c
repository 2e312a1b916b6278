#include "net/guard.h"

#include <string.h>

#include "base/error.h"
#include "i18n/say.h"

enum { V4_SIZE = 4, V6_SIZE = 16 };

struct row {
    const char *name;
    int family;
    unsigned offset; /* of the first byte that is compared */
    unsigned bits;
    unsigned char bytes[V6_SIZE];
};

static const struct row rows[] = {
#define BYTES(...)                                                                                           \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define DENY_V4(name, bytes, bits) {name, AF_INET, 0, bits, bytes},
#define DENY_V6(name, bytes, bits) {name, AF_INET6, 0, bits, bytes},
#define DENY_V6_AT(name, offset, bytes, bits) {name, AF_INET6, offset, bits, bytes},
#include "net/guard.def"
#undef DENY_V4
#undef DENY_V6
#undef DENY_V6_AT
#undef BYTES
};

static bool has_prefix(const unsigned char *bytes, const unsigned char *prefix, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(bytes, prefix, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

/* In network order; NULL for a family that is neither. */
static const unsigned char *bytes_of(const struct mes_address *address)
{
    switch (address->socket.any.sa_family) {
    case AF_INET:
        return (const unsigned char *)&address->socket.v4.sin_addr;
    case AF_INET6:
        return (const unsigned char *)&address->socket.v6.sin6_addr;
    default:
        return NULL;
    }
}

static bool is_allowed(const struct mes_guard *guard, int family, const unsigned char *bytes)
{
    for (size_t i = 0; i < guard->count; i++) {
        const struct mes_guard_network *network = &guard->allowed[i];
        if (network->family == family && has_prefix(bytes, network->bytes, network->bits))
            return true;
    }
    return false;
}

const char *mes_guard_refuses(const struct mes_guard *guard, const struct mes_address *address)
{
    int family = address->socket.any.sa_family;
    const unsigned char *bytes = bytes_of(address);
    if (bytes == NULL)
        return "unknown family";
    if (is_allowed(guard, family, bytes))
        return NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (row->family == family && has_prefix(bytes + row->offset, row->bytes, row->bits))
            return row->name;
    }
    return NULL;
}

/* --- networks in the settings --- */

static bool has_bits_beyond(const struct mes_guard_network *network, unsigned size)
{
    for (unsigned bit = network->bits; bit < size * 8; bit++)
        if ((network->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
            return true;
    return false;
}

static bool read_network(struct mes_str text, struct mes_guard_network *network_out)
{
    char host[MES_ADDRESS_TEXT];
    struct mes_str rest = text, part = {NULL, 0};
    struct mes_address address;
    uint64_t bits;
    if (!mes_str_next(&rest, '/', &part) || part.size >= sizeof host)
        return false;
    memcpy(host, part.data, part.size);
    host[part.size] = '\0';
    if (!mes_address_parse(host, &address))
        return false;
    int family = address.socket.any.sa_family;
    unsigned size = family == AF_INET ? V4_SIZE : V6_SIZE;
    bits = size * 8;
    if (part.size < text.size && !mes_str_to_uint(mes_str_skip(text, part.size + 1), bits, &bits))
        return false;
    *network_out = (struct mes_guard_network){.bits = (unsigned)bits, .family = family};
    memcpy(network_out->bytes, bytes_of(&address), size);
    return !has_bits_beyond(network_out, size);
}

int mes_guard_allow(struct mes_guard *guard, struct mes_str network, struct mes_error *error)
{
    struct mes_guard_network read;
    if (!read_network(network, &read))
        return mes_fail(error, MES_E_CONFIG, MES_SAY_net_guard_network, MES_ARGS(MES_TEXT(network)));
    if (guard->count == MES_GUARD_NETWORKS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_net_guard_networks,
                        MES_ARGS(MES_NUMBER(MES_GUARD_NETWORKS)));
    guard->allowed[guard->count++] = read;
    return 0;
}

/* --- hosts in URLs --- */

/* One part of an IPv4 address as inet_aton takes it: decimal, 0 octal, 0x hexadecimal. */
static bool read_part(struct mes_str text, uint64_t *value_out)
{
    unsigned base = 10;
    if (mes_str_starts_nocase(text, MES_STR("0x")))
        base = 16;
    else if (text.size > 1 && text.data[0] == '0')
        base = 8;
    if (base != 10)
        text = mes_str_skip(text, base == 16 ? 2 : 1);
    *value_out = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = mes_lower(text.data[i]);
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                         : c >= 'a'           ? (unsigned)(c - 'a') + 10
                                              : 99;
        if (digit >= base)
            return false;
        *value_out = *value_out * base + digit;
        if (*value_out > UINT32_MAX)
            return false;
    }
    return text.size > 0 || base == 16; /* some take "0x" for 0 */
}

/* Up to four parts; the last one fills the bytes that are left. */
static bool read_v4(struct mes_str host, uint32_t *value_out)
{
    struct mes_str part;
    uint64_t value, whole = 0;
    unsigned count = 0;
    while (mes_str_next(&host, '.', &part)) {
        if (++count > V4_SIZE || !read_part(part, &value))
            return false;
        bool is_last = host.data == NULL;
        if (!is_last && value > UINT8_MAX)
            return false;
        if (is_last && value >> (8 * (V4_SIZE + 1 - count)) != 0)
            return false;
        whole |= is_last ? value : value << (8 * (V4_SIZE - count));
    }
    *value_out = (uint32_t)whole;
    return count > 0;
}

static bool is_localhost(struct mes_str host)
{
    return mes_str_eq_nocase(host, MES_STR("localhost")) || mes_str_ends_nocase(host, MES_STR(".localhost"));
}

static struct mes_str without_dot(struct mes_str host)
{
    if (host.size > 0 && host.data[host.size - 1] == '.')
        host.size--;
    return host;
}

static struct mes_address v4_address(uint32_t value)
{
    struct mes_address address = {.socket.v4.sin_family = AF_INET};
    address.socket.v4.sin_addr.s_addr = htonl(value);
    return address;
}

bool mes_guard_read_literal(struct mes_str host, struct mes_address *address_out)
{
    char text[MES_ADDRESS_TEXT];
    uint32_t v4;
    host = without_dot(host);
    *address_out = v4_address(0);
    if (read_v4(host, &v4)) {
        *address_out = v4_address(v4);
        return true;
    }
    if (host.size >= sizeof text)
        return false;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    return mes_address_parse(text, address_out);
}

const char *mes_guard_refuses_host(const struct mes_guard *guard, struct mes_str host)
{
    struct mes_address address = v4_address(INADDR_LOOPBACK);
    if (!is_localhost(without_dot(host)) && !mes_guard_read_literal(host, &address))
        return NULL;
    return mes_guard_refuses(guard, &address);
}
