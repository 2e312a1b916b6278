#include "delivery/memory_ram.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

struct entry {
    struct entry *next;
    char *value;
    char key[];
};

struct mes_memory_ram {
    struct entry *first;
};

struct mes_memory_ram *mes_memory_ram_new(void)
{
    return mes_alloc(sizeof(struct mes_memory_ram));
}

void mes_memory_ram_free(struct mes_memory_ram **ram)
{
    if (*ram == NULL)
        return;
    while ((*ram)->first != NULL) {
        struct entry *entry = (*ram)->first;
        (*ram)->first = entry->next;
        mes_free(entry->value);
        mes_free(entry);
    }
    mes_free(*ram);
    *ram = NULL;
}

/* Where the pointer to the entry of `key` stands, or would stand. */
static struct entry **place_of(struct mes_memory_ram *ram, const char *key)
{
    struct entry **place = &ram->first;
    while (*place != NULL && strcmp((*place)->key, key) != 0)
        place = &(*place)->next;
    return place;
}

static bool load(void *context, const char *key, char *value, size_t size)
{
    const struct entry *entry = *place_of(context, key);
    if (entry == NULL || strlen(entry->value) >= size)
        return false;
    memcpy(value, entry->value, strlen(entry->value) + 1);
    return true;
}

static void forget(struct entry **place)
{
    struct entry *entry = *place;
    if (entry == NULL)
        return;
    *place = entry->next;
    mes_free(entry->value);
    mes_free(entry);
}

static void note(void *context, const char *key, const char *value)
{
    struct entry **place = place_of(context, key);
    char *copy = value == NULL ? NULL : mes_copy(value, strlen(value));
    if (copy == NULL) {
        forget(place);
        return;
    }
    if (*place == NULL) {
        size_t key_size = strlen(key) + 1;
        struct entry *entry = mes_alloc(sizeof *entry + key_size);
        if (entry == NULL) {
            mes_free(copy);
            return;
        }
        memcpy(entry->key, key, key_size);
        *place = entry;
    }
    mes_free((*place)->value);
    (*place)->value = copy;
}

struct mes_memory mes_memory_ram_face(struct mes_memory_ram *ram)
{
    return (struct mes_memory){.load = load, .note = note, .context = ram};
}

/* FNV-1a: only tells apart names that are too long to stand in a key. */
static uint64_t hash_of(const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
    return hash;
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           strchr("@._+#-", c) != NULL;
}

const char *mes_memory_key(char key[MES_MEMORY_KEY_SPACE], const char *kind, const char *name)
{
    enum { HASH_DIGITS = 17 }; /* "~" and 16 digits */
    struct mes_buf buf;
    mes_buf_init(&buf, 64 * 1024);
    mes_buf_add_format(&buf, "%s/", kind);
    for (const char *at = name; *at != '\0'; at++) {
        if (is_plain(*at))
            mes_buf_add_char(&buf, *at);
        else
            mes_buf_add_format(&buf, "%%%02X", (unsigned)(unsigned char)*at);
    }
    if (buf.size >= MES_MEMORY_KEY_SPACE || buf.failed != 0) {
        mes_buf_truncate(&buf, MES_MEMORY_KEY_SPACE - 1 - HASH_DIGITS);
        mes_buf_add_format(&buf, "~%016llx", (unsigned long long)hash_of(name));
    }
    const char *text = mes_buf_text(&buf);
    size_t size = strnlen(text, MES_MEMORY_KEY_SPACE - 1);
    memcpy(key, text, size);
    key[size] = '\0';
    mes_buf_fini(&buf);
    return key;
}
