/* An account's settings in the words of the connection and of the SMTP session, which know no account. */
#ifndef MES_DELIVERY_RELAY_OPTIONS_H
#define MES_DELIVERY_RELAY_OPTIONS_H

#include "account/account.h"
#include "base/host.h"
#include "delivery/route.h"
#include "net/conn.h"
#include "net/tls.h"
#include "smtp/session.h"

/* Without event and context. Texts are borrowed from the settings, the proxy from the route. */
struct mes_conn_options mes_relay_options_conn(const struct mes_account *settings, struct mes_tls *tls,
                                               const struct mes_route *route);

/* Texts are borrowed from the settings and from `ehlo_name`, which is filled when the settings name none. */
struct mes_smtp_options mes_relay_options_smtp(const struct mes_account *settings,
                                               char ehlo_name[MES_HOST_NAME_SPACE],
                                               const struct mes_clock *clock);

/* Reads the account's certificate files. `*tls_out` stays NULL where it needs no TLS, and when a file cannot
 * be used. */
int mes_relay_options_tls(const struct mes_account *settings, struct mes_tls **tls_out,
                          struct mes_error *error);

#endif
