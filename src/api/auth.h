/* Who asks, and may he? */
#ifndef MES_API_AUTH_H
#define MES_API_AUTH_H

#include "api/exchange.h"

struct mes_api_auth;

/* What is remembered of keys. */
int mes_api_auth_new(struct mes_api_auth **auth_out, struct mes_error *error) MES_MUST_USE;
void mes_api_auth_free(struct mes_api_auth **auth);

/* Limits of the address, then, where the route needs one, key, scope and the key's own rate (401, 403, 429).
 * Fills caller, company and reach. False: it was refused. */
bool mes_api_auth_check(struct mes_api_exchange *exchange);

/* A key was revoked: what is remembered of keys is read anew. Any thread. */
void mes_api_auth_forget(struct mes_api_auth *auth);

#endif
