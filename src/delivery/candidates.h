/* Which accounts of the list a message of the library may use. */
#ifndef MES_DELIVERY_CANDIDATES_H
#define MES_DELIVERY_CANDIDATES_H

#include "delivery/account_state.h"

struct mes_candidates {
    const struct mes_account_state *accounts;
    size_t count;
    const char *only; /* the identity of the one that may be used; NULL: all */
    bool is_bulk;
    bool requires_from; /* fromPolicy: require */
};

/* Mails for a capture account are kept in the service's database, so the library has no use for it. */
bool mes_candidates_is_smtp(const struct mes_account *settings);

/* One flag for each account, the caller's (mes_free). `from`: the wished one, "" none. MES_E_CONFIG: no
 * account fits; MES_E_INPUT: none may use that From. */
int mes_candidates_find(const struct mes_candidates *candidates, const char *from, bool **flags_out,
                        struct mes_error *error) MES_MUST_USE;

#endif
