/* The accounts of all companies at one moment: read whole, never changed, shared by threads. */
#ifndef MES_QUEUE_ROSTER_H
#define MES_QUEUE_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "account/account.h"
#include "account/load.h"
#include "base/zone.h"
#include "mes/error.h"

struct mes_roster;

/* A list and the company whose own it is. Belongs to the roster. */
struct mes_roster_entry {
    const char *company; /* "" the general list, always the first */
    const struct mes_account_list *list;
    const struct mes_zone *zone; /* of the list's `timeZone` */
};

/* Reads the settings file, the general list and the list of every company that has a file of its own
 * (SenderEmailAccountList_ID.json and so on, in Config beside the settings file or beside it). Everything
 * that is wrong in any file goes to the source's `findings`, the first of it to `error`, and then there is no
 * roster: whoever has one keeps it. The source's `company` is not looked at. Blocking, never on the loop
 * thread. MES_E_NOT_FOUND, MES_E_CONFIG, MES_E_NOMEM. */
int mes_roster_load(const struct mes_account_source *source, struct mes_roster **roster_out,
                    struct mes_error *error) MES_MUST_USE;

/* One more holder; returns `roster`. Any thread that holds it already, or was given it. */
struct mes_roster *mes_roster_hold(struct mes_roster *roster);
/* Gives it up and clears the pointer; the last one frees. NULL inside is allowed. Any thread. */
void mes_roster_drop(struct mes_roster **roster);

/* The list that `company` sends through: its own, else the general one ("" or NULL, or a company without a
 * file). Never NULL, valid while the roster is held. Case of letters does not matter, as with file names. */
const struct mes_account_list *mes_roster_list(const struct mes_roster *roster, const char *company);
/* The company whose list that is: `company` when it has a list of its own, else "". Belongs to the roster. */
const char *mes_roster_owner(const struct mes_roster *roster, const char *company);

/* All lists there are; number 0 is the general one. */
size_t mes_roster_count(const struct mes_roster *roster);
const struct mes_roster_entry *mes_roster_at(const struct mes_roster *roster, size_t index);

/* globalConfig. */
const struct mes_account_globals *mes_roster_globals(const struct mes_roster *roster);
/* The zone that applies where none is given: the company's `timeZone`, else that of globalConfig. */
const char *mes_roster_zone(const struct mes_roster *roster, const char *company);
/* The same, read from its file once. Belongs to the roster. */
const struct mes_zone *mes_roster_zone_read(const struct mes_roster *roster, const char *company);

/* A number that changes when any settings file beside `path` (of mes_account_source) is changed, added or
 * taken away; 0 when none can be seen. Blocking, a few system calls. */
uint64_t mes_roster_stamp(const char *path);

#endif
