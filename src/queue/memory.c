#include "queue/memory.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/thread.h"
#include "delivery/memory_ram.h"
#include "queue/courier.h"
#include "store/memory.h"

/* A key whose value has changed and is not written down yet. */
struct note {
    struct note *next;
    char *key;
    char *value; /* NULL: forgotten */
};

struct mes_queue_memory {
    struct mes_courier_command command; /* first: writes the notes that it carries */
    struct mes_memory_ram *ram;
    struct mes_memory below;
    struct mes_courier *courier;
    struct mes_mutex mutex; /* of what follows: the courier says when it is done */
    struct note *changed;
    struct note *posted;
    bool is_posted;
};

static void free_notes(struct note **list)
{
    while (*list != NULL) {
        struct note *note = *list;
        *list = note->next;
        mes_free(note->key);
        mes_free(note->value);
        mes_free(note);
    }
}

/* ---- the store thread ---- */

static int run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    const struct mes_queue_memory *memory = (struct mes_queue_memory *)command;
    int code = 0;
    for (const struct note *note = memory->posted; note != NULL && code == 0; note = note->next)
        code = mes_store_memory_note(store, note->key, note->value, error);
    return code;
}

static void post_changes(struct mes_queue_memory *memory);

static void done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_queue_memory *memory = (struct mes_queue_memory *)command;
    (void)error;
    mes_mutex_lock(&memory->mutex);
    if (code != 0) {
        /* What was not written goes again; what has changed since wins by standing behind it. */
        struct note **last = &memory->posted;
        while (*last != NULL)
            last = &(*last)->next;
        *last = memory->changed;
        memory->changed = memory->posted;
        memory->posted = NULL;
    }
    memory->is_posted = false;
    bool goes_on = code == 0 && memory->changed != NULL;
    struct note *written = memory->posted;
    memory->posted = NULL;
    mes_mutex_unlock(&memory->mutex);
    free_notes(&written);
    if (goes_on)
        post_changes(memory);
}

/* ---- the loop thread ---- */

static void post_changes(struct mes_queue_memory *memory)
{
    bool posts = false;
    mes_mutex_lock(&memory->mutex);
    if (memory->courier != NULL && !memory->is_posted && memory->changed != NULL) {
        memory->posted = memory->changed;
        memory->changed = NULL;
        memory->is_posted = posts = true;
    }
    mes_mutex_unlock(&memory->mutex);
    if (posts)
        mes_courier_post(memory->courier, &memory->command);
}

static struct note *find(struct note *list, const char *key)
{
    while (list != NULL && strcmp(list->key, key) != 0)
        list = list->next;
    return list;
}

/* Out of memory: the value is only lost for the next start. */
static void add_note(struct mes_queue_memory *memory, const char *key, const char *value)
{
    char *copy = value != NULL ? mes_copy(value, strlen(value)) : NULL;
    struct note *known = find(memory->changed, key);
    if (known != NULL) {
        mes_free(known->value);
        known->value = copy;
        return;
    }
    struct note *note = mes_alloc(sizeof *note);
    if (note != NULL)
        note->key = mes_copy(key, strlen(key));
    if (note == NULL || note->key == NULL) {
        mes_free(note);
        mes_free(copy);
        return;
    }
    note->value = copy;
    struct note **last = &memory->changed;
    while (*last != NULL)
        last = &(*last)->next;
    *last = note;
}

static bool load(void *context, const char *key, char *value, size_t size)
{
    const struct mes_queue_memory *memory = context;
    return memory->below.load(memory->below.context, key, value, size);
}

static void note_value(void *context, const char *key, const char *value)
{
    struct mes_queue_memory *memory = context;
    memory->below.note(memory->below.context, key, value);
    mes_mutex_lock(&memory->mutex);
    add_note(memory, key, value);
    mes_mutex_unlock(&memory->mutex);
    post_changes(memory);
}

/* ---- the memory ---- */

static bool keep(void *context, const char *key, const char *value)
{
    const struct mes_queue_memory *memory = context;
    memory->below.note(memory->below.context, key, value);
    return true;
}

int mes_queue_memory_new(struct mes_store *store, struct mes_queue_memory **memory_out,
                         struct mes_error *error)
{
    struct mes_queue_memory *memory = mes_alloc(sizeof *memory);
    *memory_out = NULL;
    if (memory == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&memory->mutex);
    memory->command.run = run;
    memory->command.done = done;
    memory->ram = mes_memory_ram_new();
    if (memory->ram == NULL) {
        mes_queue_memory_free(&memory);
        return mes_fail_nomem(error);
    }
    memory->below = mes_memory_ram_face(memory->ram);
    int code = mes_store_memory_load(mes_store_reads(store), keep, memory, error);
    if (code != 0)
        mes_queue_memory_free(&memory);
    *memory_out = memory;
    return code;
}

void mes_queue_memory_set_courier(struct mes_queue_memory *memory, struct mes_courier *courier)
{
    memory->courier = courier;
    post_changes(memory);
}

void mes_queue_memory_free(struct mes_queue_memory **place)
{
    struct mes_queue_memory *memory = *place;
    if (memory == NULL)
        return;
    free_notes(&memory->changed);
    free_notes(&memory->posted);
    mes_memory_ram_free(&memory->ram);
    mes_mutex_fini(&memory->mutex);
    mes_free(memory);
    *place = NULL;
}

struct mes_memory mes_queue_memory_face(struct mes_queue_memory *memory)
{
    return (struct mes_memory){.load = load, .note = note_value, .context = memory};
}
