#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

static const struct {
    int code;
    const char *name;
} code_names[] = {
#define MES_CODE(name, number, text) {number, #name},
#include "mes/error.def"
#undef MES_CODE
};

struct mes_error *mes_error_new(void)
{
    return mes_alloc(sizeof(struct mes_error));
}

void mes_error_free(struct mes_error **error)
{
    mes_free(*error);
    *error = NULL;
}

const char *mes_code_name(int code)
{
    if (code == MES_OK)
        return "OK";
    for (size_t i = 0; i < sizeof code_names / sizeof code_names[0]; i++)
        if (code_names[i].code == code)
            return code_names[i].name;
    return "UNKNOWN";
}

const char *mes_number_text(char out[24], long long value)
{
    (void)snprintf(out, 24, "%lld", value);
    return out;
}

/* One character of `text` at `at` in a form that can be printed; returns the bytes that were read. */
static size_t show_character(struct mes_str text, size_t at, char shown[8], size_t *shown_size)
{
    unsigned char c = (unsigned char)text.data[at];
    size_t size = mes_utf8_valid_size(mes_str_skip(text, at));
    if (c < 0x20 || c == 0x7f) {
        *shown_size = (size_t)snprintf(shown, 8, "\\x%02X", c);
        return 1;
    }
    if (size == 0) {
        shown[0] = '?';
        *shown_size = 1;
        return 1;
    }
    memcpy(shown, text.data + at, size);
    *shown_size = size;
    return size;
}

const char *mes_shown_text(char *out, size_t size, struct mes_str text)
{
    size_t used = 0;
    for (size_t at = 0; at < text.size;) {
        char shown[8];
        size_t shown_size;
        at += show_character(text, at, shown, &shown_size);
        if (used + shown_size >= size)
            break;
        memcpy(out + used, shown, shown_size);
        used += shown_size;
    }
    out[used] = '\0';
    return out;
}

void mes_error_clear(struct mes_error *error)
{
    if (error != NULL)
        *error = (struct mes_error){0};
}

int mes_fail(struct mes_error *error, int code, int sentence, const char *const *arguments)
{
    if (error == NULL)
        return code;
    mes_error_clear(error);
    error->code = code;
    error->sentence = sentence;
    size_t used = 0;
    for (; *arguments != NULL && error->count < MES_ERROR_ARGUMENTS && used < MES_ERROR_SPACE; arguments++) {
        mes_shown_text(error->arguments + used, MES_ERROR_SPACE - used, mes_str_of(*arguments));
        used += strlen(error->arguments + used) + 1;
        error->count++;
    }
    return code;
}

int mes_fail_nomem(struct mes_error *error)
{
    return mes_fail(error, MES_E_NOMEM, MES_ERROR_NOMEM, MES_NO_ARGS);
}

static int file_sentence(int system_error)
{
    switch (system_error) {
    case ENOENT:
        return MES_ERROR_FILE_MISSING;
    case EACCES:
        return MES_ERROR_FILE_DENIED;
    case EISDIR:
        return MES_ERROR_FILE_IS_FOLDER;
    default:
        return MES_ERROR_FILE;
    }
}

int mes_fail_file(struct mes_error *error, const char *path, int system_error)
{
    return mes_fail(error, MES_E_FILE, file_sentence(system_error), MES_ARGS(path, strerror(system_error)));
}

int mes_fail_system(struct mes_error *error, const char *call, int system_error)
{
    return mes_fail(error, MES_E_SYSTEM, MES_ERROR_SYSTEM, MES_ARGS(call, strerror(system_error)));
}

const char *mes_error_argument(const struct mes_error *error, unsigned index)
{
    const char *argument = error->arguments;
    if (index >= error->count)
        return "";
    while (index-- > 0)
        argument += strlen(argument) + 1;
    return argument;
}

void mes_notice(const struct mes_notices *notices, int sentence, const char *const *arguments)
{
    struct mes_error notice;
    if (notices == NULL || notices->on_notice == NULL)
        return;
    mes_fail(&notice, MES_OK, sentence, arguments);
    notices->on_notice(notices->context, &notice);
}
