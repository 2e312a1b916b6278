#include "i18n/say.h"

static const struct {
    const char *start;
    enum mes_language language;
} names[] = {
    {"zh-cn", MES_ZH_CN},   {"zh-sg", MES_ZH_CN}, {"zh-hans", MES_ZH_CN},
    {"zh-hk", MES_ZH_HK},   {"zh-tw", MES_ZH_HK}, {"zh-mo", MES_ZH_HK},
    {"zh-hant", MES_ZH_HK}, {"zh", MES_ZH_HK},    {"en", MES_EN},
};

bool mes_language_parse(struct mes_str name, enum mes_language *language_out)
{
    char plain[16];
    size_t size = 0;
    for (; size < name.size && size < sizeof plain && name.data[size] != '.' && name.data[size] != '@';
         size++)
        plain[size] = name.data[size] == '_' ? '-' : name.data[size];
    struct mes_str wanted = mes_str_make(plain, size);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mes_str start = mes_str_of(names[i].start);
        bool ends_here =
            wanted.size == start.size || (wanted.size > start.size && wanted.data[start.size] == '-');
        if (ends_here && mes_str_starts_nocase(wanted, start)) {
            *language_out = names[i].language;
            return true;
        }
    }
    return false;
}

const char *mes_language_name(enum mes_language language)
{
    static const char *const shown[] = {"en", "zh-HK", "zh-CN"};
    return shown[language];
}
