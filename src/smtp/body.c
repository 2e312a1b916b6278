#include "smtp/body.h"

#include <string.h>

void mes_smtp_body_init(struct mes_smtp_body *body, struct mes_source *source, bool is_stuffed)
{
    *body = (struct mes_smtp_body){.source = source, .is_stuffed = is_stuffed, .is_at_line_start = true};
}

/* Where the next CR and LF are, looked up again only when passed, so that the work stays linear whichever of
 * them the text lacks. */
struct marks {
    const char *cr;
    const char *lf;
};

static const char *line_end(struct marks *marks, const char *from, const char *end)
{
    if (marks->cr == NULL || marks->cr < from) {
        marks->cr = memchr(from, '\r', (size_t)(end - from));
        marks->cr = marks->cr != NULL ? marks->cr : end;
    }
    if (marks->lf == NULL || marks->lf < from) {
        marks->lf = memchr(from, '\n', (size_t)(end - from));
        marks->lf = marks->lf != NULL ? marks->lf : end;
    }
    return marks->cr < marks->lf ? marks->cr : marks->lf;
}

/* Writes `text` to `to`, which has room for twice its size; returns the bytes written. */
static size_t write_text(struct mes_smtp_body *body, struct mes_str text, char *to)
{
    const char *from = text.data, *end = text.data + text.size;
    const char *begin = to;
    struct marks marks = {NULL, NULL};
    if (body->is_after_cr && *from == '\n')
        from++;
    body->is_after_cr = false;
    while (from < end) {
        if (body->is_stuffed && body->is_at_line_start && *from == '.')
            *to++ = '.';
        const char *stop = line_end(&marks, from, end);
        memcpy(to, from, (size_t)(stop - from));
        to += stop - from;
        body->is_at_line_start = stop < end;
        if (stop == end)
            break;
        *to++ = '\r';
        *to++ = '\n';
        body->is_after_cr = *stop == '\r' && stop + 1 == end;
        from = stop + 1;
        if (*stop == '\r' && from < end && *from == '\n')
            from++;
    }
    return (size_t)(to - begin);
}

static void end_last_line(struct mes_smtp_body *body, struct mes_buf *out)
{
    if (!body->is_at_line_start) {
        mes_buf_add(out, "\r\n", 2);
        body->written += 2;
    }
    body->is_at_line_start = true;
    body->has_ended = true;
}

enum mes_pull mes_smtp_body_write(struct mes_smtp_body *body, struct mes_buf *out, size_t room)
{
    size_t most = out->size + room;
    while (most - out->size >= 2 && !body->has_ended && out->failed == 0) {
        if (body->rest.size == 0) {
            enum mes_pull pulled = body->source->next(body->source, &body->rest);
            if (pulled == MES_PULL_END)
                end_last_line(body, out);
            else if (pulled != MES_PULL_PIECE)
                return pulled;
            continue;
        }
        /* Each byte becomes two at most. */
        struct mes_str text = mes_str_cut(body->rest, 0, (most - out->size) / 2);
        if (memchr(text.data, '\0', text.size) != NULL)
            return MES_PULL_FAILED;
        char *to = mes_buf_reserve(out, 2 * text.size);
        if (to == NULL)
            break;
        size_t size = write_text(body, text, to);
        mes_buf_commit(out, size);
        body->written += size;
        body->rest = mes_str_skip(body->rest, text.size);
    }
    return body->has_ended ? MES_PULL_END : MES_PULL_PIECE;
}
