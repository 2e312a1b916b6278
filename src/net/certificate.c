#include "net/certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "net/failure.h"

static const struct {
    int error;
    enum mes_conn_cause cause;
} causes[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH, MES_CONN_CAUSE_NAME},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, MES_CONN_CAUSE_NAME},
    {X509_V_ERR_CERT_HAS_EXPIRED, MES_CONN_CAUSE_EXPIRED},
    {X509_V_ERR_CERT_NOT_YET_VALID, MES_CONN_CAUSE_NOT_YET_VALID},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, MES_CONN_CAUSE_SELF_SIGNED},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, MES_CONN_CAUSE_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, MES_CONN_CAUSE_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, MES_CONN_CAUSE_UNTRUSTED},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, MES_CONN_CAUSE_UNTRUSTED},
    {X509_V_ERR_CERT_UNTRUSTED, MES_CONN_CAUSE_UNTRUSTED},
};

static enum mes_conn_cause cause_of(int error)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].error == error)
            return causes[i].cause;
    return MES_CONN_CAUSE_CERTIFICATE;
}

static void add_asn1(struct mes_conn_failure *failure, const char *before, const ASN1_STRING *text)
{
    const char *data = (const char *)ASN1_STRING_get0_data(text);
    mes_failure_add(failure, "%s%s", before, MES_TEXT(mes_str_make(data, (size_t)ASN1_STRING_length(text))));
}

static void add_common_name(struct mes_conn_failure *failure, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0)
        at = X509_NAME_get_index_by_NID(name, NID_organizationName, -1);
    if (at < 0)
        mes_failure_add(failure, "nobody that is named");
    else
        add_asn1(failure, "", X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

static void add_address(struct mes_conn_failure *failure, const char *before,
                        const ASN1_OCTET_STRING *address)
{
    char text[INET6_ADDRSTRLEN] = "?";
    int size = ASN1_STRING_length(address);
    if (size == 4 || size == 16)
        (void)inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof text);
    mes_failure_add(failure, "%s%s", before, text);
}

/* The names that a certificate is for, the first few. */
static void add_names(struct mes_conn_failure *failure, const X509 *certificate)
{
    enum { MOST = 5 };
    int shown = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const char *before = shown > 0 ? ", " : "";
        if (name->type != GEN_DNS && name->type != GEN_IPADD)
            continue;
        if (++shown > MOST) {
            mes_failure_add(failure, ", ...");
            break;
        }
        if (name->type == GEN_DNS)
            add_asn1(failure, before, name->d.dNSName);
        else
            add_address(failure, before, name->d.iPAddress);
    }
    GENERAL_NAMES_free(names);
    if (shown > 0)
        return;
    mes_failure_add(failure, "no host (only its subject names ");
    add_common_name(failure, X509_get_subject_name(certificate));
    mes_failure_add(failure, ")");
}

static void add_date(struct mes_conn_failure *failure, const ASN1_TIME *time)
{
    struct tm parts;
    char text[32] = "an unknown date";
    if (ASN1_TIME_to_tm(time, &parts) == 1)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
    mes_failure_add(failure, "%s", text);
}

void mes_certificate_explain(X509_STORE_CTX *check, const char *host, struct mes_conn_failure *failure)
{
    int error = X509_STORE_CTX_get_error(check);
    const X509 *certificate = X509_STORE_CTX_get_current_cert(check);
    mes_failure_set(failure, MES_CONN_STAGE_CERTIFICATE, cause_of(error), 0);
    if (certificate == NULL) {
        mes_failure_add(failure, "certificate of %s: %s", host, X509_verify_cert_error_string(error));
        return;
    }
    switch (failure->cause) {
    case MES_CONN_CAUSE_NAME:
        mes_failure_add(failure, "the certificate is for ");
        add_names(failure, certificate);
        mes_failure_add(failure, ", not for %s", host);
        break;
    case MES_CONN_CAUSE_EXPIRED:
        mes_failure_add(failure, "the certificate of %s expired on ", host);
        add_date(failure, X509_get0_notAfter(certificate));
        break;
    case MES_CONN_CAUSE_NOT_YET_VALID:
        mes_failure_add(failure, "the certificate of %s is only valid from ", host);
        add_date(failure, X509_get0_notBefore(certificate));
        break;
    case MES_CONN_CAUSE_SELF_SIGNED:
        mes_failure_add(failure, "the certificate of %s is self-signed", host);
        break;
    case MES_CONN_CAUSE_UNTRUSTED:
        mes_failure_add(failure, "the certificate of %s was issued by ", host);
        add_common_name(failure, X509_get_issuer_name(certificate));
        mes_failure_add(failure, ", which is not trusted here");
        break;
    default:
        mes_failure_add(failure, "certificate of %s: %s", host, X509_verify_cert_error_string(error));
    }
}
