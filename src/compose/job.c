#include "compose/job.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "compose/job_parts.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/domain.h"

static int check_whole(const struct mes_message *message, const struct mes_notices *notices,
                       struct mes_error *error)
{
    size_t to_count = message->recipients[MES_ROLE_TO].count;
    size_t copy_count = message->recipients[MES_ROLE_CC].count + message->recipients[MES_ROLE_BCC].count;
    bool has_html = message->texts[MES_TEXT_HTML] != NULL || message->texts[MES_TEXT_TEMPLATE] != NULL ||
                    message->sources != NULL;
    bool has_calendar = message->texts[MES_TEXT_CALENDAR] != NULL;
    bool has_text = mes_str_trim(mes_compose_message_text(message, MES_TEXT_PLAIN)).size > 0;
    if (to_count == 0)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_no_recipient, MES_NO_ARGS);
    if (!has_html && !has_text && !has_calendar && message->file_count == 0)
        return mes_fail(error, MES_E_INPUT, MES_SAY_message_empty, MES_NO_ARGS);
    for (size_t i = 0; !has_html && i < message->file_count; i++)
        if (message->files[i].part.content_id != NULL)
            return mes_fail(error, MES_E_INPUT, MES_SAY_message_inline_without_html, MES_NO_ARGS);
    if (to_count > 1 && copy_count > 0)
        mes_notice(notices, MES_SAY_message_copies_repeated, MES_ARGS(MES_NUMBER(to_count)));
    return 0;
}

static bool copy_files(struct mes_arena *arena, struct mes_recipient *recipient)
{
    struct mes_message_file *copies = mes_arena_alloc(arena, recipient->file_count * sizeof *copies);
    for (size_t i = 0; copies != NULL && i < recipient->file_count; i++) {
        copies[i] = recipient->files[i];
        copies[i].part.name = mes_arena_copy(arena, mes_str_of(copies[i].part.name));
        copies[i].part.type = mes_arena_copy(arena, mes_str_of(copies[i].part.type));
        if (copies[i].part.name == NULL || copies[i].part.type == NULL)
            return false;
    }
    recipient->files = copies;
    return copies != NULL;
}

static bool copy_recipients(struct mes_arena *arena, const struct mes_recipients *from,
                            struct mes_recipient *to)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct mes_recipient *recipient = &from->items[i];
        to[i] = *recipient;
        to[i].spec = mes_arena_copy(arena, mes_str_of(recipient->spec));
        to[i].name = mes_arena_copy(arena, mes_str_of(recipient->name));
        if (to[i].spec == NULL || to[i].name == NULL ||
            !mes_compose_variables_copy(arena, recipient->variables, recipient->variable_count,
                                        &to[i].variables))
            return false;
        if (recipient->file_count > 0 && !copy_files(arena, &to[i]))
            return false;
    }
    return true;
}

/* A bcc that is a cc too would get the mail twice. */
static bool copy_recipient_lists(struct mes_compose_job *job, const struct mes_message *message)
{
    const struct mes_recipients *to = &message->recipients[MES_ROLE_TO];
    const struct mes_recipients *cc = &message->recipients[MES_ROLE_CC];
    const struct mes_recipients *bcc = &message->recipients[MES_ROLE_BCC];
    job->to = mes_arena_alloc(&job->arena, to->count * sizeof *job->to);
    job->copies = mes_arena_alloc(&job->arena, (cc->count + bcc->count + 1) * sizeof *job->copies);
    if (job->to == NULL || job->copies == NULL || !copy_recipients(&job->arena, to, job->to) ||
        !copy_recipients(&job->arena, cc, job->copies) ||
        !copy_recipients(&job->arena, bcc, job->copies + cc->count))
        return false;
    job->to_count = to->count;
    job->cc_count = job->copy_count = cc->count;
    for (size_t i = 0; i < bcc->count; i++)
        if (mes_compose_recipients_find(cc, bcc->items[i].spec) == cc->count)
            job->copies[job->copy_count++] = job->copies[cc->count + i];
    for (size_t i = 0; i < job->copy_count; i++)
        job->copies_need_smtputf8 |= job->copies[i].needs_smtputf8;
    return true;
}

