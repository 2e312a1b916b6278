#include "account/provider.h"

#define LIMIT(value_, source_, date_)                                                                        \
    {                                                                                                        \
        (value_), (source_), (date_)                                                                         \
    }
static const struct mes_provider providers[] = {
#define PROVIDER(id_, ...) {.id = (id_), __VA_ARGS__},
#include "account/providers.def"
#undef PROVIDER
};
#undef LIMIT

enum { PROVIDER_COUNT = sizeof providers / sizeof providers[0] };

const struct mes_provider *mes_account_provider_at(size_t index)
{
    return index < PROVIDER_COUNT ? &providers[index] : NULL;
}

static bool is_named(const struct mes_provider *provider, struct mes_str name)
{
    struct mes_str aliases = mes_str_of(provider->aliases);
    struct mes_str alias;
    if (mes_str_eq_nocase(mes_str_of(provider->id), name))
        return true;
    while (mes_str_next(&aliases, ' ', &alias))
        if (mes_str_eq_nocase(alias, name))
            return true;
    return false;
}

/* Bytes of the longest suffix of the row that ends `host` at a label; 0 when there is none. */
static size_t matching_suffix(const struct mes_provider *provider, struct mes_str host)
{
    struct mes_str suffixes = mes_str_of(provider->host_suffixes);
    struct mes_str suffix;
    size_t longest = 0;
    while (mes_str_next(&suffixes, ' ', &suffix)) {
        bool ends = suffix.size > 0 && mes_str_ends_nocase(host, suffix);
        bool at_label = ends && (host.size == suffix.size || host.data[host.size - suffix.size - 1] == '.');
        if (at_label && suffix.size > longest)
            longest = suffix.size;
    }
    return longest;
}

const struct mes_provider *mes_account_provider_find(struct mes_str sender_of_company, struct mes_str host)
{
    const struct mes_provider *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < PROVIDER_COUNT; i++) {
        if (sender_of_company.size > 0 && is_named(&providers[i], sender_of_company))
            return &providers[i];
        size_t size = matching_suffix(&providers[i], host);
        if (size > longest) {
            longest = size;
            found = &providers[i];
        }
    }
    return found;
}
