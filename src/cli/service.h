/* A running service, as the command line asks it: where it is, with which key, and one call. */
#ifndef MES_CLI_SERVICE_H
#define MES_CLI_SERVICE_H

#include "cli/cli.h"
#include "http/call.h"
#include "mes/account.h"
#include "json/parse.h"

struct mes_store_folder;

struct mes_cli_service {
    struct mes_cli *cli;
    struct mes_buf url;           /* "http://127.0.0.1:8025", without a slash at its end */
    struct mes_buf authorization; /* the header with the key; wiped at the end */
    struct mes_buf language;      /* the header for the language of what it says */
    const char *ca_file;          /* of --ca-file; NULL: the system's authorities */
};

/* Finds the service: --server or MAILENHANCE_URL, else the address of --config; the key: --key-file or
 * MAILENHANCE_KEY, else that of the data folder of --config. Says what is missing. Returns an exit status;
 * call mes_cli_service_fini in any case. */
int mes_cli_service_init(struct mes_cli *cli, struct mes_cli_service *service);
void mes_cli_service_fini(struct mes_cli_service *service);

/* Does --server or MAILENHANCE_URL name a service, wherever it is? */
bool mes_cli_service_is_elsewhere(const struct mes_cli *cli);

/* What is asked. */
struct mes_cli_question {
    const char *method; /* NULL: GET */
    const char *path;   /* from its slash on */
    const char *type;   /* of the body; NULL: JSON */
    struct mes_str body;
    const char *body_file; /* as struct mes_http_call has them */
    struct mes_str body_end;
    const char *header; /* one more; NULL: none */
    bool (*on_answer)(void *context, struct mes_str piece);
    void (*on_sent)(void *context, uint64_t sent, uint64_t total);
    bool (*is_ended)(void *context);
    void *context;
};

/* Asks, and waits for the whole answer. An answer that is no success is told to the user; so is a failure,
 * unless the question ended it itself. Returns an exit status; `answer` needs mes_http_answer_fini only after
 * MES_CLI_EXIT_OK. */
int mes_cli_service_ask(const struct mes_cli_service *service, const struct mes_cli_question *question,
                        struct mes_http_answer *answer);

/* The answer's body as JSON; mes_json_free it. Says so when it is none, as from some other program. Returns
 * an exit status. */
int mes_cli_service_read(const struct mes_cli_service *service, const struct mes_http_answer *answer,
                         struct mes_json **json_out);

/* Goes through a list of the API page by page: `path` may have a query. `each` is given every item with the
 * JSON text that it is; false ends. Returns an exit status. */
typedef bool mes_cli_service_each(void *context, const struct mes_json_value *item, struct mes_str text);
int mes_cli_service_list(const struct mes_cli_service *service, const char *path, mes_cli_service_each *each,
                         void *context);

/* A member's text, "" when it has none; its number, 0 when it has none. */
const char *mes_cli_service_text(const struct mes_json_value *object, const char *key);
int64_t mes_cli_service_number(const struct mes_json_value *object, const char *key);

/* Puts the answer's body out as a line. */
void mes_cli_service_put(const struct mes_cli_service *service, const struct mes_http_answer *answer);

/* Loads --config, and opens its data folder when `folder_out` is not NULL; a folder that is not there is made
 * only if `may_make`. With `may_make` root becomes the owner of a folder that is not root's, for good: what
 * it makes there is for the service to open. Returns an exit status; what is there is the caller's. */
int mes_cli_open_folder(struct mes_cli *cli, bool may_make, struct mes_account_list **list_out,
                        struct mes_store_folder **folder_out);

#endif
