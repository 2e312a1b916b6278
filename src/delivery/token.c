#include "delivery/token.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/lock.h"
#include "delivery/token_parts.h"
#include "net/loop.h"

enum {
    TEXTS_MOST = 1024 * 1024,
    BODY_MOST = 512 * 1024,
    LOCK_PAUSE_MS = 100,
    LOCK_MOST_MS = 15 * 1000 /* longer than any request of another process */
};

static int64_t now_of(const struct mes_token *token)
{
    return mes_loop_now(token->tokens->options.loop);
}

static void set_error(struct mes_token *token, enum mes_cause cause, const struct mes_error *error)
{
    char text[MES_TOKEN_TEXT];
    mes_token_set_failure(token, cause, mes_error_text(error, MES_EN, text, sizeof text));
}

static void tell_soon(struct mes_token *token)
{
    token->step = MES_TOKEN_TELLING;
    mes_timer_start(token->timer, 0);
}

static bool start_work(struct mes_token *token, enum mes_token_step step, void (*run)(void *context),
                       void (*on_done)(void *context))
{
    const struct mes_work_options options = {.run = run, .on_done = on_done, .context = token};
    struct mes_error error = {0};
    token->step = step;
    if (mes_work_start(token->tokens->options.loop, &options, &token->work, &error) == 0)
        return true;
    set_error(token, MES_CAUSE_INTERNAL, &error);
    return false;
}

/* ---- keeping a new refresh token ---- */

/* It is good, whether it could be written or not. */
static void adopt(struct mes_token *token, struct mes_secret **fresh)
{
    mes_secret_free(&token->spent);
    token->spent = token->refresh;
    token->refresh = *fresh;
    *fresh = NULL;
}

static void run_keep(void *context)
{
    struct mes_token *token = context;
    const struct mes_token_change change = {token->refresh, token->fresh};
    token->code =
        mes_account_token_keep(&token->home, &change, &token->texts, &token->kept_in, &token->error);
}

/* Once, until it works again. */
static void tell_unkept(struct mes_token *token)
{
    const struct mes_tokens_options *options = &token->tokens->options;
    if (!token->is_unkept_told && options->on_notice != NULL)
        options->on_notice(options->context, token->account, &token->error);
    token->is_unkept_told = true;
}

static void take_kept(struct mes_token *token)
{
    if (token->code == 0)
        token->home.place = (struct mes_token_place){MES_TOKEN_FILE, token->kept_in};
    else
        tell_unkept(token);
    token->is_unkept_told = token->code != 0;
    adopt(token, &token->fresh);
}

static void on_kept(void *context)
{
    struct mes_token *token = context;
    take_kept(token);
    tell_soon(token);
}

/* ---- asking ---- */

static void on_answered(void *context, const struct mes_http_result *result)
{
    struct mes_token *token = context;
    mes_token_judge(token, result);
    mes_http_client_free(&token->client);
    if (token->fresh == NULL || start_work(token, MES_TOKEN_KEEPING, run_keep, on_kept)) {
        if (token->fresh == NULL)
            tell_soon(token);
        return;
    }
    adopt(token, &token->fresh);
    tell_soon(token);
}

static int begin_request(struct mes_token *token, struct mes_error *error)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    const struct mes_http_client_options options = {
        .loop = token->tokens->options.loop,
        .guard = token->tokens->guard,
        .name_servers = token->tokens->options.name_servers,
        .ca_file = token->ca_file[0] != '\0' ? token->ca_file : NULL,
    };
    struct mes_buf body;
    mes_buf_init(&body, BODY_MOST);
    mes_token_write_request(token, &body);
    int code = mes_buf_check(&body, error);
    if (code == 0)
        code = mes_http_client_new(&options, &token->client, error);
    if (code == 0) {
        const struct mes_http_request request = {.url = token->url,
                                                 .headers = headers,
                                                 .body = mes_buf_str(&body),
                                                 .on_done = on_answered,
                                                 .context = token};
        code = mes_http_begin(token->client, &request, &token->exchange, error);
    }
    mes_wipe(body.data, body.size);
    mes_buf_fini(&body);
    return code;
}

static void ask(struct mes_token *token)
{
    struct mes_error error = {0};
    char text[MES_TOKEN_TEXT];
    token->step = MES_TOKEN_ASKING;
    if (token->refresh == NULL) {
        (void)snprintf(text, sizeof text, "not authorized yet: run mailenhance accounts login %s",
                       token->account);
        mes_token_set_failure(token, MES_CAUSE_TOKEN_WITHDRAWN, text);
        tell_soon(token);
    } else if (begin_request(token, &error) != 0) {
        mes_http_client_free(&token->client);
        set_error(token, MES_CAUSE_INTERNAL, &error);
        tell_soon(token);
    }
}

/* ---- the file of the refresh token ---- */

/* What it holds counts: another process may have put it there since. Without a lock (a folder that allows
 * none) the request is made all the same. */
