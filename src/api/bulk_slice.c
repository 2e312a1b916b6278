/* The recipients of a bulk call on their way to the database: tried out, and committed slice by slice. */
#include <string.h>

#include "api/accept.h"
#include "api/bulk.h"
#include "api/resource.h"
#include "base/alloc.h"
#include "queue/roster.h"

/* Recipients that are tried together before it is looked who is to blame. */
enum { MES_API_TRIED_TOGETHER = 32 };

static void free_slice(struct mes_api_slice **slice)
{
    if (*slice == NULL)
        return;
    mes_arena_fini(&(*slice)->arena);
    mes_free(*slice);
    *slice = NULL;
}

/* --- trying recipients out --- */

/* Compiles the mails of recipients `from` up to and without `to`. */
static int try_part(struct mes_api_bulk *bulk, const struct mes_api_slice *slice, size_t from, size_t to,
                    struct mes_error *error)
{
    struct mes_compose_options options = bulk->stored->options;
    struct mes_compose_job *job = NULL;
    int code = 0;
    options.is_checked = false;
    for (size_t i = from; i < to && code == 0; i++) {
        const struct mes_api_recipient *one = &slice->recipients[i];
        const struct mes_compose_addressee addressee = {.number = bulk->mails + i,
                                                        .address = one->spec,
                                                        .name = one->name,
                                                        .variables = one->variables,
                                                        .attachments = one->attachments};
        code = mes_compose_stored_add(bulk->stored, &addressee, error);
    }
    if (code == 0)
        code = mes_compose_job_new(bulk->stored->message, &options, &job, error);
    mes_compose_job_release(&job);
    mes_compose_stored_clear(bulk->stored);
    return code;
}

/* Puts aside those of the part whose mail cannot be made; the others move up to `*kept`. */
static void keep_sound(struct mes_api_bulk *bulk, struct mes_api_slice *slice, size_t from, size_t to,
                       size_t *kept)
{
    struct mes_error error;
    bool is_sound = try_part(bulk, slice, from, to, &error) == 0;
    for (size_t i = from; i < to; i++) {
        struct mes_api_recipient *one = &slice->recipients[i];
        if (is_sound || try_part(bulk, slice, i, i + 1, &error) == 0)
            slice->recipients[(*kept)++] = *one;
        else
            mes_api_draft_reject(&bulk->draft, one->index, mes_str_of(one->address), &error);
    }
}

static void try_all(struct mes_api_bulk *bulk, struct mes_api_slice *slice)
{
    struct mes_error error;
    size_t kept = 0;
    if (!bulk->is_personal || slice->count == 0 || try_part(bulk, slice, 0, slice->count, &error) == 0)
        return;
    for (size_t from = 0; from < slice->count; from += MES_API_TRIED_TOGETHER) {
        size_t to = from + MES_API_TRIED_TOGETHER;
        keep_sound(bulk, slice, from, to < slice->count ? to : slice->count, &kept);
    }
    slice->count = kept;
}

static int make_rows(struct mes_api_bulk *bulk, struct mes_api_slice *slice, struct mes_error *error)
{
    size_t each = 1 + bulk->draft.head.copies;
    slice->rows = mes_arena_alloc(&slice->arena, (slice->count * each + 1) * sizeof *slice->rows);
    if (slice->rows == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < slice->count; i++) {
        const struct mes_api_recipient *to = &slice->recipients[i];
        slice->rows[slice->row_count++] =
            (struct mes_intake_recipient){to->spec, to->name, to->variables, to->attachments};
        for (size_t n = 1; n < each; n++)
            slice->rows[slice->row_count++] = (struct mes_intake_recipient){
                .address = mes_compose_job_recipient(bulk->draft.compiled, 0, n).address};
    }
    return 0;
}

