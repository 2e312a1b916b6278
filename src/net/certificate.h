/* Wording what is wrong with a peer's certificate. */
#ifndef MES_NET_CERTIFICATE_H
#define MES_NET_CERTIFICATE_H

#include <openssl/x509.h>

#include "net/conn.h"

/* Sets `failure` from the error at which OpenSSL's check of a chain stands; `host` is the name that was
 * expected. */
void mes_certificate_explain(X509_STORE_CTX *check, const char *host, struct mes_conn_failure *failure);

#endif