static const char *copy_text(struct mes_compose_job *job, const struct mes_message *message,
                             enum mes_message_text text)
{
    return mes_arena_copy(&job->arena, mes_compose_message_text(message, text));
}

static bool copy_wishes(struct mes_compose_job *job, const struct mes_message *message)
{
    struct mes_compose_wishes *wishes = &job->wishes;
    wishes->from_address = copy_text(job, message, MES_TEXT_FROM_ADDRESS);
    wishes->from_name = copy_text(job, message, MES_TEXT_FROM_NAME);
    wishes->reply_to_address = copy_text(job, message, MES_TEXT_REPLY_TO_ADDRESS);
    wishes->reply_to_name = copy_text(job, message, MES_TEXT_REPLY_TO_NAME);
    wishes->dsn = message->dsn;
    wishes->requires_tls = message->requires_tls;
    return wishes->from_address != NULL && wishes->from_name != NULL && wishes->reply_to_address != NULL &&
           wishes->reply_to_name != NULL;
}

static bool is_seed(const char *text)
{
    size_t size = 0;
    while ((text[size] >= '0' && text[size] <= '9') || (text[size] >= 'a' && text[size] <= 'z'))
        size++;
    return text[size] == '\0' && size == MES_SEED_SIZE;
}

static int fix_identity(struct mes_compose_job *job, const struct mes_compose_options *options,
                        struct mes_error *error)
{
    const struct mes_clock *clock = options->clock != NULL ? options->clock : mes_clock_system();
    job->zone_minutes = options->zone_minutes;
    job->first_index = options->first_index;
    job->unix_seconds = options->unix_seconds != 0 ? options->unix_seconds : mes_clock_wall(clock) / 1000;
    int code = mes_mime_domain_to_ascii(mes_str_of(options->domain), &job->arena, &job->domain, error);
    if (code != 0)
        return code;
    if (options->seed == NULL)
        return mes_random_text(job->id, sizeof job->id, error);
    if (!is_seed(options->seed))
        return mes_fail(error, MES_E_INPUT, MES_SAY_compose_seed, MES_ARGS(options->seed));
    memcpy(job->id, options->seed, sizeof job->id);
    return 0;
}

/* All that a message says before templates come in. */
static int copy_message(struct mes_compose_job *job, const struct mes_message *message,
                        const struct mes_compose_options *options, struct mes_error *error)
{
    struct mes_variable *variables;
    bool is_copied =
        mes_compose_variables_copy(&job->arena, message->variables, message->variable_count, &variables);
    if (!is_copied || !copy_recipient_lists(job, message) || !copy_wishes(job, message))
        return mes_fail_nomem(error);
    job->variables = mes_template_value_map(variables, message->variable_count);
    job->contents = mes_compose_content_share(message->contents);
    if (message->to_contents != NULL)
        job->to_contents = mes_compose_content_share(message->to_contents);
    job->is_stored = message->is_stored;
    job->personal = message->personal;
    job->may_grow = options->may_grow;
    return fix_identity(job, options, error);
}

/* Every recipient's templates are rendered once before anything is sent: a mail with a hole must not leave.
 */
static int try_recipients(const struct mes_compose_job *job, struct mes_error *error)
{
    bool is_fixed = job->subject.template == NULL && job->text.template == NULL && job->html.template == NULL;
    struct mes_slot_texts texts;
    struct mes_wire wire;
    int code = 0;
    mes_compose_wire_init(&wire);
    for (size_t i = 0; !is_fixed && code == 0 && i < job->to_count; i++)
        code = mes_compose_job_render_slots(job, i, &wire, &texts, error);
    mes_compose_wire_fini(&wire);
    return code;
}

static int compile(struct mes_compose_job *job, const struct mes_message *message,
                   const struct mes_compose_options *options, struct mes_error *error)
{
    int code = copy_message(job, message, options, error);
    if (code == 0)
        code = mes_compose_job_fill_slots(job, message, options, error);
    if (code == 0 && !options->is_checked)
        code = try_recipients(job, error);
    return code != 0 ? code : mes_compose_job_frame(job, message, error);
}