/* The slice that is filled becomes ready. */
static void seal(struct mes_api_bulk *bulk)
{
    struct mes_api_slice *slice = bulk->filling;
    struct mes_error error;
    bulk->filling = NULL;
    if (slice == NULL)
        return;
    if (!bulk->is_repeat)
        try_all(bulk, slice);
    if (slice->count == 0 || bulk->is_repeat) {
        free_slice(&slice);
        return;
    }
    if (make_rows(bulk, slice, &error) != 0) {
        free_slice(&slice);
        mes_api_refuse_failure(bulk->request, &error);
        return;
    }
    bulk->mails += slice->count;
    *bulk->ready_last = slice;
    bulk->ready_last = &slice->next;
    bulk->ready_count++;
}

static bool is_full(const struct mes_api_bulk *bulk, const struct mes_api_slice *slice)
{
    size_t most = MES_API_SLICE_ROWS / (1 + bulk->draft.head.copies);
    return slice->count >= most || slice->arena.left < SIZE_MAX - MES_API_SLICE_BYTES;
}

struct mes_arena *mes_api_bulk_room(struct mes_api_bulk *bulk)
{
    if (bulk->filling != NULL && is_full(bulk, bulk->filling))
        seal(bulk);
    if (bulk->filling != NULL)
        return &bulk->filling->arena;
    struct mes_api_slice *slice = mes_alloc(sizeof *slice);
    if (slice != NULL) {
        mes_arena_init(&slice->arena, SIZE_MAX);
        slice->recipients = mes_arena_alloc(&slice->arena, MES_API_SLICE_ROWS * sizeof *slice->recipients);
    }
    if (slice == NULL || slice->recipients == NULL) {
        free_slice(&slice);
        mes_api_refuse(bulk->request, MES_API_PROBLEM_unavailable, NULL, MES_SAY_nomem, MES_NO_ARGS);
        return NULL;
    }
    bulk->filling = slice;
    return &slice->arena;
}

void mes_api_bulk_take(struct mes_api_bulk *bulk)
{
    struct mes_api_draft *draft = &bulk->draft;
    struct mes_error error;
    bool is_new = false;
    if (draft->recipient_count == 0)
        return;
    draft->recipient_count = 0;
    if (mes_api_seen_add(&bulk->seen, draft->recipients[0].spec, &is_new, &error) != 0)
        mes_api_refuse_failure(bulk->request, &error);
    else if (is_new)
        bulk->filling->recipients[bulk->filling->count++] = draft->recipients[0];
    else
        draft->duplicates++;
}

/* --- the database --- */

void mes_api_bulk_free(struct mes_api_bulk *bulk)
{
    free_slice(&bulk->filling);
    free_slice(&bulk->flying);
    while (bulk->ready != NULL) {
        struct mes_api_slice *slice = bulk->ready;
        bulk->ready = slice->next;
        free_slice(&slice);
    }
    mes_api_bulk_csv_fini(bulk);
    mes_api_draft_fini(&bulk->draft);
    mes_compose_stored_free(&bulk->stored);
    mes_api_seen_fini(&bulk->seen);
    mes_digest_stream_free(&bulk->digest);
    mes_buf_fini(&bulk->line);
    mes_buf_fini(&bulk->answer);
    if (bulk->roster != NULL)
        mes_roster_drop(&bulk->roster);
    mes_arena_fini(&bulk->arena);
    mes_free(bulk);
}

static void on_dropped(struct mes_intake_slice *step, enum mes_intake_result result,
                       const struct mes_error *error)
{
    (void)result;
    (void)error;
    mes_api_bulk_free(step->context);
}

/* Whatever was stored of a call that was broken off is removed again; what cannot be removed now is removed
 * when the service starts. Any thread, when the request is over. */
static void drop(struct mes_api_bulk *bulk)
{
    if (!bulk->is_opened || bulk->is_closed) {
        mes_api_bulk_free(bulk);
        return;
    }
    bulk->step = (struct mes_intake_slice){.step = MES_INTAKE_DROP,
                                           .head = &bulk->draft.head,
                                           .key = &bulk->key,
                                           .on_done = on_dropped,
                                           .context = bulk};
    mes_intake_post_slice(bulk->courier, &bulk->step);
}

