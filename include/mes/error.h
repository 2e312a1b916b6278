/* Errors of the library: a code for programs, a sentence for people. */
#ifndef MES_ERROR_H
#define MES_ERROR_H

#include <stddef.h>

#include "mes/export.h"
#include "mes/language.h"

MES_BEGIN

/* Codes are negative; 0 is success. A relay's refusal is never an error but part of a report. */
enum mes_code {
    MES_OK = 0,
#define MES_CODE(name, number, text) MES_E_##name = number,
#include "mes/error.def"
#undef MES_CODE
};

enum { MES_ERROR_SPACE = 1000, MES_ERROR_ARGUMENTS = 8 };

/* Filled by the function that failed; needs no release. The sentence is kept as its number and its
 * arguments, so that it can be put in any language later: see mes_error_text. All members are private. C has
 * it on its stack; other languages, which would have to know its size, take one from mes_error_new. */
struct mes_error {
    int code;
    int sentence;
    unsigned count;
    char arguments[MES_ERROR_SPACE]; /* each ends with NUL */
};

MES_API struct mes_error *mes_error_new(void); /* NULL: out of memory */
MES_API void mes_error_free(struct mes_error **error);

/* The whole sentence (what is wrong, where, what to do) as UTF-8, cut at a character if `size` is too small.
 * Returns `out`. Any thread. */
MES_API const char *mes_error_text(const struct mes_error *error, enum mes_language language, char *out,
                                   size_t size);

/* The name of a code, such as "CONFIG"; "OK" for 0, "UNKNOWN" for a number without a row. */
MES_API const char *mes_code_name(int code);

MES_END

#endif
