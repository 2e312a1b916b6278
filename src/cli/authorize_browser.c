/* The authorization code with a proof key, and the browser's way back to this machine: RFC 6749 section 4.1,
 * RFC 7636, RFC 8252 section 7.3. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/random.h"
#include "cli/authorize.h"
#include "http/form.h"
#include "http/landing.h"
#include "net/visitors.h"
#include "json/write.h"

enum {
    VERIFIER_SPACE = 65, /* 64 characters of 5 random bits each */
    STATE_SPACE = 33,
    CODE_MOST = 8 * 1024,
    URL_MOST = 16 * 1024,
    WAIT_MINUTES = 10
};

/* One login. */
struct browsing {
    struct mes_cli *cli;
    const struct mes_account *account;
    struct mes_visitors *visitors;
    char verifier[VERIFIER_SPACE];
    char state[STATE_SPACE];
    char redirect[64];
    struct mes_buf code;
    struct mes_buf refusal; /* the provider's word for it, when it is one */
};

/* base64url without padding (RFC 7636 appendix A) of the verifier's SHA-256. */
static int add_challenge(const char *verifier, struct mes_buf *out, struct mes_error *error)
{
    unsigned char digest[MES_DIGEST_SIZE];
    struct mes_digest_stream *stream = mes_digest_stream_new();
    if (stream == NULL)
        return mes_fail_nomem(error);
    mes_digest_stream_add(stream, verifier, strlen(verifier));
    bool is_good = mes_digest_stream_end(stream, digest);
    mes_digest_stream_free(&stream);
    if (!is_good)
        return mes_fail_nomem(error);
    mes_base64_add(out, digest, sizeof digest);
    for (size_t i = 0; i < out->size; i++)
        out->data[i] = (char)(out->data[i] == '+' ? '-' : out->data[i] == '/' ? '_' : out->data[i]);
    while (out->size > 0 && out->data[out->size - 1] == '=')
        mes_buf_truncate(out, out->size - 1);
    return mes_buf_check(out, error);
}

/* The query that the address may have stays (RFC 6749 section 3.1). */
static int write_url(const struct browsing *browsing, struct mes_buf *url, struct mes_error *error)
{
    const struct mes_account *account = browsing->account;
    struct mes_buf challenge;
    mes_buf_init(&challenge, 100);
    int code = add_challenge(browsing->verifier, &challenge, error);
    mes_buf_add_text(url, account->oauth_authorize_url);
    mes_buf_add_text(url, strchr(account->oauth_authorize_url, '?') != NULL ? "&" : "?");
    mes_http_form_add(url, "response_type", MES_STR("code"));
    mes_http_form_add(url, "client_id", mes_str_of(account->oauth_client_id));
    mes_http_form_add(url, "redirect_uri", mes_str_of(browsing->redirect));
    if (account->oauth_scope[0] != '\0')
        mes_http_form_add(url, "scope", mes_str_of(account->oauth_scope));
    mes_http_form_add(url, "state", mes_str_of(browsing->state));
    mes_http_form_add(url, "code_challenge", mes_buf_str(&challenge));
    mes_http_form_add(url, "code_challenge_method", MES_STR("S256"));
    mes_http_form_add(url, "login_hint", mes_str_of(account->user_name));
    mes_buf_fini(&challenge);
    return code != 0 ? code : mes_buf_check(url, error);
}

static void show_url(const struct browsing *browsing, uint16_t port, const struct mes_buf *url)
{
    struct mes_cli *cli = browsing->cli;
    struct mes_json_writer json;
    struct mes_buf line;
    mes_buf_init(&line, 2 * URL_MOST);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_json_writer_init(&json, &line);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "kind", MES_STR("authorize"));
        mes_json_write_text(&json, "account", mes_str_of(browsing->account->identity));
        mes_json_write_text(&json, "url", mes_buf_str(url));
        mes_json_write_object_end(&json);
    } else {
        mes_cli_put_sentence(cli, MES_SAY_cli_authorize_open, MES_ARGS(browsing->account->user_name));
        mes_buf_add_str(&line, mes_buf_str(url));
    }
    mes_cli_put_line(cli, &line);
    mes_cli_tell(cli, MES_SAY_cli_authorize_elsewhere, MES_ARGS(MES_NUMBER(port)));
    mes_buf_fini(&line);
}

static void answer(const struct browsing *browsing, const char *status, int sentence)
{
    static const char *const languages[] = {[MES_EN] = "en", [MES_ZH_HK] = "zh-HK", [MES_ZH_CN] = "zh-CN"};
    enum mes_language language = browsing->cli->language;
    struct mes_buf page;
    mes_buf_init(&page, URL_MOST);
    mes_http_landing_page(&page, status, languages[language], mes_say_text(language, sentence));
    mes_visitors_answer(browsing->visitors, mes_buf_str(&page));
    mes_buf_fini(&page);
}

static bool has_our_state(const struct browsing *browsing, struct mes_str query)
{
    struct mes_buf state;
    mes_buf_init(&state, STATE_SPACE);
    bool is_ours = mes_http_form_find(query, "state", &state) &&
                   mes_str_eq(mes_buf_str(&state), mes_str_of(browsing->state));
    mes_buf_fini(&state);
    return is_ours;
}