void mes_api_bulk_over(struct mes_api_request *request)
{
    struct mes_api_bulk *bulk = request->own;
    if (bulk == NULL)
        return;
    if (atomic_exchange(&bulk->flight, MES_API_ABANDONED) == MES_API_LANDED)
        drop(bulk);
}

static void keep_known(struct mes_api_bulk *bulk, const struct mes_intake_slice *step)
{
    const char *copy = mes_arena_copy(&bulk->arena, step->known_answer);
    bulk->known_status = step->known_status;
    bulk->known_answer = mes_str_make(copy, step->known_answer.size);
    memcpy(bulk->known_digest, step->known_digest, sizeof bulk->known_digest);
    if (copy == NULL) {
        bulk->result = MES_INTAKE_FAILED;
        mes_fail_nomem(&bulk->error);
    }
}

/* On the store thread. */
static void on_done(struct mes_intake_slice *step, enum mes_intake_result result,
                    const struct mes_error *error)
{
    struct mes_api_bulk *bulk = step->context;
    struct mes_api_request *request = bulk->request;
    bulk->result = result;
    if (result == MES_INTAKE_FAILED)
        bulk->error = *error;
    if (result == MES_INTAKE_ACCEPTED && step->step == MES_INTAKE_OPEN)
        bulk->is_opened = true;
    if (result == MES_INTAKE_ACCEPTED && step->step == MES_INTAKE_CLOSE)
        bulk->is_closed = true;
    if (result == MES_INTAKE_REPEATED)
        keep_known(bulk, step);
    int before = MES_API_FLYING;
    if (atomic_compare_exchange_strong(&bulk->flight, &before, MES_API_LANDED))
        return;
    if (before == MES_API_ABANDONED) {
        drop(bulk);
        return;
    }
    atomic_store(&bulk->flight, MES_API_LANDED);
    mes_api_request_wake(request);
}

static void post(struct mes_api_bulk *bulk, enum mes_intake_step step, const struct mes_api_slice *slice)
{
    bulk->step = (struct mes_intake_slice){.step = step,
                                           .head = &bulk->draft.head,
                                           .key = &bulk->key,
                                           .first_number = (int64_t)bulk->rows,
                                           .on_done = on_done,
                                           .context = bulk};
    if (slice != NULL) {
        bulk->step.recipients = slice->rows;
        bulk->step.recipient_count = slice->row_count;
        bulk->rows += slice->row_count;
    }
    bulk->is_under_way = true;
    atomic_store(&bulk->flight, MES_API_FLYING);
    mes_intake_post_slice(bulk->courier, &bulk->step);
}

void mes_api_bulk_open(struct mes_api_bulk *bulk)
{
    post(bulk, MES_INTAKE_OPEN, NULL);
}

static void post_ready(struct mes_api_bulk *bulk)
{
    struct mes_api_slice *slice = bulk->ready;
    bulk->ready = slice->next;
    if (bulk->ready == NULL)
        bulk->ready_last = &bulk->ready;
    bulk->ready_count--;
    bulk->flying = slice;
    post(bulk, MES_INTAKE_SLICE, slice);
}

static void after_landing(struct mes_api_request *request)
{
    mes_api_bulk_pump(request->own);
}

static void await(struct mes_api_bulk *bulk)
{
    int before = MES_API_FLYING;
    mes_api_request_wait(bulk->request, after_landing);
    if (!atomic_compare_exchange_strong(&bulk->flight, &before, MES_API_AWAITED))
        mes_api_request_wake(bulk->request);
}

/* --- the end --- */

static int add_blobs(struct mes_api_write *write, struct mes_store *store, struct mes_error *error)
{
    const struct mes_api_bulk *bulk = MES_API_OWNER(write, struct mes_api_bulk, blobs);
    return mes_api_resource_add_blobs(bulk->draft.new_blobs, bulk->host.now, store, error);
}

