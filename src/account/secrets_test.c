#include "account/folder_test.h"
#include "account/git.h"
#include "account/secrets.h"

static const char settings[] =
    "\xEF\xBB\xBF// 設定\r\n{ \"senderEmailAccountList\": [\r\n"
    "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", /* 碼 */\r\n"
    "    \"senderUserName\": \"u\", \"enableTSL\": true,\r\n"
    "    \"senderUserPassword\" : \"p\\u00e9\\\"\\r\", \"ClientCertificatePassword\":12345 },\r\n"
    "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", \"enableTSL\": true,\r\n"
    "    \"senderUserName\": \"u\", \"senderUserPassword\":\"second\", \"name\":\"../b\" },\r\n"
    "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", \"enableTSL\": true,\r\n"
    "    \"senderUserName\": \"u\", \"senderUserPassword\":\"third\" },\r\n"
    "], // end\r\n}";

static void keep_move(void *context, const char *place, const char *key, const char *file)
{
    struct testing *testing = context;
    mes_buf_add_format(&testing->findings, "moved: %s %s %s\n", place + strlen(testing->folder) + 1, key,
                       file + strlen(testing->folder) + 1);
}

static void keep_backup(void *context, const char *file)
{
    struct testing *testing = context;
    mes_buf_add_format(&testing->findings, "backup: %s\n", file + strlen(testing->folder) + 1);
}

static size_t move_secrets(struct testing *testing, const char *name)
{
    struct mes_account_source source = {.path = testing_path(testing, name)};
    struct mes_secrets_listener listener = {keep_move, keep_backup, testing};
    struct mes_error error = {0};
    size_t count;
    char text[1024];
    mes_buf_clear(&testing->findings);
    if (mes_account_secrets_move(&source, &listener, &count, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    return count;
}

static void assert_file(const struct testing *testing, const char *name, const char *content, unsigned mode)
{
    struct mes_buf buf;
    struct stat status;
    mes_buf_init(&buf, 100000);
    assert_int_equal(mes_file_read(testing_path(testing, name), &buf, NULL), 0);
    assert_string_equal(mes_buf_text(&buf), content);
    assert_int_equal(stat(testing_path(testing, name), &status), 0);
    assert_int_equal(status.st_mode & 0777, mode);
    mes_buf_fini(&buf);
}

static void secrets_go_into_files_and_the_rest_stays(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "a.json", settings);
    testing_put(testing, "a.json.bak", "older");
    assert_int_equal(chmod(testing_path(testing, "a.json"), 0640), 0);
    assert_int_equal(chmod(testing_path(testing, "a.json.bak"), 0644), 0);
    assert_int_equal(move_secrets(testing, "a.json"), 4);
    assert_file(
        testing, "a.json",
        "\xEF\xBB\xBF// 設定\r\n{ \"senderEmailAccountList\": [\r\n"
        "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", /* 碼 */\r\n"
        "    \"senderUserName\": \"u\", \"enableTSL\": true,\r\n"
        "    \"senderUserPassword\" : \"file:secrets/a@x.senderUserPassword\", "
        "\"ClientCertificatePassword\":\"file:secrets/a@x.clientCertificatePassword\" },\r\n"
        "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", \"enableTSL\": true,\r\n"
        "    \"senderUserName\": \"u\", \"senderUserPassword\":\"file:secrets/b.senderUserPassword\", "
        "\"name\":\"../b\" },\r\n"
        "  { \"senderServerHost\": \"x\", \"fromMailAddress\": \"a@x\", \"enableTSL\": true,\r\n"
        "    \"senderUserName\": \"u\", \"senderUserPassword\":\"file:secrets/a@x-2.senderUserPassword\" "
        "},\r\n"
        "], // end\r\n}",
        0640);
    assert_file(testing, "a.json.bak", settings, 0600);
    assert_file(testing, "secrets/a@x.senderUserPassword", "pé\"\r\r\n", 0600);
    assert_file(testing, "secrets/a@x.clientCertificatePassword", "12345\n", 0600);
    assert_file(testing, "secrets/b.senderUserPassword", "second\n", 0600);
    assert_found(testing, "moved: a.json:5:28 senderUserPassword secrets/a@x.senderUserPassword");
    assert_found(testing, "moved: a.json:7:49 senderUserPassword secrets/b.senderUserPassword");
    assert_found(testing, "backup: a.json.bak");

    assert_int_equal(testing_load(testing, "a.json", NULL, NULL), 0);
    const struct mes_account *account = mes_account_list_at(testing->list, 0);
    assert_true(mes_str_eq(mes_secret_reveal(account->password), MES_STR("pé\"\r")));
    assert_true(mes_str_eq(mes_secret_reveal(account->client_certificate_password), MES_STR("12345")));
    assert_no_warning(testing);
}

static void a_second_call_finds_nothing_to_do(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "a.json", settings);
    assert_int_equal(move_secrets(testing, "a.json"), 4);
    assert_int_equal(move_secrets(testing, "a.json"), 0);
    assert_int_equal(testing->findings.size, 0);
    assert_file(testing, "a.json.bak", settings, 0600);
}

