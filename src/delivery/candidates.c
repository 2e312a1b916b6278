#include "delivery/candidates.h"

#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "delivery/router.h"
#include "i18n/say.h"

enum { MES_ALLOWED_SPACE = 512 };

bool mes_candidates_is_smtp(const struct mes_account *settings)
{
    return settings->transport == MES_ACCOUNT_TRANSPORT_SMTP;
}

/* "a@x, *@y": what the accounts allow, for the refusal of a From that none of them takes. */
static void list_allowed(const struct mes_candidates *candidates, struct mes_buf *out)
{
    for (size_t i = 0; i < candidates->count; i++) {
        const struct mes_account *account = candidates->accounts[i].settings;
        mes_buf_add_text(out, out->size > 0 ? ", " : "");
        mes_buf_add_text(out, account->from_address);
        for (size_t k = 0; k < account->allowed_from.count; k++) {
            mes_buf_add_text(out, ", ");
            mes_buf_add_text(out, account->allowed_from.texts[k]);
        }
    }
}

static int refuse_from(const struct mes_candidates *candidates, const char *from, struct mes_error *error)
{
    struct mes_buf allowed;
    mes_buf_init(&allowed, MES_ALLOWED_SPACE);
    list_allowed(candidates, &allowed);
    int code = mes_fail(error, MES_E_INPUT, MES_SAY_delivery_from_not_allowed,
                        MES_ARGS(from, mes_buf_text(&allowed)));
    mes_buf_fini(&allowed);
    return code;
}

static bool is_wished(const struct mes_candidates *candidates, const struct mes_account *account)
{
    return candidates->only == NULL || strcmp(candidates->only, account->identity) == 0;
}

static int refuse_all(const struct mes_candidates *candidates, struct mes_error *error)
{
    bool has_capture = false;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct mes_account *account = candidates->accounts[i].settings;
        has_capture = has_capture || (is_wished(candidates, account) && !mes_candidates_is_smtp(account));
    }
    return mes_fail(error, MES_E_CONFIG,
                    has_capture ? MES_SAY_delivery_capture_only : MES_SAY_delivery_no_account_for_kind,
                    MES_NO_ARGS);
}

int mes_candidates_find(const struct mes_candidates *candidates, const char *from, bool **flags_out,
                        struct mes_error *error)
{
    bool *flags = mes_alloc(candidates->count * sizeof *flags);
    const char *wished_from = from[0] != '\0' ? from : NULL;
    bool has_any = false, has_from = false;
    if (flags == NULL)
        return mes_fail_nomem(error);
    for (size_t i = 0; i < candidates->count; i++) {
        const struct mes_account *account = candidates->accounts[i].settings;
        bool is_fit = is_wished(candidates, account) && mes_candidates_is_smtp(account) &&
                      mes_router_is_candidate(account, candidates->is_bulk, NULL);
        bool takes_from = mes_router_is_candidate(account, candidates->is_bulk, wished_from);
        flags[i] = is_fit && (takes_from || !candidates->requires_from);
        has_any = has_any || is_fit;
        has_from = has_from || (is_fit && takes_from);
    }
    if (has_any && has_from) {
        *flags_out = flags;
        return 0;
    }
    mes_free(flags);
    return has_any ? refuse_from(candidates, from, error) : refuse_all(candidates, error);
}
