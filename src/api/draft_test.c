#include "api/draft_stage_test.h"

#include "base/base64.h"
#include "base/instant.h"
#include "compose/stored.h"

static bool document_has(const char *text)
{
    return mes_str_find(mes_buf_str(&stage.draft.document), mes_str_of(text), 0) != SIZE_MAX;
}

/* --- tests --- */

static void a_mail_is_read_with_all_its_members(void **state)
{
    const struct mes_api_draft *draft = taken(
        "{\"company\":\"1\",\"kind\":\"marketing\",\"from\":{\"address\":\"li@sales.example.hk\",\"name\":"
        "\"李\"},"
        "\"to\":[\"Wong <wong@example.hk>\",{\"address\":\"chan@例子.hk\",\"name\":\"陳\","
        "\"vars\":{\"n\":7},\"attachments\":[{\"uploadId\":\"0000000000001\",\"name\":\"own.pdf\"}]}],"
        "\"cc\":[\"cc@example.hk\"],\"bcc\":[{\"address\":\"bcc@example.hk\"}],\"replyTo\":\"r@example.hk\","
        "\"subject\":\"S "
        "{{n}}\",\"text\":\"T\",\"html\":\"<p>H</p>\",\"vars\":{\"n\":1},\"headers\":{\"X-T\":\"1\"},"
        "\"attachments\":[{\"base64\":\"UE5H\",\"name\":\"b.png\"}],\"priority\":\"high\",\"account\":"
        "\"ONE\","
        "\"sendAt\":\"2026-12-01T09:00\",\"expiresAt\":\"2026-12-02T09:00:00Z\",\"timeZone\":\"Europe/"
        "Berlin\","
        "\"onDoubt\":\"hold\",\"latePolicy\":\"skip\",\"quietHours\":\"22:00-08:00\",\"keepMessagesDays\":"
        "3}");
    const struct mes_intake_head *head = &draft->head;
    char shown[MES_INSTANT_SPACE];
    size_t count;
    (void)state;
    assert_int_equal(head->kind, MES_KIND_MARKETING);
    assert_int_equal(head->lane, MES_LANE_BULK);
    assert_int_equal(head->priority, 8);
    assert_string_equal(head->account, "one");
    assert_int_equal(head->on_doubt, MES_DOUBT_HOLD);
    assert_int_equal(head->late, MES_LATE_SKIP);
    assert_string_equal(mes_instant_text(head->send_at, shown), "2026-12-01T08:00:00Z");
    assert_string_equal(mes_instant_text(head->expires_at, shown), "2026-12-02T09:00:00Z");
    assert_string_equal(head->zone, "Europe/Berlin");
    assert_string_equal(head->quiet_hours, "22:00-08:00");
    assert_int_equal(head->keep_days, 3);
    assert_int_equal(head->copies, 2);
    assert_string_equal(head->subject, "S 1");
    assert_int_equal(head->blob_count, 2);
    const struct mes_intake_recipient *rows = mes_api_draft_rows(draft, &count);
    assert_int_equal(count, 6);
    assert_string_equal(rows[0].address, "wong@example.hk");
    assert_string_equal(rows[0].name, "Wong");
    assert_string_equal(rows[1].address, "cc@example.hk");
    assert_string_equal(rows[2].address, "bcc@example.hk");
    assert_string_equal(rows[3].address, "chan@xn--fsqu00a.hk");
    assert_string_equal(rows[3].variables, "{\"n\":7}");
    assert_non_null(strstr(rows[3].attachments, "\"name\":\"own.pdf\""));
    assert_non_null(strstr(rows[3].attachments, stage.upload.hash));
    assert_true(document_has("\"name\":\"b.png\"") && document_has("\"X-T\"") &&
                document_has("r@example.hk"));
    assert_false(document_has("wong@example.hk"));
}

static void the_kind_follows_from_the_number(void **state)
{
    (void)state;
    assert_int_equal(taken("{\"to\":[\"a@b.hk\"],\"text\":\"t\"}")->head.kind, MES_KIND_TRANSACTIONAL);
    assert_int_equal(stage.draft.head.lane, MES_LANE_TRANSACTIONAL);
    assert_int_equal(stage.draft.head.send_at, (int64_t)NOW_MS * 1000);
    refused("{\"to\":[\"a@b.hk\",\"c@b.hk\"],\"text\":\"t\"}", "");
    assert_int_equal(stage.draft.head.kind, MES_KIND_NOTICE);
    assert_int_equal(stage.draft.head.lane, MES_LANE_BULK);
}

