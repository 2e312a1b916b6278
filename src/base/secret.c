#include "base/secret.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

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

enum { MES_SECRET_HIDDEN_LEAST = 4, MES_SECRET_BASE64_MOST = 64 * 1024 };

static bool is_worth_hiding(struct mes_str form)
{
    return form.size >= MES_SECRET_HIDDEN_LEAST;
}

static bool stands_at(struct mes_str text, size_t at, struct mes_str form)
{
    return is_worth_hiding(form) && mes_str_starts(mes_str_skip(text, at), form);
}

void mes_secret_hide(const struct mes_secret *secret, struct mes_str text, struct mes_buf *out)
{
    struct mes_str plain = mes_secret_reveal(secret);
    struct mes_buf encoded;
    if (!is_worth_hiding(plain)) {
        mes_buf_add_str(out, text);
        return;
    }
    mes_buf_init(&encoded, MES_SECRET_BASE64_MOST);
    mes_base64_add(&encoded, plain.data, plain.size);
    for (size_t at = 0; at < text.size;) {
        size_t hidden = stands_at(text, at, plain)                   ? plain.size
                        : stands_at(text, at, mes_buf_str(&encoded)) ? encoded.size
                                                                     : 0;
        mes_buf_add_text(out, hidden > 0 ? "***" : "");
        if (hidden == 0)
            mes_buf_add_char(out, text.data[at]);
        at += hidden > 0 ? hidden : 1;
    }
    mes_wipe(encoded.data, encoded.size);
    mes_buf_fini(&encoded);
}
