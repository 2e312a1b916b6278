/* What is asked of a token server, and what its answer means. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "delivery/token_parts.h"
#include "http/form.h"
#include "net/loop.h"

enum {
    SECOND = 1000,
    LIFE_UNSAID_S = 600,      /* where the server does not say how long a token lives */
    MARGIN_MOST = 60 * SECOND /* a login that begins must also end in time */
};

static const struct {
    const char *error;
    enum mes_cause cause;
} errors[] = {
    /* RFC 6749 section 5.2 */
    {"invalid_grant", MES_CAUSE_TOKEN_WITHDRAWN},
    {"invalid_client", MES_CAUSE_TOKEN_CLIENT},
    {"unauthorized_client", MES_CAUSE_TOKEN_CLIENT},
    {"unsupported_grant_type", MES_CAUSE_TOKEN_CLIENT},
    {"invalid_scope", MES_CAUSE_TOKEN_CLIENT},
    {"invalid_request", MES_CAUSE_TOKEN_CLIENT},
    /* OpenID Connect Core section 3.1.2.6, which Microsoft uses here too */
    {"interaction_required", MES_CAUSE_TOKEN_WITHDRAWN},
    {"consent_required", MES_CAUSE_TOKEN_WITHDRAWN},
    {"login_required", MES_CAUSE_TOKEN_WITHDRAWN},
};

static enum mes_cause cause_of_error(const char *error)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(errors[i].error, error) == 0)
            return errors[i].cause;
    return MES_CAUSE_TOKEN_SERVER;
}

void mes_token_set_failure(struct mes_token *token, enum mes_cause cause, const char *text)
{
    struct mes_buf once, twice;
    mes_buf_init(&once, SIZE_MAX);
    mes_buf_init(&twice, SIZE_MAX);
    mes_secret_hide(token->refresh, mes_str_of(text), &once);
    mes_secret_hide(token->client_secret, mes_buf_str(&once), &twice);
    token->is_good = false;
    token->cause = cause;
    (void)mes_shown_text(token->text, sizeof token->text, mes_buf_str(&twice));
    mes_buf_fini(&once);
    mes_buf_fini(&twice);
}

static void refuse(struct mes_token *token, const struct mes_token_answer *answer)
{
    char text[MES_TOKEN_TEXT];
    const char *between = answer->error_text[0] != '\0' ? ": " : "";
    enum mes_cause cause = cause_of_error(answer->error);
    if (cause == MES_CAUSE_TOKEN_WITHDRAWN)
        (void)snprintf(text, sizeof text,
                       "authorization withdrawn: run mailenhance accounts login %s (%s%s%s)", token->account,
                       answer->error, between, answer->error_text);
    else
        (void)snprintf(text, sizeof text, "the token server refused: %s%s%s", answer->error, between,
                       answer->error_text);
    mes_token_set_failure(token, cause, text);
}

static int64_t margin_of(int64_t life)
{
    return life / 10 < MARGIN_MOST ? life / 10 : MARGIN_MOST;
}

/* Moves the tokens out of the answer. */
static void take_tokens(struct mes_token *token, struct mes_token_answer *answer)
{
    int64_t life = (answer->lives_s > 0 ? answer->lives_s : LIFE_UNSAID_S) * SECOND;
    mes_secret_free(&token->access);
    token->access = answer->access;
    answer->access = NULL;
    token->access_until = mes_loop_now(token->tokens->options.loop) + life - margin_of(life);
    token->is_good = true;
    token->text[0] = '\0';
    bool is_same = mes_str_eq(mes_secret_reveal(answer->refresh), mes_secret_reveal(token->refresh));
    if (answer->refresh == NULL || is_same)
        return;
    mes_secret_free(&token->fresh);
    token->fresh = answer->refresh;
    answer->refresh = NULL;
}

static void judge_answer(struct mes_token *token, const struct mes_http_result *result)
{
    struct mes_token_answer answer;
    char text[100];
    bool is_read = mes_token_answer_read(result->body, &answer) && !result->is_body_cut;
    if (is_read && answer.error[0] != '\0') {
        refuse(token, &answer);
    } else if (is_read && result->status == 200 && answer.access != NULL && answer.is_bearer) {
        take_tokens(token, &answer);
    } else {
        bool is_busy = result->status == 429 || result->status >= 500;
        (void)snprintf(text, sizeof text,
                       is_busy ? "the token server answered %d" : "no access token in the answer (%d)",
                       result->status);
        mes_token_set_failure(token, is_busy ? MES_CAUSE_TOKEN_SERVER : MES_CAUSE_TOKEN_ANSWER, text);
    }
    mes_token_answer_fini(&answer);
}

void mes_token_judge(struct mes_token *token, const struct mes_http_result *result)
{
    char text[MES_TOKEN_TEXT];
    if (result->end == MES_HTTP_ANSWERED) {
        judge_answer(token, result);
        return;
    }
    (void)snprintf(text, sizeof text, "token server: %s", result->text);
    mes_token_set_failure(token, MES_CAUSE_TOKEN_SERVER, text);
}

void mes_token_write_request(const struct mes_token *token, struct mes_buf *body)
{
    struct mes_str secret = mes_secret_reveal(token->client_secret);
    struct mes_str refresh = mes_secret_reveal(token->refresh);
    struct mes_str id = mes_str_of(token->client_id);
    /* All at once: a buffer that grows leaves copies behind. */
    if (mes_buf_reserve(body, 3 * (secret.size + refresh.size + id.size) + 200) == NULL)
        return;
    mes_http_form_add(body, "grant_type", MES_STR("refresh_token"));
    mes_http_form_add(body, "client_id", id);
    if (secret.size > 0)
        mes_http_form_add(body, "client_secret", secret);
    mes_http_form_add(body, "refresh_token", refresh);
}
