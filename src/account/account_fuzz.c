/* Any bytes as an account file: taken or refused with a place, and never a secret among the words. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account/config.h"
#include "account/load.h"
#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void on_finding(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    char text[4096];
    (void)context;
    require((kind == MES_FINDING_PROBLEM) == (finding->code != 0));
    require(mes_error_text(finding, MES_ZH_CN, text, sizeof text)[0] != '\0');
}

static void on_row(void *context, const struct mes_config_row *row)
{
    (void)context;
    require(row->setting->type != MES_SETTING_SECRET || strlen(row->value) <= 3);
}

/* In a folder of its own, for loading looks around beside the file. */
static char folder[] = "/tmp/mes-fuzz-XXXXXX";
static char path[sizeof folder + sizeof "/a.json"];

static void remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    require(mkdtemp(folder) != NULL && atexit(remove_folder) == 0);
    (void)snprintf(path, sizeof path, "%s/a.json", folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {"CODE=c", "senderEmailAccountList__1__name=n", NULL};
    struct mes_findings findings = {on_finding, NULL};
    struct mes_account_source source = {.path = path, .environment = environment, .findings = &findings};
    struct mes_account_list *list;
    struct mes_error error;
    if (path[0] == '\0')
        make_folder();
    FILE *file = fopen(path, "wb");
    require(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    int code = mes_account_load(&source, &list, &error);
    require((code == 0) == (list != NULL));
    if (list == NULL)
        return 0;
    for (size_t i = 0; i < mes_account_list_count(list); i++) {
        const struct mes_account *account = mes_account_list_at(list, i);
        require(account->port > 0 && account->port < 65536 && account->host[0] != '\0');
        require(mes_account_list_find(list, mes_str_of(account->identity)) == account);
    }
    require(mes_account_config_walk(list, on_row, NULL, &error) == 0);
    mes_account_list_free(&list);
    return 0;
}
