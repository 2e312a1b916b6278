/* The routes /accounts: how the accounts are, and what one may do to them. The carrier knows; it lives on the
 * loop thread, so each request goes there and back while its connection waits. */
#include <string.h>

#include "api/resource.h"
#include "mes/report.h"
#include "queue/carrier.h"

/* What is asked of the loop thread. */
enum { ACCOUNT_SPACE = 256 };

struct errand {
    struct mes_carrier_request request; /* first */
    struct mes_api_request *api;
    struct mes_carrier *carrier;
    char name[ACCOUNT_SPACE];
    bool (*act)(struct errand *errand); /* NULL: a list is wanted */
    struct mes_json_writer *json;
    bool is_there;   /* the caller's list has an account of that name */
    bool is_foreign; /* but it is the general list, and the key belongs to one company */
    bool has_failed;
};

/* A rest without end has no time. */
static void write_time(struct mes_json_writer *json, const char *key, int64_t at)
{
    mes_api_resource_time(json, key, at != INT64_MAX ? at : 0);
}

static void write_use(struct mes_json_writer *json, const char *key, int64_t used, int64_t most)
{
    mes_json_write_object(json, key);
    mes_json_write_integer(json, "used", used);
    if (most > 0)
        mes_json_write_integer(json, "limit", most);
    else
        mes_json_write_null(json, "limit");
    mes_json_write_object_end(json);
}

static void write_account(struct errand *errand, const struct mes_carrier_account *account)
{
    struct mes_json_writer *json = errand->json;
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "company", mes_str_of(account->company));
    mes_json_write_text(json, "name", mes_str_of(account->name));
    mes_json_write_text(json, "state", mes_str_of(account->is_resting ? "resting" : "well"));
    write_time(json, "restsUntil", account->until);
    mes_api_resource_text(json, "adviceId", account->advice_id);
    mes_api_resource_text(json, "advice", mes_advice_text(account->advice_id, errand->api->language));
    write_time(json, "checkedAt", account->checked_at);
    mes_json_write_flag(json, "quotaUsedUp", account->is_quota_used);
    write_time(json, "quotaUntil", account->quota_until);
    write_use(json, "minute", account->used_minute, account->per_minute);
    write_use(json, "hour", account->used_hour, account->per_hour);
    write_use(json, "day", account->used_day, account->per_day);
    mes_json_write_integer(json, "connections", account->connections);
    mes_json_write_object_end(json);
}

static void see_account(void *context, const struct mes_carrier_account *account)
{
    struct errand *errand = context;
    if (errand->act == NULL) {
        write_account(errand, account);
    } else if (strcmp(account->name, errand->name) == 0 &&
               strcmp(account->company, errand->api->company) == 0) {
        errand->is_there = true;
    } else if (strcmp(account->name, errand->name) == 0 && account->company[0] == '\0') {
        errand->is_there = true;
        errand->is_foreign = true;
    }
}

/* On the loop thread. */
static void run(struct mes_carrier_request *request, struct mes_carrier *carrier)
{
    struct errand *errand = (struct errand *)request;
    errand->carrier = carrier;
    bool is_list = errand->act == NULL;
    mes_carrier_each_account(carrier, is_list ? errand->api->reach : errand->api->company, see_account,
                             errand);
    if (is_list || !errand->is_there || errand->is_foreign || errand->act(errand))
        mes_api_request_wake(errand->api);
}

static struct errand *new_errand(struct mes_api_request *request, bool (*act)(struct errand *errand))
{
    struct errand *errand = mes_arena_alloc(&request->arena, sizeof *errand);
    if (errand == NULL || request->services->carrier == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_carrier, MES_NO_ARGS);
        return NULL;
    }
    errand->request.run = run;
    errand->api = request;
    errand->act = act;
    request->own = errand;
    return errand;
}

static void end_list(struct mes_api_request *request)
{
    struct errand *errand = request->own;
    mes_json_write_list_end(errand->json);
    mes_json_write_object_end(errand->json);
}