static void bad_addresses_are_put_aside(void **state)
{
    const struct mes_api_draft *draft =
        taken("{\"to\":[\"a@b.hk\",\"noat\",{\"address\":\"x@\"},\"A@B.hk\",\"a@B.HK\"],\"text\":\"t\"}");
    (void)state;
    assert_int_equal(draft->recipient_count, 2);
    assert_int_equal(draft->duplicates, 1);
    assert_int_equal(draft->rejected_count, 2);
    assert_int_equal(draft->rejected[1].index, 2);
    assert_memory_equal(draft->rejected[1].address.data, "x@", 2);
    assert_non_null(strstr(draft->rejected[0].why.data, "there is no @"));
}

/* Nothing is sent when someone tries to smuggle a line end in, whatever the field. */
static void D01_line_ends_are_refused_in_every_field(void **state)
{
    (void)state;
    refused("{\"to\":[\"a@b.hk\",\"x@b.hk\\r\\nBcc: y@b.hk\"],\"text\":\"t\"}", "to[1]: Address");
    refused("{\"to\":[\"a@b.hk\",\"\\\"x\\n\\\"@b.hk\"],\"text\":\"t\"}", "to[1]: Address");
    refused("{\"to\":[{\"address\":\"a@b.hk\\n\"}],\"text\":\"t\"}", "to[0].address: Address");
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"name\":\"A\\rB\"}],\"text\":\"t\"}",
            "to[0].name: name, character 2");
    refused("{\"to\":[\"a@b.hk\"],\"cc\":[\"c@b.hk\\n\"],\"text\":\"t\"}", "cc[0]: Address");
    refused("{\"to\":[\"a@b.hk\"],\"bcc\":[{\"address\":\"c@b.hk\",\"name\":\"\\n\"}],\"text\":\"t\"}",
            "bcc[0]: bcc name");
    refused("{\"to\":[\"a@b.hk\"],\"replyTo\":\"c@b.hk\\r\",\"text\":\"t\"}", "replyTo: Address");
    refused("{\"to\":[\"a@b.hk\"],\"from\":{\"name\":\"x\\ny\"},\"text\":\"t\"}", "from: name, character 2");
}

static void D02_look_alikes_are_put_right_not_narrowed(void **state)
{
    size_t count;
    const struct mes_api_draft *draft = taken("{\"to\":[\"wong＠example．hk\"],\"text\":\"t\"}");
    (void)state;
    assert_string_equal(mes_api_draft_rows(draft, &count)[0].address, "wong@example.hk");
    /* U+010D U+010A end in the bytes 0x0D and 0x0A. */
    refused("{\"to\":[\"a@b.hk\"],\"subject\":\"a\\u010d\\u010ab\",\"text\":\"t\"}", "");
    assert_string_equal(stage.draft.head.subject, "ačĊb");
}

static void D04_header_fields_are_tokens_and_not_ours(void **state)
{
    (void)state;
    refused("{\"to\":[\"a@b.hk\"],\"subject\":\"a\\r\\nBcc: x@b.hk\",\"text\":\"t\"}",
            "subject: subject, character 2");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"X-A\":\"b\\nc\"},\"text\":\"t\"}",
            "headers.X-A: X-A, character 2");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"X-A\\nB\":\"b\"},\"text\":\"t\"}", "headers.X-A");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"X A\":\"b\"},\"text\":\"t\"}", "headers.X A: ");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"Bcc\":\"b@b.hk\"},\"text\":\"t\"}", "headers.Bcc: ");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"received\":\"b\"},\"text\":\"t\"}", "headers.received: ");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"Content-Type\":\"b\"},\"text\":\"t\"}",
            "headers.Content-Type: ");
    refused("{\"to\":[\"a@b.hk\"],\"headers\":{\"Message-ID\":\"<b>\"},\"text\":\"t\"}",
            "headers.Message-ID: ");
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"vars\":{\"n\":\"x\\r\\nBcc: "
            "y@b.hk\"}}],\"subject\":\"{{n}}\",\"text\":\"t\"}",
            "to[0].vars: subject");
}

