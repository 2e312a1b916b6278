/* Sends one mail and prints what became of it.
 *
 *   cc send.c -o send $(pkg-config --cflags --libs mailenhance)
 *   ./send AppSetting.json wong@example.hk
 */
#include <mes/mes.h>
#include <stdio.h>

static int fail(const struct mes_error *error)
{
    char text[2048];
    fprintf(stderr, "%s\n", mes_error_text(error, MES_EN, text, sizeof text));
    return 1;
}

static void print(const struct mes_report *report)
{
    for (size_t i = 0; i < mes_report_count(report); i++) {
        const struct mes_result *result = mes_report_result(report, i);
        printf("%s: %s\n", result->recipient, mes_status_name(result->status));
        for (size_t k = 0; k < result->attempt_count; k++) {
            const struct mes_attempt *attempt = mes_result_attempt(result, k);
            printf("  %s: %d %s %s\n", attempt->account, attempt->code, attempt->enhanced, attempt->reply);
            printf("  %s\n", mes_advice_text(attempt->advice_id, MES_EN));
        }
    }
}

static int compose(struct mes_message *message, const char *to, struct mes_error *error)
{
    int code = mes_message_add_recipient(message, MES_ROLE_TO, to, NULL, error);
    if (code == 0)
        code = mes_message_set_subject(message, "你好", error);
    if (code == 0)
        code = mes_message_set_html(message, "<p>Sent by <b>libmailenhance</b>.</p>", error);
    return code;
}

int main(int argc, char **argv)
{
    struct mes_error error = {0};
    struct mes_account_list *list = NULL;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    struct mes_message *message = mes_message_new();
    if (argc != 3 || message == NULL)
        return 2;
    int code = compose(message, argv[2], &error);
    if (code == 0)
        code = mes_account_list_load(argv[1], NULL, NULL, NULL, &list, &error);
    if (code == 0)
        code = mes_sender_new(list, &(struct mes_sender_options){0}, &sender, &error);
    if (code == 0)
        code = mes_send(sender, message, &report, &error);
    if (code == 0)
        print(report);
    int status = code == 0 ? 0 : fail(&error);
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_account_list_free(&list);
    mes_message_free(&message);
    return status;
}
