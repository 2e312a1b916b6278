/* What all mails of a job share: header fields, multiparts, attachments. */
#include "base/alloc.h"
#include "base/base64.h"
#include "compose/job_parts.h"
#include "compose/message.h"
#include "mime/header.h"

/* What goes on while the frame is written; a failure is remembered and asked for once. */
struct framing {
    const struct mes_compose_job *job;
    struct mes_frame *frame;
    struct mes_mime_writer writer;
    size_t cut; /* fixed bytes that are already in a segment */
    bool has_failed;
};

static void add_segment(struct framing *framing, enum mes_segment_kind kind, struct mes_wire_piece piece)
{
    struct mes_frame *frame = framing->frame;
    if (frame->segment_count == frame->segment_capacity) {
        size_t capacity = frame->segment_capacity > 0 ? frame->segment_capacity * 2 : 8;
        struct mes_segment *segments = mes_realloc(frame->segments, capacity * sizeof *segments);
        if (segments == NULL) {
            framing->has_failed = true;
            return;
        }
        frame->segments = segments;
        frame->segment_capacity = capacity;
    }
    frame->segments[frame->segment_count++] = (struct mes_segment){kind, piece};
}

/* Makes a segment of the fixed bytes since the last cut. */
static void cut(struct framing *framing)
{
    size_t size = framing->frame->fixed.size - framing->cut;
    if (size > 0)
        add_segment(framing, MES_SEGMENT_FIXED,
                    (struct mes_wire_piece){.descriptor = -1, .offset = framing->cut, .size = size});
    framing->cut = framing->frame->fixed.size;
}

static void add_body(struct framing *framing, const struct mes_slot *slot, bool is_html)
{
    mes_mime_writer_text_begin(&framing->writer, is_html ? "html" : "plain");
    if (slot->template == NULL && !slot->is_derived) {
        mes_mime_writer_text(&framing->frame->fixed, slot->fixed);
        return;
    }
    cut(framing);
    add_segment(framing, is_html ? MES_SEGMENT_HTML : MES_SEGMENT_TEXT,
                (struct mes_wire_piece){.descriptor = -1});
}

static void add_files(struct framing *framing, const struct mes_message *message, bool is_inline)
{
    for (size_t i = 0; i < message->file_count; i++) {
        const struct mes_message_file *file = &message->files[i];
        if ((file->part.content_id != NULL) != is_inline)
            continue;
        mes_mime_writer_file_begin(&framing->writer, &file->part);
        cut(framing);
        add_segment(framing, MES_SEGMENT_CONTENT, file->content);
    }
}

static size_t count_inline(const struct mes_message *message)
{
    size_t count = 0;
    for (size_t i = 0; i < message->file_count; i++)
        count += message->files[i].part.content_id != NULL;
    return count;
}

static void add_html(struct framing *framing, const struct mes_message *message)
{
    bool has_images = count_inline(message) > 0;
    if (has_images)
        mes_mime_writer_open(&framing->writer, "related");
    add_body(framing, &framing->job->html, true);
    add_files(framing, message, true);
    if (has_images)
        mes_mime_writer_close(&framing->writer);
}

/* What the renderer adds for each recipient. */
static void add_own_files(struct framing *framing)
{
    framing->frame->own_files = framing->writer;
    cut(framing);
    add_segment(framing, MES_SEGMENT_OWN_FILES, (struct mes_wire_piece){.descriptor = -1});
}

static struct mes_str calendar_of(const struct mes_message *message)
{
    return mes_compose_message_text(message, MES_TEXT_CALENDAR);
}

/* The last alternative, so that readers prefer it to the texts. */
static void add_calendar(struct framing *framing, const struct mes_message *message)
{
    mes_mime_writer_calendar_begin(&framing->writer, message->texts[MES_TEXT_CALENDAR_METHOD]);
    mes_mime_writer_text(&framing->frame->fixed, calendar_of(message));
}

/* Once more as a file: some readers only show an invitation that can be opened. */
static void add_calendar_file(struct framing *framing, const struct mes_message *message)
{
    static const struct mes_part part = {.name = "invite.ics", .type = "application/ics"};
    struct mes_base64_lines lines = {0};
    struct mes_str calendar = calendar_of(message);
    mes_mime_writer_file_begin(&framing->writer, &part);
    char *at = mes_buf_reserve(&framing->frame->fixed, mes_base64_lines_room(calendar.size));
    if (at == NULL)
        return;
    size_t size = mes_base64_lines_add(&lines, calendar.data, calendar.size, at);
    size += mes_base64_lines_end(&lines, at + size);
    mes_buf_commit(&framing->frame->fixed, size - 2);
}

/* mixed(alternative(text, related(html, images), calendar), attachments), each level only when it has more
 * than one part. */