static void D05_names_of_files_are_safe(void **state)
{
    (void)state;
    taken("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"../../etc/"
          "a\\\"b.pdf\"}]}");
    assert_true(document_has("\"name\":\"a\\\"b.pdf\""));
    refused(
        "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"a\\nb.pdf\"}]}",
        "attachments[0]: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"..\"}]}",
            "attachments[0]: ");
    refused(
        "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"a\\u007f\"}]}",
        "attachments[0]: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"a\","
            "\"type\":\"a/b; x=y\"}]}",
            "attachments[0]: ");
}

static void D08_addresses_that_are_none_are_told(void **state)
{
    char text[1000], local[80], domain[300];
    (void)state;
    memset(local, 'x', sizeof local);
    memset(domain, 'y', sizeof domain);
    snprintf(
        text, sizeof text,
        "{\"to\":[\"a@b.hk\",\"\",\"-x@b.hk\",\"%.65s@b.hk\",\"a@%.255s.hk\",\"a..b@b.hk\"],\"text\":\"t\"}",
        local, domain);
    assert_int_equal(taken(text)->rejected_count, 5);
}

static void D12_broken_text_does_not_arrive(void **state)
{
    const struct mes_json_value *body;
    (void)state;
    assert_int_equal(mes_json_tree(MES_STR("{\"text\":\"\\ud800\"}"), 10, &stage.arena, &body, NULL),
                     MES_E_INPUT);
    assert_int_equal(mes_json_tree(MES_STR("{\"text\":\"\xff\"}"), 10, &stage.arena, &body, NULL),
                     MES_E_INPUT);
    assert_int_equal(mes_json_tree(MES_STR("{\"text\":\"\\u0000\"}"), 10, &stage.arena, &body, NULL),
                     MES_E_INPUT);
}

/* Content comes by upload or inline: nothing that could be read from this machine or fetched by it. */
static void F10_nothing_is_read_from_a_path_or_a_link(void **state)
{
    static const char *const members[] = {"path", "href",    "url",      "raw",
                                          "file", "content", "filename", "encoding"};
    char text[300], expected[64];
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        snprintf(text, sizeof text,
                 "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"name\":\"a\","
                 "\"%s\":\"file:///etc/passwd\"}]}",
                 members[i]);
        snprintf(expected, sizeof expected, "attachments[0].%s: There is no member", members[i]);
        stage.unknown = 0;
        refused(text, expected);
        assert_int_equal(stage.unknown, 1);
        snprintf(text, sizeof text, "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"%s\":\"\\\\\\\\host\\\\share\"}",
                 members[i]);
        snprintf(expected, sizeof expected, "%s: There is no member", members[i]);
        refused(text, expected);
        snprintf(text, sizeof text, "{\"to\":[{\"address\":\"a@b.hk\",\"%s\":\"x\"}],\"text\":\"t\"}",
                 members[i]);
        snprintf(expected, sizeof expected, "to[0].%s: There is no member", members[i]);
        refused(text, expected);
    }
}

static void F11_uploads_are_named_by_id_alone(void **state)
{
    static const char *const ids[] = {"../1",          "%2e%2e/1",    "1", "000000000000I",
                                      "0000000000002", "/etc/passwd", ""};
    char text[300];
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        snprintf(text, sizeof text,
                 "{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"uploadId\":\"%s\"}]}", ids[i]);
        refused(text, "attachments[0]: There is no upload");
    }
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"template\":\"../../etc/passwd\"}", "template: ");
    refused("{\"to\":[\"a@b.hk\"],\"template\":\"../../etc/passwd\"}", ": ");
}

static void attachments_are_whole_or_nothing_is_sent(void **state)
{
    (void)state;
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"name\":\"a\"}]}",
            "attachments[0]: An attachment is either");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\",\"uploadId\":"
            "\"0000000000001\"}]}",
            "attachments[0]: An attachment is either");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UE RG\",\"name\":\"a\"}]}",
            "attachments[0]: This is not base64.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"attachments\":[{\"base64\":\"UERG\"}]}",
            "attachments[0]: An attachment needs a name");
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"attachments\":[{\"uploadId\":\"0000000000009\"}]}],\"text\":"
            "\"t\"}",
            "to[0].attachments[0]: There is no upload");
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"attachments\":[{\"uploadId\":\"0000000000001\",\"cid\":\"x\"}"
            "]}],\"text\":\"t\"}",
            "to[0].attachments[0].cid: There is no member");
}

