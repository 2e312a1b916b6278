/* Builds mails without sending them: 4 KB of Chinese text, 4 KB of HTML and an attachment, as
 * bench/peers/mime_gmime.c. usage: mime_build MAILS ATTACHMENT_BYTES   every mail is a message and a job of
 * its own mime_build next MAILS               the next recipients of one job, 4 KB of text; prints mails a
 * second */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "compose/job.h"
#include "mes/mes.h"

enum { TEXT_BYTES = 4096, NEXT_RECIPIENTS = 1000 };

static const struct mes_identity identity = {.from_address = "a@x.test", .from_name = "发件人"};

static void give_up(const struct mes_error *error)
{
    char text[1024];
    fprintf(stderr, "mime_build: %s\n", mes_error_text(error, MES_EN, text, sizeof text));
    exit(1);
}

static void check(int code, const struct mes_error *error)
{
    if (code != 0)
        give_up(error);
}

static char *repeat(const char *text, size_t bytes)
{
    size_t size = strlen(text), used = 0;
    char *out = malloc(bytes + 1);
    while (used + size <= bytes) {
        memcpy(out + used, text, size);
        used += size;
    }
    out[used] = '\0';
    return out;
}

static struct mes_compose_job *compile(const struct mes_message *message)
{
    const struct mes_compose_options options = {.domain = "x.test", .zone_minutes = 480};
    struct mes_compose_job *job = NULL;
    struct mes_error error;
    check(mes_compose_job_new(message, &options, &job, &error), &error);
    return job;
}

static void build_one(const char *text, const char *html, const char *data, size_t size,
                      struct mes_wire *wire)
{
    struct mes_message *message = mes_message_new();
    struct mes_error error;
    check(mes_message_add_recipient(message, MES_ROLE_TO, "b@y.test", "收件人", &error), &error);
    check(mes_message_set_subject(message, "中文主题 bench", &error), &error);
    check(mes_message_set_text(message, text, &error), &error);
    check(mes_message_set_html(message, html, &error), &error);
    if (size > 0)
        check(mes_message_attach_bytes(message, data, size, "报告.pdf", "application/pdf", &error), &error);
    struct mes_compose_job *job = compile(message);
    check(mes_compose_job_render(job, 0, &identity, wire, &error), &error);
    mes_compose_job_release(&job);
    mes_message_free(&message);
}

static void build_all(long mails, size_t size)
{
    char *text = repeat("发送邮件测试。你好，世界。\n", TEXT_BYTES),
         *html = repeat("<p>发送邮件测试</p>\n", TEXT_BYTES);
    char *data = malloc(size + 1);
    unsigned x = 1;
    struct mes_wire wire;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525U + 1013904223U;
        data[i] = (char)(x >> 24);
    }
    mes_compose_wire_init(&wire);
    for (long i = 0; i < mails; i++)
        build_one(text, html, data, size, &wire);
    mes_compose_wire_fini(&wire);
    free(text);
    free(html);
    free(data);
}

static void build_next(long mails)
{
    struct mes_message *message = mes_message_new();
    struct mes_error error;
    struct mes_wire wire;
    char address[32], *text = repeat("hello world, this is a line of text\n", TEXT_BYTES);
    check(mes_message_set_subject(message, "bench", &error), &error);
    check(mes_message_set_text(message, text, &error), &error);
    for (int i = 0; i < NEXT_RECIPIENTS; i++) {
        snprintf(address, sizeof address, "b%d@y.test", i);
        check(mes_message_add_recipient(message, MES_ROLE_TO, address, "收件人", &error), &error);
    }
    struct mes_compose_job *job = compile(message);
    mes_compose_wire_init(&wire);
    int64_t begun = mes_clock_monotonic(mes_clock_system());
    for (long i = 0; i < mails; i++)
        check(mes_compose_job_render(job, (size_t)(i % NEXT_RECIPIENTS), &identity, &wire, &error), &error);
    int64_t took = mes_clock_monotonic(mes_clock_system()) - begun;
    printf("next recipient of the same job: %.0f mails/s\n",
           (double)mails * 1000 / (double)(took > 0 ? took : 1));
    mes_compose_wire_fini(&wire);
    mes_compose_job_release(&job);
    mes_message_free(&message);
    free(text);
}

int main(int count, char **argument)
{
    if (count < 3) {
        fprintf(stderr, "usage: mime_build MAILS ATTACHMENT_BYTES | mime_build next MAILS\n");
        return 2;
    }
    if (strcmp(argument[1], "next") == 0)
        build_next(atol(argument[2]));
    else
        build_all(atol(argument[1]), (size_t)atol(argument[2]));
    return 0;
}
