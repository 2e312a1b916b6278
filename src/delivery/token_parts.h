/* The inside of a token, for the files that make it up. */
#ifndef MES_DELIVERY_TOKEN_PARTS_H
#define MES_DELIVERY_TOKEN_PARTS_H

#include "account/token_keep.h"
#include "base/digest.h"
#include "delivery/token.h"
#include "delivery/token_answer.h"
#include "http/client.h"
#include "net/timer.h"
#include "net/work.h"

/* What is under way. */
enum mes_token_step {
    MES_TOKEN_IDLE,
    MES_TOKEN_OPENING, /* its file is locked and read, in another thread */
    MES_TOKEN_PAUSING, /* another process is just refreshing it */
    MES_TOKEN_ASKING,  /* the server */
    MES_TOKEN_KEEPING, /* a new refresh token is written, in another thread */
    MES_TOKEN_TELLING  /* in the next turn */
};

struct mes_tokens {
    struct mes_tokens_options options;
    struct mes_guard guard;
    struct mes_token *first;
};

struct mes_token {
    struct mes_token *next;
    struct mes_tokens *tokens;
    size_t holders;
    unsigned char key[MES_DIGEST_SIZE]; /* which authorization it is */

    struct mes_arena texts;     /* of what follows */
    struct mes_token_home home; /* where its refresh token is */
    const char *account, *url, *client_id, *ca_file;
    struct mes_secret *client_secret;

    struct mes_secret *loaded;  /* what the settings said last */
    struct mes_secret *refresh; /* NULL: not authorized yet */
    struct mes_secret *spent;   /* the one before: settings that were read a moment ago may say it */
    struct mes_secret *access;  /* NULL: none */
    int64_t access_until;       /* on the loop's clock */

    enum mes_token_step step;
    struct mes_token_wait *waits;
    struct mes_timer *timer;
    struct mes_http_client *client;
    struct mes_http_exchange *exchange;
    int64_t lock_until; /* then it goes on without */
    bool is_unkept_told;

    /* What the result will be. */
    bool is_good;
    enum mes_cause cause;
    char text[MES_TOKEN_TEXT];

    /* Handed to the other thread, which alone touches it while `work` is there. */
    struct mes_work *work;
    int lock;
    bool is_lock_busy;
    struct mes_secret *found; /* what the file held */
    struct mes_secret *fresh; /* to be kept */
    const char *kept_in;      /* in `texts` */
    int code;
    struct mes_error error;
};

/* Sets what those who wait will be told. `text` may repeat secrets: they are taken out. */
void mes_token_set_failure(struct mes_token *token, enum mes_cause cause, const char *text);

/* Understands the server's answer: a result, and perhaps a new refresh token in `fresh`. */
void mes_token_judge(struct mes_token *token, const struct mes_http_result *result);
/* The body of the request. All of its memory is wiped by the caller. */
void mes_token_write_request(const struct mes_token *token, struct mes_buf *body);

#endif
