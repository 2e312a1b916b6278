/* The key of an account's DKIM signatures: read once, when the list is loaded. */
#include <string.h>

#include "account/complete.h"
#include "base/file.h"
#include "base/secret.h"
#include "i18n/say.h"
#include "mime/dkim_key.h"

enum { MES_DKIM_FILE_MOST = 64 * 1024 };

#define ORIGIN(completion, setting) MES_ORIGIN(mes_account_completion_origin((completion), (setting)))

static void problem(const struct mes_completion *completion, enum mes_account_setting setting, int sentence,
                    const char *value)
{
    mes_account_complaints_problem(completion->complaints, sentence,
                                   MES_ARGS(ORIGIN(completion, setting),
                                            mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key, value));
}

static void warn(const struct mes_completion *completion, enum mes_account_setting setting, int sentence,
                 const char *detail)
{
    mes_account_complaints_warn(completion->complaints, sentence,
                                MES_ARGS(ORIGIN(completion, setting),
                                         mes_account_setting_at(MES_SCOPE_ACCOUNT, setting)->key, detail,
                                         mes_mime_dkim_key_domain(completion->account->dkim)));
}

/* True when all three keys are there; some of them alone are told of. */
static bool is_wished(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    const struct {
        enum mes_account_setting setting;
        const char *value;
    } parts[] = {{MES_ACCOUNT_SETTING_dkim_domain, account->dkim_domain},
                 {MES_ACCOUNT_SETTING_dkim_selector, account->dkim_selector},
                 {MES_ACCOUNT_SETTING_dkim_key_file, account->dkim_key_file}};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    size_t given = PARTS, missing = PARTS;
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i].value[0] != '\0')
            given = i;
        else
            missing = i;
    if (given < PARTS && missing < PARTS)
        problem(completion, parts[given].setting, MES_SAY_account_needs_both,
                mes_account_setting_at(MES_SCOPE_ACCOUNT, parts[missing].setting)->key);
    return missing == PARTS;
}

static void tell_fault(const struct mes_completion *completion, enum mes_dkim_fault fault)
{
    static const int sentences[] = {
        [MES_DKIM_NOT_PEM] = MES_SAY_account_dkim_not_pem,
        [MES_DKIM_ENCRYPTED] = MES_SAY_account_dkim_encrypted,
        [MES_DKIM_OTHER_KIND] = MES_SAY_account_dkim_other_kind,
        [MES_DKIM_BAD_SIZE] = MES_SAY_account_dkim_bad_size,
    };
    const struct mes_account *account = completion->account;
    switch (fault) {
    case MES_DKIM_GOOD:
        break;
    case MES_DKIM_NO_MEMORY:
        mes_account_complaints_nomem(completion->complaints);
        break;
    case MES_DKIM_BAD_DOMAIN:
        problem(completion, MES_ACCOUNT_SETTING_dkim_domain, MES_SAY_account_dkim_domain,
                account->dkim_domain);
        break;
    case MES_DKIM_BAD_SELECTOR:
        problem(completion, MES_ACCOUNT_SETTING_dkim_selector, MES_SAY_account_dkim_selector,
                account->dkim_selector);
        break;
    default:
        problem(completion, MES_ACCOUNT_SETTING_dkim_key_file, sentences[fault], account->dkim_key_file);
        break;
    }
}

/* Does the signature speak for the sender, as DMARC asks? The domain of From, or one above it. */
static bool is_aligned(const struct mes_account *account)
{
    const char *at = strrchr(account->from_address, '@');
    struct mes_str from = mes_str_of(at != NULL ? at + 1 : "");
    struct mes_str domain = mes_str_of(account->dkim_domain);
    return mes_str_eq_nocase(from, domain) ||
           (from.size > domain.size && from.data[from.size - domain.size - 1] == '.' &&
            mes_str_ends_nocase(from, domain));
}

static void look_at_key(const struct mes_completion *completion)
{
    const struct mes_account *account = completion->account;
    unsigned bits = mes_mime_dkim_key_bits(account->dkim);
    if (bits > 0 && bits < MES_DKIM_GOOD_BITS)
        warn(completion, MES_ACCOUNT_SETTING_dkim_key_file, MES_SAY_account_dkim_weak, MES_NUMBER(bits));
    if (mes_file_is_exposed(account->dkim_key_file))
        mes_account_complaints_warn(completion->complaints, MES_SAY_account_secret_file_exposed,
                                    MES_ARGS(account->dkim_key_file));
    if (!is_aligned(account))
        warn(completion, MES_ACCOUNT_SETTING_dkim_domain, MES_SAY_account_dkim_foreign,
             account->from_address);
}

void mes_account_settle_dkim(struct mes_completion *completion)
{
    struct mes_account *account = completion->account;
    struct mes_error error;
    struct mes_buf pem;
    if (!is_wished(completion))
        return;
    mes_buf_init(&pem, MES_DKIM_FILE_MOST);
    if (mes_file_read(account->dkim_key_file, &pem, &error) != 0)
        mes_account_complaints_problem(completion->complaints, MES_SAY_account_secret_file,
                                       MES_ARGS(ORIGIN(completion, MES_ACCOUNT_SETTING_dkim_key_file),
                                                "dkimKeyFile", account->dkim_key_file,
                                                mes_error_argument(&error, 1)));
    else
        tell_fault(completion, mes_mime_dkim_key_parse(account->dkim_domain, account->dkim_selector,
                                                       mes_buf_str(&pem), &account->dkim));
    mes_wipe(pem.data, pem.size);
    mes_buf_fini(&pem);
    if (account->dkim != NULL)
        look_at_key(completion);
}
