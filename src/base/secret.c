#include "base/secret.h"

#include <string.h>

#include "base/alloc.h"

struct mes_secret {
    size_t size;
    char text[];
};

void mes_wipe(void *data, size_t size)
{
    if (size > 0)
        explicit_bzero(data, size);
}

struct mes_secret *mes_secret_new(struct mes_str text)
{
    struct mes_secret *secret = mes_alloc(sizeof *secret + text.size + 1);
    if (secret == NULL)
        return NULL;
    secret->size = text.size;
    if (text.size > 0)
        memcpy(secret->text, text.data, text.size);
    return secret;
}

void mes_secret_free(struct mes_secret **secret)
{
    if (*secret == NULL)
        return;
    mes_wipe((*secret)->text, (*secret)->size);
    mes_free(*secret);
    *secret = NULL;
}

struct mes_str mes_secret_reveal(const struct mes_secret *secret)
{
    return secret != NULL ? mes_str_make(secret->text, secret->size) : mes_str_make("", 0);
}

bool mes_secret_is_empty(const struct mes_secret *secret)
{
    return secret == NULL || secret->size == 0;
}
