/* The device authorization grant: a code that is entered in a browser anywhere (RFC 8628). */
#include <string.h>

#include "base/clock.h"
#include "cli/authorize.h"
#include "http/form.h"
#include "json/write.h"

enum {
    SECOND = 1000,
    LIFE_UNSAID_S = 600,
    INTERVAL_UNSAID_S = 5, /* section 3.2 */
    SLOWER_S = 5,          /* section 3.5 */
    INTERVAL_MOST_S = 300
};

static int64_t now(void)
{
    return mes_clock_monotonic(mes_clock_system());
}

static int ask_for_code(const struct mes_account *account, struct mes_token_answer *device,
                        struct mes_error *error)
{
    struct mes_buf form;
    mes_buf_init(&form, MES_CLI_FORM_MOST);
    mes_cli_authorize_form(account, &form);
    if (account->oauth_scope[0] != '\0')
        mes_http_form_add(&form, "scope", mes_str_of(account->oauth_scope));
    int code = mes_cli_authorize_post(account, account->oauth_device_url, &form, device, error);
    if (code != 0)
        return code;
    bool is_whole = device->device_code != NULL && device->user_code[0] != '\0' && device->address[0] != '\0';
    if (is_whole && device->error[0] == '\0')
        return 0;
    code = mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_refused,
                    MES_ARGS(account->identity, device->error[0] != '\0' ? device->error : "no device code",
                             device->error_text));
    mes_token_answer_fini(device);
    return code;
}

static int64_t life_of(const struct mes_token_answer *device)
{
    return device->lives_s > 0 ? device->lives_s : LIFE_UNSAID_S;
}

static void show_code(struct mes_cli *cli, const struct mes_account *account,
                      const struct mes_token_answer *device)
{
    struct mes_json_writer json;
    struct mes_buf line;
    if (!mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        mes_cli_put_sentence(cli, MES_SAY_cli_authorize_enter,
                             MES_ARGS(device->address, account->user_name, device->user_code,
                                      MES_NUMBER((life_of(device) + 59) / 60)));
        if (device->full_address[0] != '\0')
            mes_cli_put_sentence(cli, MES_SAY_cli_authorize_or_open, MES_ARGS(device->full_address));
        return;
    }
    mes_buf_init(&line, 16 * 1024);
    mes_json_writer_init(&json, &line);
    mes_json_write_object(&json, NULL);
    mes_json_write_text(&json, "kind", MES_STR("device"));
    mes_json_write_text(&json, "account", mes_str_of(account->identity));
    mes_json_write_text(&json, "url", mes_str_of(device->address));
    mes_json_write_text(&json, "fullUrl", mes_str_of(device->full_address));
    mes_json_write_text(&json, "code", mes_str_of(device->user_code));
    mes_json_write_integer(&json, "expiresIn", life_of(device));
    mes_json_write_object_end(&json);
    mes_cli_put_line(cli, &line);
    mes_buf_fini(&line);
}

/* Section 3.4. */
static int ask_for_token(const struct mes_account *account, const struct mes_token_answer *device,
                         struct mes_token_answer *answer_out, struct mes_error *error)
{
    struct mes_buf form;
    mes_buf_init(&form, MES_CLI_FORM_MOST);
    mes_http_form_add(&form, "grant_type", MES_STR("urn:ietf:params:oauth:grant-type:device_code"));
    mes_cli_authorize_form(account, &form);
    mes_http_form_add(&form, "device_code", mes_secret_reveal(device->device_code));
    return mes_cli_authorize_post(account, account->oauth_token_url, &form, answer_out, error);
}

/* Should it be asked again? Then `*interval_s` is how long to wait. */
static bool goes_on(int code, const struct mes_token_answer *answer, int64_t *interval_s)
{
    if (code == MES_E_SYSTEM) { /* nobody there, or too slow: section 3.5 wants it asked more rarely */
        *interval_s = *interval_s * 2 < INTERVAL_MOST_S ? *interval_s * 2 : INTERVAL_MOST_S;
        return true;
    }
    if (code != 0)
        return false;
    if (strcmp(answer->error, "slow_down") == 0) {
        *interval_s += SLOWER_S;
        return true;
    }
    return strcmp(answer->error, "authorization_pending") == 0;
}

static int wait_for_person(const struct mes_account *account, const struct mes_token_answer *device,
                           struct mes_secret **refresh_out, struct mes_error *error)
{
    int64_t interval_s = device->interval_s > 0 ? device->interval_s : INTERVAL_UNSAID_S;
    int64_t end = now() + life_of(device) * SECOND;
    while (now() < end) {
        struct mes_token_answer answer = {.access = NULL};
        mes_clock_sleep(interval_s * SECOND);
        int code = ask_for_token(account, device, &answer, error);
        bool is_over = !goes_on(code, &answer, &interval_s);
        bool is_expired = strcmp(answer.error, "expired_token") == 0;
        if (is_over && code == 0 && !is_expired)
            code = mes_cli_authorize_take(account, &answer, refresh_out, error);
        mes_token_answer_fini(&answer);
        if (is_expired)
            break;
        if (is_over)
            return code;
    }
    return mes_fail(error, MES_E_CANCELLED, MES_SAY_cli_authorize_timeout, MES_ARGS(account->identity));
}

int mes_cli_authorize_device(struct mes_cli *cli, const struct mes_account *account,
                             struct mes_secret **refresh_out, struct mes_error *error)
{
    struct mes_token_answer device;
    *refresh_out = NULL;
    if (account->oauth_device_url[0] == '\0')
        return mes_fail(error, MES_E_CONFIG, MES_SAY_cli_authorize_no_url,
                        MES_ARGS(account->identity, "oauthDeviceUrl"));
    int code = ask_for_code(account, &device, error);
    if (code != 0)
        return code;
    show_code(cli, account, &device);
    code = wait_for_person(account, &device, refresh_out, error);
    mes_token_answer_fini(&device);
    return code;
}