int mes_compose_job_new(const struct mes_message *message, const struct mes_compose_options *options,
                        struct mes_compose_job **job_out, struct mes_error *error)
{
    int code = check_whole(message, options->notices, error);
    if (code != 0)
        return code;
    struct mes_compose_job *job = mes_alloc(sizeof *job);
    if (job == NULL)
        return mes_fail_nomem(error);
    atomic_init(&job->shares, 1);
    mes_arena_init(&job->arena, SIZE_MAX);
    mes_buf_init(&job->head, SIZE_MAX);
    mes_compose_frame_init(&job->frame);
    mes_compose_frame_init(&job->own_files_frame);
    code = compile(job, message, options, error);
    if (code != 0)
        mes_compose_job_release(&job);
    else
        *job_out = job;
    return code;
}

struct mes_compose_job *mes_compose_job_share(struct mes_compose_job *job)
{
    atomic_fetch_add(&job->shares, 1);
    return job;
}

void mes_compose_job_release(struct mes_compose_job **job_at)
{
    struct mes_compose_job *job = *job_at;
    *job_at = NULL;
    if (job == NULL || atomic_fetch_sub(&job->shares, 1) > 1)
        return;
    for (size_t i = 0; i < sizeof job->own_templates / sizeof job->own_templates[0]; i++)
        mes_template_free(&job->own_templates[i]);
    mes_compose_template_free(&job->loaded);
    mes_compose_content_release(&job->contents);
    mes_compose_content_release(&job->to_contents);
    mes_buf_fini(&job->head);
    mes_compose_frame_fini(&job->frame);
    mes_compose_frame_fini(&job->own_files_frame);
    mes_arena_fini(&job->arena);
    mes_free(job);
}

static size_t frame_size(const struct mes_frame *frame)
{
    return frame->fixed.capacity + frame->segment_capacity * sizeof *frame->segments;
}

size_t mes_compose_job_size(const struct mes_compose_job *job)
{
    size_t size = sizeof *job + mes_arena_size(&job->arena) + mes_compose_content_size(job->contents) +
                  mes_compose_content_size(job->to_contents) + job->head.capacity + frame_size(&job->frame) +
                  frame_size(&job->own_files_frame);
    for (size_t i = 0; i < sizeof job->own_templates / sizeof job->own_templates[0]; i++)
        size += mes_template_size(job->own_templates[i]);
    return job->loaded != NULL ? size + mes_compose_template_size(job->loaded) : size;
}

const char *mes_compose_job_seed(const struct mes_compose_job *job)
{
    return job->id;
}

int64_t mes_compose_job_unix_seconds(const struct mes_compose_job *job)
{
    return job->unix_seconds;
}

size_t mes_compose_job_count(const struct mes_compose_job *job)
{
    return job->to_count;
}

size_t mes_compose_job_recipient_count(const struct mes_compose_job *job)
{
    return 1 + job->copy_count;
}

struct mes_compose_recipient mes_compose_job_recipient(const struct mes_compose_job *job, size_t index,
                                                       size_t number)
{
    assert(index < job->to_count && number <= job->copy_count);
    const struct mes_recipient *recipient = number == 0 ? &job->to[index] : &job->copies[number - 1];
    enum mes_role role = number == 0 ? MES_ROLE_TO : number <= job->cc_count ? MES_ROLE_CC : MES_ROLE_BCC;
    return (struct mes_compose_recipient){recipient->spec, recipient->name, role, recipient->needs_smtputf8};
}

const char *mes_compose_job_message_id(const struct mes_compose_job *job, size_t index,
                                       char out[MES_MESSAGE_ID_SPACE])
{
    char number[24];
    const char *const parts[] = {
        "<", job->id,
        ".", mes_number_text(number, (long long)(job->first_index + job->to[index].number) + 1),
        "@", job->domain,
        ">"};
    size_t size = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t part = strlen(parts[i]);
        memcpy(out + size, parts[i], part);
        size += part;
    }
    out[size] = '\0';
    return out;
}

const struct mes_compose_wishes *mes_compose_job_wishes(const struct mes_compose_job *job)
{
    return &job->wishes;
}