static void an_interrupted_call_is_finished_by_the_next(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "a.json", settings);
    testing_put(testing, "secrets/a@x-2.senderUserPassword", "third\n");
    testing_put(testing, "secrets/b.senderUserPassword", "somebody else's\n");
    assert_int_equal(move_secrets(testing, "a.json"), 4);
    assert_file(testing, "secrets/b.senderUserPassword", "somebody else's\n", 0600);
    assert_file(testing, "secrets/b-2.senderUserPassword", "second\n", 0600);
    assert_file(testing, "secrets/a@x-2.senderUserPassword", "third\n", 0600);
    assert_false(mes_file_exists(testing_path(testing, "secrets/a@x-3.senderUserPassword")));
}

static void a_symbolic_link_stays_one(void **state)
{
    struct testing *testing = *state;
    char target[512];
    struct stat status;
    testing_put(testing, "real/a.json", settings);
    (void)snprintf(target, sizeof target, "%s", testing_path(testing, "real/a.json"));
    assert_int_equal(symlink(target, testing_path(testing, "link.json")), 0);
    assert_int_equal(move_secrets(testing, "link.json"), 4);
    assert_int_equal(lstat(testing_path(testing, "link.json"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(testing_load(testing, "link.json", NULL, NULL), 0);
}

static void open_permissions_are_warned_of(void **state)
{
    struct testing *testing = *state;
    testing_put(testing, "a.json", settings);
    assert_int_equal(chmod(testing_path(testing, "a.json"), 0644), 0);
    assert_int_equal(testing_load(testing, "a.json", NULL, NULL), 0);
    assert_found(testing, "warning: a.json holds passwords and can be read by others");
    assert_int_equal(chmod(testing_path(testing, "a.json"), 0600), 0);
    assert_int_equal(testing_load(testing, "a.json", NULL, NULL), 0);
    assert_no_warning(testing);
}

static void run_git(const struct testing *testing, const char *command)
{
    char line[1024];
    (void)snprintf(
        line, sizeof line,
        "cd %s && git -c user.name=a -c user.email=a@x -c core.untrackedCache=false %s >/dev/null 2>&1",
        testing->folder, command);
    assert_int_equal(system(line), 0);
}

/* Against git itself, in each version of its index. */
static void what_git_keeps_is_warned_of(void **state)
{
    struct testing *testing = *state;
    if (system("git --version >/dev/null 2>&1") != 0)
        skip();
    testing_put(testing, "Config/a.json", settings);
    testing_put(testing, "Config/a.json2", "");
    testing_put(testing, "Config/b", "");
    testing_put(testing, "z", "");
    run_git(testing, "init -q .");
    for (int version = 2; version <= 4; version++) {
        char command[64];
        (void)snprintf(command, sizeof command, "update-index --index-version %d", version);
        run_git(testing, "add Config/a.json2 Config/b z");
        run_git(testing, command);
        assert_int_equal(testing_load(testing, "Config/a.json", NULL, NULL), 0);
        assert_no_warning(testing);
        run_git(testing, "add -N Config/a.json");
        assert_true(mes_account_git_tracks(testing_path(testing, "Config/a.json")));
        assert_true(mes_account_git_tracks(testing_path(testing, "z")));
        assert_int_equal(testing_load(testing, "Config/a.json", NULL, NULL), 0);
        assert_found(testing, "warning: Config/a.json holds passwords and is kept by git");
        run_git(testing, "rm --cached -q Config/a.json");
    }
    run_git(testing, "commit -qm one");
    run_git(testing, "worktree add -q tree");
    assert_true(mes_account_git_tracks(testing_path(testing, "tree/z")));
    assert_false(mes_account_git_tracks(testing_path(testing, "tree/a")));
}

static void a_broken_index_is_no_index(void **state)
{
    static const char entry[] = "DIRC\0\0\0\2\0\0\0\5" /* says five entries, has half a one */
                                "0123456789012345678901234567890123456789012345678901234567890\0";
    (void)state;
    for (size_t size = 0; size < sizeof entry; size++)
        assert_false(mes_account_git_index_has(mes_str_make(entry, size), MES_STR("a")));
}

#define SECRETS_TEST(name) cmocka_unit_test_setup_teardown(name, testing_begin, testing_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SECRETS_TEST(secrets_go_into_files_and_the_rest_stays),
        SECRETS_TEST(a_second_call_finds_nothing_to_do),
        SECRETS_TEST(an_interrupted_call_is_finished_by_the_next),
        SECRETS_TEST(a_symbolic_link_stays_one),
        SECRETS_TEST(open_permissions_are_warned_of),
        SECRETS_TEST(what_git_keeps_is_warned_of),
        SECRETS_TEST(a_broken_index_is_no_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
