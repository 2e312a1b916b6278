/* The stage that the tests of drafts share. */
#ifndef MES_API_DRAFT_STAGE_TEST_H
#define MES_API_DRAFT_STAGE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "account/account.h"
#include "account/load.h"
#include "api/draft.h"
#include "base/zone.h"
#include "json/tree.h"

enum { NOW_MS = 1796000000 };

/* A stage: two accounts, one upload, a folder for blobs; complaints are written down as "field: sentence\n".
 */
struct stage {
    char folder[64];
    char blobs[80];
    struct mes_account_list *accounts;
    struct mes_arena arena;
    struct mes_zone *zone;
    struct mes_buf complaints;
    unsigned unknown; /* complaints about members that there are not */
    struct mes_api_draft_host host;
    struct mes_api_draft draft;
    struct mes_compose_blob upload;
};

static struct stage stage;

static const char settings[] =
    "{\"globalConfig\":{\"timeZone\":\"Asia/"
    "Hong_Kong\",\"quietHours\":\"23:00-07:00\",\"latePolicy\":\"hold\"},\"senderEmailAccountList\":["
    "{\"name\":\"one\",\"senderServerHost\":\"mail.example.hk\",\"senderServerHostPort\":25,"
    "\"fromMailAddress\":\"service@example.hk\",\"allowedFrom\":[\"*@sales.example.hk\"]},"
    "{\"name\":\"two\",\"senderServerHost\":\"mail.example.com\",\"senderServerHostPort\":25,"
    "\"fromMailAddress\":\"info@example.com\",\"perHour\":100}]}";

static void complain(void *context, enum mes_api_problem problem, const char *field,
                     const struct mes_error *why)
{
    char text[500];
    (void)context;
    stage.unknown += problem == MES_API_PROBLEM_unknown_field;
    mes_error_text(why, MES_EN, text, sizeof text);
    mes_buf_add_format(&stage.complaints, "%s: %s\n", field, text);
}

static int find_upload(void *context, int64_t id, struct mes_arena *arena,
                       struct mes_compose_blob_file *file_out, struct mes_error *error)
{
    (void)context;
    (void)arena;
    if (id != 1)
        return mes_fail(error, MES_E_NOT_FOUND, MES_SAY_none, MES_NO_ARGS);
    *file_out = (struct mes_compose_blob_file){
        .hash = stage.upload.hash, .size = stage.upload.size, .name = "a.pdf", .type = "application/pdf"};
    return 0;
}

static int begin(void **state)
{
    char path[96];
    struct mes_error error;
    (void)state;
    memset(&stage, 0, sizeof stage);
    snprintf(stage.folder, sizeof stage.folder, "/tmp/mes-draft-XXXXXX");
    assert_non_null(mkdtemp(stage.folder));
    snprintf(stage.blobs, sizeof stage.blobs, "%s/blobs", stage.folder);
    snprintf(path, sizeof path, "%s/AppSetting.json", stage.folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(settings, 1, sizeof settings - 1, file), sizeof settings - 1);
    fclose(file);
    assert_int_equal(mes_account_list_load(path, NULL, NULL, NULL, &stage.accounts, &error), 0);
    assert_int_equal(mes_compose_blob_write(stage.blobs, "PDF", 3, &stage.upload, &error), 0);
    mes_arena_init(&stage.arena, 64 * 1024 * 1024);
    mes_buf_init(&stage.complaints, 100000);
    assert_int_equal(mes_zone_load("Asia/Hong_Kong", &stage.zone, &error), 0);
    stage.host = (struct mes_api_draft_host){.accounts = stage.accounts,
                                             .company = "",
                                             .zone = "Asia/Hong_Kong",
                                             .zone_read = stage.zone,
                                             .blob_folder = stage.blobs,
                                             .now = (int64_t)NOW_MS * 1000,
                                             .arena = &stage.arena,
                                             .find_upload = find_upload,
                                             .complain = complain};
    assert_int_equal(mes_api_draft_init(&stage.draft, &stage.host, &error), 0);
    return 0;
}

static int end(void **state)
{
    char command[100];
    (void)state;
    mes_api_draft_fini(&stage.draft);
    mes_account_list_free(&stage.accounts);
    mes_zone_free(&stage.zone);
    mes_arena_fini(&stage.arena);
    mes_buf_fini(&stage.complaints);
    snprintf(command, sizeof command, "rm -rf %s", stage.folder);
    return system(command);
}

/* Reads, and compiles what was not complained of. */
static struct mes_api_draft *read_draft(struct mes_str text)
{
    const struct mes_json_value *body;
    assert_int_equal(mes_json_tree(text, 100000, &stage.arena, &body, NULL), 0);
    mes_api_draft_read_head(&stage.draft, body);
    mes_api_draft_read_to(&stage.draft, body, text);
    if (!stage.draft.is_broken && stage.draft.recipient_count > 0)
        mes_api_draft_compile(&stage.draft);
    return &stage.draft;
}

static struct mes_api_draft *taken(const char *text)
{
    struct mes_api_draft *draft = read_draft(mes_str_of(text));
    if (stage.complaints.size > 0)
        fail_msg("%s", mes_buf_text(&stage.complaints));
    assert_non_null(draft->compiled);
    return draft;
}

/* Anew for each body: the first complaint begins with `expected`. */
static void refused(const char *text, const char *expected)
{
    struct mes_error error;
    mes_api_draft_fini(&stage.draft);
    assert_int_equal(mes_api_draft_init(&stage.draft, &stage.host, &error), 0);
    mes_buf_clear(&stage.complaints);
    read_draft(mes_str_of(text));
    if (strncmp(mes_buf_text(&stage.complaints), expected, strlen(expected)) != 0)
        fail_msg("%s\n  is: %s\n not: %s", text, mes_buf_text(&stage.complaints), expected);
}

#endif
