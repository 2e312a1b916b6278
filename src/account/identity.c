#include <stdio.h>
#include <string.h>

#include "account/complete.h"
#include "i18n/say.h"

static bool is_taken(const struct mes_account *accounts, size_t count, struct mes_str identity)
{
    for (size_t i = 0; i < count; i++)
        if (accounts[i].identity != NULL && mes_str_eq_nocase(mes_str_of(accounts[i].identity), identity))
            return true;
    return false;
}

/* Given names first, so that an address never takes a name away. */
static void take_names(struct mes_account *accounts, size_t count, struct mes_complaints *complaints)
{
    for (size_t i = 0; i < count; i++) {
        struct mes_str name = mes_str_of(accounts[i].name);
        if (name.size == 0)
            continue;
        if (is_taken(accounts, i, name))
            mes_account_complaints_problem(
                complaints, MES_SAY_account_name_twice,
                MES_ARGS(MES_ORIGIN(&accounts[i].origins[MES_ACCOUNT_SETTING_name]), "name",
                         accounts[i].name));
        accounts[i].identity = accounts[i].name;
    }
}

static size_t count_same(const struct mes_account *accounts, size_t count, const char *address)
{
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += mes_str_eq_nocase(mes_str_of(accounts[i].from_address), mes_str_of(address));
    return same;
}

/* The address alone for the first account that has it, then with "#2" and so on. */
static const char *free_identity(const struct mes_account *accounts, size_t count, size_t index,
                                 struct mes_arena *arena)
{
    const char *address = accounts[index].from_address;
    size_t room = strlen(address) + 24;
    size_t number = count_same(accounts, index, address) + 1;
    char *identity = mes_arena_alloc(arena, room);
    if (identity == NULL)
        return NULL;
    if (number == 1)
        (void)snprintf(identity, room, "%s", address);
    else
        (void)snprintf(identity, room, "%s#%zu", address, number);
    while (is_taken(accounts, count, mes_str_of(identity)))
        (void)snprintf(identity, room, "%s#%zu", address, ++number);
    return identity;
}

void mes_account_identify(struct mes_account *accounts, size_t count, struct mes_arena *arena,
                          struct mes_complaints *complaints)
{
    take_names(accounts, count, complaints);
    for (size_t i = 0; i < count; i++) {
        if (accounts[i].identity != NULL)
            continue;
        accounts[i].identity = free_identity(accounts, count, i, arena);
        if (accounts[i].identity == NULL) {
            mes_account_complaints_nomem(complaints);
            return;
        }
    }
}
