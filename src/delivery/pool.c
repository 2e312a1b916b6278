#include "delivery/pool.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "delivery/link_facts.h"
#include "delivery/pool_parts.h"
#include "delivery/relay_options.h"
#include "i18n/say.h"
#include "net/tls.h"

enum {
    MES_POOL_MAGIC = 0x504f4f4c,
    MES_POOL_TRACE_SPACE = 64 * 1024,
    MES_POOL_RETURNS = 3, /* untouched ends of sessions before the account is asked anew */
    MES_POOL_FEWER_MS = 10 * 60 * 1000,
    MES_POOL_IDLE_MS = 30 * 1000,      /* most relays close after 60 s or more */
    MES_POOL_ADDRESSES_MS = 60 * 1000, /* how long a lookup is used */
};

static struct mes_pool *checked(void *context)
{
    struct mes_pool *pool = context;
    assert(pool->magic == MES_POOL_MAGIC);
    return pool;
}

/* ---- the queue ---- */

static void return_all(struct mes_pool *pool)
{
    for (struct mes_dispatch *dispatch; (dispatch = mes_dispatch_queue_pop(&pool->queue)) != NULL;)
        pool->events.on_returned(pool->events.context, dispatch);
}

/* The same fate for every recipient that is still open. */
static void end_dispatch(struct mes_pool *pool, struct mes_dispatch *dispatch,
                         const struct mes_verdict_input *facts, const struct mes_evidence *evidence)
{
    static const struct mes_evidence none = {.tls = "", .sender = ""};
    struct mes_verdict_input told = *facts;
    told.connections = pool->link_count;
    dispatch->evidence = evidence != NULL ? evidence : &none;
    for (size_t i = 0; i < dispatch->mail->recipient_count; i++)
        if (dispatch->mail->recipients[i].fate == MES_FATE_OPEN)
            pool->events.on_outcome(pool->events.context, dispatch, i, &told);
    dispatch->evidence = NULL;
    pool->events.on_done(pool->events.context, dispatch);
}

void mes_pool_charge(struct mes_pool *pool, const struct mes_verdict_input *facts,
                     const struct mes_evidence *evidence, int64_t started)
{
    struct mes_dispatch *dispatch = mes_dispatch_queue_pop(&pool->queue);
    if (dispatch == NULL)
        return;
    dispatch->started = started;
    end_dispatch(pool, dispatch, facts, evidence);
    return_all(pool);
}

void mes_pool_plan(struct mes_pool *pool)
{
    if (!mes_timer_is_active(pool->timer))
        mes_timer_start(pool->timer, 0);
}

int64_t mes_pool_wall_now(const struct mes_pool *pool)
{
    return mes_clock_wall(mes_loop_clock(pool->loop));
}

/* ---- what links tell ---- */

static void on_learned(void *context, struct mes_link *link, enum mes_smtp_fact fact)
{
    struct mes_pool_link *mine = context;
    mes_pool_learn(checked(mine->pool), link, fact);
}

static bool is_wanted(const struct mes_dispatch *dispatch)
{
    return dispatch->is_void == NULL || !atomic_load(dispatch->is_void);
}

/* The next one that its owner still wants to be sent; the others go back. */
static struct mes_dispatch *next_wanted(struct mes_pool *pool)
{
    struct mes_dispatch *dispatch = mes_dispatch_queue_pop(&pool->queue);
    while (dispatch != NULL && !is_wanted(dispatch)) {
        pool->events.on_returned(pool->events.context, dispatch);
        dispatch = mes_dispatch_queue_pop(&pool->queue);
    }
    return dispatch;
}

static struct mes_dispatch *on_wants_mail(void *context, struct mes_link *link, unsigned *most_recipients_out)
{
    struct mes_pool_link *mine = context;
    struct mes_pool *pool = mine->pool;
    (void)link;
    /* Asked each time: a relay may have told its limit since the connection was opened. */
    *most_recipients_out = mes_account_state_most_recipients(pool->state, mes_pool_wall_now(pool));
    return pool->is_closed || !mes_pool_may_take(pool, mine) ? NULL : next_wanted(pool);
}

static void on_ready(void *context, struct mes_link *link)
{
    struct mes_pool_link *mine = context;
    struct mes_pool *pool = checked(mine->pool);
    mine->link = link;
    pool->ready_count++;
    pool->has_renewed_token = false;
    mes_smtp_session_set_relay(mes_link_session(link), mes_pool_relay_for(mine, link));
    mes_pool_plan(pool); /* the account works: more connections may follow */
}

