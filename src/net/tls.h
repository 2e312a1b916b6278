/* How TLS is spoken to the servers of one account: whom to trust, what to show, which sessions to resume. */
#ifndef MES_NET_TLS_H
#define MES_NET_TLS_H

#include <stdbool.h>

#include "base/secret.h"
#include "mes/error.h"

enum mes_tls_version { MES_TLS_1_2, MES_TLS_1_3 };

struct mes_tls_options {
    const char *ca_file;                   /* PEM; NULL: the authorities that the system trusts */
    enum mes_tls_version minimum_version;  /* nothing older is spoken */
    bool allow_invalid_certificate;        /* any certificate will do; encrypted, but to whom is not known */
    const char *certificate_file;          /* our own, PEM (with its chain) or PFX; NULL: none */
    const char *key_file;                  /* PEM; NULL: the key stands in certificate_file */
    const struct mes_secret *key_password; /* of the PFX or the PEM key; NULL: none */
};

struct mes_tls;

/* Reads the files (it blocks: not on the loop thread while sessions run). Everything is copied. Fails with
 * MES_E_TLS or MES_E_FILE and a sentence that names the file, the reason and what to do. May be used by
 * connections of several loops only if those live on one thread; must outlive its connections. */
int mes_tls_new(const struct mes_tls_options *options, struct mes_tls **tls_out,
                struct mes_error *error) MES_MUST_USE;
void mes_tls_free(struct mes_tls **tls);

/* The sessions kept for resumption: one for each host and port, the newest, at most 64. */
unsigned mes_tls_session_count(const struct mes_tls *tls);

#endif
