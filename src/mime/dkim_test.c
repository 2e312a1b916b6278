/* Signing: canonical forms and signatures of RFC 6376 and RFC 8463, and the field as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "mime/dkim.h"
#include "mime/dkim_canonical.h"

/* The keys and the mail of RFC 8463, appendix A. */
static const char rsa_pem[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                              "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
                              "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
                              "KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
                              "AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
                              "6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
                              "zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
                              "6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
                              "uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
                              "WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
                              "WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
                              "licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
                              "o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
                              "uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
                              "-----END RSA PRIVATE KEY-----\n";
/* The 32 bytes that the RFC names, as PKCS#8 wraps them. */
static const char ed25519_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                                  "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                  "-----END PRIVATE KEY-----\n";

static const char *const rfc_fields[] = {
    "From: Joe SixPack <joe@football.example.com>\r\n", "To: Suzie Q <suzie@shopping.example.net>\r\n",
    "Subject: Is dinner ready?\r\n", "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n",
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"};
static const char rfc_body[] = "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";
static const char rfc_body_hash[] = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=";

static struct mes_dkim_key *key_of(const char *pem, const char *selector)
{
    struct mes_dkim_key *key;
    assert_int_equal(mes_mime_dkim_key_parse("football.example.com", selector, mes_str_of(pem), &key),
                     MES_DKIM_GOOD);
    return key;
}

static void hash_body(struct mes_str body, size_t step, unsigned char out[MES_DIGEST_SIZE])
{
    struct mes_dkim_body hash;
    assert_int_equal(mes_mime_dkim_body_init(&hash), 0);
    for (; body.size > 0; body = mes_str_skip(body, step))
        mes_mime_dkim_body_add(&hash, mes_str_cut(body, 0, step));
    assert_true(mes_mime_dkim_body_end(&hash, out));
    mes_mime_dkim_body_fini(&hash);
}

static void assert_base64(const unsigned char *bytes, size_t size, const char *expected)
{
    struct mes_buf text;
    mes_buf_init(&text, SIZE_MAX);
    mes_base64_add(&text, bytes, size);
    assert_string_equal(mes_buf_text(&text), expected);
    mes_buf_fini(&text);
}

static void rfc_8463_body_hash(void **state)
{
    unsigned char hash[MES_DIGEST_SIZE];
    (void)state;
    for (size_t step = 1; step < sizeof rfc_body; step++) {
        hash_body(MES_STR(rfc_body), step, hash);
        assert_base64(hash, sizeof hash, rfc_body_hash);
    }
}

/* The signatures of the RFC over its own list of fields, "from : … : from : subject : date". */
static void assert_signature(const char *pem, const char *selector, const char *own_field,
                             const char *expected)
{
    struct mes_dkim_key *key = key_of(pem, selector);
    unsigned char signature[MES_DKIM_SIGNATURE_MOST];
    struct mes_buf canonical;
    mes_buf_init(&canonical, SIZE_MAX);
    for (size_t i = 0; i < sizeof rfc_fields / sizeof rfc_fields[0]; i++) {
        mes_mime_dkim_canonical_field(mes_str_of(rfc_fields[i]), &canonical);
        mes_buf_add_text(&canonical, "\r\n");
    }
    mes_mime_dkim_canonical_field(mes_str_of(own_field), &canonical);
    assert_true(mes_mime_dkim_key_sign(key, mes_buf_str(&canonical), signature));
    assert_base64(signature, mes_mime_dkim_key_size(key), expected);
    mes_buf_fini(&canonical);
    mes_mime_dkim_key_free(&key);
}

static void rfc_8463_signatures(void **state)
{
    (void)state;
    assert_signature(ed25519_pem, "brisbane",
                     "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                     " d=football.example.com; i=@football.example.com;\r\n"
                     " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                     " subject : date : message-id : from : subject : date;\r\n"
                     " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                     " b=",
                     "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
                     "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
    assert_signature(rsa_pem, "test",
                     "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                     " d=football.example.com; i=@football.example.com;\r\n"
                     " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                     " date : message-id : from : subject : date;\r\n"
                     " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                     " b=",
                     "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
                     "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
                     "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
}

/* Two bodies that are the same in the relaxed form, and the second one is that form. */
static void assert_same_body(struct mes_str body, struct mes_str canonical)
{
    unsigned char hash[MES_DIGEST_SIZE], expected[MES_DIGEST_SIZE];
    struct mes_digest_stream *stream = mes_digest_stream_new();
    mes_digest_stream_add(stream, canonical.data, canonical.size);
    assert_true(mes_digest_stream_end(stream, expected));
    mes_digest_stream_free(&stream);
    for (size_t step = 1; step <= body.size; step++) {
        hash_body(body, step, hash);
        assert_memory_equal(hash, expected, sizeof hash);
    }
}

static void rfc_6376_relaxed_bodies(void **state)
{
    (void)state;
    /* section 3.4.5 */
    assert_same_body(MES_STR(" C \r\nD \t E\r\n\r\n\r\n"), MES_STR(" C\r\nD E\r\n"));
    /* section 3.4.4, and the edges of it */
    assert_same_body(MES_STR("\r\n\r\n\r\n"), MES_STR(""));
    assert_same_body(MES_STR(" \t\r\n \r\n"), MES_STR(""));
    assert_same_body(MES_STR("\r\n\r\na"), MES_STR("\r\n\r\na\r\n"));
    assert_same_body(MES_STR("a\r\n \t\r\n\r\nb  \t"), MES_STR("a\r\n\r\n\r\nb\r\n"));
    assert_same_body(MES_STR("\ta\tb"), MES_STR(" a b\r\n"));
    assert_same_body(MES_STR(".\r\n..\r\n. \r\n"), MES_STR(".\r\n..\r\n.\r\n"));
    assert_same_body(MES_STR("a \r b\n c \r\r\n\r"), MES_STR("a \r b\n c \r\r\n\r\r\n"));
    assert_same_body(
        MES_STR("a\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nb"),
        MES_STR("a\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nb\r\n"));
}

static void no_body_has_the_hash_of_nothing(void **state)
{
    unsigned char hash[MES_DIGEST_SIZE];
    (void)state;
    hash_body(MES_STR(""), 1, hash);
    assert_base64(hash, sizeof hash, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

static void assert_field(const char *field, const char *canonical)
{
    struct mes_buf text;
    mes_buf_init(&text, SIZE_MAX);
    mes_mime_dkim_canonical_field(mes_str_of(field), &text);
    assert_string_equal(mes_buf_text(&text), canonical);
    mes_buf_fini(&text);
}

static void rfc_6376_relaxed_fields(void **state)
{
    (void)state;
    /* section 3.4.5 */
    assert_field("A: X\r\n", "a:X");
    assert_field("B : Y\t\r\n\tZ  \r\n", "b:Y Z");
    assert_field("Subject:\r\n", "subject:");
    assert_field("Subject: \r\n \t\r\n", "subject:");
    assert_field("SubJect:a:b  c\r\n \r\n d", "subject:a:b c d");
}

/* The tags of a field, unfolded, up to the signature. */
static const char *write_field(struct mes_dkim_key *key, const char *header, const unsigned char *hash,
                               struct mes_buf *out)
{
    const struct mes_dkim_subject subject = {mes_str_of(header), hash, 1700000000};
    struct mes_error error;
    assert_int_equal(mes_mime_dkim_write(key, &subject, out, &error), 0);
    struct mes_str rest = mes_buf_str(out), line;
    assert_true(mes_str_ends_nocase(rest, MES_STR("\r\n")));
    while (rest.size > 0 && mes_str_next(&rest, '\n', &line))
        assert_true(line.size <= 79);
    return mes_buf_text(out);
}

static const char header[] =
    "X-First: 1\r\nList-Unsubscribe: <https://a.example/\r\n u>\r\nFrom: a@football.example.com\r\n"
    "Received: x\r\nTo: b@example.hk\r\nSubject: two\r\n lines\r\nDate: x\r\n";
static const unsigned char some_hash[MES_DIGEST_SIZE] = {1, 2, 3};

static void each_field_is_signed_once_more_than_it_is_there(void **state)
{
    struct mes_dkim_key *key = key_of(ed25519_pem, "brisbane");
    struct mes_buf out;
    (void)state;
    mes_buf_init(&out, SIZE_MAX);
    assert_non_null(strstr(write_field(key, header, some_hash, &out),
                           "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                           " d=football.example.com; s=brisbane; t=1700000000; h=date:subject:to:from:\r\n"
                           " list-unsubscribe:from:reply-to:to:cc:subject:date:list-unsubscribe;\r\n bh="));
    mes_buf_fini(&out);
    mes_mime_dkim_key_free(&key);
}

static void the_lowest_of_several_comes_first(void **state)
{
    struct mes_dkim_key *key = key_of(ed25519_pem, "brisbane");
    struct mes_buf out, other;
    (void)state;
    mes_buf_init(&out, SIZE_MAX);
    mes_buf_init(&other, SIZE_MAX);
    const char *field =
        write_field(key, "References: <a>\r\nFrom: a@b\r\nReferences: <b>\r\n", some_hash, &out);
    assert_non_null(strstr(field, "h=references:from:\r\n references:from:reply-to:to:"));
    assert_string_not_equal(
        field, write_field(key, "References: <b>\r\nFrom: a@b\r\nReferences: <a>\r\n", some_hash, &other));
    mes_buf_fini(&out);
    mes_buf_fini(&other);
    mes_mime_dkim_key_free(&key);
}

static void the_same_mail_has_the_same_bytes(void **state)
{
    const char *const pems[] = {rsa_pem, ed25519_pem};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mes_dkim_key *key = key_of(pems[i], "s1");
        struct mes_buf once, again, blank;
        mes_buf_init(&once, SIZE_MAX);
        mes_buf_init(&again, SIZE_MAX);
        mes_buf_init(&blank, SIZE_MAX);
        assert_string_equal(write_field(key, header, some_hash, &once),
                            write_field(key, header, some_hash, &again));
        write_field(key, header, NULL, &blank);
        assert_int_equal(blank.size, once.size);
        mes_buf_fini(&once);
        mes_buf_fini(&again);
        mes_buf_fini(&blank);
        mes_mime_dkim_key_free(&key);
    }
}

static void the_record_holds_the_public_key(void **state)
{
    struct mes_dkim_key *rsa = key_of(rsa_pem, "test"), *ed25519 = key_of(ed25519_pem, "brisbane");
    struct mes_buf record;
    (void)state;
    mes_buf_init(&record, SIZE_MAX);
    mes_mime_dkim_key_record(rsa, &record);
    assert_string_equal(mes_buf_text(&record),
                        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
                        "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
                        "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
                        "Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
    mes_buf_clear(&record);
    mes_mime_dkim_key_record(ed25519, &record);
    assert_string_equal(mes_buf_text(&record),
                        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    assert_int_equal(mes_mime_dkim_key_bits(rsa), 1024);
    assert_int_equal(mes_mime_dkim_key_bits(ed25519), 0);
    mes_buf_fini(&record);
    mes_mime_dkim_key_free(&rsa);
    mes_mime_dkim_key_free(&ed25519);
}

static void assert_fault(const char *domain, const char *selector, const char *pem, enum mes_dkim_fault fault)
{
    struct mes_dkim_key *key;
    assert_int_equal(mes_mime_dkim_key_parse(domain, selector, mes_str_of(pem), &key), fault);
    assert_null(key);
}

static void bad_keys_are_told_apart(void **state)
{
    (void)state;
    assert_fault("", "s", rsa_pem, MES_DKIM_BAD_DOMAIN);
    assert_fault("a b", "s", rsa_pem, MES_DKIM_BAD_DOMAIN);
    assert_fault("example.hk", "", rsa_pem, MES_DKIM_BAD_SELECTOR);
    assert_fault("example.hk", "a..b", rsa_pem, MES_DKIM_BAD_SELECTOR);
    assert_fault("example.hk", "a;b", rsa_pem, MES_DKIM_BAD_SELECTOR);
    assert_fault("example.hk", "-a", rsa_pem, MES_DKIM_BAD_SELECTOR);
    assert_fault("example.hk", "s", "", MES_DKIM_NOT_PEM);
    assert_fault("example.hk", "s", "v=DKIM1; p=abc", MES_DKIM_NOT_PEM);
    assert_fault("example.hk", "s",
                 "-----BEGIN PUBLIC KEY-----\n"
                 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                 "-----END PUBLIC KEY-----\n",
                 MES_DKIM_NOT_PEM);
    /* An elliptic curve, an RSA key of 512 bits, and an Ed25519 key behind a password. */
    assert_fault("example.hk", "s",
                 "-----BEGIN PRIVATE KEY-----\n"
                 "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+wtkNXjJxRewLVkW\n"
                 "BQufKXlb6ug/tHbj7ytBVIH9qsShRANCAARITrINPd+B0MR2Ea+Fsv9z+FR5O2/V\n"
                 "3Ls1VuvQtvKW0+IVAxdbXLZpfZVTE48iApM3h8rTsfefZhUwwOkeAQu7\n"
                 "-----END PRIVATE KEY-----\n",
                 MES_DKIM_OTHER_KIND);
    assert_fault("example.hk", "s",
                 "-----BEGIN RSA PRIVATE KEY-----\n"
                 "MIIBOwIBAAJBAM68oUtL3zoNXgWRCS17OT5aMkYZvsXI2gJbkACF7qyNYC5mXxqW\n"
                 "7DdxDJHdxNC0W8LIjTpeUe4xpzxz3NCHEe8CAwEAAQJBAM4f9vW7JUudTlRggnUN\n"
                 "ekq35Y5NVw+erfdR0acj4o+47fqaBgzjIvLqhqgJIA+aJ0Bc16yC4Q0Hn8XGbCY7\n"
                 "cJECIQD24gjrcCo9ktqgdCLyWQ0JU9BH1wk/GFqokG1x1az9VwIhANZfEIwI4rXJ\n"
                 "7Bgh2iX85I6+7HRxdCq27wT7Yg0jcxkpAiEA0LYOLFvKmftIcFU+Jfs6liQQ9GrK\n"
                 "GlkQa2iN3apycEkCIGdoyFSk3KgQ1cD2Y4M7sQ1i8DFjoUQRps9ibHQmC5mxAiB9\n"
                 "Y/OBsZqbaay02OlP+0b1EyRDSqGJY5Et8wrTIgr5Tw==\n"
                 "-----END RSA PRIVATE KEY-----\n",
                 MES_DKIM_BAD_SIZE);
    assert_fault("example.hk", "s",
                 "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                 "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAisg1lxuRm2iwICCAAw\n"
                 "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKnPDSinLM4RpFNz5S0SM5kEQMCS\n"
                 "RwlC3O0UBrfpV6qPxN22bU8UsTDheblJR7jpyXy/5ViqrrIvVtZ04ZFcv3nggkao\n"
                 "pU/9756WdL6BUBT9vb8=\n"
                 "-----END ENCRYPTED PRIVATE KEY-----\n",
                 MES_DKIM_ENCRYPTED);
}

static void a_domain_of_any_language_is_written_in_a_labels(void **state)
{
    struct mes_dkim_key *key;
    (void)state;
    assert_int_equal(mes_mime_dkim_key_parse("例子.香港", "s1.mail", mes_str_of(ed25519_pem), &key),
                     MES_DKIM_GOOD);
    assert_string_equal(mes_mime_dkim_key_domain(key), "xn--fsqu00a.xn--j6w193g");
    assert_string_equal(mes_mime_dkim_key_selector(key), "s1.mail");
    mes_mime_dkim_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_8463_body_hash),
        cmocka_unit_test(rfc_8463_signatures),
        cmocka_unit_test(rfc_6376_relaxed_bodies),
        cmocka_unit_test(no_body_has_the_hash_of_nothing),
        cmocka_unit_test(rfc_6376_relaxed_fields),
        cmocka_unit_test(each_field_is_signed_once_more_than_it_is_there),
        cmocka_unit_test(the_lowest_of_several_comes_first),
        cmocka_unit_test(the_same_mail_has_the_same_bytes),
        cmocka_unit_test(the_record_holds_the_public_key),
        cmocka_unit_test(bad_keys_are_told_apart),
        cmocka_unit_test(a_domain_of_any_language_is_written_in_a_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
