#include "api/auth.h"

#include <string.h>

#include "api/client.h"
#include "api/key.h"
#include "api/rate.h"
#include "api/server_parts.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/thread.h"

/* Keys are remembered for a moment, so that a busy caller costs no look into the database for each call. What
 * another process revokes holds after that moment, what this one revokes at once. */
enum { REMEMBERED = 256, REMEMBER_MS = 2000, KEY_ARENA = 8192 };

struct grant {
    unsigned char hash[MES_DIGEST_SIZE];
    struct mes_api_caller caller;
    int64_t expires_at; /* 0: never */
    int64_t rate;
    int64_t read_at; /* monotonic; 0: empty */
};

struct mes_api_auth {
    struct mes_mutex mutex;
    struct grant grants[REMEMBERED];
};

int mes_api_auth_new(struct mes_api_auth **auth_out, struct mes_error *error)
{
    *auth_out = mes_alloc(sizeof **auth_out);
    if (*auth_out == NULL)
        return mes_fail_nomem(error);
    mes_mutex_init(&(*auth_out)->mutex);
    return 0;
}

void mes_api_auth_free(struct mes_api_auth **auth)
{
    if (*auth == NULL)
        return;
    mes_mutex_fini(&(*auth)->mutex);
    mes_free(*auth);
    *auth = NULL;
}

void mes_api_auth_forget(struct mes_api_auth *auth)
{
    mes_mutex_lock(&auth->mutex);
    for (size_t i = 0; i < REMEMBERED; i++)
        auth->grants[i].read_at = 0;
    mes_mutex_unlock(&auth->mutex);
}

static size_t place_of(const unsigned char hash[MES_DIGEST_SIZE])
{
    return hash[0] % REMEMBERED;
}

static bool recall(struct mes_api_auth *auth, const unsigned char hash[MES_DIGEST_SIZE], int64_t now,
                   struct grant *grant_out)
{
    mes_mutex_lock(&auth->mutex);
    *grant_out = auth->grants[place_of(hash)];
    mes_mutex_unlock(&auth->mutex);
    return grant_out->read_at != 0 && now - grant_out->read_at < REMEMBER_MS &&
           mes_digest_equal(grant_out->hash, hash);
}

static void remember(struct mes_api_auth *auth, const struct grant *grant)
{
    mes_mutex_lock(&auth->mutex);
    auth->grants[place_of(grant->hash)] = *grant;
    mes_mutex_unlock(&auth->mutex);
}

/* Only a key that is sound in every way becomes a grant. */
static int take_over(const struct mes_store_key *key, const unsigned char hash[MES_DIGEST_SIZE],
                     struct grant *grant_out)
{
    struct grant grant = {.caller.key_id = key->id, .expires_at = key->expires_at, .rate = key->rate};
    size_t size = strlen(key->company);
    if (!mes_digest_equal(key->hash, hash) || key->revoked_at != 0 || size >= sizeof grant.caller.company ||
        !mes_api_key_scopes(key->scopes, &grant.caller.scopes))
        return MES_E_NOT_FOUND;
    memcpy(grant.hash, hash, MES_DIGEST_SIZE);
    memcpy(grant.caller.company, key->company, size);
    *grant_out = grant;
    return 0;
}

/* 0, MES_E_NOT_FOUND for a key that is none or was revoked, or the database's failure. */
static int read_grant(struct mes_api_request *request, const unsigned char hash[MES_DIGEST_SIZE],
                      struct grant *grant_out, struct mes_error *error)
{
    struct mes_store_reader *reader = mes_api_request_reader(request);
    struct mes_store_key key;
    struct mes_arena arena;
    if (reader == NULL)
        return MES_E_CANCELLED;
    mes_arena_init(&arena, KEY_ARENA);
    int code = mes_store_key_find(reader, hash, &arena, &key, error);
    if (code == 0)
        code = take_over(&key, hash, grant_out);
    mes_arena_fini(&arena);
    return code;
}

