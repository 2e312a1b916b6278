/* For the tests of this folder: a folder with files, and loading with all findings kept as text. */
#ifndef MES_ACCOUNT_FOLDER_TEST_H
#define MES_ACCOUNT_FOLDER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/load.h"
#include "base/file.h"
#include "i18n/say.h"

struct testing {
    char folder[64];
    struct mes_buf findings; /* "problem: …\n", paths without the folder */
    struct mes_account_list *list;
    struct mes_error error;
};

static inline int testing_begin(void **state)
{
    static struct testing testing;
    testing = (struct testing){.folder = "/tmp/mes-account-XXXXXX"};
    assert_non_null(mkdtemp(testing.folder));
    mes_buf_init(&testing.findings, 256 * 1024);
    *state = &testing;
    return 0;
}

static inline const char *testing_path(const struct testing *testing, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", testing->folder, name);
    return path;
}

static inline void testing_remove(void *context, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)context, name);
    if (mes_file_is_folder(path)) {
        assert_int_equal(mes_file_list(path, testing_remove, path, NULL), 0);
        (void)rmdir(path);
    } else {
        (void)unlink(path);
    }
}

static inline int testing_end(void **state)
{
    struct testing *testing = *state;
    mes_account_list_free(&testing->list);
    mes_buf_fini(&testing->findings);
    assert_int_equal(mes_file_list(testing->folder, testing_remove, testing->folder, NULL), 0);
    return rmdir(testing->folder);
}

/* A name with '/' makes the folder. */
static inline void testing_put(const struct testing *testing, const char *name, const char *content)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", testing->folder, name);
    char *slash = strchr(path + strlen(testing->folder) + 1, '/');
    if (slash != NULL) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    assert_int_equal(mes_file_replace(path, mes_str_of(content), NULL), 0);
}

static inline void testing_keep(void *context, enum mes_finding_kind kind, const struct mes_error *finding)
{
    static const char *const words[] = {"problem: ", "warning: ", "note: "};
    struct testing *testing = context;
    char text[2048];
    struct mes_str folder = mes_str_of(testing->folder);
    mes_error_text(finding, MES_EN, text, sizeof text);
    struct mes_str rest = mes_str_of(text);
    mes_buf_add_text(&testing->findings, words[kind]);
    for (size_t at; (at = mes_str_find(rest, folder, 0)) != SIZE_MAX;
         rest = mes_str_skip(rest, at + folder.size + 1))
        mes_buf_add_str(&testing->findings, mes_str_cut(rest, 0, at));
    mes_buf_add_str(&testing->findings, rest);
    mes_buf_add_char(&testing->findings, '\n');
}

static inline int testing_load(struct testing *testing, const char *name, const char *company,
                               const char *const *environment)
{
    static const char *const nothing[] = {NULL};
    struct mes_findings findings = {testing_keep, testing};
    struct mes_account_source source = {.path = name[0] == '/' ? name : testing_path(testing, name),
                                        .company = company,
                                        .environment = environment != NULL ? environment : nothing,
                                        .findings = &findings};
    mes_account_list_free(&testing->list);
    mes_buf_clear(&testing->findings);
    int code = mes_account_load(&source, &testing->list, &testing->error);
    assert_true((code == 0) == (testing->list != NULL));
    return code;
}

/* Loads a file with this content. */
static inline int testing_load_text(struct testing *testing, const char *content)
{
    testing_put(testing, "a.json", content);
    return testing_load(testing, "a.json", NULL, NULL);
}

/* Is there a finding that begins so? */
static inline bool testing_found(const struct testing *testing, const char *finding)
{
    struct mes_str rest = mes_buf_str(&testing->findings);
    struct mes_str line;
    while (mes_str_next(&rest, '\n', &line))
        if (mes_str_starts(line, mes_str_of(finding)))
            return true;
    return false;
}

#define assert_found(testing, finding)                                                                       \
    do {                                                                                                     \
        if (!testing_found((testing), (finding)))                                                            \
            fail_msg("not found: %s\nbut:\n%s", (finding), mes_buf_text(&(testing)->findings));              \
    } while (0)

#define assert_loads(testing, content)                                                                       \
    do {                                                                                                     \
        if (testing_load_text((testing), (content)) != 0)                                                    \
            fail_msg("%s\n%s", (content), mes_buf_text(&(testing)->findings));                               \
    } while (0)

#define assert_no_warning(testing)                                                                           \
    do {                                                                                                     \
        if (mes_str_find(mes_buf_str(&(testing)->findings), MES_STR("warning:"), 0) != SIZE_MAX)             \
            fail_msg("%s", mes_buf_text(&(testing)->findings));                                              \
    } while (0)

#endif
