#include "certificate.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A fixture that cannot be made ends the test program. */
#define MUST(expression)                                                                                     \
    do                                                                                                       \
        if (!(expression))                                                                                   \
            abort();                                                                                         \
    while (0)

static void add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    MUST(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/* A name with a NUL inside, which the text form of an extension cannot hold. */
static void add_cut_name(X509 *x509, const char *name)
{
    static const char behind[] = "\0.evil.example";
    char text[100];
    size_t size = strlen(name);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    MUST(names != NULL && one != NULL && string != NULL && size + sizeof behind <= sizeof text);
    memcpy(text, name, size);
    memcpy(text + size, behind, sizeof behind - 1);
    MUST(ASN1_STRING_set(string, text, (int)(size + sizeof behind - 1)) == 1);
    GENERAL_NAME_set0_value(one, GEN_DNS, string);
    MUST(sk_GENERAL_NAME_push(names, one) > 0);
    MUST(X509_add1_ext_i2d(x509, NID_subject_alt_name, names, 0, 0) == 1);
    GENERAL_NAMES_free(names);
}

static void add_unknown(X509 *x509)
{
    static const unsigned char null[] = {5, 0};
    ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.4.1.55555.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    MUST(id != NULL && value != NULL && ASN1_OCTET_STRING_set(value, null, sizeof null) == 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, id, 1, value);
    MUST(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(id);
}

static void add_extensions(X509 *x509, X509 *issuer, const struct certificate_wish *wish)
{
    const struct {
        int nid;
        const char *value;
    } extensions[] = {
        {NID_subject_key_identifier, "hash"},
        {NID_basic_constraints, wish->basic != NULL  ? wish->basic
                                : wish->is_authority ? "critical,CA:TRUE"
                                                     : NULL},
        {NID_subject_alt_name, wish->alt_names},
        {NID_ext_key_usage, wish->usage},
        {NID_key_usage, wish->key_usage},
        {NID_name_constraints, wish->constraints},
    };
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (extensions[i].value != NULL)
            add_extension(x509, issuer, extensions[i].nid, extensions[i].value);
    if (wish->cut_name != NULL)
        add_cut_name(x509, wish->cut_name);
    if (wish->has_unknown)
        add_unknown(x509);
}

struct certificate certificate_make(const struct certificate_wish *wish)
{
    static long serial;
    EVP_PKEY *key = wish->rsa_bits > 0 ? EVP_RSA_gen((unsigned)wish->rsa_bits) : EVP_EC_gen("P-256");
    struct certificate made = {key, X509_new()};
    MUST(made.key != NULL && made.x509 != NULL);
    X509_NAME *name = X509_get_subject_name(made.x509);
    X509_set_version(made.x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.x509), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.x509), 86400L * wish->from_day - 60);
    X509_gmtime_adj(X509_getm_notAfter(made.x509), 86400L * wish->to_day);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish->name, -1, -1, 0);
    const struct certificate *issuer = wish->issuer != NULL ? wish->issuer : &made;
    X509_set_issuer_name(made.x509, X509_get_subject_name(issuer->x509));
    X509_set_pubkey(made.x509, made.key);
    add_extensions(made.x509, issuer->x509, wish);
    const EVP_MD *digest = EVP_get_digestbyname(wish->digest != NULL ? wish->digest : "SHA256");
    MUST(digest != NULL && X509_sign(made.x509, wish->is_forged ? made.key : issuer->key, digest) > 0);
    return made;
}

void certificate_free(struct certificate *certificate)
{
    EVP_PKEY_free(certificate->key);
    X509_free(certificate->x509);
}

static FILE *open_new(char path[32])
{
    memcpy(path, "/tmp/mes-net-XXXXXX", sizeof "/tmp/mes-net-XXXXXX");
    int descriptor = mkstemp(path);
    MUST(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    MUST(file != NULL);
    return file;
}

void certificate_write_pem(const struct certificate *certificate, char path[32])
{
    FILE *file = open_new(path);
    MUST(PEM_write_X509(file, certificate->x509) == 1);
    MUST(fclose(file) == 0);
}

void certificate_write_key(const struct certificate *certificate, const char *password, char path[32])
{
    FILE *file = open_new(path);
    const EVP_CIPHER *cipher = password != NULL ? EVP_aes_128_cbc() : NULL;
    MUST(PEM_write_PKCS8PrivateKey(file, certificate->key, cipher, password,
                                   password != NULL ? (int)strlen(password) : 0, NULL, NULL) == 1);
    MUST(fclose(file) == 0);
}

void certificate_write_pfx(const struct certificate *certificate, const char *password, char path[32])
{
    FILE *file = open_new(path);
    PKCS12 *pfx = PKCS12_create(password, "test", certificate->key, certificate->x509, NULL, 0, 0, 0, 0, 0);
    MUST(pfx != NULL && i2d_PKCS12_fp(file, pfx) == 1);
    PKCS12_free(pfx);
    MUST(fclose(file) == 0);
}
