/* mailenhance status: is the service well, and what of its accounts? */
#include "cli/service.h"
#include "cli/status.h"

enum { LINE_MOST = 16 * 1024 * 1024 };

struct looking {
    struct mes_cli *cli;
    struct mes_buf line;
    bool is_json, follows;
};

static void add_use(struct mes_buf *out, enum mes_language language, const struct mes_json_value *account)
{
    static const struct {
        const char *key;
        int sentence;
    } spans[] = {
        {"minute", MES_SAY_cli_per_minute}, {"hour", MES_SAY_cli_per_hour}, {"day", MES_SAY_cli_per_day}};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        const struct mes_json_value *use = mes_json_member(account, mes_str_of(spans[i].key));
        int64_t limit = mes_cli_service_number(use, "limit");
        if (limit == 0)
            continue;
        mes_buf_add_text(out, ", ");
        mes_say(out, language, spans[i].sentence,
                MES_ARGS(MES_NUMBER(mes_cli_service_number(use, "used")), MES_NUMBER(limit)));
    }
}

static int sentence_of(const char *state, bool has_end)
{
    if (mes_str_eq(mes_str_of(state), MES_STR("resting")))
        return has_end ? MES_SAY_cli_account_rests : MES_SAY_cli_account_rests_until_changed;
    return MES_SAY_cli_account_well;
}

static void say_account(struct mes_buf *out, enum mes_language language, const struct mes_json_value *account)
{
    const char *company = mes_cli_service_text(account, "company");
    const char *until = mes_cli_service_text(account, "restsUntil");
    const char *quota = mes_cli_service_text(account, "quotaUntil");
    mes_buf_add_format(out, "  %s%s%s: ", company, company[0] != '\0' ? "/" : "",
                       mes_cli_service_text(account, "name"));
    mes_say(out, language, sentence_of(mes_cli_service_text(account, "state"), until[0] != '\0'),
            MES_ARGS(until));
    if (quota[0] != '\0')
        mes_say(out, language, MES_SAY_cli_account_quota, MES_ARGS(quota));
    add_use(out, language, account);
    const char *advice = mes_cli_service_text(account, "advice");
    if (advice[0] != '\0')
        mes_buf_add_format(out, ". %s", advice);
}

static bool take_account(void *context, const struct mes_json_value *account, struct mes_str text)
{
    struct looking *looking = context;
    if (looking->is_json) {
        mes_buf_add_text(&looking->line, looking->follows ? "," : "");
        mes_buf_add_str(&looking->line, text);
        looking->follows = true;
        return true;
    }
    say_account(&looking->line, looking->cli->language, account);
    mes_cli_put_line(looking->cli, &looking->line);
    return true;
}

static int look(const struct mes_cli_service *service, struct looking *looking)
{
    struct mes_http_answer answer;
    const char *url = mes_buf_text(&service->url);
    int status = mes_cli_service_ask(service, &(struct mes_cli_question){.path = "/readyz"}, &answer);
    if (status != MES_CLI_EXIT_OK)
        return status;
    mes_http_answer_fini(&answer);
    if (looking->is_json)
        mes_buf_add_text(&looking->line, "{\"ready\":true,\"accounts\":[");
    else
        mes_cli_put_sentence(looking->cli, MES_SAY_cli_service_ready, MES_ARGS(url));
    status = mes_cli_service_list(service, "/api/v1/accounts", take_account, looking);
    if (looking->is_json && status == MES_CLI_EXIT_OK) {
        mes_buf_add_text(&looking->line, "]}");
        mes_cli_put_line(looking->cli, &looking->line);
    }
    return status;
}

int mes_cli_status(struct mes_cli *cli)
{
    struct mes_cli_service service;
    struct looking looking = {.cli = cli, .is_json = mes_cli_has(cli->options, MES_CLI_OPT_JSON)};
    int status = mes_cli_service_init(cli, &service);
    mes_buf_init(&looking.line, LINE_MOST);
    if (status == MES_CLI_EXIT_OK)
        status = look(&service, &looking);
    mes_buf_fini(&looking.line);
    mes_cli_service_fini(&service);
    return status;
}
