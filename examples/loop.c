/* Sends one mail from a program that has a loop of its own: here poll(2) on the sender's descriptor and
 * nothing else; a real program adds its own descriptors to the list.
 *
 *   cc loop.c -o loop $(pkg-config --cflags --libs mailenhance)
 *   ./loop AppSetting.json wong@example.hk
 */
#include <mes/mes.h>
#include <poll.h>
#include <stdio.h>

static void on_done(void *context, struct mes_report *report)
{
    bool *is_done = context;
    const struct mes_result *result = mes_report_result(report, 0);
    printf("%s: %s\n", result->recipient, mes_status_name(result->status));
    mes_report_free(&report);
    *is_done = true;
}

static int submit(struct mes_sender *sender, const char *to, bool *is_done, struct mes_error *error)
{
    struct mes_message *message = mes_message_new();
    if (message == NULL)
        return MES_E_NOMEM;
    int code = mes_message_add_recipient(message, MES_ROLE_TO, to, NULL, error);
    if (code == 0)
        code = mes_message_set_text(message, "Sent from a loop of our own.", error);
    if (code == 0)
        code = mes_submit(sender, message, on_done, is_done, error);
    mes_message_free(&message);
    return code;
}

static void loop(struct mes_sender *sender, const bool *is_done)
{
    while (!*is_done) {
        struct pollfd wanted = {.fd = mes_sender_fd(sender), .events = POLLIN};
        poll(&wanted, 1, mes_sender_timeout_ms(sender));
        mes_sender_step(sender);
    }
}

int main(int argc, char **argv)
{
    struct mes_error error = {0};
    struct mes_account_list *list = NULL;
    struct mes_sender *sender = NULL;
    bool is_done = false;
    if (argc != 3)
        return 2;
    int code = mes_account_list_load(argv[1], NULL, NULL, NULL, &list, &error);
    if (code == 0)
        code = mes_sender_new(list, &(struct mes_sender_options){0}, &sender, &error);
    if (code == 0)
        code = submit(sender, argv[2], &is_done, &error);
    if (code == 0)
        loop(sender, &is_done);
    char text[2048];
    if (code != 0)
        fprintf(stderr, "%s\n", mes_error_text(&error, MES_EN, text, sizeof text));
    mes_sender_free(&sender);
    mes_account_list_free(&list);
    return code == 0 ? 0 : 1;
}
