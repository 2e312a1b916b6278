/* Our own certificate and key, from PEM or PFX files. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pemerr.h>
#include <openssl/pkcs12.h>
#include <openssl/proverr.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "i18n/say.h"
#include "net/tls_parts.h"

enum { MES_TLS_FILE_LIMIT = 1024 * 1024 };

/* Does the list of errors hold one that a wrong or missing password makes? */
static bool is_password_error(void)
{
    static const struct {
        int library, reason;
    } signs[] = {
        {ERR_LIB_PKCS12, PKCS12_R_MAC_VERIFY_FAILURE},
        {ERR_LIB_EVP, EVP_R_BAD_DECRYPT},
        {ERR_LIB_PROV, PROV_R_BAD_DECRYPT},
        {ERR_LIB_PEM, PEM_R_BAD_DECRYPT},
        {ERR_LIB_PEM, PEM_R_BAD_PASSWORD_READ},
        {ERR_LIB_PEM, PEM_R_PROBLEMS_GETTING_PASSWORD},
        {ERR_LIB_CRYPTO, ERR_R_INTERRUPTED_OR_CANCELLED},
    };
    unsigned long code = ERR_peek_error();
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (ERR_GET_LIB(code) == signs[i].library && ERR_GET_REASON(code) == signs[i].reason)
            return true;
    return false;
}

static bool is_old_cipher_error(void)
{
    unsigned long code = ERR_peek_error();
    return ERR_GET_LIB(code) == ERR_LIB_EVP && ERR_GET_REASON(code) == EVP_R_UNSUPPORTED_ALGORITHM;
}

static int fail_own(struct mes_error *error, int sentence, const char *file)
{
    if (is_old_cipher_error())
        return mes_tls_fail(error, MES_SAY_net_tls_old_pfx, file);
    if (is_password_error())
        return mes_tls_fail(error, MES_SAY_net_tls_password, file);
    return mes_tls_fail(error, sentence, file);
}

static int give_password(char *out, int size, int is_writing, void *context)
{
    struct mes_str password = mes_secret_reveal(context);
    (void)is_writing;
    if (password.size == 0 || password.size > (size_t)size)
        return -1; /* never asks on the terminal */
    memcpy(out, password.data, password.size);
    return (int)password.size;
}

static int load_pem(SSL_CTX *context, const struct mes_tls_options *options, struct mes_error *error)
{
    const char *key_file = options->key_file != NULL ? options->key_file : options->certificate_file;
    int code = 0;
    SSL_CTX_set_default_passwd_cb(context, give_password);
    SSL_CTX_set_default_passwd_cb_userdata(context, (void *)options->key_password);
    if (SSL_CTX_use_certificate_chain_file(context, options->certificate_file) != 1)
        code = fail_own(error, MES_SAY_net_tls_certificate, options->certificate_file);
    else if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1)
        code = fail_own(error, MES_SAY_net_tls_key, key_file);
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    return code;
}

static int use_pfx(SSL_CTX *context, PKCS12 *pfx, const struct mes_tls_options *options,
                   struct mes_error *error)
{
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    STACK_OF(X509) *chain = NULL;
    const char *file = options->certificate_file;
    int code = 0;
    /* A secret is ended by NUL behind its text. */
    struct mes_str password = mes_secret_reveal(options->key_password);
    if (mes_pfx_is_slow(pfx))
        code = mes_fail(error, MES_E_TLS, MES_SAY_net_tls_slow_pfx,
                        MES_ARGS(file, MES_NUMBER(MES_PFX_ROUNDS_MOST)));
    else if (PKCS12_parse(pfx, password.data, &key, &certificate, &chain) != 1)
        code = fail_own(error, MES_SAY_net_tls_certificate, file);
    else if (key == NULL || certificate == NULL)
        code = mes_fail(error, MES_E_TLS, MES_SAY_net_tls_incomplete_pfx, MES_ARGS(file));
    else if (SSL_CTX_use_cert_and_key(context, certificate, key, chain, 1) != 1)
        code = fail_own(error, MES_SAY_net_tls_certificate, file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    sk_X509_pop_free(chain, X509_free);
    return code;
}

static int load_pfx(SSL_CTX *context, struct mes_str content, const struct mes_tls_options *options,
                    struct mes_error *error)
{
    const unsigned char *data = (const unsigned char *)content.data;
    PKCS12 *pfx = d2i_PKCS12(NULL, &data, (long)content.size);
    if (pfx == NULL)
        return fail_own(error, MES_SAY_net_tls_certificate, options->certificate_file);
    int code = use_pfx(context, pfx, options, error);
    PKCS12_free(pfx);
    return code;
}

int mes_tls_load_own(SSL_CTX *context, const struct mes_tls_options *options, struct mes_error *error)
{
    struct mes_buf content;
    mes_buf_init(&content, MES_TLS_FILE_LIMIT);
    int code = mes_file_read(options->certificate_file, &content, error);
    if (code == 0) {
        bool is_pem = mes_str_find(mes_buf_str(&content), MES_STR("-----BEGIN "), 0) != SIZE_MAX;
        code = is_pem ? load_pem(context, options, error)
                      : load_pfx(context, mes_buf_str(&content), options, error);
    }
    mes_wipe(content.data, content.capacity);
    mes_buf_fini(&content);
    return code;
}
