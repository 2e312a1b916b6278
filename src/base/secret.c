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

/* Behind none, one or two other bytes base64 shows a text in three different ways. */
enum { HIDDEN_LEAST = 4, BASE64_MOST = 64 * 1024, OFFSETS = 3, FORMS = 2 + OFFSETS };

struct forms {
    struct mes_str all[FORMS]; /* the first that fits is hidden */
    struct mes_buf encoded[OFFSETS];
};

static void wipe(struct mes_buf *buf)
{
    mes_wipe(buf->data, buf->size);
    mes_buf_fini(buf);
}

static void encode(struct mes_str plain, size_t offset, struct mes_buf *encoded)
{
    struct mes_buf whole;
    mes_buf_init(encoded, BASE64_MOST);
    mes_buf_init(&whole, BASE64_MOST);
    /* All at once: a buffer that grows leaves copies behind. */
    if (mes_buf_reserve(&whole, offset + plain.size) != NULL &&
        mes_buf_reserve(encoded, mes_base64_size(offset + plain.size)) != NULL) {
        for (size_t i = 0; i < offset; i++)
            mes_buf_add_char(&whole, '\0');
        mes_buf_add_str(&whole, plain);
        mes_base64_add(encoded, whole.data, whole.size);
    }
    wipe(&whole);
}

/* The whole first, padding and all; then what stays the same whatever stands beside it: the characters that
 * other bytes have a part in are left out. */
static void find_forms(struct mes_str plain, struct forms *forms)
{
    static const size_t shared[OFFSETS] = {0, 2, 3};
    for (size_t offset = 0; offset < OFFSETS; offset++) {
        encode(plain, offset, &forms->encoded[offset]);
        size_t end = (offset + plain.size) * 8 / 6;
        forms->all[2 + offset] = mes_str_cut(mes_buf_str(&forms->encoded[offset]), shared[offset],
                                             end > shared[offset] ? end - shared[offset] : 0);
    }
    forms->all[0] = plain;
    forms->all[1] = mes_buf_str(&forms->encoded[0]);
}

/* Bytes of the form that stands there; 0: none. Short ones would hide half of every sentence. */
static size_t hidden_at(struct mes_str text, const struct forms *forms)
{
    for (size_t i = 0; i < FORMS; i++)
        if (forms->all[i].size >= HIDDEN_LEAST && mes_str_starts(text, forms->all[i]))
            return forms->all[i].size;
    return 0;
}

void mes_secret_hide(const struct mes_secret *secret, struct mes_str text, struct mes_buf *out)
{
    struct mes_str plain = mes_secret_reveal(secret);
    struct forms forms;
    if (plain.size < HIDDEN_LEAST) {
        mes_buf_add_str(out, text);
        return;
    }
    find_forms(plain, &forms);
    while (text.size > 0) {
        size_t hidden = hidden_at(text, &forms);
        mes_buf_add_text(out, hidden > 0 ? "***" : "");
        if (hidden == 0)
            mes_buf_add_char(out, text.data[0]);
        text = mes_str_skip(text, hidden > 0 ? hidden : 1);
    }
    for (size_t offset = 0; offset < OFFSETS; offset++)
        wipe(&forms.encoded[offset]);
}