static void after_blobs(struct mes_api_request *request, struct mes_api_write *write, int code,
                        const struct mes_error *error)
{
    struct mes_api_bulk *bulk = MES_API_OWNER(write, struct mes_api_bulk, blobs);
    if (code != 0) {
        mes_api_refuse_failure(request, error);
        return;
    }
    bulk->draft.new_blobs = NULL;
    mes_api_bulk_pump(bulk);
}

static void close_job(struct mes_api_bulk *bulk)
{
    struct mes_api_draft *draft = &bulk->draft;
    struct mes_error error;
    if (draft->new_blobs != NULL) {
        bulk->blobs = (struct mes_api_write){add_blobs, after_blobs};
        mes_api_request_write(bulk->request, &bulk->blobs);
        return;
    }
    draft->head.blobs = draft->hashes;
    draft->head.blob_count = draft->hash_count;
    mes_api_draft_check_deadline(draft, bulk->rows);
    mes_api_accept_describe(bulk->request, draft, bulk->rows, &bulk->answer);
    bulk->key.answer = mes_buf_str(&bulk->answer);
    if (mes_buf_check(&bulk->answer, &error) != 0) {
        mes_api_refuse_failure(bulk->request, &error);
        return;
    }
    post(bulk, MES_INTAKE_CLOSE, NULL);
    await(bulk);
}

static void answer_repeat(struct mes_api_bulk *bulk)
{
    bool is_same = mes_digest_equal(bulk->known_digest, bulk->key.digest);
    mes_api_accept_answer_known(bulk->request, is_same ? MES_INTAKE_REPEATED : MES_INTAKE_CONFLICT,
                                bulk->known_status, bulk->known_answer);
}

/* What came of the step that was under way. False: the request was answered. */
static bool land(struct mes_api_bulk *bulk)
{
    free_slice(&bulk->flying);
    if (!bulk->is_under_way)
        return true;
    bulk->is_under_way = false;
    if (bulk->result == MES_INTAKE_REPEATED)
        bulk->is_repeat = true;
    if (bulk->result == MES_INTAKE_FAILED)
        mes_api_refuse_failure(bulk->request, &bulk->error);
    if (bulk->result == MES_INTAKE_BUSY)
        mes_api_accept_answer_known(bulk->request, MES_INTAKE_BUSY, 0, (struct mes_str){0});
    if (bulk->is_closed)
        mes_api_answer_bytes(bulk->request, 202, "application/json", &bulk->answer);
    return bulk->result != MES_INTAKE_FAILED && bulk->result != MES_INTAKE_BUSY && !bulk->is_closed;
}

void mes_api_bulk_pump(struct mes_api_bulk *bulk)
{
    while (!mes_api_is_refused(bulk->request)) {
        if (atomic_load(&bulk->flight) != MES_API_LANDED) {
            if (bulk->ready_count > 1 || bulk->is_complete)
                await(bulk);
            return;
        }
        if (!land(bulk))
            return;
        if (bulk->ready != NULL && !bulk->is_repeat) {
            post_ready(bulk);
            continue;
        }
        if (bulk->is_complete && bulk->is_repeat)
            answer_repeat(bulk);
        else if (bulk->is_complete && bulk->mails == 0)
            mes_api_accept_refuse_all(&bulk->draft, "recipients");
        else if (bulk->is_complete)
            close_job(bulk);
        return;
    }
}

void mes_api_bulk_finish(struct mes_api_bulk *bulk)
{
    struct mes_error error;
    seal(bulk);
    bulk->is_complete = true;
    if (!mes_digest_stream_end(bulk->digest, bulk->key.digest)) {
        mes_fail_nomem(&error);
        mes_api_refuse_failure(bulk->request, &error);
    }
    mes_api_bulk_pump(bulk);
}
