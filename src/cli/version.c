/* mailenhance version: of the program and of the libraries that it runs with. */
#include "cli/cli.h"
#include "cli/status.h"
#include "http/libraries.h"
#include "mes/mes.h"
#include "mime/libraries.h"
#include "net/libraries.h"
#include "json/libraries.h"
#include "json/write.h"

enum { MES_CLI_VERSION_LIMIT = 4096 };

static void each_library(void (*each)(void *context, const char *name, const char *version), void *context)
{
    mes_net_libraries(each, context);
    mes_json_libraries(each, context);
    mes_http_libraries(each, context);
    mes_mime_libraries(each, context);
}

static void write_library(void *context, const char *name, const char *version)
{
    mes_json_write_text(context, name, mes_str_of(version));
}

static void add_library(void *context, const char *name, const char *version)
{
    mes_buf_add_format(context, "\n%s %s", name, version);
}

int mes_cli_version(struct mes_cli *cli)
{
    struct mes_buf out;
    mes_buf_init(&out, MES_CLI_VERSION_LIMIT);
    if (mes_cli_has(cli->options, MES_CLI_OPT_JSON)) {
        struct mes_json_writer json;
        mes_json_writer_init(&json, &out);
        mes_json_write_object(&json, NULL);
        mes_json_write_text(&json, "version", mes_str_of(mes_version()));
        mes_json_write_object(&json, "libraries");
        each_library(write_library, &json);
        mes_json_write_object_end(&json);
        mes_json_write_object_end(&json);
    } else {
        mes_buf_add_format(&out, "mailenhance %s", mes_version());
        each_library(add_library, &out);
    }
    mes_cli_put_line(cli, &out);
    mes_buf_fini(&out);
    return MES_CLI_EXIT_OK;
}