static void run_open(void *context)
{
    struct mes_token *token = context;
    const char *file = token->home.place.name;
    enum mes_lock_state state = mes_lock_try(file, &token->lock);
    token->is_lock_busy = state == MES_LOCK_BUSY;
    token->code = token->is_lock_busy ? 0 : mes_account_token_read(file, &token->found, &token->error);
}

static void take_found(struct mes_token *token)
{
    struct mes_str found = mes_secret_reveal(token->found);
    if (found.size > 0 && !mes_str_eq(found, mes_secret_reveal(token->refresh)) && !token->is_unkept_told)
        adopt(token, &token->found);
    mes_secret_free(&token->found);
}

static void on_opened(void *context)
{
    struct mes_token *token = context;
    if (token->is_lock_busy && now_of(token) < token->lock_until) {
        token->step = MES_TOKEN_PAUSING;
        mes_timer_start(token->timer, LOCK_PAUSE_MS);
        return;
    }
    take_found(token);
    ask(token);
}

static void open_file(struct mes_token *token)
{
    if (!start_work(token, MES_TOKEN_OPENING, run_open, on_opened))
        tell_soon(token);
}

static void begin(struct mes_token *token)
{
    token->lock_until = now_of(token) + LOCK_MOST_MS;
    if (mes_token_access(token) != NULL) {
        token->is_good = true;
        token->text[0] = '\0';
        tell_soon(token);
    } else if (token->home.place.kind == MES_TOKEN_FILE) {
        open_file(token);
    } else {
        ask(token);
    }
}

/* ---- who waits ---- */

void mes_token_leave(struct mes_token_wait *wait)
{
    if (wait->place == NULL)
        return;
    *wait->place = wait->next;
    if (wait->next != NULL)
        wait->next->place = wait->place;
    wait->place = NULL;
}

/* Whoever is told may ask again, and is not told again by this. */
static void tell(struct mes_token *token)
{
    struct mes_token_wait *first = token->waits;
    char text[MES_TOKEN_TEXT];
    memcpy(text, token->text, sizeof text); /* the next request writes there */
    const struct mes_token_outcome outcome = {token->is_good, token->cause, text};
    token->step = MES_TOKEN_IDLE;
    mes_lock_release(&token->lock);
    token->waits = NULL;
    if (first != NULL)
        first->place = &first;
    token->holders++;
    while (first != NULL) {
        struct mes_token_wait *wait = first;
        mes_token_leave(wait);
        wait->on_done(wait->context, &outcome);
    }
    mes_token_drop(&token);
}

static void on_due(void *context)
{
    struct mes_token *token = context;
    if (token->step == MES_TOKEN_PAUSING)
        open_file(token);
    else
        tell(token);
}

void mes_token_want(struct mes_token *token, struct mes_token_wait *wait)
{
    assert(wait->place == NULL);
    wait->next = token->waits;
    wait->place = &token->waits;
    if (wait->next != NULL)
        wait->next->place = &wait->next;
    token->waits = wait;
    if (token->step == MES_TOKEN_IDLE)
        begin(token);
}

const struct mes_secret *mes_token_access(const struct mes_token *token)
{
    return now_of(token) < token->access_until ? token->access : NULL;
}

const struct mes_secret *mes_token_refresh(const struct mes_token *token)
{
    return token->refresh;
}

void mes_token_refuse(struct mes_token *token, const struct mes_secret *access)
{
    if (mes_str_eq(mes_secret_reveal(token->access), mes_secret_reveal(access)))
        mes_secret_free(&token->access);
}

/* ---- life ---- */

static bool copy_secret(const struct mes_secret *from, struct mes_secret **to)
{
    *to = mes_secret_is_empty(from) ? NULL : mes_secret_new(mes_secret_reveal(from));
    return mes_secret_is_empty(from) || *to != NULL;
}

static bool copy_text(struct mes_token *token, const char *from, const char **to)
{
    *to = mes_arena_copy(&token->texts, mes_str_of(from));
    return *to != NULL;
}

static bool copy_settings(struct mes_token *token, const struct mes_account *account)
{
    token->home = mes_account_token_home(account);
    return copy_text(token, account->identity, &token->account) &&
           copy_text(token, account->oauth_token_url, &token->url) &&
           copy_text(token, account->oauth_client_id, &token->client_id) &&
           copy_text(token, account->oauth_ca_file, &token->ca_file) &&
           copy_text(token, token->home.place.name, &token->home.place.name) &&
           copy_text(token, token->home.client.place, &token->home.client.place) &&
           copy_text(token, token->home.client_id, &token->home.client_id) &&
           copy_secret(account->oauth_client_secret, &token->client_secret) &&
           copy_secret(account->oauth_refresh_token, &token->loaded) &&
           copy_secret(account->oauth_refresh_token, &token->refresh);
}

static void destroy(struct mes_token *token)
{
    struct mes_token **at = &token->tokens->first;
    while (*at != NULL && *at != token)
        at = &(*at)->next;
    if (*at != NULL)
        *at = token->next;
    mes_work_finish(&token->work);
    mes_http_client_free(&token->client);
    mes_timer_free(&token->timer);
    mes_lock_release(&token->lock);
    struct mes_secret **secrets[] = {&token->client_secret, &token->loaded, &token->refresh, &token->spent,
                                     &token->access,        &token->found,  &token->fresh};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        mes_secret_free(secrets[i]);
    mes_arena_fini(&token->texts);
    mes_free(token);
}