static void add_content(struct framing *framing, const struct mes_message *message)
{
    const struct mes_compose_job *job = framing->job;
    bool has_own_files = framing->frame == &job->own_files_frame;
    bool has_calendar = calendar_of(message).size > 0;
    bool is_mixed = has_own_files || has_calendar || message->file_count > count_inline(message);
    bool is_alternative = job->text.is_there + job->html.is_there + has_calendar > 1;
    if (is_mixed)
        mes_mime_writer_open(&framing->writer, "mixed");
    if (is_alternative)
        mes_mime_writer_open(&framing->writer, "alternative");
    if (job->text.is_there)
        add_body(framing, &job->text, false);
    if (job->html.is_there)
        add_html(framing, message);
    if (has_calendar)
        add_calendar(framing, message);
    if (is_alternative)
        mes_mime_writer_close(&framing->writer);
    add_files(framing, message, false);
    if (has_calendar)
        add_calendar_file(framing, message);
    if (has_own_files)
        add_own_files(framing);
    if (is_mixed)
        mes_mime_writer_close(&framing->writer);
}

static void add_priority(struct mes_buf *out, enum mes_priority priority)
{
    if (priority == MES_PRIORITY_HIGH)
        mes_buf_add_text(out, "X-Priority: 1\r\nImportance: high\r\n");
    else if (priority == MES_PRIORITY_LOW)
        mes_buf_add_text(out, "X-Priority: 5\r\nImportance: low\r\n");
}

static int add_cc(struct mes_compose_job *job, struct mes_error *error)
{
    if (job->cc_count == 0)
        return 0;
    struct mes_mailbox *mailboxes = mes_alloc(job->cc_count * sizeof *mailboxes);
    if (mailboxes == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < job->cc_count; i++)
        mailboxes[i] = (struct mes_mailbox){mes_str_of(job->copies[i].name), mes_str_of(job->copies[i].spec)};
    mes_mime_header_add_mailboxes(&job->head, "Cc", mailboxes, job->cc_count);
    mes_free(mailboxes);
    return 0;
}

static int add_head(struct mes_compose_job *job, struct mes_error *error)
{
    int code = add_cc(job, error);
    if (job->subject.template == NULL && !job->subject.is_derived)
        mes_mime_header_add_text(&job->head, "Subject", job->subject.fixed);
    mes_mime_header_add_date(&job->head, job->unix_seconds, job->zone_minutes);
    return code != 0 ? code : mes_buf_check(&job->head, error);
}

static int fill(const struct mes_compose_job *job, const struct mes_message *message, struct mes_frame *frame,
                struct mes_error *error)
{
    struct framing framing = {.job = job, .frame = frame};
    mes_mime_writer_init(&framing.writer, &frame->fixed, job->id);
    for (size_t i = 0; i < message->field_count; i++)
        mes_mime_header_add_custom(&frame->fixed, message->fields[i].name,
                                   mes_str_of(message->fields[i].value));
    add_priority(&frame->fixed, message->priority);
    mes_buf_add_text(&frame->fixed, "MIME-Version: 1.0\r\n");
    add_content(&framing, message);
    if (!mes_str_ends_nocase(mes_buf_str(&frame->fixed), MES_STR("\r\n")) && frame->fixed.size > framing.cut)
        mes_buf_add_text(&frame->fixed, "\r\n");
    cut(&framing);
    return framing.has_failed ? mes_fail_nomem(error) : mes_buf_check(&frame->fixed, error);
}

void mes_compose_frame_init(struct mes_frame *frame)
{
    mes_buf_init(&frame->fixed, SIZE_MAX);
}

void mes_compose_frame_fini(struct mes_frame *frame)
{
    mes_buf_fini(&frame->fixed);
    mes_free(frame->segments);
}

/* Text and HTML are the same for all: the body needs to be hashed for a signature only once. */
static int share_body(struct mes_compose_job *job, struct mes_error *error)
{
    const struct mes_slot *slots[] = {&job->text, &job->html};
    for (size_t i = 0; i < 2; i++)
        if (slots[i]->template != NULL || slots[i]->is_derived)
            return 0;
    job->body = mes_arena_alloc(&job->arena, sizeof *job->body);
    return job->body != NULL ? 0 : mes_fail_nomem(error);
}

int mes_compose_job_frame(struct mes_compose_job *job, const struct mes_message *message,
                          struct mes_error *error)
{
    bool has_own_files = false;
    for (size_t i = 0; i < job->to_count && !has_own_files; i++)
        has_own_files = job->to[i].file_count > 0;
    int code = add_head(job, error);
    if (code == 0)
        code = share_body(job, error);
    if (code == 0)
        code = fill(job, message, &job->frame, error);
    return code == 0 && has_own_files ? fill(job, message, &job->own_files_frame, error) : code;
}