static void on_outcome(void *context, struct mes_link *link, struct mes_dispatch *dispatch, size_t number,
                       const struct mes_verdict_input *facts)
{
    struct mes_pool_link *mine = context;
    struct mes_verdict_input told = *facts;
    (void)link;
    told.connections = mine->pool->link_count - 1;
    mine->pool->events.on_outcome(mine->pool->events.context, dispatch, number, &told);
}

static void on_done(void *context, struct mes_link *link, struct mes_dispatch *dispatch)
{
    struct mes_pool_link *mine = context;
    (void)link;
    mine->pool->events.on_done(mine->pool->events.context, dispatch);
}

static void on_want_permit(void *context, struct mes_link *link, struct mes_dispatch *dispatch)
{
    struct mes_pool_link *mine = context;
    (void)link;
    mine->pool->events.on_want_permit(mine->pool->events.context, dispatch);
}

static void on_withdrawn(void *context, struct mes_link *link, struct mes_dispatch *dispatch)
{
    struct mes_pool_link *mine = context;
    (void)link;
    if (mine->pool->events.on_withdrawn != NULL)
        mine->pool->events.on_withdrawn(mine->pool->events.context, dispatch);
}

static void on_archive_refused(void *context, struct mes_link *link, struct mes_dispatch *dispatch,
                               const struct mes_verdict_input *facts)
{
    struct mes_pool_link *mine = context;
    (void)link;
    if (mine->pool->events.on_archive_refused != NULL)
        mine->pool->events.on_archive_refused(mine->pool->events.context, dispatch, facts);
}

/* A relay that takes the login and hangs up before the first mail, again and again, has had its chance. */
static void give_up_on_relay(struct mes_pool *pool, struct mes_dispatch *dispatch)
{
    const struct mes_verdict_input facts = {
        .step = MES_STEP_MAIL,
        .cause = MES_CAUSE_CUT,
        .text = MES_STR("the relay closed every connection before a mail could be sent"),
    };
    end_dispatch(pool, dispatch, &facts, NULL);
}

static void on_returned(void *context, struct mes_link *link, struct mes_dispatch *dispatch)
{
    struct mes_pool_link *mine = context;
    struct mes_pool *pool = checked(mine->pool);
    dispatch->returns += !mes_link_has_carried(link);
    if (pool->is_closed) {
        pool->events.on_returned(pool->events.context, dispatch);
    } else if (dispatch->returns > MES_POOL_RETURNS) {
        give_up_on_relay(pool, dispatch);
    } else {
        mes_dispatch_queue_put_back(&pool->queue, dispatch);
        mes_pool_plan(pool);
    }
}

static void on_trace(void *context, char direction, struct mes_str line)
{
    struct mes_pool_link *mine = context;
    const struct mes_pool *pool = mine->pool;
    const struct mes_account *settings = pool->state->settings;
    struct mes_buf shown;
    mes_buf_init(&shown, MES_POOL_TRACE_SPACE);
    mes_secret_hide(settings->password, line, &shown);
    pool->events.on_trace(pool->events.context, settings->identity, direction, mes_buf_str(&shown));
    mes_buf_fini(&shown);
}

static void forget(struct mes_pool_link *mine)
{
    struct mes_pool *pool = mine->pool;
    struct mes_pool_link **at = &pool->links;
    while (*at != mine)
        at = &(*at)->next;
    *at = mine->next;
    pool->link_count--;
    if (pool->trial == mine)
        pool->trial = NULL;
    mes_secret_free(&mine->access);
    mes_free(mine);
}

void mes_pool_want_no_more_links(struct mes_pool *pool)
{
    pool->most_links = pool->link_count > 0 ? pool->link_count : 1;
    pool->most_links_until = mes_loop_now(pool->loop) + MES_POOL_FEWER_MS;
}

/* A connection that never got as far as taking mails. */
static void on_failed(struct mes_pool *pool, const struct mes_link_end *end)
{
    /* One connection too many says nothing against the account as long as others work. */
    if (pool->ready_count > 0) {
        mes_pool_want_no_more_links(pool);
    } else {
        pool->route.addresses.count = 0; /* perhaps the host has moved */
        mes_pool_charge(pool, &end->facts, end->evidence, end->opened_at);
    }
}