void mes_token_drop(struct mes_token **token_place)
{
    struct mes_token *token = *token_place;
    *token_place = NULL;
    if (token != NULL && --token->holders == 0)
        destroy(token);
}

static bool find_key(const struct mes_account *account, unsigned char key[MES_DIGEST_SIZE])
{
    const struct mes_str parts[] = {
        mes_str_of(account->oauth_token_url),
        mes_str_of(account->oauth_client_id),
        mes_secret_reveal(account->oauth_client_secret),
        mes_str_of(account->oauth_ca_file),
        mes_str_of(account->user_name),
        mes_str_of(MES_NUMBER(account->token_place.kind)),
        mes_str_of(account->token_place.name),
    };
    return mes_digest(parts, sizeof parts / sizeof parts[0], key);
}

/* A short wait, for a moment in which nothing is handed to another thread. */
static void settle_work(struct mes_token *token)
{
    if (token->work == NULL)
        return;
    mes_work_finish(&token->work);
    if (token->step == MES_TOKEN_KEEPING)
        on_kept(token);
    else
        on_opened(token);
}

/* The settings were read again. What they say counts when it is new: a person has logged in. */
static bool renew(struct mes_token *token, const struct mes_secret *refresh)
{
    struct mes_str loaded = mes_secret_reveal(refresh);
    struct mes_secret *known = NULL, *fresh = NULL;
    if (loaded.size == 0 || mes_str_eq(loaded, mes_secret_reveal(token->loaded)))
        return true;
    settle_work(token);
    if (!copy_secret(refresh, &known) || !copy_secret(refresh, &fresh)) {
        mes_secret_free(&known);
        return false;
    }
    mes_secret_free(&token->loaded);
    token->loaded = known;
    bool is_ours = mes_str_eq(loaded, mes_secret_reveal(token->refresh)) ||
                   mes_str_eq(loaded, mes_secret_reveal(token->spent));
    if (!is_ours) {
        mes_secret_free(&token->access);
        adopt(token, &fresh);
        token->is_unkept_told = false;
    }
    mes_secret_free(&fresh);
    if (!is_ours && token->step == MES_TOKEN_ASKING) {
        mes_http_client_free(&token->client);
        ask(token);
    }
    return true;
}

static int add(struct mes_tokens *tokens, const struct mes_account *account, struct mes_token **token_out,
               struct mes_error *error)
{
    struct mes_token *token = mes_alloc(sizeof *token);
    if (token == NULL)
        return mes_fail_nomem(error);
    token->tokens = tokens;
    token->holders = 1;
    token->lock = -1;
    mes_arena_init(&token->texts, TEXTS_MOST);
    int code = mes_timer_new(tokens->options.loop, on_due, token, &token->timer, error);
    if (code == 0 && !copy_settings(token, account))
        code = mes_fail_nomem(error);
    if (code != 0) {
        destroy(token);
        return code;
    }
    token->next = tokens->first;
    tokens->first = token;
    *token_out = token;
    return 0;
}

int mes_tokens_take(struct mes_tokens *tokens, const struct mes_account *account,
                    struct mes_token **token_out, struct mes_error *error)
{
    unsigned char key[MES_DIGEST_SIZE];
    *token_out = NULL;
    if (!find_key(account, key))
        return mes_fail_nomem(error);
    struct mes_token *token = tokens->first;
    while (token != NULL && !mes_digest_equal(token->key, key))
        token = token->next;
    if (token == NULL) {
        int code = add(tokens, account, &token, error);
        if (code != 0)
            return code;
        memcpy(token->key, key, sizeof key);
    } else if (!renew(token, account->oauth_refresh_token)) {
        return mes_fail_nomem(error);
    } else {
        token->holders++;
    }
    *token_out = token;
    return 0;
}

int mes_tokens_new(const struct mes_tokens_options *options, struct mes_tokens **tokens_out,
                   struct mes_error *error)
{
    struct mes_tokens *tokens = mes_alloc(sizeof *tokens);
    *tokens_out = NULL;
    if (tokens == NULL)
        return mes_fail_nomem(error);
    tokens->options = *options;
    /* Whoever writes the settings says where tokens come from: an address inside the company is as good as
     * any. */
    int code = mes_guard_allow(&tokens->guard, MES_STR("0.0.0.0/0"), error);
    if (code == 0)
        code = mes_guard_allow(&tokens->guard, MES_STR("::/0"), error);
    if (code != 0)
        mes_tokens_free(&tokens);
    *tokens_out = tokens;
    return code;
}

void mes_tokens_free(struct mes_tokens **tokens)
{
    assert(*tokens == NULL || (*tokens)->first == NULL);
    mes_free(*tokens);
    *tokens = NULL;
}
