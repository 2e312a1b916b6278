/* Who a mail is from: From follows the account, Reply-To stays where answers always arrived. */
#ifndef MES_DELIVERY_IDENTITY_H
#define MES_DELIVERY_IDENTITY_H

#include "account/account.h"
#include "compose/job.h"

/* May this account send with that From? Its own fromMailAddress always; others when a pattern of
 * `allowedFrom` covers them ("sales@example.hk", "*@example.hk"; letters match whatever their case). */
bool mes_delivery_identity_allows(const struct mes_account *account, const char *from_address);

/* The identity that `account` sends with; its texts belong to the arguments.
 * `first` is the account that would send if all were well: when another one does and the message wishes no
 * Reply-To, answers are led to the account's `replyToDefault`, else to the From that the first one would have
 * used. */
struct mes_identity mes_delivery_identity(const struct mes_account *account, const struct mes_account *first,
                                          const struct mes_compose_wishes *wishes);

#endif
