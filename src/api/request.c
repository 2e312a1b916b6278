#include "api/request.h"

#include <assert.h>
#include <string.h>

#include "api/exchange.h"
#include "api/server_parts.h"
#include "base/id.h"
#include "queue/courier.h"
#include "store/store.h"

/* The courier's command of a write, and how it ended. */
struct mes_api_commit {
    struct mes_courier_command command; /* first */
    struct mes_api_request *request;
    struct mes_api_write *write;
    int code;
    struct mes_error error;
};

bool mes_api_request_id(struct mes_api_request *request, unsigned index, int64_t *id_out)
{
    assert(index < MES_API_PATH_VALUES);
    if (mes_id_parse(request->values[index], id_out))
        return true;
    mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    return false;
}

static struct mes_str lookup(const struct mes_api_request *request, enum MHD_ValueKind kind, const char *name)
{
    const char *value = NULL;
    size_t size = 0;
    if (MHD_lookup_connection_value_n(mes_api_exchange_of(request)->connection, kind, name, strlen(name),
                                      &value, &size) != MHD_YES)
        return mes_str_make(NULL, 0);
    return mes_str_make(value != NULL ? value : "", size);
}

struct mes_str mes_api_request_query(const struct mes_api_request *request, const char *name)
{
    return lookup(request, MHD_GET_ARGUMENT_KIND, name);
}

int64_t mes_api_request_query_number(const struct mes_api_request *request, const char *name,
                                     int64_t otherwise)
{
    uint64_t number = 0;
    if (!mes_str_to_uint(mes_api_request_query(request, name), INT64_MAX, &number))
        return otherwise;
    return (int64_t)number;
}

struct mes_str mes_api_request_header(const struct mes_api_request *request, const char *name)
{
    struct mes_str value = lookup(request, MHD_HEADER_KIND, name);
    return value.data != NULL ? mes_str_trim(value) : value;
}

struct mes_str mes_api_request_media_type(const struct mes_api_request *request)
{
    struct mes_str value = mes_api_request_header(request, "Content-Type");
    struct mes_str type = {"", 0};
    if (value.data == NULL || !mes_str_next(&value, ';', &type))
        return MES_STR("");
    type = mes_str_trim(type);
    char *lowered = mes_arena_copy(&mes_api_exchange_of(request)->request.arena, type);
    for (size_t i = 0; lowered != NULL && i < type.size; i++)
        lowered[i] = mes_lower(lowered[i]);
    return mes_str_of(lowered);
}

uint64_t mes_api_request_body_size(const struct mes_api_request *request)
{
    uint64_t size = 0;
    bool is_known = mes_str_to_uint(mes_api_request_header(request, "Content-Length"), UINT64_MAX, &size);
    return is_known ? size : UINT64_MAX;
}

static bool is_company(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        bool is_word = (c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z');
        if (!is_word && c != '_' && c != '-')
            return false;
    }
    return text.size > 0 && text.size < MES_API_COMPANY_SIZE;
}

bool mes_api_request_act_for(struct mes_api_request *request, struct mes_str company)
{
    if (!is_company(company)) {
        mes_api_refuse(request, MES_API_PROBLEM_bad_value, "company", MES_SAY_api_bad_company, MES_NO_ARGS);
        return false;
    }
    bool is_bound = request->caller.company[0] != '\0';
    if (is_bound && !mes_str_eq(company, mes_str_of(request->caller.company))) {
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
        return false;
    }
    memcpy(request->company, company.data, company.size);
    request->company[company.size] = '\0';
    request->reach = request->company;
    return true;
}

struct mes_store_reader *mes_api_request_reader(struct mes_api_request *request)
{
    struct mes_api_exchange *exchange = mes_api_exchange_of(request);
    struct mes_error error;
    if (request->services->readers == NULL)
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_database, MES_NO_ARGS);
    else if (exchange->reader == NULL &&
             mes_store_readers_borrow(request->services->readers, &exchange->reader, &error) != 0)
        mes_api_refuse_error(request, MES_API_PROBLEM_unavailable, NULL, &error);
    return exchange->reader;
}

void mes_api_request_wait(struct mes_api_request *request, void (*after)(struct mes_api_request *request))
{
    struct mes_api_exchange *exchange = mes_api_exchange_of(request);
    assert(!exchange->is_waiting);
    exchange->is_waiting = true;
    exchange->after = after;
    atomic_fetch_add(&request->server->waiting, 1);
    MHD_suspend_connection(exchange->connection);
}

void mes_api_request_wake(struct mes_api_request *request)
{
    MHD_resume_connection(mes_api_exchange_of(request)->connection);
}

static int run_write(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    struct mes_api_commit *commit = (struct mes_api_commit *)command;
    return commit->write->run(commit->write, store, error);
}

static void finish_write(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct mes_api_commit *commit = (struct mes_api_commit *)command;
    commit->code = code;
    if (code != 0)
        commit->error = *error;
    mes_api_request_wake(commit->request);
}

static void after_write(struct mes_api_request *request)
{
    struct mes_api_commit *commit = mes_api_exchange_of(request)->commit;
    commit->write->after(request, commit->write, commit->code, &commit->error);
}

void mes_api_request_write(struct mes_api_request *request, struct mes_api_write *write)
{
    struct mes_api_exchange *exchange = mes_api_exchange_of(request);
    if (exchange->commit == NULL)
        exchange->commit = mes_arena_alloc(&request->arena, sizeof *exchange->commit);
    if (exchange->commit == NULL || request->services->courier == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_database, MES_NO_ARGS);
        return;
    }
    *exchange->commit = (struct mes_api_commit){
        .command = {.run = run_write, .done = finish_write}, .request = request, .write = write};
    mes_api_request_wait(request, after_write);
    mes_courier_post(request->services->courier, &exchange->commit->command);
}

void mes_api_request_take_body(struct mes_api_request *request, const struct mes_api_body_taker *taker)
{
    struct mes_api_exchange *exchange = mes_api_exchange_of(request);
    exchange->taker = taker;
    exchange->over = taker->over;
    uint64_t size = mes_api_request_body_size(request);
    if (size != UINT64_MAX && size > taker->limit)
        mes_api_refuse(request, MES_API_PROBLEM_too_large, NULL, MES_SAY_api_body_too_large,
                       MES_ARGS(MES_NUMBER(taker->limit)));
}

void mes_api_request_on_over(struct mes_api_request *request, void (*over)(struct mes_api_request *request))
{
    mes_api_exchange_of(request)->over = over;
}
