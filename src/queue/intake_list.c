/* A whole job of many recipients: in slices, so that nobody waits for one long transaction. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "queue/courier_parts.h"

/* On its way through the courier; between two steps it belongs to the store thread. */
struct list {
    struct mes_intake_slice slice; /* first */
    struct mes_intake *intake;
    size_t done; /* rows that are stored */
    struct mes_error error;
};

static void on_step(struct mes_intake_slice *slice, enum mes_intake_result result,
                    const struct mes_error *error);

static void post(struct list *list, enum mes_intake_step step)
{
    struct mes_intake *intake = list->intake;
    size_t left = intake->recipient_count - list->done;
    list->slice = (struct mes_intake_slice){.step = step,
                                            .head = &intake->head,
                                            .key = &intake->key,
                                            .recipients = intake->recipients + list->done,
                                            .recipient_count =
                                                left < MES_INTAKE_SLICE_MOST ? left : MES_INTAKE_SLICE_MOST,
                                            .first_number = (int64_t)list->done,
                                            .on_done = on_step};
    mes_intake_post_slice(intake->courier, &list->slice);
}

static void end(struct list *list, enum mes_intake_result result)
{
    list->intake->on_done(list->intake, result, &list->error);
    mes_free(list);
}

/* The whole body is known: it can be compared at once. */
static enum mes_intake_result compare(const struct list *list, enum mes_intake_result result)
{
    struct mes_intake *intake = list->intake;
    intake->known_status = list->slice.known_status;
    intake->known_answer = list->slice.known_answer;
    bool is_other = result == MES_INTAKE_REPEATED &&
                    memcmp(list->slice.known_digest, intake->key.digest, sizeof intake->key.digest) != 0;
    return is_other ? MES_INTAKE_CONFLICT : result;
}

/* On the store thread, after the commit of a step. */
static void on_step(struct mes_intake_slice *slice, enum mes_intake_result result,
                    const struct mes_error *error)
{
    struct list *list = (struct list *)slice;
    enum mes_intake_step step = slice->step;
    bool is_good = result == MES_INTAKE_ACCEPTED;
    if (!is_good && result == MES_INTAKE_FAILED && step != MES_INTAKE_DROP)
        list->error = *error;
    if (step == MES_INTAKE_DROP) {
        end(list, MES_INTAKE_FAILED); /* what could not be removed is at the next start */
    } else if (step == MES_INTAKE_OPEN && !is_good) {
        end(list, compare(list, result));
    } else if (!is_good) {
        post(list, MES_INTAKE_DROP);
    } else if (step == MES_INTAKE_CLOSE) {
        end(list, MES_INTAKE_ACCEPTED);
    } else {
        list->done += step == MES_INTAKE_SLICE ? slice->recipient_count : 0;
        post(list, list->done < list->intake->recipient_count ? MES_INTAKE_SLICE : MES_INTAKE_CLOSE);
    }
}

bool mes_intake_is_list(const struct mes_intake *intake)
{
    return intake->recipient_count > MES_INTAKE_AT_ONCE_MOST;
}

void mes_intake_post_list(struct mes_courier *courier, struct mes_intake *intake)
{
    struct list *list = mes_alloc(sizeof *list);
    struct mes_error error;
    intake->courier = courier;
    if (list == NULL) {
        mes_fail_nomem(&error);
        intake->on_done(intake, MES_INTAKE_FAILED, &error);
        return;
    }
    list->intake = intake;
    post(list, MES_INTAKE_OPEN);
}
