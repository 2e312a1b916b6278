#include "delivery/verdict_table.h"

#include "base/error.h"

/* Short words for the columns of verdict.def. */
#define AT(step) (1u << MES_STEP_##step)
#define ANYWHERE 0u
#define TRANSACTION (AT(MAIL) | AT(RCPT) | AT(DATA) | AT(BODY) | AT(DOT))
#define CONTENT_STEPS (AT(DATA) | AT(BODY) | AT(DOT))
#define DIALOGUE (AT(PROXY) | AT(EHLO) | AT(STARTTLS) | AT(AUTH) | AT(MAIL) | AT(RCPT))
#define TENCENT "qq.com|exmail.qq.com"
#define MICROSOFT "office365.com|outlook.com"

#define MES_REST_OWN_FROM MES_VERDICT_REST_OWN_FROM
#define TEXT(providers_, steps_, codes_, text_, class__, rest_, learn_, advice_, sample_)                    \
    {.part = MES_VERDICT_TEXT,                                                                               \
     .steps = (steps_),                                                                                      \
     .providers = (providers_),                                                                              \
     .codes = (codes_),                                                                                      \
     .enhanced = "",                                                                                         \
     .text = (text_),                                                                                        \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .learn = MES_LEARN_##learn_,                                                                            \
     .advice = (advice_),                                                                                    \
     .sample = (sample_)},
#define TOKEN(steps_, codes_, class__, rest_, advice_, sample_)                                              \
    {.part = MES_VERDICT_TEXT,                                                                               \
     .by_token = true,                                                                                       \
     .steps = (steps_),                                                                                      \
     .providers = "",                                                                                        \
     .codes = (codes_),                                                                                      \
     .enhanced = "",                                                                                         \
     .text = "",                                                                                             \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .advice = (advice_),                                                                                    \
     .sample = (sample_)},
#define ENHANCED(enhanced_, steps_, class__, rest_, learn_, advice_, sample_)                                \
    {.part = MES_VERDICT_ENHANCED,                                                                           \
     .steps = (steps_),                                                                                      \
     .providers = "",                                                                                        \
     .codes = "",                                                                                            \
     .enhanced = (enhanced_),                                                                                \
     .text = "",                                                                                             \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .learn = MES_LEARN_##learn_,                                                                            \
     .advice = (advice_),                                                                                    \
     .sample = (sample_)},
#define STEP(steps_, codes_, class__, rest_, learn_, advice_, sample_)                                       \
    {.part = MES_VERDICT_STEP,                                                                               \
     .steps = (steps_),                                                                                      \
     .providers = "",                                                                                        \
     .codes = (codes_),                                                                                      \
     .enhanced = "",                                                                                         \
     .text = "",                                                                                             \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .learn = MES_LEARN_##learn_,                                                                            \
     .advice = (advice_),                                                                                    \
     .sample = (sample_)},
#define BASIC(codes_, class__, rest_, advice_, sample_)                                                      \
    {.part = MES_VERDICT_BASIC,                                                                              \
     .providers = "",                                                                                        \
     .codes = (codes_),                                                                                      \
     .enhanced = "",                                                                                         \
     .text = "",                                                                                             \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .advice = (advice_),                                                                                    \
     .sample = (sample_)},
#define CAUSE(cause_, steps_, class__, rest_, advice_)                                                       \
    {.part = MES_VERDICT_CAUSE,                                                                              \
     .cause = MES_CAUSE_##cause_,                                                                            \
     .steps = (steps_),                                                                                      \
     .providers = "",                                                                                        \
     .codes = "",                                                                                            \
     .enhanced = "",                                                                                         \
     .text = "",                                                                                             \
     .class_ = MES_CLASS_##class__,                                                                          \
     .rest = MES_REST_##rest_,                                                                               \
     .advice = (advice_),                                                                                    \
     .sample = ""},

static const struct mes_verdict_row rows[] = {
#include "delivery/verdict.def"
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

const struct mes_verdict_row *mes_verdict_row_at(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

/* Calls `fits` for each alternative of `pattern`; an empty pattern fits anything. */
static bool fits_any(const char *pattern, struct mes_str value, bool (*fits)(struct mes_str, struct mes_str))
{
    struct mes_str rest = mes_str_of(pattern), one;
    if (rest.size == 0)
        return true;
    while (mes_str_next(&rest, '|', &one)) {
        if (fits(one, value))
            return true;
    }
    return false;
}

/* "ses-" stands for every id that begins so. */
static bool is_provider(struct mes_str id, struct mes_str value)
{
    bool is_group = id.data[id.size - 1] == '-';
    return is_group ? mes_str_starts(value, id) : mes_str_eq(value, id);
}

static bool is_front(struct mes_str front, struct mes_str value)
{
    return mes_str_starts(value, front);
}

/* "5.7" is the front of "5.7.8" but not of "5.70.1". */
static bool is_enhanced_front(struct mes_str front, struct mes_str value)
{
    return mes_str_starts(value, front) && (value.size == front.size || value.data[front.size] == '.');
}

static bool stands_in(struct mes_str pattern, struct mes_str text)
{
    size_t at = 0;
    struct mes_str piece;
    while (mes_str_next(&pattern, '*', &piece)) {
        size_t found = mes_str_find_nocase(text, piece, at);
        if (found == SIZE_MAX)
            return false;
        at = found + piece.size;
    }
    return true;
}

static bool row_fits(const struct mes_verdict_row *row, const struct mes_verdict_input *input,
                     struct mes_str text)
{
    if (row->cause != input->cause || (row->by_token && !input->by_token))
        return false;
    if (row->steps != 0 && (row->steps & (1u << input->step)) == 0)
        return false;
    struct mes_str code = mes_str_of(mes_number_text((char[24]){0}, input->code));
    /* RFC 3463 wants both to be of one class; where they are not, the basic code decides. */
    bool agree = input->enhanced.size > 0 && input->enhanced.data[0] == code.data[0];
    if (row->enhanced[0] != '\0' && !agree)
        return false;
    return fits_any(row->providers, input->provider, is_provider) && fits_any(row->codes, code, is_front) &&
           fits_any(row->enhanced, input->enhanced, is_enhanced_front) &&
           fits_any(row->text, text, stands_in);
}

const struct mes_verdict_row *mes_verdict_row_find(const struct mes_verdict_input *input, struct mes_str text)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (row_fits(&rows[i], input, text))
            return &rows[i];
    }
    return NULL;
}
