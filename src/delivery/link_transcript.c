#include "delivery/link_transcript.h"

#include <string.h>

#include "delivery/reply_text.h"

enum { MES_TRANSCRIPT_LINE = 2048, MES_TRANSCRIPT_LOGIN = MES_LINK_TRANSCRIPT / 4 };

void mes_link_transcript_init(struct mes_link_transcript *transcript)
{
    *transcript = (struct mes_link_transcript){.is_login = true};
    mes_buf_init(&transcript->lines, MES_LINK_TRANSCRIPT);
}

void mes_link_transcript_fini(struct mes_link_transcript *transcript)
{
    mes_buf_fini(&transcript->lines);
}

/* Takes `size` bytes out behind the login. */
static void drop(struct mes_link_transcript *transcript, size_t size)
{
    struct mes_buf *lines = &transcript->lines;
    char *from = lines->data + transcript->login;
    memmove(from, from + size, lines->size - transcript->login - size);
    mes_buf_truncate(lines, lines->size - size);
    transcript->dropped += size;
}

/* Half of what is behind the login goes at a time, whole lines, so that the moving is rare. */
static void make_room(struct mes_link_transcript *transcript)
{
    struct mes_str later = mes_str_skip(mes_buf_str(&transcript->lines), transcript->login);
    size_t end = mes_str_find(later, MES_STR("\n"), later.size / 2);
    drop(transcript, end != SIZE_MAX ? end + 1 : later.size);
}

void mes_link_transcript_add(struct mes_link_transcript *transcript, char direction, struct mes_str line)
{
    struct mes_buf *lines = &transcript->lines;
    struct mes_str kept = mes_str_cut(line, 0, MES_TRANSCRIPT_LINE);
    size_t size = kept.size + 3;
    if (transcript->is_login && lines->size + size > MES_TRANSCRIPT_LOGIN)
        return;
    if (lines->size + size > MES_LINK_TRANSCRIPT)
        make_room(transcript);
    char *at = mes_buf_reserve(lines, size);
    if (at == NULL) {
        lines->failed = 0; /* without memory a line is missing, no more */
        return;
    }
    at[0] = direction;
    at[1] = ' ';
    memcpy(at + 2, kept.data, kept.size);
    at[size - 1] = '\n';
    mes_buf_commit(lines, size);
}

void mes_link_transcript_end_login(struct mes_link_transcript *transcript)
{
    transcript->is_login = false;
    transcript->login = transcript->lines.size;
}

uint64_t mes_link_transcript_mark(struct mes_link_transcript *transcript, bool is_alone)
{
    if (is_alone && !transcript->is_login)
        drop(transcript, transcript->lines.size - transcript->login);
    return transcript->dropped + transcript->lines.size;
}

static void write_lines(struct mes_str lines, struct mes_buf *out)
{
    struct mes_str line;
    while (lines.size > 0 && mes_str_next(&lines, '\n', &line)) {
        mes_reply_text_add(out, line);
        mes_buf_add_char(out, '\n');
    }
}

void mes_link_transcript_write(const struct mes_link_transcript *transcript, uint64_t mark,
                               const struct mes_secret *secret, struct mes_buf *out)
{
    struct mes_str all = mes_buf_str(&transcript->lines);
    uint64_t from = mark > transcript->dropped ? mark - transcript->dropped : 0;
    if (from < transcript->login)
        from = transcript->login;
    struct mes_buf shown;
    mes_buf_init(&shown, SIZE_MAX);
    write_lines(mes_str_cut(all, 0, transcript->login), &shown);
    write_lines(mes_str_skip(all, (size_t)from), &shown);
    mes_secret_hide(secret, mes_buf_str(&shown), out);
    mes_buf_fini(&shown);
}