/* The text behind "Bearer". */
static struct mes_str key_of(const struct mes_api_request *request)
{
    struct mes_str value = mes_api_request_header(request, "Authorization");
    if (!mes_str_starts_nocase(value, MES_STR("Bearer ")))
        return MES_STR("");
    return mes_str_trim(mes_str_skip(value, sizeof "Bearer " - 1));
}

static bool refuse_rate(struct mes_api_request *request, unsigned seconds)
{
    if (seconds == 0)
        return true;
    mes_api_answer_header(request, "Retry-After", mes_str_of(MES_NUMBER(seconds)));
    mes_api_refuse(request, MES_API_PROBLEM_too_many_requests, NULL, MES_SAY_api_too_fast, MES_NO_ARGS);
    return false;
}

static bool refuse_key(struct mes_api_request *request, uint64_t client, int64_t now)
{
    struct mes_api_server *server = request->server;
    if (client != 0)
        (void)mes_api_rate_take(server->failed_keys, client, server->failed_keys_per_minute, now);
    mes_api_answer_header(request, "WWW-Authenticate", MES_STR("Bearer realm=\"mailenhance\""));
    mes_api_refuse(request, MES_API_PROBLEM_no_key, "Authorization", MES_SAY_api_no_key, MES_NO_ARGS);
    return false;
}

static bool find_grant(struct mes_api_request *request, uint64_t client, int64_t now, struct grant *grant_out)
{
    struct mes_api_auth *auth = request->server->auth;
    struct mes_str key = key_of(request);
    unsigned char hash[MES_DIGEST_SIZE];
    struct mes_error error;
    int code = MES_E_NOT_FOUND;
    if (mes_api_key_is_sound(key) && mes_api_key_hash(key, hash))
        code = recall(auth, hash, now, grant_out) ? 0 : read_grant(request, hash, grant_out, &error);
    if (mes_api_is_refused(request))
        return false;
    bool is_over = code == 0 && grant_out->expires_at != 0 && grant_out->expires_at <= request->now;
    if (code == MES_E_NOT_FOUND || is_over)
        return refuse_key(request, client, now);
    if (code != 0) {
        mes_api_refuse_error(request, MES_API_PROBLEM_unavailable, NULL, &error);
        return false;
    }
    if (grant_out->read_at == 0 || now - grant_out->read_at >= REMEMBER_MS) {
        grant_out->read_at = now > 0 ? now : 1;
        remember(auth, grant_out);
    }
    return true;
}

static bool check_scope(struct mes_api_request *request)
{
    enum mes_api_scope scope = request->route->scope;
    if ((request->caller.scopes & (scope | MES_API_ADMIN)) != 0)
        return true;
    mes_api_refuse(request, MES_API_PROBLEM_no_scope, NULL, MES_SAY_api_no_scope,
                   MES_ARGS(mes_api_scope_name(scope)));
    return false;
}

bool mes_api_auth_check(struct mes_api_exchange *exchange)
{
    struct mes_api_request *request = &exchange->request;
    struct mes_api_server *server = request->server;
    uint64_t client = mes_api_client_number(server->clients, exchange);
    int64_t now = mes_clock_monotonic(server->services.clock);
    struct grant grant;
    if (client != 0 &&
        !refuse_rate(request, mes_api_rate_take(server->requests, client, server->requests_per_minute, now)))
        return false;
    if (request->route->scope == MES_API_NONE)
        return true;
    if (client != 0 && !refuse_rate(request, mes_api_rate_look(server->failed_keys, client,
                                                               server->failed_keys_per_minute, now)))
        return false;
    if (!find_grant(request, client, now, &grant))
        return false;
    request->caller = grant.caller;
    memcpy(request->company, grant.caller.company, sizeof request->company);
    request->reach = grant.caller.company[0] != '\0' ? request->company : NULL;
    if (grant.rate > 0 &&
        !refuse_rate(request, mes_api_rate_take(server->requests, (uint64_t)grant.caller.key_id,
                                                (unsigned)grant.rate, now)))
        return false;
    return check_scope(request);
}
