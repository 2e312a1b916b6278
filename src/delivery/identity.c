#include "delivery/identity.h"

/* '*' stands for any run of characters. Only the last star is ever gone back to, so it stays linear enough
 * for patterns that a person writes. */
static bool matches(struct mes_str pattern, struct mes_str text)
{
    size_t at_pattern = 0, at_text = 0, star = SIZE_MAX, star_text = 0;
    while (at_text < text.size) {
        if (at_pattern < pattern.size && pattern.data[at_pattern] == '*') {
            star = at_pattern++;
            star_text = at_text;
        } else if (at_pattern < pattern.size &&
                   mes_lower(pattern.data[at_pattern]) == mes_lower(text.data[at_text])) {
            at_pattern++;
            at_text++;
        } else if (star != SIZE_MAX) {
            at_pattern = star + 1;
            at_text = ++star_text;
        } else {
            return false;
        }
    }
    while (at_pattern < pattern.size && pattern.data[at_pattern] == '*')
        at_pattern++;
    return at_pattern == pattern.size;
}

bool mes_delivery_identity_allows(const struct mes_account *account, const char *from_address)
{
    struct mes_str wished = mes_str_of(from_address);
    if (mes_str_eq_nocase(wished, mes_str_of(account->from_address)))
        return true;
    for (size_t i = 0; i < account->allowed_from.count; i++)
        if (matches(mes_str_of(account->allowed_from.texts[i]), wished))
            return true;
    return false;
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* The wished From where the account may use it, else its own. */
static const char *from_of(const struct mes_account *account, const struct mes_compose_wishes *wishes)
{
    bool takes_wish =
        is_given(wishes->from_address) && mes_delivery_identity_allows(account, wishes->from_address);
    return takes_wish ? wishes->from_address : account->from_address;
}

static void lead_answers(struct mes_identity *identity, const struct mes_account *account,
                         const char *first_from)
{
    if (mes_str_eq_nocase(mes_str_of(identity->from_address), mes_str_of(first_from)))
        return;
    identity->reply_to_address = is_given(account->reply_to_default) ? account->reply_to_default : first_from;
}

struct mes_identity mes_delivery_identity(const struct mes_account *account, const struct mes_account *first,
                                          const struct mes_compose_wishes *wishes)
{
    struct mes_identity identity = {
        .from_address = from_of(account, wishes),
        .from_name = is_given(wishes->from_name) ? wishes->from_name : account->from_name,
        .dkim = account->dkim,
    };
    if (is_given(wishes->reply_to_address)) {
        identity.reply_to_address = wishes->reply_to_address;
        identity.reply_to_name = wishes->reply_to_name;
    } else {
        lead_answers(&identity, account, from_of(first, wishes));
    }
    return identity;
}
