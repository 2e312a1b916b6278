/* What a token server answers (RFC 6749 section 5, RFC 8628 section 3.2): JSON, read strictly. Any thread. */
#ifndef MES_DELIVERY_TOKEN_ANSWER_H
#define MES_DELIVERY_TOKEN_ANSWER_H

#include <stdint.h>

#include "base/secret.h"

enum { MES_TOKEN_MOST = 16 * 1024 };

/* What is not there is NULL, "" or 0. */
struct mes_token_answer {
    struct mes_secret *access;
    struct mes_secret *refresh;
    struct mes_secret *device_code;
    bool is_bearer;         /* token_type */
    int64_t lives_s;        /* expires_in */
    int64_t interval_s;     /* between two questions */
    char error[64];         /* "invalid_grant" */
    char error_text[256];   /* for people, fit to be shown */
    char user_code[64];     /* fit to be shown, as the next two */
    char address[512];      /* verification_uri */
    char full_address[768]; /* verification_uri_complete */
};

/* False for anything but one JSON object in which every member that is known stands once and is what it
 * should be; tokens and codes hold nothing but visible ASCII, so that they cannot become a line or a field of
 * their own. Unknown members are passed over. Also false without memory. `answer_out` needs
 * mes_token_answer_fini either way. */
bool mes_token_answer_read(struct mes_str body, struct mes_token_answer *answer_out);
void mes_token_answer_fini(struct mes_token_answer *answer);

#endif
