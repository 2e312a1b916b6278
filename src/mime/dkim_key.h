/* The key that signs a domain's mails: RSA (RFC 6376, 8301) or Ed25519 (RFC 8463). */
#ifndef MES_MIME_DKIM_KEY_H
#define MES_MIME_DKIM_KEY_H

#include "base/buf.h"

struct mes_dkim_key; /* opaque, as a secret is; any number of threads may sign at once */

enum mes_dkim_fault {
    MES_DKIM_GOOD,
    MES_DKIM_NO_MEMORY,
    MES_DKIM_BAD_DOMAIN,
    MES_DKIM_BAD_SELECTOR,
    MES_DKIM_NOT_PEM,    /* no private key in PEM form is in it */
    MES_DKIM_ENCRYPTED,  /* a password is needed */
    MES_DKIM_OTHER_KIND, /* neither RSA nor Ed25519 */
    MES_DKIM_BAD_SIZE    /* RSA of less than 1024 bits, which receivers refuse, or more than 4096, which they
                          * need    not know */
};

/* Fewer bits of RSA than these are taken, but no longer recommended: RFC 8301 3.2. */
enum { MES_DKIM_GOOD_BITS = 2048 };

/* `domain` may be written in any language; `selector` is one or more labels of letters, digits and '-'. `pem`
 * is the caller's to wipe. */
enum mes_dkim_fault mes_mime_dkim_key_parse(const char *domain, const char *selector, struct mes_str pem,
                                            struct mes_dkim_key **key_out) MES_MUST_USE;
/* NULL inside is allowed. */
void mes_mime_dkim_key_free(struct mes_dkim_key **key);

/* In A-labels. */
const char *mes_mime_dkim_key_domain(const struct mes_dkim_key *key);
const char *mes_mime_dkim_key_selector(const struct mes_dkim_key *key);
/* "rsa-sha256", "ed25519-sha256" */
const char *mes_mime_dkim_key_algorithm(const struct mes_dkim_key *key);
/* Of RSA; 0 for Ed25519. */
unsigned mes_mime_dkim_key_bits(const struct mes_dkim_key *key);

/* Appends what the TXT record of SELECTOR._domainkey.DOMAIN has to say: "v=DKIM1; k=rsa; p=…". */
void mes_mime_dkim_key_record(const struct mes_dkim_key *key, struct mes_buf *out);

enum { MES_DKIM_SIGNATURE_MOST = 512 };
/* Bytes of each of its signatures. */
size_t mes_mime_dkim_key_size(const struct mes_dkim_key *key);
/* Signs the canonical header; the same bytes for the same header. False: out of memory. */
bool mes_mime_dkim_key_sign(const struct mes_dkim_key *key, struct mes_str canonical,
                            unsigned char out[MES_DKIM_SIGNATURE_MOST]) MES_MUST_USE;

#endif
