#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* "fe80::1%eth0" or "fe80::1%2": the part behind '%' is the interface. */
static bool parse_scope(const char *name, uint32_t *scope_out)
{
    uint64_t number;
    if (mes_str_to_uint(mes_str_of(name), UINT32_MAX, &number))
        *scope_out = (uint32_t)number;
    else
        *scope_out = if_nametoindex(name);
    return *scope_out != 0;
}

static bool parse_v6(const char *text, struct mes_address *address)
{
    struct sockaddr_in6 *v6 = &address->socket.v6;
    char *scope = strchr(text, '%');
    uint32_t interface = 0;
    if (scope != NULL) {
        *scope = '\0';
        if (!parse_scope(scope + 1, &interface))
            return false;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_scope_id = interface;
    return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

bool mes_address_parse(const char *text, struct mes_address *address_out)
{
    char copy[MES_ADDRESS_TEXT];
    struct mes_str bare = mes_str_of(text);
    *address_out = (struct mes_address){0};
    bool is_bracketed = bare.size >= 2 && bare.data[0] == '[' && bare.data[bare.size - 1] == ']';
    if (is_bracketed)
        bare = mes_str_cut(bare, 1, bare.size - 2);
    if (bare.size >= sizeof copy)
        return false;
    memcpy(copy, bare.data, bare.size);
    copy[bare.size] = '\0';
    if (!is_bracketed && inet_pton(AF_INET, copy, &address_out->socket.v4.sin_addr) == 1) {
        address_out->socket.v4.sin_family = AF_INET;
        return true;
    }
    return parse_v6(copy, address_out);
}

bool mes_address_list_add(struct mes_address_list *list, const struct mes_address *address)
{
    if (list->count == MES_ADDRESS_COUNT)
        return false;
    list->items[list->count++] = *address;
    return true;
}

void mes_address_list_merge(const struct mes_address_list *v6, const struct mes_address_list *v4,
                            struct mes_address_list *list_out)
{
    list_out->count = 0;
    for (size_t i = 0; i < v6->count || i < v4->count; i++) {
        if (i < v6->count)
            (void)mes_address_list_add(list_out, &v6->items[i]);
        if (i < v4->count)
            (void)mes_address_list_add(list_out, &v4->items[i]);
    }
}

const char *mes_address_text(const struct mes_address *address, unsigned port, char out[MES_ADDRESS_TEXT])
{
    char number[INET6_ADDRSTRLEN] = "", scope[16] = "";
    const struct sockaddr_in6 *v6 = &address->socket.v6;
    bool is_v6 = address->socket.any.sa_family == AF_INET6;
    if (is_v6)
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, number, sizeof number);
    else
        (void)inet_ntop(AF_INET, &address->socket.v4.sin_addr, number, sizeof number);
    if (is_v6 && v6->sin6_scope_id != 0)
        (void)snprintf(scope, sizeof scope, "%%%u", v6->sin6_scope_id);
    if (port == 0)
        (void)snprintf(out, MES_ADDRESS_TEXT, "%s%s", number, scope);
    else
        (void)snprintf(out, MES_ADDRESS_TEXT, is_v6 ? "[%s%s]:%u" : "%s%s:%u", number, scope, port);
    return out;
}

socklen_t mes_address_size(const struct mes_address *address)
{
    return address->socket.any.sa_family == AF_INET6 ? sizeof address->socket.v6 : sizeof address->socket.v4;
}

bool mes_address_equal(const struct mes_address *a, const struct mes_address *b)
{
    if (a->socket.any.sa_family != b->socket.any.sa_family)
        return false;
    if (a->socket.any.sa_family == AF_INET)
        return a->socket.v4.sin_addr.s_addr == b->socket.v4.sin_addr.s_addr;
    return memcmp(&a->socket.v6.sin6_addr, &b->socket.v6.sin6_addr, sizeof(struct in6_addr)) == 0 &&
           a->socket.v6.sin6_scope_id == b->socket.v6.sin6_scope_id;
}

bool mes_address_parse_port(const char *text, struct mes_address *address_out)
{
    const char *colon = strrchr(text, ':');
    char host[MES_ADDRESS_TEXT] = "";
    uint64_t port = 0;
    size_t size = colon != NULL ? (size_t)(colon - text) : 0;
    if (size == 0 || size >= sizeof host || !mes_str_to_uint(mes_str_of(colon + 1), UINT16_MAX, &port))
        return false;
    memcpy(host, text, size);
    bool is_bare_v6 = host[0] != '[' && strchr(host, ':') != NULL;
    if (is_bare_v6 || !mes_address_parse(host, address_out))
        return false;
    if (address_out->socket.any.sa_family == AF_INET6)
        address_out->socket.v6.sin6_port = htons((uint16_t)port);
    else
        address_out->socket.v4.sin_port = htons((uint16_t)port);
    return true;
}

struct mes_address mes_address_of(const struct sockaddr *peer)
{
    struct mes_address address;
    struct sockaddr_in6 v6;
    memset(&address, 0, sizeof address);
    if (peer->sa_family != AF_INET6) {
        memcpy(&address.socket.v4, peer, sizeof address.socket.v4);
        address.socket.v4.sin_port = 0;
        return address;
    }
    memcpy(&v6, peer, sizeof v6);
    v6.sin6_port = 0;
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        address.socket.v4.sin_family = AF_INET;
        memcpy(&address.socket.v4.sin_addr, v6.sin6_addr.s6_addr + 12, sizeof address.socket.v4.sin_addr);
    } else {
        address.socket.v6 = v6;
    }
    return address;
}

bool mes_address_is_loopback(const struct mes_address *address)
{
    if (address->socket.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&address->socket.v6.sin6_addr);
    return ntohl(address->socket.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool mes_address_is_any(const struct mes_address *address)
{
    if (address->socket.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&address->socket.v6.sin6_addr);
    return address->socket.v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

size_t mes_address_subscriber(const struct mes_address *address, unsigned char out[8])
{
    bool is_v6 = address->socket.any.sa_family == AF_INET6;
    size_t size = is_v6 ? 8 : sizeof address->socket.v4.sin_addr;
    memcpy(out,
           is_v6 ? (const void *)&address->socket.v6.sin6_addr : (const void *)&address->socket.v4.sin_addr,
           size);
    return size;
}