static void on_ended(void *context, struct mes_link *link, const struct mes_link_end *end)
{
    struct mes_pool_link *mine = context;
    struct mes_pool *pool = checked(mine->pool);
    (void)link;
    if (end->was_ready)
        pool->ready_count--;
    bool has_failed = !end->was_ready && !end->is_blameless && !pool->is_closed;
    bool goes_on = has_failed && mes_pool_renews_access(pool, mine, end);
    forget(mine);
    if (has_failed && !goes_on)
        on_failed(pool, end);
    mes_pool_plan(pool);
}

/* ---- opening links ---- */

static int open_link(struct mes_pool *pool, struct mes_error *error)
{
    struct mes_pool_link *mine = mes_alloc(sizeof *mine);
    if (mine == NULL)
        return mes_fail_nomem(error);
    mine->pool = pool;
    const struct mes_link_events events = {
        .on_wants_mail = on_wants_mail,
        .on_ready = on_ready,
        .on_learned = on_learned,
        .on_want_permit = pool->events.on_want_permit != NULL ? on_want_permit : NULL,
        .on_withdrawn = on_withdrawn,
        .on_outcome = on_outcome,
        .on_done = on_done,
        .on_archive_refused = on_archive_refused,
        .on_returned = on_returned,
        .on_ended = on_ended,
        .on_trace = pool->events.on_trace != NULL ? on_trace : NULL,
        .context = mine,
    };
    struct mes_link_options options = {
        .loop = pool->loop,
        .conn = mes_relay_options_conn(pool->state->settings, pool->tls, &pool->route),
        .smtp = pool->smtp,
        .addresses = &pool->route.addresses,
        .most_mails = (unsigned)pool->state->settings->max_messages_per_connection,
        .most_message_bytes = pool->state->settings->max_message_bytes,
        .idle_ms = MES_POOL_IDLE_MS,
        .archive_bcc = pool->state->settings->archive_bcc,
        .wants_digest = pool->events.wants_digest,
        .wants_transcript = pool->events.wants_transcript,
    };
    int code = mes_pool_copy_access(mine, &options.smtp, error);
    if (code == 0)
        code = mes_link_new(&options, &events, &mine->link, error);
    if (code != 0) {
        mes_secret_free(&mine->access);
        mes_free(mine);
        return code;
    }
    mine->next = pool->links;
    pool->links = mine;
    pool->link_count++;
    return 0;
}

static void charge_error(struct mes_pool *pool, enum mes_step step, enum mes_cause cause,
                         const struct mes_error *error)
{
    char text[512];
    const struct mes_verdict_input facts = {
        .step = step,
        .cause = cause,
        .text = mes_str_of(mes_error_text(error, MES_EN, text, sizeof text)),
    };
    mes_pool_charge(pool, &facts, NULL, mes_loop_now(pool->loop));
}

static void on_routed(void *context, const struct mes_route *route, const struct mes_verdict_input *facts)
{
    struct mes_pool *pool = checked(context);
    if (facts == NULL)
        pool->route = *route;
    /* Where connections were made before, a name server's bad moment is no reason not to use what it said. */
    if (pool->route.addresses.count > 0)
        pool->route_until = mes_loop_now(pool->loop) + MES_POOL_ADDRESSES_MS;
    else
        mes_pool_charge(pool, facts, NULL, mes_loop_now(pool->loop));
    mes_pool_plan(pool);
}

static bool has_route(struct mes_pool *pool)
{
    if (pool->route.addresses.count > 0 && mes_loop_now(pool->loop) < pool->route_until)
        return true;
    if (pool->search != NULL)
        return false;
    const struct mes_route_options options = {
        .account = pool->state->settings, .on_done = on_routed, .context = pool};
    struct mes_error error = {0};
    if (mes_route_find(pool->loop, &options, &pool->search, &error) != 0)
        charge_error(pool, MES_STEP_RESOLVE, MES_CAUSE_INTERNAL, &error);
    return false;
}

/* May free the pool, by way of on_drained. */
static void end_closing(struct mes_pool *pool)
{
    return_all(pool);
    bool is_drained = pool->is_draining && pool->links == NULL;
    if (!is_drained)
        return;
    pool->is_draining = false;
    if (pool->events.on_drained != NULL)
        pool->events.on_drained(pool->events.context, &pool->transport);
}

