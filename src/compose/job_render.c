/* A job's mail for one recipient. What is fixed is pointed to, not copied. */
#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "compose/job_parts.h"
#include "compose/message.h"
#include "i18n/say.h"
#include "mime/address.h"
#include "mime/header.h"

/* The wire's own bytes may still move, so their pieces hold an offset until the end. */
static bool is_own(const struct mes_wire_piece *piece)
{
    return piece->bytes == NULL && piece->descriptor < 0;
}

static int add_piece(struct mes_wire *wire, const struct mes_wire_piece *piece, struct mes_error *error)
{
    if (wire->count == wire->capacity) {
        size_t capacity = wire->capacity > 0 ? wire->capacity * 2 : 8;
        struct mes_wire_piece *room = mes_realloc(wire->room, capacity * sizeof *room);
        if (room == NULL)
            return mes_fail_nomem(error);
        wire->room = room;
        wire->capacity = capacity;
    }
    wire->room[wire->count++] = *piece;
    wire->size += piece->size;
    wire->is_in_memory = wire->is_in_memory && piece->descriptor < 0;
    return 0;
}

/* Makes a piece of the wire's own bytes since `*done`. */
static int add_own(struct mes_wire *wire, size_t *done, struct mes_error *error)
{
    struct mes_wire_piece piece = {.descriptor = -1, .offset = *done, .size = wire->text.size - *done};
    *done = wire->text.size;
    return piece.size > 0 ? add_piece(wire, &piece, error) : 0;
}

static int add_sender(struct mes_wire *wire, const struct mes_identity *identity, struct mes_error *error)
{
    struct mes_address from, reply_to;
    struct mes_arena arena;
    const char *names[] = {identity->from_name, identity->reply_to_name};
    mes_arena_init(&arena, SIZE_MAX);
    int code = mes_mime_address_parse(mes_str_of(identity->from_address), &arena, NULL, &from, error);
    for (size_t i = 0; i < 2 && code == 0; i++)
        code = mes_mime_text_check(i == 0 ? "From" : "Reply-To", mes_str_of(names[i]), MES_LIMIT_NAME, error);
    if (code == 0) {
        const struct mes_mailbox mailbox = {mes_str_of(identity->from_name), mes_str_of(from.spec)};
        mes_mime_header_add_mailboxes(&wire->text, "From", &mailbox, 1);
        memcpy(wire->sender_text, from.spec, mailbox.spec.size + 1);
        wire->needs_smtputf8 |= from.needs_smtputf8;
    }
    if (code == 0 && identity->reply_to_address != NULL && identity->reply_to_address[0] != '\0') {
        code = mes_mime_address_parse(mes_str_of(identity->reply_to_address), &arena, NULL, &reply_to, error);
        if (code == 0) {
            const struct mes_mailbox mailbox = {mes_str_of(identity->reply_to_name),
                                                mes_str_of(reply_to.spec)};
            mes_mime_header_add_mailboxes(&wire->text, "Reply-To", &mailbox, 1);
            wire->needs_smtputf8 |= reply_to.needs_smtputf8;
        }
    }
    mes_arena_fini(&arena);
    return code;
}

static void add_head(const struct mes_compose_job *job, size_t index, struct mes_str subject,
                     struct mes_wire *wire)
{
    const struct mes_recipient *to = &job->to[index];
    const struct mes_mailbox mailbox = {mes_str_of(to->name), mes_str_of(to->spec)};
    char message_id[MES_MESSAGE_ID_SPACE];
    mes_mime_header_add_mailboxes(&wire->text, "To", &mailbox, 1);
    if (job->subject.template != NULL || job->subject.is_derived)
        mes_mime_header_add_text(&wire->text, "Subject", subject);
    mes_buf_add_str(&wire->text, mes_buf_str(&job->head));
    mes_buf_add_text(&wire->text, "Message-ID: ");
    mes_buf_add_text(&wire->text, mes_compose_job_message_id(job, index, message_id));
    mes_buf_add_text(&wire->text, "\r\n");
    wire->needs_smtputf8 |= to->needs_smtputf8;
}

/* Attachments of the recipient's own: their part headers among the wire's own bytes, their contents as they
 * are. */
