/* What a caller may put into a header field. */
#include <string.h>

#include "base/utf8.h"
#include "i18n/say.h"
#include "mime/header.h"
#include "mime/header_rules.h"
#include "mime/limits.h"

/* Fields read by machines: URLs and ids that an encoded word, or a fold inside, would break. */
static const char *const structured[] = {
    "list-unsubscribe", "list-unsubscribe-post", "list-help",  "list-subscribe",
    "list-post",        "list-archive",          "list-owner", "references",
    "in-reply-to",      "auto-submitted",        "precedence", "feedback-id"};

/* Fields that the product, the relay or a signer writes. A '*' stands for any rest. */
static const char *const reserved[] = {"bcc",
                                       "from",
                                       "to",
                                       "cc",
                                       "sender",
                                       "reply-to",
                                       "subject",
                                       "date",
                                       "message-id",
                                       "received",
                                       "mime-version",
                                       "return-path",
                                       "content-*",
                                       "dkim-signature",
                                       "resent-*",
                                       "arc-*",
                                       "x-priority",
                                       "importance",
                                       "x-msmail-priority",
                                       "delivered-to",
                                       "apparently-to"};

static const char *const single[] = {
    "in-reply-to",           "references",     "list-id",    "list-unsubscribe",
    "list-unsubscribe-post", "auto-submitted", "precedence", "feedback-id"};

static bool matches(struct mes_str name, const char *pattern)
{
    struct mes_str text = mes_str_of(pattern);
    if (pattern[text.size - 1] == '*')
        return mes_str_starts_nocase(name, mes_str_cut(text, 0, text.size - 1));
    return mes_str_eq_nocase(name, text);
}

static bool is_among(struct mes_str name, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (matches(name, patterns[i]))
            return true;
    return false;
}

bool mes_mime_header_is_structured(struct mes_str name)
{
    return is_among(name, structured, sizeof structured / sizeof structured[0]);
}

bool mes_mime_header_is_single(struct mes_str name)
{
    return is_among(name, single, sizeof single / sizeof single[0]);
}

bool mes_mime_is_token(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || strchr("()<>@,;:\\\"/[]?=", text.data[i]) != NULL)
            return false;
    return text.size > 0;
}

static int refuse_at(const char *field, int sentence, struct mes_str before, struct mes_error *error)
{
    size_t column = 1;
    for (size_t i = 0; i < before.size; i++)
        column += ((unsigned char)before.data[i] & 0xC0) != 0x80;
    return mes_fail(error, MES_E_INPUT, sentence, MES_ARGS(field, MES_NUMBER(column)));
}

int mes_mime_text_check(const char *field, struct mes_str value, size_t most, struct mes_error *error)
{
    if (value.size > most)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_field_too_long, MES_ARGS(field, MES_NUMBER(most)));
    for (size_t at = 0; at < value.size;) {
        unsigned char c = (unsigned char)value.data[at];
        size_t size = mes_utf8_valid_size(mes_str_skip(value, at));
        if (size == 0)
            return refuse_at(field, MES_SAY_field_not_utf8, mes_str_cut(value, 0, at), error);
        if ((c < ' ' && c != '\t') || c == 0x7F)
            return refuse_at(field, MES_SAY_field_control, mes_str_cut(value, 0, at), error);
        at += size;
    }
    return 0;
}

static int check_structured(const char *field, struct mes_str value, struct mes_error *error)
{
    if (!mes_utf8_is_ascii(value))
        return mes_fail(error, MES_E_INPUT, MES_SAY_header_not_ascii, MES_ARGS(field));
    for (struct mes_str rest = value; rest.size > 0;) {
        struct mes_fold fold = mes_mime_fold_next(rest, true);
        if (fold.size > MES_LIMIT_LINE - MES_LIMIT_HEADER_NAME - 2)
            return mes_fail(error, MES_E_INPUT, MES_SAY_header_unfoldable,
                            MES_ARGS(field, MES_NUMBER(MES_LIMIT_LINE - MES_LIMIT_HEADER_NAME - 2)));
        rest = mes_str_skip(rest, fold.size);
    }
    return 0;
}

int mes_mime_header_check(struct mes_str name, struct mes_str value, struct mes_error *error)
{
    const char *field = MES_TEXT(name);
    if (name.size > MES_LIMIT_HEADER_NAME || !mes_mime_is_token(name))
        return mes_fail(error, MES_E_INPUT, MES_SAY_header_name, MES_ARGS(field));
    if (is_among(name, reserved, sizeof reserved / sizeof reserved[0]))
        return mes_fail(error, MES_E_INPUT, MES_SAY_header_reserved, MES_ARGS(field));
    int code = mes_mime_text_check(field, value, MES_LIMIT_HEADER, error);
    if (code == 0 && mes_str_trim(value).size == 0)
        code = mes_fail(error, MES_E_INPUT, MES_SAY_header_empty, MES_ARGS(field));
    if (code == 0 && mes_mime_header_is_structured(name))
        code = check_structured(field, value, error);
    return code;
}