static void on_due(void *context)
{
    struct mes_pool *pool = checked(context);
    if (pool->is_closed) {
        end_closing(pool);
        return;
    }
    if (pool->queue.count > 0 && pool->tls_error.code != 0) {
        charge_error(pool, MES_STEP_TLS, MES_CAUSE_OWN_FILE, &pool->tls_error);
        return;
    }
    mes_pool_offer_all(pool);
    while (pool->queue.count > 0 && mes_pool_may_open_link(pool) && mes_pool_has_access(pool) &&
           has_route(pool)) {
        struct mes_error error = {0};
        if (open_link(pool, &error) != 0)
            charge_error(pool, MES_STEP_CONNECT, MES_CAUSE_INTERNAL, &error);
    }
}

/* ---- the transport's face ---- */

static void stop_waiting(struct mes_pool *pool)
{
    mes_route_cancel(&pool->search);
    mes_token_leave(&pool->token_wait);
}

static void start(struct mes_transport *transport, struct mes_dispatch *dispatch)
{
    struct mes_pool *pool = checked(transport);
    mes_dispatch_queue_append(&pool->queue, dispatch);
    mes_pool_plan(pool);
}

static void permit(struct mes_transport *transport, struct mes_dispatch *dispatch, bool granted)
{
    struct mes_pool *pool = checked(transport);
    struct mes_pool_link *at = pool->links;
    while (at != NULL && !mes_link_permit(at->link, dispatch, granted))
        at = at->next;
}

static void sift(struct mes_transport *transport)
{
    struct mes_pool *pool = checked(transport);
    for (size_t count = pool->queue.count; count > 0; count--) {
        struct mes_dispatch *dispatch = mes_dispatch_queue_pop(&pool->queue);
        if (is_wanted(dispatch))
            mes_dispatch_queue_append(&pool->queue, dispatch);
        else
            pool->events.on_returned(pool->events.context, dispatch);
    }
}

static void drain(struct mes_transport *transport)
{
    struct mes_pool *pool = checked(transport);
    pool->is_closed = true;
    pool->is_draining = true;
    stop_waiting(pool);
    for (struct mes_pool_link *at = pool->links, *next; at != NULL; at = next) {
        next = at->next;
        mes_link_drain(at->link);
    }
    mes_pool_plan(pool);
}

static void cancel(struct mes_transport *transport, int64_t grace_ms)
{
    struct mes_pool *pool = checked(transport);
    pool->is_closed = true;
    stop_waiting(pool);
    for (struct mes_pool_link *at = pool->links, *next; at != NULL; at = next) {
        next = at->next;
        mes_link_cancel(at->link, grace_ms);
    }
    mes_pool_plan(pool);
}

static void pool_free(struct mes_transport **transport)
{
    struct mes_pool *pool = checked(*transport);
    pool->is_closed = true;
    stop_waiting(pool);
    while (pool->links != NULL)
        mes_link_abort(pool->links->link);
    return_all(pool);
    mes_timer_free(&pool->timer);
    mes_tls_free(&pool->tls);
    mes_smtp_scram_cache_clear(&pool->scram_cache);
    pool->magic = 0;
    mes_free(pool);
    *transport = NULL;
}

int mes_pool_new(const struct mes_account_state *state, struct mes_loop *loop,
                 const struct mes_transport_events *events, struct mes_transport **transport_out,
                 struct mes_error *error)
{
    static const struct mes_transport_face face = {start, permit, sift, drain, cancel, pool_free};
    struct mes_pool *pool = mes_alloc(sizeof *pool);
    if (pool == NULL)
        return mes_fail_nomem(error);
    pool->transport.face = &face;
    pool->magic = MES_POOL_MAGIC;
    pool->state = state;
    pool->loop = loop;
    pool->events = *events;
    mes_dispatch_queue_init(&pool->queue);
    int code = mes_timer_new(loop, on_due, pool, &pool->timer, error);
    if (code != 0) {
        mes_free(pool);
        return code;
    }
    pool->smtp = mes_relay_options_smtp(state->settings, pool->ehlo_name, mes_loop_clock(loop));
    pool->smtp.scram_cache = &pool->scram_cache;
    (void)mes_relay_options_tls(state->settings, &pool->tls,
                                &pool->tls_error); /* told at the first attempt */
    *transport_out = &pool->transport;
    return 0;
}
