/* The account list from the inside; only loading writes it. */
#ifndef MES_ACCOUNT_LIST_H
#define MES_ACCOUNT_LIST_H

#include "account/account.h"
#include "base/arena.h"

struct mes_account_list {
    struct mes_arena arena; /* owns every text */
    struct mes_account *accounts;
    size_t count;
    struct mes_account_globals globals;
    const char *file;
    const char *settings_file;
};

/* Frees what is not in the arena. */
void mes_account_clear(struct mes_account *account);

#endif
