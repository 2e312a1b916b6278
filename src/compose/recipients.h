/* A list of recipients in which each address stands once. */
#ifndef MES_COMPOSE_RECIPIENTS_H
#define MES_COMPOSE_RECIPIENTS_H

#include "base/arena.h"
#include "mime/address.h"
#include "template/template.h"

/* Texts and variables belong to an arena. */
struct mes_message_file;

struct mes_recipient {
    const char *spec; /* as mes_address has it */
    const char *name; /* "" when there is none */
    bool needs_smtputf8;
    uint64_t number; /* of the mail, beside its place in the list; see mes_compose_options.first_index */
    struct mes_variable *variables;
    size_t variable_count;
    struct mes_message_file *files; /* attachments of its own */
    size_t file_count;
};

struct mes_recipients {
    struct mes_recipient *items;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* hash table of positions + 1 in `items`; 0 is free */
    size_t slot_count;
};

/* An empty list, which takes no memory yet. */
void mes_compose_recipients_init(struct mes_recipients *list);
/* Frees the list; what its items point to belongs to the arena. */
void mes_compose_recipients_fini(struct mes_recipients *list);

/* Position of the address, or `count` when it is not there. Domains match whatever their case, local parts do
 * not. */
size_t mes_compose_recipients_find(const struct mes_recipients *list, const char *spec);

/* Appends unless it is there; `*position_out` is where it stands. False: out of memory, and nothing is
 * changed. */
bool mes_compose_recipients_add(struct mes_recipients *list, struct mes_arena *arena,
                                const struct mes_recipient *recipient, size_t *position_out) MES_MUST_USE;

/* Appends whether it is there or not; mes_compose_recipients_find does not find it. */
bool mes_compose_recipients_append(struct mes_recipients *list, struct mes_arena *arena,
                                   const struct mes_recipient *recipient) MES_MUST_USE;
/* Empties the list and keeps its memory. */
void mes_compose_recipients_clear(struct mes_recipients *list);

/* Sets a variable in an array of the arena, in the place of one of that name. False: out of memory. */
bool mes_compose_variables_set(struct mes_arena *arena, struct mes_variable **variables, size_t *count,
                               const struct mes_variable *variable) MES_MUST_USE;
/* Copies an array and all its texts; `*out` is NULL for an empty one. False: out of memory. */
bool mes_compose_variables_copy(struct mes_arena *arena, const struct mes_variable *variables, size_t count,
                                struct mes_variable **out) MES_MUST_USE;

#endif
