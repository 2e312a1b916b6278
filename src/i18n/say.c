#include "i18n/say.h"

static const char *const texts[MES_SAY_COUNT][3] = {
#define SENTENCE(name, en, zh_hk, zh_cn) {en, zh_hk, zh_cn},
#include "i18n/sentence.def"
#undef SENTENCE
};

_Static_assert((int)MES_SAY_nomem == (int)MES_ERROR_NOMEM, "base knows this row by its number");
_Static_assert((int)MES_SAY_too_large == (int)MES_ERROR_TOO_LARGE, "base knows this row by its number");
_Static_assert((int)MES_SAY_file == (int)MES_ERROR_FILE, "base knows this row by its number");
_Static_assert((int)MES_SAY_system == (int)MES_ERROR_SYSTEM, "base knows this row by its number");
_Static_assert((int)MES_SAY_zone == (int)MES_ERROR_ZONE, "base knows this row by its number");
_Static_assert((int)MES_SAY_zone_data == (int)MES_ERROR_ZONE_DATA, "base knows this row by its number");
_Static_assert((int)MES_SAY_file_missing == (int)MES_ERROR_FILE_MISSING, "base knows this row by its number");
_Static_assert((int)MES_SAY_file_denied == (int)MES_ERROR_FILE_DENIED, "base knows this row by its number");
_Static_assert((int)MES_SAY_file_is_folder == (int)MES_ERROR_FILE_IS_FOLDER,
               "base knows this row by its number");

const char *mes_say_text(enum mes_language language, int sentence)
{
    if (sentence < 0 || sentence >= MES_SAY_COUNT)
        return "";
    return texts[sentence][language];
}

static size_t count_of(const char *const *arguments)
{
    size_t count = 0;
    while (arguments[count] != NULL)
        count++;
    return count;
}

void mes_say(struct mes_buf *out, enum mes_language language, int sentence, const char *const *arguments)
{
    struct mes_str text = mes_str_of(mes_say_text(language, sentence));
    size_t count = count_of(arguments);
    for (size_t at = 0; at < text.size; at++) {
        bool is_argument = at + 2 < text.size && text.data[at] == '{' && text.data[at + 1] >= '1' &&
                           text.data[at + 1] <= '8' && text.data[at + 2] == '}';
        if (!is_argument) {
            mes_buf_add_char(out, text.data[at]);
            continue;
        }
        size_t index = (size_t)(text.data[at + 1] - '1');
        if (index < count)
            mes_buf_add_text(out, arguments[index]);
        at += 2;
    }
}

void mes_say_error(struct mes_buf *out, enum mes_language language, const struct mes_error *error)
{
    const char *arguments[MES_ERROR_ARGUMENTS + 1] = {NULL};
    for (unsigned i = 0; i < error->count; i++)
        arguments[i] = mes_error_argument(error, i);
    mes_say(out, language, error->sentence, arguments);
}
