/* Sends many mails through the library, as a program that embeds it would: the counterpart of the programs in
 * bench/peers. Prints nothing when every mail was sent.
 * usage: submit HOST PORT MAILS CONNECTIONS BYTES [USER PASSWORD CAFILE | - - -] [ATTACHMENT]
 * With a user the account speaks STARTTLS and logs in. BYTES is the size of the text; ATTACHMENT a file. The
 * environment's SETTINGS are further members of the account: "\"pipelineDepth\":8". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mes/mes.h"

static void give_up(const char *what, const struct mes_error *error)
{
    char text[1024];
    fprintf(stderr, "submit: %s: %s\n", what, mes_error_text(error, MES_EN, text, sizeof text));
    exit(1);
}

static void write_settings(FILE *file, char **argument, int count)
{
    const char *settings = getenv("SETTINGS");
    int has_login = count > 7 && strcmp(argument[6], "-") != 0;
    fprintf(
        file,
        "[{\"name\":\"bench\",\"senderServerHost\":\"%s\",\"senderServerHostPort\":%s,\"maxConnections\":%s,"
        "\"fromMailAddress\":\"a@x.test\",\"fromMailDisplayName\":\"Bench\"",
        argument[1], argument[2], argument[4]);
    if (has_login)
        fprintf(file,
                ",\"enableTSL\":true,\"senderUserName\":\"%s\",\"senderUserPassword\":\"%s\",\"tlsCaFile\":"
                "\"%s\","
                "\"enablePasswordAuthentication\":true",
                argument[6], argument[7], argument[8]);
    if (settings != NULL)
        fprintf(file, ",%s", settings);
    fprintf(file, "}]\n");
}

static struct mes_account_list *load_accounts(char **argument, int count)
{
    char path[] = "/tmp/mes-bench-XXXXXX.json";
    struct mes_account_list *list = NULL;
    struct mes_error error;
    int descriptor = mkstemps(path, 5);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    write_settings(file, argument, count);
    fclose(file);
    if (mes_account_list_load(path, NULL, NULL, NULL, &list, &error) != 0)
        give_up("accounts", &error);
    unlink(path);
    return list;
}

static struct mes_message *make_message(long mails, size_t bytes, const char *attachment)
{
    struct mes_message *message = mes_message_new();
    struct mes_error error;
    char *text = malloc(bytes + 1), address[64];
    int failed = mes_message_set_subject(message, "bench", &error);
    for (size_t i = 0; i < bytes; i++)
        text[i] = i % 80 == 79 ? '\n' : 'X';
    text[bytes] = '\0';
    failed = failed || mes_message_set_text(message, text, &error);
    for (long i = 0; i < mails && !failed; i++) {
        snprintf(address, sizeof address, "b%ld@y.test", i);
        failed = mes_message_add_recipient(message, MES_ROLE_TO, address, NULL, &error);
    }
    if (attachment != NULL && !failed)
        failed = mes_message_attach_file(message, attachment, NULL, NULL, &error);
    if (failed)
        give_up("message", &error);
    free(text);
    return message;
}

static int count_unsent(const struct mes_report *report)
{
    int unsent = 0;
    for (size_t i = 0; i < mes_report_count(report); i++) {
        const struct mes_result *result = mes_report_result(report, i);
        if (result->status == MES_STATUS_SENT)
            continue;
        if (unsent++ == 0 && result->attempt_count > 0)
            fprintf(stderr, "submit: %s: %s\n", result->recipient,
                    result->attempts[result->attempt_count - 1].reply);
    }
    return unsent;
}

int main(int count, char **argument)
{
    struct mes_error error;
    struct mes_sender *sender = NULL;
    struct mes_report *report = NULL;
    const struct mes_sender_options options = {.bulk = true};
    if (count < 6) {
        fprintf(stderr,
                "usage: submit HOST PORT MAILS CONNECTIONS BYTES [USER PASSWORD CAFILE] [ATTACHMENT]\n");
        return 2;
    }
    struct mes_account_list *list = load_accounts(argument, count);
    struct mes_message *message =
        make_message(atol(argument[3]), (size_t)atol(argument[5]), count > 9 ? argument[9] : NULL);
    if (mes_sender_new(list, &options, &sender, &error) != 0)
        give_up("sender", &error);
    if (mes_send(sender, message, &report, &error) != 0)
        give_up("send", &error);
    int unsent = count_unsent(report);
    mes_report_free(&report);
    mes_sender_free(&sender);
    mes_message_free(&message);
    mes_account_list_free(&list);
    return unsent == 0 ? 0 : 1;
}
