/* What people do with a job: pause, resume, hold, release, cancel, retry; and decide about a recipient in
 * doubt. */
#include "api/message.h"
#include "api/resource.h"
#include "queue/control.h"

/* Lives in the request's arena. */
struct order {
    struct mes_control control; /* first */
    struct mes_api_request *request;
    struct mes_error error;
};

/* On the store thread. */
static void on_done(struct mes_control *control, const struct mes_error *error)
{
    struct order *order = (struct order *)control;
    if (control->code != 0)
        order->error = *error;
    mes_api_request_wake(order->request);
}

static void write_numbers(struct mes_json_writer *json, const struct mes_control *control)
{
    if (control->action == MES_CONTROL_CANCEL) {
        mes_json_write_integer(json, "cancelled", control->cancelled);
        mes_json_write_integer(json, "inFlight", control->in_flight);
    }
    if (control->action == MES_CONTROL_RETRY) {
        mes_json_write_integer(json, "requeued", control->requeued);
        mes_json_write_integer(json, "dueNow", control->due_now);
    }
}

static void after(struct mes_api_request *request)
{
    const struct order *order = request->own;
    const struct mes_control *control = &order->control;
    if (control->code == MES_E_USAGE) {
        mes_api_refuse_error(request, MES_API_PROBLEM_conflict, NULL, &order->error);
        return;
    }
    if (control->code != 0) {
        mes_api_refuse_failure(request, &order->error);
        return;
    }
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    mes_api_resource_id(json, "id", control->job);
    write_numbers(json, control);
    mes_json_write_object_end(json);
}

/* NULL: it was answered. */
static struct order *new_order(struct mes_api_request *request, enum mes_control_action action)
{
    struct order *order = mes_arena_alloc(&request->arena, sizeof *order);
    int64_t job;
    if (!mes_api_request_id(request, 0, &job))
        return NULL;
    if (order == NULL || request->services->courier == NULL) {
        mes_api_refuse(request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_resource_not_ready, MES_NO_ARGS);
        return NULL;
    }
    order->request = request;
    order->control =
        (struct mes_control){.action = action, .company = request->reach, .job = job, .on_done = on_done};
    request->own = order;
    return order;
}

static void give(struct order *order)
{
    mes_api_request_wait(order->request, after);
    mes_control_post(order->request->services->courier, &order->control);
}

static void act(struct mes_api_request *request, enum mes_control_action action)
{
    struct order *order = new_order(request, action);
    if (order != NULL)
        give(order);
}

void mes_api_message_pause(struct mes_api_request *request)
{
    act(request, MES_CONTROL_PAUSE);
}

void mes_api_message_resume(struct mes_api_request *request)
{
    act(request, MES_CONTROL_RESUME);
}

void mes_api_message_hold(struct mes_api_request *request)
{
    act(request, MES_CONTROL_HOLD);
}

void mes_api_message_release(struct mes_api_request *request)
{
    act(request, MES_CONTROL_RELEASE);
}

void mes_api_message_cancel(struct mes_api_request *request)
{
    act(request, MES_CONTROL_CANCEL);
}

void mes_api_message_retry(struct mes_api_request *request)
{
    act(request, MES_CONTROL_RETRY);
}

/* {"delivered":true|false} */
void mes_api_message_resolve(struct mes_api_request *request)
{
    struct mes_store_row row;
    struct order *order = new_order(request, MES_CONTROL_RESOLVE);
    if (order == NULL || !mes_api_message_row(request, request->values[1], &row))
        return;
    order->control.recipient = row.number;
    order->control.was_delivered = mes_json_member(request->json, MES_STR("delivered"))->integer != 0;
    give(order);
}