/* Is it the browser that comes back? Everybody else, such as who asks for an icon or guesses, is answered and
 * gone.
 */
static bool is_the_one(struct browsing *browsing, struct mes_str head)
{
    struct mes_str path, query;
    if (!mes_http_landing_parse(head, &path, &query) || !mes_str_eq(path, MES_STR("/")))
        answer(browsing, "404 Not Found", MES_SAY_cli_authorize_page_none);
    else if (!has_our_state(browsing, query) || mes_http_form_find(query, "code", &browsing->code) ==
                                                    mes_http_form_find(query, "error", &browsing->refusal))
        answer(browsing, "400 Bad Request", MES_SAY_cli_authorize_page_none);
    else
        return true;
    mes_buf_clear(&browsing->code);
    mes_buf_clear(&browsing->refusal);
    return false;
}

static int wait_for_browser(struct browsing *browsing, struct mes_error *error)
{
    const struct mes_clock *clock = mes_clock_system();
    int64_t end = mes_clock_monotonic(clock) + WAIT_MINUTES * 60 * 1000;
    struct mes_str head;
    do {
        int64_t left = end - mes_clock_monotonic(clock);
        if (left <= 0 || !mes_visitors_next(browsing->visitors, left, &head))
            return mes_fail(error, MES_E_CANCELLED, MES_SAY_cli_authorize_timeout,
                            MES_ARGS(browsing->account->identity));
    } while (!is_the_one(browsing, head));
    return 0;
}

/* The code for the tokens: RFC 6749 section 4.1.3. */
static int exchange(struct browsing *browsing, struct mes_secret **refresh_out, struct mes_error *error)
{
    const struct mes_account *account = browsing->account;
    struct mes_token_answer told;
    struct mes_buf form;
    if (browsing->refusal.size > 0) {
        bool is_denied = mes_str_eq(mes_buf_str(&browsing->refusal), MES_STR("access_denied"));
        return mes_fail(error, is_denied ? MES_E_CANCELLED : MES_E_CONFIG,
                        is_denied ? MES_SAY_cli_authorize_denied : MES_SAY_cli_authorize_refused,
                        MES_ARGS(account->identity, mes_buf_text(&browsing->refusal), ""));
    }
    mes_buf_init(&form, MES_CLI_FORM_MOST);
    mes_http_form_add(&form, "grant_type", MES_STR("authorization_code"));
    mes_cli_authorize_form(account, &form);
    mes_http_form_add(&form, "code", mes_buf_str(&browsing->code));
    mes_http_form_add(&form, "redirect_uri", mes_str_of(browsing->redirect));
    mes_http_form_add(&form, "code_verifier", mes_str_of(browsing->verifier));
    int code = mes_cli_authorize_post(account, account->oauth_token_url, &form, &told, error);
    if (code != 0)
        return code;
    code = mes_cli_authorize_take(account, &told, refresh_out, error);
    mes_token_answer_fini(&told);
    return code;
}

/* The browser is answered when it is known what came of it. */
static int browse(struct browsing *browsing, uint16_t port, struct mes_secret **refresh_out,
                  struct mes_error *error)
{
    struct mes_buf url;
    mes_buf_init(&url, URL_MOST);
    (void)snprintf(browsing->redirect, sizeof browsing->redirect, "http://127.0.0.1:%u/", port);
    int code = write_url(browsing, &url, error);
    if (code == 0) {
        show_url(browsing, port, &url);
        code = wait_for_browser(browsing, error);
    }
    mes_buf_fini(&url);
    if (code != 0)
        return code;
    code = exchange(browsing, refresh_out, error);
    answer(browsing, "200 OK",
           code == 0 ? MES_SAY_cli_authorize_page_done : MES_SAY_cli_authorize_page_failed);
    return code;
}

int mes_cli_authorize_browser(struct mes_cli *cli, const struct mes_account *account,
                              struct mes_secret **refresh_out, struct mes_error *error)
{
    struct browsing browsing = {.cli = cli, .account = account};
    uint16_t port = 0;
    *refresh_out = NULL;
    if (account->oauth_authorize_url[0] == '\0')
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_no_url,
                        MES_ARGS(account->identity, "oauthAuthorizeUrl"));
    mes_buf_init(&browsing.code, CODE_MOST);
    mes_buf_init(&browsing.refusal, 256);
    int code = mes_random_text(browsing.verifier, sizeof browsing.verifier, error);
    if (code == 0)
        code = mes_random_text(browsing.state, sizeof browsing.state, error);
    if (code == 0)
        code = mes_visitors_open(&browsing.visitors, &port, error);
    if (code == 0)
        code = browse(&browsing, port, refresh_out, error);
    mes_visitors_close(&browsing.visitors);
    mes_wipe(browsing.code.data, browsing.code.size);
    mes_wipe(browsing.verifier, sizeof browsing.verifier);
    mes_buf_fini(&browsing.code);
    mes_buf_fini(&browsing.refusal);
    return code;
}
