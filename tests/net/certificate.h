/* Keys and certificates made while a test runs. */
#ifndef TESTS_NET_CERTIFICATE_H
#define TESTS_NET_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

struct certificate {
    EVP_PKEY *key;
    X509 *x509;
};

struct certificate_wish {
    const char *name;                 /* common name */
    const char *alt_names;            /* "DNS:localhost,IP:127.0.0.1"; NULL: none */
    int from_day, to_day;             /* from today */
    const struct certificate *issuer; /* NULL: self-signed */
    int is_authority;
    const char *usage;       /* "clientAuth"; NULL: any */
    const char *constraints; /* "permitted;DNS:a.example"; NULL: none */
    const char *cut_name;    /* a further DNS name: this, a NUL and ".evil.example" */
    const char *basic;       /* "critical,CA:TRUE,pathlen:0", instead of what is_authority makes */
    const char *key_usage;   /* "critical,keyCertSign"; NULL: any */
    const char *digest;      /* "SHA1"; NULL: SHA256 */
    int rsa_bits;            /* 0: a key on the curve P-256 */
    int is_forged;           /* names the issuer, but is signed by its own key */
    int has_unknown;         /* a critical extension that nobody knows */
};

struct certificate certificate_make(const struct certificate_wish *wish);
void certificate_free(struct certificate *certificate);

/* Each writes a file under a new name "/tmp/mes-net-XXXXXX", which the caller unlinks. */
void certificate_write_pem(const struct certificate *certificate, char path[32]);
void certificate_write_key(const struct certificate *certificate, const char *password, char path[32]);
void certificate_write_pfx(const struct certificate *certificate, const char *password, char path[32]);

#endif
