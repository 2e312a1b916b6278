/* Filling in a struct mes_error. The sentences live in i18n; base only knows their numbers. */
#ifndef MES_BASE_ERROR_H
#define MES_BASE_ERROR_H

#include "base/str.h"
#include "mes/error.h"

/* Sentences that base itself needs. i18n gives them their words and checks that the numbers agree. */
enum {
    MES_ERROR_NONE = 0,
    MES_ERROR_NOMEM = 1,
    MES_ERROR_TOO_LARGE = 2,
    MES_ERROR_FILE = 3,
    MES_ERROR_SYSTEM = 4,
    MES_ERROR_ZONE = 5,
    MES_ERROR_ZONE_DATA = 6,
    MES_ERROR_FILE_MISSING = 7,
    MES_ERROR_FILE_DENIED = 8,
    MES_ERROR_FILE_IS_FOLDER = 9
};

/* The arguments of a sentence: MES_ARGS("a", number) fills {1} and {2}. */
#define MES_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MES_NO_ARGS ((const char *const[]){NULL})
/* An integer, or text that is not ended by NUL, as an argument; valid until the end of the enclosing block.
 */
#define MES_NUMBER(value) mes_number_text((char[24]){0}, (long long)(value))
#define MES_TEXT(str) mes_shown_text((char[256]){0}, 256, (str))

/* Sets `error` (NULL is allowed) and returns `code`, so that callers can write `return mes_fail(…)`.
 * Control characters in the arguments are shown as escapes; arguments that do not fit are cut at a character.
 */
int mes_fail(struct mes_error *error, int code, int sentence, const char *const *arguments);
int mes_fail_nomem(struct mes_error *error);
/* "{1}: {2}": a file or a call, and the operating system's reason for `system_error` (an errno value). The
 * usual reasons have sentences of their own, in each language. */
int mes_fail_file(struct mes_error *error, const char *path, int system_error);
int mes_fail_system(struct mes_error *error, const char *call, int system_error);

void mes_error_clear(struct mes_error *error);
/* Argument `index` (from 0), "" when there is none. */
const char *mes_error_argument(const struct mes_error *error, unsigned index);

const char *mes_number_text(char out[24], long long value);
/* At most `size`-1 bytes of `text`, cut at a character, control characters as escapes, invalid UTF-8 as '?'.
 */
const char *mes_shown_text(char *out, size_t size, struct mes_str text);

/* A receiver of warnings: things that do not stop the work but that a person should know. `notice` is only
 * valid during the call. A NULL function means that nobody listens. */
struct mes_notices {
    void (*on_notice)(void *context, const struct mes_error *notice);
    void *context;
};
void mes_notice(const struct mes_notices *notices, int sentence, const char *const *arguments);

#endif
