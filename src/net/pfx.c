/* How much work a PFX file asks for before its key is open. */
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "net/tls_parts.h"

static uint64_t number_of(const ASN1_INTEGER *number)
{
    uint64_t value = 0;
    return number == NULL || ASN1_INTEGER_get_uint64(&value, number) == 1 ? value : UINT64_MAX;
}

/* Of a key derived by PBKDF2 (RFC 8018). */
static uint64_t rounds_of_pbes2(const ASN1_STRING *parameters)
{
    uint64_t rounds = 0;
    PBE2PARAM *pbes2 = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBE2PARAM));
    PBKDF2PARAM *pbkdf2 = NULL;
    if (pbes2 != NULL && OBJ_obj2nid(pbes2->keyfunc->algorithm) == NID_id_pbkdf2 &&
        pbes2->keyfunc->parameter != NULL && pbes2->keyfunc->parameter->type == V_ASN1_SEQUENCE)
        pbkdf2 = ASN1_item_unpack(pbes2->keyfunc->parameter->value.sequence, ASN1_ITEM_rptr(PBKDF2PARAM));
    if (pbkdf2 != NULL)
        rounds = number_of(pbkdf2->iter);
    PBKDF2PARAM_free(pbkdf2);
    PBE2PARAM_free(pbes2);
    return rounds;
}

/* 0 for what is no derivation that we know: OpenSSL will refuse it, or keeps to limits of its own. */
static uint64_t rounds_of(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *id;
    const void *parameters;
    int type;
    X509_ALGOR_get0(&id, &type, &parameters, algorithm);
    if (type != V_ASN1_SEQUENCE)
        return 0;
    if (OBJ_obj2nid(id) == NID_pbes2)
        return rounds_of_pbes2(parameters);
    PBEPARAM *own = ASN1_item_unpack(parameters, ASN1_ITEM_rptr(PBEPARAM));
    uint64_t rounds = own != NULL ? number_of(own->iter) : 0;
    PBEPARAM_free(own);
    return rounds;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of the keys in a part that is not encrypted as a whole. */
static uint64_t rounds_of_bags(PKCS7 *part)
{
    uint64_t most = 0;
    STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(part);
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
        const X509_ALGOR *algorithm = NULL;
        if (PKCS12_SAFEBAG_get_nid(bag) != NID_pkcs8ShroudedKeyBag)
            continue;
        X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
        most = larger(most, rounds_of(algorithm));
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return most;
}

static uint64_t rounds_of_part(PKCS7 *part)
{
    if (PKCS7_type_is_data(part))
        return rounds_of_bags(part);
    bool has_content = PKCS7_type_is_encrypted(part) && part->d.encrypted != NULL &&
                       part->d.encrypted->enc_data != NULL && part->d.encrypted->enc_data->algorithm != NULL;
    return has_content ? rounds_of(part->d.encrypted->enc_data->algorithm) : 0;
}

bool mes_pfx_is_slow(PKCS12 *pfx)
{
    const ASN1_INTEGER *rounds = NULL;
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, pfx);
    uint64_t most = number_of(rounds);
    STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(pfx);
    for (int i = 0; i < sk_PKCS7_num(parts); i++)
        most = larger(most, rounds_of_part(sk_PKCS7_value(parts, i)));
    sk_PKCS7_pop_free(parts, PKCS7_free);
    ERR_clear_error(); /* what cannot be read is told when it is opened */
    return most > MES_PFX_ROUNDS_MOST;
}
