#include "cli/authorize.h"

#include <stdio.h>
#include <string.h>

#include "http/call.h"
#include "http/form.h"
#include "http/url.h"

enum { ANSWER_MOST = 64 * 1024, ANSWER_MS = 10 * 1000 };

void mes_cli_authorize_form(const struct mes_account *account, struct mes_buf *form)
{
    mes_http_form_add(form, "client_id", mes_str_of(account->oauth_client_id));
    if (!mes_secret_is_empty(account->oauth_client_secret))
        mes_http_form_add(form, "client_secret", mes_secret_reveal(account->oauth_client_secret));
}

static int read_answer(const char *url, const struct mes_http_answer *answer,
                       struct mes_token_answer *answer_out, struct mes_error *error)
{
    char shown[MES_HTTP_URL_SHOWN];
    if (mes_token_answer_read(mes_buf_str(&answer->body), answer_out))
        return 0;
    mes_token_answer_fini(answer_out);
    return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_no_answer,
                    MES_ARGS(mes_http_url_shown(url, shown), MES_NUMBER(answer->status)));
}

int mes_cli_authorize_post(const struct mes_account *account, const char *url, struct mes_buf *form,
                           struct mes_token_answer *answer_out, struct mes_error *error)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded",
                                          "Accept: application/json", NULL};
    const struct mes_http_call call = {
        .method = "POST",
        .url = url,
        .headers = headers,
        .body = mes_buf_str(form),
        .ca_file = account->oauth_ca_file[0] != '\0' ? account->oauth_ca_file : NULL,
        .timeout_ms = ANSWER_MS,
        .answer_limit = ANSWER_MOST,
    };
    struct mes_http_answer answer;
    int code = mes_buf_check(form, error);
    if (code == 0)
        code = mes_http_call(&call, &answer, error);
    mes_wipe(form->data, form->size);
    mes_buf_fini(form);
    if (code != 0)
        return code;
    code = read_answer(url, &answer, answer_out, error);
    mes_wipe(answer.body.data, answer.body.size);
    mes_http_answer_fini(&answer);
    return code;
}

static int refuse(const struct mes_account *account, const struct mes_token_answer *answer,
                  struct mes_error *error)
{
    bool is_denied = strcmp(answer->error, "access_denied") == 0;
    return mes_fail(error, is_denied ? MES_E_CANCELLED : MES_E_CONFIG,
                    is_denied ? MES_SAY_cli_authorize_denied : MES_SAY_cli_authorize_refused,
                    MES_ARGS(account->identity, answer->error, answer->error_text));
}

int mes_cli_authorize_take(const struct mes_account *account, struct mes_token_answer *answer,
                           struct mes_secret **refresh_out, struct mes_error *error)
{
    *refresh_out = NULL;
    if (answer->error[0] != '\0')
        return refuse(account, answer, error);
    if (answer->access == NULL || !answer->is_bearer)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_refused,
                        MES_ARGS(account->identity, "no access token", ""));
    if (answer->refresh == NULL)
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_no_refresh, MES_ARGS(account->identity));
    *refresh_out = answer->refresh;
    answer->refresh = NULL;
    return 0;
}
