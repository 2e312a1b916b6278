/* What writing and reading of stored messages share. */
#ifndef MES_COMPOSE_STORED_PARTS_H
#define MES_COMPOSE_STORED_PARTS_H

enum { MES_STORED_VERSION = 1 };

/* By enum mes_slot_number and enum mes_priority; ended by NULL. */
extern const char *const mes_stored_slot_names[];
extern const char *const mes_stored_priorities[];

#endif
