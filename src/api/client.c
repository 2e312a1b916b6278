#include "api/client.h"

#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/thread.h"
#include "i18n/say.h"

enum { MOST_PROXIES = 16, SLOTS = 16384 };

struct slot {
    uint64_t number; /* 0: empty */
    unsigned count;
};

struct mes_api_clients {
    struct mes_mutex mutex;
    uint64_t seed;
    unsigned per_address;
    struct mes_address proxies[MOST_PROXIES];
    size_t proxy_count;
    struct slot slots[SLOTS]; /* by number, closely after number % SLOTS */
};

int mes_api_clients_new(const char *const *proxies, unsigned per_address,
                        struct mes_api_clients **clients_out, struct mes_error *error)
{
    struct mes_api_clients *clients = mes_alloc(sizeof *clients);
    *clients_out = NULL;
    if (clients == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&clients->mutex);
    clients->per_address = per_address;
    int code = mes_random_bytes(&clients->seed, sizeof clients->seed, error);
    for (; code == 0 && proxies != NULL && *proxies != NULL; proxies++)
        if (clients->proxy_count == MOST_PROXIES ||
            !mes_address_parse(*proxies, &clients->proxies[clients->proxy_count++]))
            code = mes_fail(error, MES_E_CONFIG, MES_SAY_api_bad_proxy, MES_ARGS(*proxies));
    if (code != 0)
        mes_api_clients_free(&clients);
    *clients_out = clients;
    return code;
}

void mes_api_clients_free(struct mes_api_clients **clients)
{
    if (*clients == NULL)
        return;
    mes_mutex_fini(&(*clients)->mutex);
    mes_free(*clients);
    *clients = NULL;
}

static bool is_proxy(const struct mes_api_clients *clients, const struct mes_address *address)
{
    for (size_t i = 0; i < clients->proxy_count; i++)
        if (mes_address_equal(&clients->proxies[i], address))
            return true;
    return false;
}

/* The seed keeps outsiders from choosing
 * addresses that share a number. */
static uint64_t number_of(const struct mes_api_clients *clients, const struct mes_address *address)
{
    unsigned char bytes[8];
    size_t size = mes_address_subscriber(address, bytes);
    uint64_t number = clients->seed;
    for (size_t i = 0; i < size; i++) {
        number = (number ^ bytes[i]) * 0x9E3779B97F4A7C15U;
        number ^= number >> 29;
    }
    return number | 1;
}

/* Under the mutex. The slot of the number, or the empty one where it would go; NULL when the table is full.
 */
static struct slot *slot_of(struct mes_api_clients *clients, uint64_t number)
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &clients->slots[(number + i) % SLOTS];
        if (slot->number == number || slot->number == 0)
            return slot;
    }
    return NULL;
}

/* Under the mutex. What stands closely behind is put anew, so that no search ends too early. */
static void empty_slot(struct mes_api_clients *clients, struct slot *slot)
{
    slot->number = 0;
    for (size_t at = (size_t)(slot - clients->slots + 1) % SLOTS; clients->slots[at].number != 0;
         at = (at + 1) % SLOTS) {
        struct slot moved = clients->slots[at];
        clients->slots[at].number = 0;
        *slot_of(clients, moved.number) = moved;
    }
}

static bool is_limited(const struct mes_api_clients *clients, const struct mes_address *address)
{
    return !mes_address_is_loopback(address) && !is_proxy(clients, address);
}

bool mes_api_clients_may_connect(struct mes_api_clients *clients, const struct sockaddr *from)
{
    struct mes_address address = mes_address_of(from);
    if (!is_limited(clients, &address))
        return true;
    mes_mutex_lock(&clients->mutex);
    uint64_t number = number_of(clients, &address);
    struct slot *slot = slot_of(clients, number);
    bool may = slot != NULL && (slot->number == 0 || slot->count < clients->per_address);
    mes_mutex_unlock(&clients->mutex);
    return may;
}

void mes_api_clients_note(struct mes_api_clients *clients, const struct sockaddr *from, bool is_begin)
{
    struct mes_address address = mes_address_of(from);
    if (!is_limited(clients, &address))
        return;
    uint64_t number = number_of(clients, &address);
    mes_mutex_lock(&clients->mutex);
    struct slot *slot = slot_of(clients, number);
    if (slot != NULL && is_begin) {
        slot->count = slot->number == 0 ? 1 : slot->count + 1;
        slot->number = number;
    } else if (slot != NULL && slot->number == number && --slot->count == 0) {
        empty_slot(clients, slot);
    }
    mes_mutex_unlock(&clients->mutex);
}

static bool last_hop(const struct mes_api_request *request, struct mes_address *address_out)
{
    struct mes_str hops = mes_api_request_header(request, "X-Forwarded-For");
    struct mes_str hop = {NULL, 0};
    char text[MES_ADDRESS_TEXT] = "";
    while (mes_str_next(&hops, ',', &hop)) {
    }
    hop = mes_str_trim(hop);
    if (hop.size == 0 || hop.size >= sizeof text)
        return false;
    memcpy(text, hop.data, hop.size);
    return mes_address_parse(text, address_out);
}

uint64_t mes_api_client_number(struct mes_api_clients *clients, const struct mes_api_exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return 0;
    struct mes_address address = mes_address_of(info->client_addr);
    if (is_proxy(clients, &address)) {
        (void)last_hop(&exchange->request, &address);
        return number_of(clients, &address);
    }
    return mes_address_is_loopback(&address) ? 0 : number_of(clients, &address);
}