static int add_own_files(const struct mes_frame *frame, const struct mes_recipient *to, struct mes_wire *wire,
                         size_t *done, struct mes_error *error)
{
    struct mes_mime_writer writer = frame->own_files;
    int code = 0;
    writer.out = &wire->text;
    for (size_t i = 0; i < to->file_count && code == 0; i++) {
        mes_mime_writer_file_begin(&writer, &to->files[i].part);
        code = add_own(wire, done, error);
        if (code == 0 && to->files[i].content.size > 0)
            code = add_piece(wire, &to->files[i].content, error);
    }
    return code;
}

static int add_segments(const struct mes_frame *frame, const struct mes_recipient *to,
                        const struct mes_slot_texts *texts, struct mes_wire *wire, struct mes_error *error)
{
    size_t done = 0;
    int code = 0;
    for (size_t i = 0; i < frame->segment_count && code == 0; i++) {
        struct mes_wire_piece piece = frame->segments[i].piece;
        switch (frame->segments[i].kind) {
        case MES_SEGMENT_TEXT:
            mes_mime_writer_text(&wire->text, texts->text);
            continue;
        case MES_SEGMENT_HTML:
            mes_mime_writer_text(&wire->text, texts->html);
            continue;
        case MES_SEGMENT_OWN_FILES:
            code = add_own_files(frame, to, wire, &done, error);
            continue;
        case MES_SEGMENT_FIXED:
            piece.bytes = frame->fixed.data + piece.offset;
            break;
        case MES_SEGMENT_CONTENT:
            break;
        }
        code = add_own(wire, &done, error);
        if (code == 0)
            code = add_piece(wire, &piece, error);
    }
    bool ends_in_slot = frame->segments[frame->segment_count - 1].kind >= MES_SEGMENT_TEXT;
    if (ends_in_slot && !mes_str_ends_nocase(mes_buf_str(&wire->text), MES_STR("\r\n")))
        mes_buf_add_text(&wire->text, "\r\n");
    return code == 0 ? add_own(wire, &done, error) : code;
}

/* The signature gets the first piece, whose bytes it sets itself. */
static int begin(const struct mes_compose_job *job, const struct mes_recipient *to,
                 const struct mes_dkim_key *key, struct mes_wire *wire, struct mes_error *error)
{
    const struct mes_wire_piece signature = {.bytes = "", .descriptor = -1};
    mes_buf_clear(&wire->text);
    wire->count = 0;
    wire->size = 0;
    wire->needs_smtputf8 = false;
    wire->is_in_memory = true;
    wire->is_unsigned = false;
    wire->signing.key = key;
    wire->signing.unix_seconds = job->unix_seconds;
    wire->signing.shared = to->file_count == 0 ? job->body : NULL;
    return key != NULL ? add_piece(wire, &signature, error) : 0;
}

static void finish(struct mes_wire *wire)
{
    for (size_t i = 0; i < wire->count; i++)
        if (is_own(&wire->room[i]))
            wire->room[i].bytes = wire->text.data + wire->room[i].offset;
    wire->pieces = wire->room;
    wire->sender = wire->sender_text;
}

int mes_compose_job_render(const struct mes_compose_job *job, size_t index,
                           const struct mes_identity *identity, struct mes_wire *wire,
                           struct mes_error *error)
{
    struct mes_slot_texts texts;
    assert(index < job->to_count);
    const struct mes_recipient *to = &job->to[index];
    int code = begin(job, to, identity->dkim, wire, error);
    if (code == 0)
        code = mes_compose_job_render_slots(job, index, wire, &texts, error);
    if (code == 0)
        code = add_sender(wire, identity, error);
    if (code != 0)
        return code;
    add_head(job, index, texts.subject, wire);
    wire->needs_smtputf8 |= job->copies_need_smtputf8;
    code = add_segments(to->file_count > 0 ? &job->own_files_frame : &job->frame, to, &texts, wire, error);
    if (code == 0)
        code = mes_buf_check(&wire->text, error);
    if (code != 0)
        return code;
    finish(wire);
    return identity->dkim != NULL ? mes_compose_wire_sign(wire, error) : 0;
}
