/* What follows from the settings of one account: provider's values, TLS mode, port, login, and what is wrong.
 */
#ifndef MES_ACCOUNT_COMPLETE_H
#define MES_ACCOUNT_COMPLETE_H

#include "account/finding.h"
#include "account/setting.h"
#include "base/arena.h"

/* An account whose written settings and defaults are stored. */
struct mes_completion {
    struct mes_account *account;
    struct mes_origin place;  /* the account as a whole */
    bool is_password_refused; /* what is wrong with it has been told already */
    struct mes_arena *arena;
    struct mes_complaints *complaints;
};

/* Was it written by somebody, rather than left to provider or default? */
bool mes_account_is_given(const struct mes_account *account, enum mes_account_setting setting);
/* Where the setting is written, or the account when it is not. */
const struct mes_origin *mes_account_completion_origin(const struct mes_completion *completion,
                                                       enum mes_account_setting setting);

/* Tells when there is no time zone of this name, the value of `key`. */
void mes_account_check_zone(const char *name, const char *key, const struct mes_origin *origin,
                            struct mes_complaints *complaints);

/* Finds the provider, fills in what it knows, and checks the rest. Identities come later: they need the whole
 * list. */
void mes_account_complete(struct mes_completion *completion);

/* Part of the above: settles `uses_token`, fills in what the provider's row knows, and checks what belongs to
 * it: no password beside a token, https (or http on this machine), a client id, a place for tokens. */
void mes_account_settle_token(struct mes_completion *completion);

/* Part of the above: settles `tls` and `port` (enableSSL at once, enableTSL STARTTLS, both an error, neither
 * plain or the provider's; mailTool 0 as the old library had it), and warns of ports that do not go with the
 * mode. */
void mes_account_settle_tls(struct mes_completion *completion);

/* Part of the above: reads the key of its DKIM signatures, and tells what is wrong with it. */
void mes_account_settle_dkim(struct mes_completion *completion);

/* Notes server, port and TLS mode that are used, for `accounts check`. */
void mes_account_note_mode(const struct mes_account *account, struct mes_complaints *complaints);

/* Sets `identity` of every account: the name, else the From address, else that with "#2"; tells of names that
 * stand twice. */
void mes_account_identify(struct mes_account *accounts, size_t count, struct mes_arena *arena,
                          struct mes_complaints *complaints);

#endif
