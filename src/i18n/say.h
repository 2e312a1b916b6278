/* Every sentence that a person reads, by number, in English, Traditional and Simplified Chinese. */
#ifndef MES_I18N_SAY_H
#define MES_I18N_SAY_H

#include "base/buf.h"
#include "base/error.h"
#include "mes/language.h"

/* MES_SAY_<name> for each row of sentence.def. */
enum mes_sentence {
#define SENTENCE(name, en, zh_hk, zh_cn) MES_SAY_##name,
#include "i18n/sentence.def"
#undef SENTENCE
    MES_SAY_COUNT
};

/* Appends the sentence with {1}, {2} … replaced by the arguments (a missing one gives nothing). */
void mes_say(struct mes_buf *out, enum mes_language language, int sentence, const char *const *arguments);

/* The sentence of an error, without a line end. */
void mes_say_error(struct mes_buf *out, enum mes_language language, const struct mes_error *error);

/* The bare text of a row, with its {1}. */
const char *mes_say_text(enum mes_language language, int sentence);

/* "en", "zh-HK", "zh-CN", whatever the case; also "zh_TW.UTF-8", "zh" and the like as LANG has them. False
 * when the name is none of ours. */
bool mes_language_parse(struct mes_str name, enum mes_language *language_out);
const char *mes_language_name(enum mes_language language);

#endif
