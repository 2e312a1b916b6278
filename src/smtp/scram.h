/* SCRAM (RFC 5802, 7677) as a client: three messages out, two in, and neither side says the password. The
 * relay has to prove that it knows it, too. Messages are text here; base64 and lines are auth.c's. */
#ifndef MES_SMTP_SCRAM_H
#define MES_SMTP_SCRAM_H

#include "base/buf.h"
#include "base/secret.h"
#include "smtp/scram_keys.h"

enum {
    MES_SMTP_SCRAM_MESSAGE_MOST = 9 * 1024, /* a message of the relay */
    MES_SMTP_SCRAM_VALUE_MOST = 1024,       /* its nonce, its salt */
    MES_SMTP_SCRAM_NONCE = 33,              /* ours, with its NUL: 160 bits */
    MES_SMTP_BINDING_MOST = 64
};

/* What ties a login to the TLS that it runs in (RFC 5929, RFC 9266). */
struct mes_smtp_binding {
    char type[16]; /* "tls-exporter", "tls-unique"; "" none */
    unsigned char bytes[MES_SMTP_BINDING_MOST];
    size_t size;
};

enum mes_smtp_scram_result {
    MES_SMTP_SCRAM_GOOD,
    MES_SMTP_SCRAM_WORKS,    /* the keys take longer: mes_smtp_scram_go again */
    MES_SMTP_SCRAM_NONSENSE, /* not a message of SCRAM, or not in answer to ours */
    MES_SMTP_SCRAM_UNFIT,    /* our name or password may not be used: SASLprep */
    MES_SMTP_SCRAM_ROUNDS,   /* the relay wants too few rounds, or too many */
    MES_SMTP_SCRAM_UNPROVEN, /* the relay does not know the password */
    MES_SMTP_SCRAM_NOMEM
};

struct mes_smtp_scram_login {
    enum mes_smtp_hash hash;
    struct mes_str user; /* as configured */
    const struct mes_secret *password;
    const struct mes_smtp_binding *binding; /* `type` "": none */
    bool is_bound;                          /* -PLUS: the binding is part of the proof */
    bool is_binding_unoffered; /* the relay has no -PLUS at all: a binding is told about, so that a relay
                                * that does offer it notices that somebody has taken it out of the list */
    struct mes_str nonce;      /* of a test; empty: a random one */
};

/* One login. */
struct mes_smtp_scram {
    enum { MES_SMTP_SCRAM_BEGUN, MES_SMTP_SCRAM_HASHING, MES_SMTP_SCRAM_SHOWN, MES_SMTP_SCRAM_OVER } stage;
    enum mes_smtp_hash hash;
    char nonce[MES_SMTP_SCRAM_NONCE];
    struct mes_buf header; /* the GS2 header, with the binding behind it: what "c=" says */
    struct mes_buf said;   /* the AuthMessage, as far as it has come */
    struct mes_buf final;  /* client-final-message-without-proof */
    struct mes_smtp_scram_work work;
    unsigned char wanted[MES_SMTP_HASH_MOST]; /* the relay's signature */
    bool is_proved;                           /* it knows the password */
};

/* Takes no memory yet. */
void mes_smtp_scram_init(struct mes_smtp_scram *scram);
void mes_smtp_scram_fini(struct mes_smtp_scram *scram);

/* Begins anew and appends the client-first-message. */
enum mes_smtp_scram_result mes_smtp_scram_add_first(struct mes_smtp_scram *scram,
                                                    const struct mes_smtp_scram_login *login,
                                                    struct mes_buf *out) MES_MUST_USE;
/* Takes the server-first-message: WORKS, or what is wrong. */
enum mes_smtp_scram_result mes_smtp_scram_take_first(struct mes_smtp_scram *scram,
                                                     const struct mes_smtp_scram_login *login,
                                                     struct mes_str message) MES_MUST_USE;
/* Works for a slice; at its end (GOOD) appends the client-final-message. */
enum mes_smtp_scram_result mes_smtp_scram_go(struct mes_smtp_scram *scram, struct mes_smtp_scram_cache *cache,
                                             struct mes_buf *out) MES_MUST_USE;
/* Takes the server-final-message. GOOD when it proves the relay (`is_proved`), and when it is an error
 * ("e=…"), behind which the relay's refusal follows. */
enum mes_smtp_scram_result mes_smtp_scram_take_final(struct mes_smtp_scram *scram,
                                                     struct mes_str message) MES_MUST_USE;

#endif
