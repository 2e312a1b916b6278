#include "smtp/mechanism.h"

static const char *const words[MES_SMTP_MECHANISM_COUNT] = {
    [MES_SMTP_MECHANISM_AUTO] = "",
#define MECHANISM(name, word) [MES_SMTP_MECHANISM_##name] = (word),
#include "smtp/mechanisms.def"
#undef MECHANISM
};

unsigned mes_smtp_mechanism_bit(enum mes_smtp_mechanism mechanism)
{
    return mechanism != MES_SMTP_MECHANISM_AUTO ? 1u << mechanism : 0;
}

const char *mes_smtp_mechanism_word(enum mes_smtp_mechanism mechanism)
{
    return words[mechanism];
}

enum mes_smtp_mechanism mes_smtp_mechanism_find(struct mes_str word)
{
    for (int i = MES_SMTP_MECHANISM_AUTO + 1; i < MES_SMTP_MECHANISM_COUNT; i++)
        if (mes_str_eq_nocase(word, mes_str_of(words[i])))
            return (enum mes_smtp_mechanism)i;
    return MES_SMTP_MECHANISM_AUTO;
}

bool mes_smtp_mechanism_has_token(enum mes_smtp_mechanism mechanism)
{
    return mechanism >= MES_SMTP_MECHANISM_XOAUTH2;
}

bool mes_smtp_mechanism_is_scram(enum mes_smtp_mechanism mechanism)
{
    return mechanism >= MES_SMTP_MECHANISM_SCRAM_SHA_1 && mechanism <= MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS;
}

bool mes_smtp_mechanism_is_bound(enum mes_smtp_mechanism mechanism)
{
    return mechanism == MES_SMTP_MECHANISM_SCRAM_SHA_1_PLUS ||
           mechanism == MES_SMTP_MECHANISM_SCRAM_SHA_256_PLUS;
}