static void each_complaint_names_its_member(void **state)
{
    (void)state;
    refused("{\"text\":\"t\"}", "to: The mail has no recipient.");
    refused("{\"to\":[\"a@b.hk\"]}", ": The mail is empty");
    refused("{\"to\":\"a@b.hk\",\"text\":\"t\"}", "to: A list is wanted here");
    refused("{\"to\":[7],\"text\":\"t\"}", "to[0]: A text is wanted here.");
    refused("{\"to\":[{\"name\":\"x\"}],\"text\":\"t\"}", "to[0].address: The address is missing.");
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"vars\":[]}],\"text\":\"t\"}",
            "to[0].vars: An object is wanted here");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"subjekt\":\"x\"}",
            "subjekt: There is no member subjekt. Did you mean subject?");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"kind\":\"spam\"}",
            "kind: \"spam\" cannot stand here. Write one of: transactional, notice, marketing.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"priority\":10}", "priority: Write high, normal or low");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"account\":\"three\"}",
            "account: There is no account \"three\". There are: one, two.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"from\":\"x@y.hk\"}",
            "from.address: No account may send as x@y.hk.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"account\":\"two\",\"from\":\"li@sales.example.hk\"}",
            "from.address: No account may send as li@sales.example.hk. Allowed are: info@example.com.");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"template\":\"Register\"}", "template: A mail has either");
    refused("{\"to\":[\"a@b.hk\"],\"template\":\"Nothing\"}", "template: There is no template");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"lang\":\"en\"}", "lang: A language is only of use");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"quietHours\":\"25:00\"}", "quietHours: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"t\",\"keepMessagesDays\":0}",
            "keepMessagesDays: Write a number from 1");
}

static void who_lacks_a_variable_is_named(void **state)
{
    (void)state;
    refused("{\"to\":[{\"address\":\"a@b.hk\",\"vars\":{\"n\":\"1\"}},{\"address\":\"b@b.hk\",\"vars\":{"
            "\"n\":\"1\"}},"
            "{\"address\":\"c@b.hk\"},{\"address\":\"d@b.hk\",\"vars\":{\"n\":\"1\"}}],\"text\":\"{{n}}\"}",
            "to[2].vars.n: text:1:1: the variable n");
    refused("{\"to\":[\"x\",\"b@b.hk\"],\"text\":\"{{n}}\"}", "to[1].vars.n: ");
    refused("{\"to\":[\"a@b.hk\"],\"text\":\"{{n\"}", ": text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_mail_is_read_with_all_its_members, begin, end),
        cmocka_unit_test_setup_teardown(the_kind_follows_from_the_number, begin, end),
        cmocka_unit_test_setup_teardown(bad_addresses_are_put_aside, begin, end),
        cmocka_unit_test_setup_teardown(D01_line_ends_are_refused_in_every_field, begin, end),
        cmocka_unit_test_setup_teardown(D02_look_alikes_are_put_right_not_narrowed, begin, end),
        cmocka_unit_test_setup_teardown(D04_header_fields_are_tokens_and_not_ours, begin, end),
        cmocka_unit_test_setup_teardown(D05_names_of_files_are_safe, begin, end),
        cmocka_unit_test_setup_teardown(D08_addresses_that_are_none_are_told, begin, end),
        cmocka_unit_test_setup_teardown(D12_broken_text_does_not_arrive, begin, end),
        cmocka_unit_test_setup_teardown(F10_nothing_is_read_from_a_path_or_a_link, begin, end),
        cmocka_unit_test_setup_teardown(F11_uploads_are_named_by_id_alone, begin, end),
        cmocka_unit_test_setup_teardown(attachments_are_whole_or_nothing_is_sent, begin, end),
        cmocka_unit_test_setup_teardown(each_complaint_names_its_member, begin, end),
        cmocka_unit_test_setup_teardown(who_lacks_a_variable_is_named, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
