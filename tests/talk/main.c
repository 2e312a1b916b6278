/* Runs conversations: `talk SCRIPT…` plays each script in every way; 0 when all were as they had to be. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "script.h"

static const char *const way_names[] = {"in memory", "byte by byte", "merged", "delayed", "over TLS", "cut"};

bool talk_fail(struct talk *talk, const char *format, ...)
{
    char text[2000];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (talk->complaint.size == 0)
        mes_buf_add_format(&talk->complaint, "%s:%zu: %s", talk->path, talk->at + 1, text);
    return false;
}

struct script {
    const char *path;
    struct mes_str lines[TALK_LINES];
    size_t count;
};

static void init(struct talk *talk, const struct script *script)
{
    *talk =
        (struct talk){.path = script->path, .lines = script->lines, .count = script->count, .time = 1000000};
    talk->options = (struct mes_smtp_options){.ehlo_name = MES_STR("client.example"),
                                              .greeting_ms = 60000,
                                              .read_ms = 60000,
                                              .write_ms = 60000,
                                              .final_ms = 600000};
    struct mes_buf *bufs[] = {&talk->client,     &talk->server, &talk->reply,
                              &talk->ended_text, &talk->trace,  &talk->complaint};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        mes_buf_init(bufs[i], SIZE_MAX);
    for (size_t i = 0; i < TALK_MESSAGES; i++) {
        mes_buf_init(&talk->messages[i].body, SIZE_MAX);
        mes_buf_init(&talk->messages[i].wire, SIZE_MAX);
        mes_buf_init(&talk->messages[i].plain, SIZE_MAX);
        mes_buf_init(&talk->messages[i].texts, SIZE_MAX);
    }
}

static void fini(struct talk *talk)
{
    struct mes_buf *bufs[] = {&talk->client,     &talk->server, &talk->reply,
                              &talk->ended_text, &talk->trace,  &talk->complaint};
    for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
        mes_buf_fini(bufs[i]);
    for (size_t i = 0; i < TALK_MESSAGES; i++) {
        mes_buf_fini(&talk->messages[i].body);
        mes_buf_fini(&talk->messages[i].wire);
        mes_buf_fini(&talk->messages[i].plain);
        mes_buf_fini(&talk->messages[i].texts);
    }
    talk_wire_free(&talk->wire);
    mes_smtp_session_free(&talk->session);
    mes_secret_free(&talk->secret);
    mes_secret_free(&talk->token);
}

/* One run; the server bytes it had, or -1 after saying what went wrong. */
static long run(struct talk *talk, const struct script *script, enum talk_way way, size_t cut_after)
{
    init(talk, script);
    talk->way = way;
    talk->cut_after = cut_after;
    talk_play(talk);
    bool is_good = talk->complaint.size == 0;
    if (!is_good)
        (void)printf("%s\n  (%s, byte %zu)\n%s", mes_buf_text(&talk->complaint), way_names[way], cut_after,
                     mes_buf_text(&talk->trace));
    long delivered = (long)talk->delivered;
    fini(talk);
    return is_good ? delivered : -1;
}

/* A cut after every byte, but for long conversations after a few hundred of them. */
static bool run_cuts(struct talk *talk, const struct script *script, size_t total)
{
    size_t stride = total / 600 + 1;
    for (size_t cut_after = 1; cut_after <= total; cut_after += stride)
        if (run(talk, script, TALK_CUT, cut_after) < 0)
            return false;
    return true;
}

static void say(bool is_good, const char *path, const char *way)
{
    const char *slash = strrchr(path, '/');
    (void)printf("%sok %s, %s\n", is_good ? "" : "not ", slash != NULL ? slash + 1 : path, way);
}

static bool run_script(struct talk *talk, const char *path)
{
    struct script script = {.path = path};
    struct mes_buf text;
    long total = 0;
    mes_buf_init(&text, 1024 * 1024);
    if (mes_file_read(path, &text, NULL) != 0)
        (void)printf("%s: cannot be read\n", path);
    struct mes_str rest = mes_buf_str(&text);
    while (script.count < TALK_LINES && mes_str_next(&rest, '\n', &script.lines[script.count]))
        script.count++;
    for (enum talk_way way = TALK_PLAIN; way < TALK_CUT && total >= 0; way++) {
        total = run(talk, &script, way, 0);
        say(total >= 0, path, way_names[way]);
    }
    bool is_good = total >= 0 && run_cuts(talk, &script, (size_t)total);
    if (total >= 0)
        say(is_good, path, way_names[TALK_CUT]);
    mes_buf_fini(&text);
    return is_good;
}

int main(int argc, char **argv)
{
    struct talk *talk = mes_alloc(sizeof *talk);
    int failed = talk == NULL || argc < 2;
    for (int i = 1; i < argc && talk != NULL; i++)
        failed += !run_script(talk, argv[i]);
    mes_free(talk);
    return failed > 0;
}
