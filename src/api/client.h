/* Whose connection it is: addresses, how many connections each has, and who is exempt from limits. */
#ifndef MES_API_CLIENT_H
#define MES_API_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "api/exchange.h"
#include "net/address.h"

struct mes_api_clients;

/* `proxies` ends with NULL; it is copied. Errors: MES_E_CONFIG for one that is no address. */
int mes_api_clients_new(const char *const *proxies, unsigned per_address,
                        struct mes_api_clients **clients_out, struct mes_error *error) MES_MUST_USE;
void mes_api_clients_free(struct mes_api_clients **clients);

/* libmicrohttpd asks whether to take a connection, and tells when one begins and ends. */
bool mes_api_clients_may_connect(struct mes_api_clients *clients, const struct sockaddr *address);
void mes_api_clients_note(struct mes_api_clients *clients, const struct sockaddr *address, bool is_begin);

/* A number for the client's address, 0 when no limit applies to it: loopback, unless it is a trusted proxy.
 * Behind a trusted proxy the client is the last hop of X-Forwarded-For; from anyone else that field means
 * nothing. */
uint64_t mes_api_client_number(struct mes_api_clients *clients, const struct mes_api_exchange *exchange);

#endif