void mes_api_accounts_list(struct mes_api_request *request)
{
    struct errand *errand = new_errand(request, NULL);
    if (errand == NULL)
        return;
    errand->json = mes_api_answer_json(request, 200);
    mes_json_write_object(errand->json, NULL);
    mes_json_write_list(errand->json, "items");
    mes_api_request_wait(request, end_list);
    mes_carrier_post(request->services->carrier, &errand->request);
}

static void end_act(struct mes_api_request *request)
{
    struct errand *errand = request->own;
    if (errand->is_foreign)
        mes_api_refuse(request, MES_API_PROBLEM_no_scope, NULL, MES_SAY_api_general_account,
                       MES_ARGS(errand->name));
    else if (!errand->is_there)
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_no_account,
                       MES_ARGS(errand->name));
    else if (errand->has_failed)
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_carrier, MES_NO_ARGS);
    else if (errand->json == NULL)
        mes_api_answer_empty(request, 204);
}

static void send_errand(struct mes_api_request *request, bool (*act)(struct errand *errand))
{
    struct mes_str name = request->values[0];
    struct errand *errand = new_errand(request, act);
    if (errand == NULL)
        return;
    if (name.size < sizeof errand->name) {
        memcpy(errand->name, name.data, name.size);
        mes_api_request_wait(request, end_act);
        mes_carrier_post(request->services->carrier, &errand->request);
    } else {
        mes_api_refuse(request, MES_API_PROBLEM_not_found, NULL, MES_SAY_api_nothing_there, MES_NO_ARGS);
    }
}

/* These end at once, and so return true: the request may go on. */
static bool rest(struct errand *errand)
{
    errand->has_failed = !mes_carrier_rest(errand->carrier, errand->api->company, errand->name);
    return true;
}

static bool wake(struct errand *errand)
{
    errand->has_failed = !mes_carrier_wake(errand->carrier, errand->api->company, errand->name);
    return true;
}

static void see_check(void *context, const struct mes_attempt *attempt)
{
    struct errand *errand = context;
    struct mes_json_writer *json = mes_api_answer_json(errand->api, 200);
    errand->json = json;
    mes_json_write_object(json, NULL);
    mes_json_write_text(json, "account", mes_str_of(attempt->account));
    mes_json_write_flag(json, "works", attempt->class_ == MES_CLASS_NONE);
    mes_json_write_text(json, "step", mes_str_of(mes_step_name(attempt->step)));
    mes_json_write_text(json, "class", mes_str_of(mes_class_name(attempt->class_)));
    mes_json_write_integer(json, "code", attempt->code);
    mes_api_resource_text(json, "enhanced", attempt->enhanced);
    mes_api_resource_text(json, "reply", attempt->reply);
    mes_api_resource_text(json, "adviceId", attempt->advice_id);
    mes_api_resource_text(json, "advice", mes_advice_text(attempt->advice_id, errand->api->language));
    mes_json_write_integer(json, "ms", attempt->milliseconds);
    mes_json_write_object_end(json);
    mes_api_request_wake(errand->api);
}

static bool check(struct errand *errand)
{
    errand->has_failed =
        !mes_carrier_check(errand->carrier, errand->api->company, errand->name, see_check, errand);
    return errand->has_failed;
}

void mes_api_accounts_rest(struct mes_api_request *request)
{
    send_errand(request, rest);
}

void mes_api_accounts_wake(struct mes_api_request *request)
{
    send_errand(request, wake);
}

void mes_api_accounts_check(struct mes_api_request *request)
{
    send_errand(request, check);
}

void mes_api_accounts_reload(struct mes_api_request *request)
{
    const struct mes_api_services *services = request->services;
    if (services->reload == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_api_no_carrier, MES_NO_ARGS);
        return;
    }
    services->reload(services->context);
    mes_api_answer_empty(request, 202);
}
