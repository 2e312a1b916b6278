/* For the tests of stored messages: a folder of templates, one of blobs, and the bytes of a mail. */
#ifndef MES_COMPOSE_STORED_TEST_H
#define MES_COMPOSE_STORED_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/file.h"
#include "compose/blob.h"
#include "compose/stored.h"
#include "compose/variables.h"
#include "i18n/say.h"

enum { BLOBS = 5 };

static const struct mes_identity identity = {"me@sender.hk", "陳大文", "answers@sender.hk", "", NULL};

static char templates[64], blobs[64];
static struct mes_compose_blob kept[BLOBS];
static struct mes_error error;

static inline void must(int code)
{
    char text[1500];
    if (code != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
}

/* ---- folders ---- */

static inline void put_template(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", templates, name);
    must(mes_file_replace(path, mes_str_of(text), &error));
}

static inline void put_templates(void)
{
    put_template("Big_zh-HK.html",
                 "<html><head><title>{{name | default: \"您\"}} 您好 &amp; {{code}}</title></head><body>"
                 "{{>header}}<p>{{#items}}{{n}}: {{t}}, {{/items}}{{code}}</p>{{>footer}}");
    put_template("Big_zh-HK.txt", "{{name | default: \"friend\"}}: {{code}}\n{{>footer}}\n.\n");
    put_template("header_zh-HK.html", "<h1>{{code}}</h1>{{>footer}}");
    put_template("footer_zh-HK.html", "<p>{{day | date: \"%H:%M\"}} footer</p>");
    put_template("footer_zh-HK.txt", "-- {{code}}");
    put_template("Plain_en-US.html", "<p>nothing to fill in</p>");
    put_template("Old_en-US.html", "<p>{CallbackUrl} { x }</p>");
}

static inline int make_folders(void **state)
{
    static char content[BLOBS][70000];
    static const size_t sizes[BLOBS] = {0, 1, 57, 58, sizeof content[0]};
    (void)state;
    (void)snprintf(templates, sizeof templates, "/tmp/mes-stored-XXXXXX");
    (void)snprintf(blobs, sizeof blobs, "/tmp/mes-stored-XXXXXX");
    assert_non_null(mkdtemp(templates));
    assert_non_null(mkdtemp(blobs));
    put_templates();
    for (size_t i = 0; i < BLOBS; i++) {
        memset(content[i], (int)('a' + i), sizes[i]);
        must(mes_compose_blob_write(blobs, content[i], sizes[i], &kept[i], &error));
    }
    return 0;
}

static inline void remove_entry(void *context, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (mes_file_is_folder(path))
        (void)rmdir(path);
    else
        (void)unlink(path);
}

static inline int remove_folders(void **state)
{
    (void)state;
    return mes_file_list(templates, remove_entry, templates, NULL) != 0 || rmdir(templates) != 0 ||
           mes_file_list(blobs, remove_entry, blobs, NULL) != 0 || rmdir(blobs) != 0;
}

/* The whole mail, behind its Message-ID and envelope. */
static inline void render(const struct mes_compose_job *job, size_t index, struct mes_buf *out)
{
    char id[MES_MESSAGE_ID_SPACE];
    struct mes_wire wire;
    mes_compose_wire_init(&wire);
    must(mes_compose_job_render(job, index, &identity, &wire, &error));
    mes_buf_clear(out);
    mes_buf_add_format(out, "%s %s %d %s\n", mes_compose_job_message_id(job, index, id), wire.sender,
                       wire.needs_smtputf8, mes_compose_job_wishes(job)->dsn);
    for (size_t i = 0; i < mes_compose_job_recipient_count(job); i++) {
        struct mes_compose_recipient recipient = mes_compose_job_recipient(job, index, i);
        mes_buf_add_format(out, "%d %s %d\n", recipient.role, recipient.address, recipient.needs_smtputf8);
    }
    for (size_t i = 0; i < wire.count; i++)
        if (wire.pieces[i].bytes != NULL)
            mes_buf_add(out, wire.pieces[i].bytes, wire.pieces[i].size);
        else
            must(mes_file_read_at(wire.pieces[i].descriptor, wire.pieces[i].offset, wire.pieces[i].size, out,
                                  &error));
    must(mes_buf_check(out, &error));
    mes_compose_wire_fini(&wire);
}

#endif
