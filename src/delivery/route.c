#include "delivery/route.h"

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/link_facts.h"
#include "net/resolve.h"

struct mes_route_search {
    struct mes_route_search **owner; /* the caller's pointer to this */
    struct mes_loop *loop;
    struct mes_route_options options;
    struct mes_resolve *resolve;
    struct mes_route route;
};

static void finish(struct mes_route_search *search, const struct mes_verdict_input *facts)
{
    struct mes_route_options options = search->options;
    struct mes_route route = search->route;
    mes_route_cancel(search->owner);
    options.on_done(options.context, &route, facts);
}

static void fail(struct mes_route_search *search, const struct mes_resolve_result *result)
{
    struct mes_verdict_input facts;
    bool is_proxy = search->route.has_proxy && search->route.addresses.count == 0;
    mes_link_resolve_facts(result, &facts);
    if (is_proxy && facts.cause != MES_CAUSE_INTERNAL) {
        facts.step = MES_STEP_PROXY;
        facts.cause = MES_CAUSE_PROXY_DOWN;
    }
    finish(search, &facts);
}

static int look_up(struct mes_route_search *search, const char *host,
                   void (*on_done)(void *context, const struct mes_resolve_result *result),
                   struct mes_error *error)
{
    const struct mes_resolve_options options = {.host = host,
                                                .timeout_ms =
                                                    (int)search->options.account->connect_timeout * 1000,
                                                .on_done = on_done,
                                                .context = search};
    return mes_resolve_start(search->loop, &options, &search->resolve, error);
}

static void on_target(void *context, const struct mes_resolve_result *result)
{
    struct mes_route_search *search = context;
    if (result->cause != MES_RESOLVE_OK) {
        fail(search, result);
        return;
    }
    search->route.proxy.targets = result->addresses;
    finish(search, NULL);
}

static void on_first(void *context, const struct mes_resolve_result *result)
{
    static const struct mes_resolve_result no_memory = {.cause = MES_RESOLVE_NO_MEMORY,
                                                        .text = "out of memory"};
    struct mes_route_search *search = context;
    const struct mes_account *account = search->options.account;
    if (result->cause != MES_RESOLVE_OK) {
        fail(search, result);
        return;
    }
    search->route.addresses = result->addresses;
    if (account->proxy.kind != MES_ACCOUNT_PROXY_SOCKS5)
        finish(search, NULL);
    else if (look_up(search, account->host, on_target, NULL) != 0)
        fail(search, &no_memory);
}

static struct mes_conn_proxy proxy_of(const struct mes_account *account)
{
    bool is_http = account->proxy.kind == MES_ACCOUNT_PROXY_HTTP;
    return (struct mes_conn_proxy){.kind = is_http ? MES_PROXY_HTTP : MES_PROXY_SOCKS5,
                                   .host = account->proxy.host,
                                   .port = (uint16_t)account->proxy.port,
                                   .user = account->proxy.user,
                                   .password = account->proxy_password};
}

int mes_route_find(struct mes_loop *loop, const struct mes_route_options *options,
                   struct mes_route_search **search_out, struct mes_error *error)
{
    const struct mes_account *account = options->account;
    struct mes_route_search *search = mes_alloc(sizeof *search);
    *search_out = search;
    if (search == NULL)
        return mes_fail_nomem(error);
    search->owner = search_out;
    search->loop = loop;
    search->options = *options;
    search->route.has_proxy = account->proxy.kind != MES_ACCOUNT_PROXY_NONE;
    if (search->route.has_proxy)
        search->route.proxy = proxy_of(account);
    int code =
        look_up(search, search->route.has_proxy ? account->proxy.host : account->host, on_first, error);
    if (code != 0)
        mes_route_cancel(search_out);
    return code;
}

void mes_route_cancel(struct mes_route_search **search_place)
{
    struct mes_route_search *search = *search_place;
    if (search == NULL)
        return;
    *search_place = NULL;
    mes_resolve_cancel(&search->resolve);
    mes_free(search);
}
