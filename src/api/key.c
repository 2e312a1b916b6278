#include "api/key.h"

#include <string.h>

#include "api/request.h"
#include "base/id.h"
#include "base/random.h"
#include "base/utf8.h"
#include "i18n/say.h"

enum { SHORTEST_KEY = 40, LONGEST_KEY = 100, LONGEST_NAME = 100 };

static const char prefix[] = "me_";

static const struct {
    enum mes_api_scope scope;
    const char *name;
} scopes[] = {{MES_API_SEND, "send"}, {MES_API_READ, "read"}, {MES_API_ADMIN, "admin"}};

const char *mes_api_scope_name(enum mes_api_scope scope)
{
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "";
}

static unsigned scope_of(struct mes_str name)
{
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
        if (mes_str_eq(name, mes_str_of(scopes[i].name)))
            return scopes[i].scope;
    return 0;
}

bool mes_api_key_scopes(const char *text, unsigned *scopes_out)
{
    struct mes_str left = mes_str_of(text);
    struct mes_str name;
    *scopes_out = 0;
    while (mes_str_next(&left, ',', &name)) {
        unsigned scope = scope_of(mes_str_trim(name));
        if (scope == 0)
            return false;
        *scopes_out |= scope;
    }
    return *scopes_out != 0;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') || c == '_' || c == '-';
}

static bool is_word_of(struct mes_str text, size_t least, size_t most)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_word(text.data[i]))
            return false;
    return text.size >= least && text.size <= most;
}

bool mes_api_key_is_sound(struct mes_str key)
{
    return is_word_of(key, SHORTEST_KEY, LONGEST_KEY);
}

bool mes_api_key_hash(struct mes_str key, unsigned char hash_out[MES_DIGEST_SIZE])
{
    return mes_digest(&key, 1, hash_out);
}

static int check_wish(const struct mes_api_key_wish *wish, struct mes_error *error)
{
    struct mes_str name = mes_str_of(wish->name);
    unsigned bits = 0;
    if (name.size == 0 || name.size > LONGEST_NAME || !mes_utf8_is_valid(name))
        return mes_fail(error, MES_E_INPUT, MES_SAY_api_bad_key_name, MES_ARGS(MES_NUMBER(LONGEST_NAME)));
    if (!is_word_of(mes_str_of(wish->company), 0, MES_API_COMPANY_SIZE - 1))
        return mes_fail(error, MES_E_INPUT, MES_SAY_api_bad_company, MES_NO_ARGS);
    if (!mes_api_key_scopes(wish->scopes, &bits))
        return mes_fail(error, MES_E_INPUT, MES_SAY_api_bad_scopes, MES_ARGS(wish->scopes));
    return 0;
}

static int add(struct mes_store *store, const struct mes_api_key_wish *wish, struct mes_str key,
               struct mes_store_key *row, struct mes_error *error)
{
    row->id = mes_id_next(mes_clock_system());
    row->name = wish->name;
    row->company = wish->company;
    row->scopes = wish->scopes;
    row->expires_at = wish->expires_at;
    row->rate = wish->rate;
    return mes_api_key_hash(key, row->hash) ? mes_store_key_add(store, row, error) : mes_fail_nomem(error);
}

int mes_api_key_create(struct mes_store *store, const struct mes_api_key_wish *wish, int64_t now,
                       struct mes_api_key_made *made_out, struct mes_error *error)
{
    struct mes_store_key row = {.created_at = now};
    int code = check_wish(wish, error);
    memcpy(made_out->key, prefix, sizeof prefix);
    if (code == 0)
        code =
            mes_random_text(made_out->key + sizeof prefix - 1, MES_API_KEY_SPACE - sizeof prefix + 1, error);
    if (code == 0)
        code = add(store, wish, mes_str_of(made_out->key), &row, error);
    made_out->id = row.id;
    return code;
}

int mes_api_key_local(struct mes_store *store, struct mes_str key, int64_t now, struct mes_error *error)
{
    static const struct mes_api_key_wish wish = {.name = "local", .company = "", .scopes = "admin"};
    struct mes_store_key row = {.created_at = now};
    struct mes_store_key known;
    struct mes_arena arena;
    if (!mes_api_key_hash(key, row.hash))
        return mes_fail_nomem(error);
    mes_arena_init(&arena, 4096);
    int code = mes_store_key_find(mes_store_reads(store), row.hash, &arena, &known, error);
    mes_arena_fini(&arena);
    return code == MES_E_NOT_FOUND ? add(store, &wish, key, &row, error) : code;
}
