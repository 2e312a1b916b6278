/* What a reply or a failure means: whose fault it is, what follows, how long the account rests, what was
 * learned. The rules stand as one table in verdict.def; this is a pure function over it. Any thread. */
#ifndef MES_DELIVERY_VERDICT_H
#define MES_DELIVERY_VERDICT_H

#include "base/str.h"
#include "mes/report.h"

/* What ended the attempt. Everything but `reply` happened without a well-formed reply. */
enum mes_cause {
    MES_CAUSE_REPLY,              /* the relay answered; see `code` */
    MES_CAUSE_NO_NAME,            /* the host name does not exist or has no address */
    MES_CAUSE_NO_RESOLVER,        /* DNS did not answer */
    MES_CAUSE_REFUSED,            /* connection refused or reset while connecting */
    MES_CAUSE_UNREACHABLE,        /* no route to the host */
    MES_CAUSE_TIMEOUT,            /* silence, at any step */
    MES_CAUSE_PROXY,              /* the proxy does not let us through */
    MES_CAUSE_PROXY_LOGIN,        /* it wants a login, or refuses the one it got */
    MES_CAUSE_PROXY_RELAY,        /* it cannot reach the relay */
    MES_CAUSE_PROXY_DOWN,         /* it cannot be found or reached */
    MES_CAUSE_NO_PROXY,           /* what answers is no proxy of the kind that was named */
    MES_CAUSE_TLS_FAILED,         /* the handshake failed for a reason that is none of the next ones */
    MES_CAUSE_TLS_NOT_SPOKEN,     /* clear text came where TLS was expected: enableSSL on a STARTTLS port */
    MES_CAUSE_TLS_SPOKEN,         /* TLS, or silence on 465 or 994, where a greeting was expected */
    MES_CAUSE_CERTIFICATE_NAME,   /* the certificate is for another host */
    MES_CAUSE_CERTIFICATE_TIME,   /* expired or not yet valid */
    MES_CAUSE_CERTIFICATE_ISSUER, /* self-signed, unknown issuer, chain incomplete */
    MES_CAUSE_CERTIFICATE,        /* refused for any other reason */
    MES_CAUSE_CUT,                /* closed or reset in the middle of the conversation */
    MES_CAUSE_GARBAGE,            /* not a reply, too long, or out of turn */
    MES_CAUSE_NO_STARTTLS,        /* wanted, but not offered */
    MES_CAUSE_NO_AUTH,            /* wanted, but not offered, or no mechanism in common */
    MES_CAUSE_PLAIN_PASSWORD,     /* the password would have gone out without TLS */
    MES_CAUSE_AUTH_TOO_WEAK,      /* only what is weaker than authMinimum is offered */
    MES_CAUSE_UNPROVEN,           /* the relay did not prove that it knows the password */
    MES_CAUSE_BAD_ROUNDS,         /* the relay wants the password hashed too few times, or too many */
    MES_CAUSE_LOGIN_UNFIT,        /* user name, password or token hold what the mechanism cannot say */
    MES_CAUSE_TOKEN_SERVER,       /* the server of our access tokens cannot be reached, or cannot help now */
    MES_CAUSE_TOKEN_ANSWER,       /* what it answered is none */
    MES_CAUSE_TOKEN_CLIENT,       /* it does not know our client, or not its secret */
    MES_CAUSE_TOKEN_WITHDRAWN,    /* our authorization is good no more, or there is none yet */
    MES_CAUSE_OWN_FILE,           /* our certificate, key or CA file cannot be used */
    MES_CAUSE_NO_SMTPUTF8,        /* this message needs it, the relay lacks it */
    MES_CAUSE_NO_REQUIRETLS, /* this message may only go over verified TLS, the relay does not keep to it */
    MES_CAUSE_TOO_LARGE,     /* larger than the relay's announced SIZE or the account's own limit */
    MES_CAUSE_CANCELLED,     /* ended from our side */
    MES_CAUSE_INTERNAL,      /* our memory or disk */
    MES_CAUSE_COUNT
};

/* Whether this account is left alone for a while; health.h keeps the time. */
enum mes_rest {
    MES_REST_NONE,
    MES_REST_SHORT,  /* 15 s growing to 1 h */
    MES_REST_LONG,   /* 15 min growing to 1 h, each time one probe */
    MES_REST_CHANGE, /* until its settings change */
    MES_REST_QUOTA   /* until the learned quota ends; limit.h keeps the time */
};

/* What the relay told about its limits. */
enum mes_learn {
    MES_LEARN_NONE,
    MES_LEARN_QUOTA_15_MINUTES,
    MES_LEARN_QUOTA_HOUR,
    MES_LEARN_QUOTA_DAY,
    MES_LEARN_RECIPIENTS, /* at most as many in a message as were accepted: maxRecipientsPerMessage */
    MES_LEARN_CONNECTIONS /* fewer connections at a time than now */
};

/* What follows for the recipients concerned. */
enum mes_next {
    MES_NEXT_DONE,        /* sent */
    MES_NEXT_FAIL,        /* failed for good, no other account */
    MES_NEXT_ACCOUNT,     /* the next account, as long as there is one */
    MES_NEXT_ONE_ACCOUNT, /* one other account at most */
    MES_NEXT_LATER,       /* the same account, after a back-off */
    MES_NEXT_BATCH,       /* the same account, at once, in a further transaction: no failure, no attempt */
    MES_NEXT_CONNECTION,  /* a fresh connection once, then the next account */
    MES_NEXT_DOUBT,       /* never another account: `onDoubt` decides */
    MES_NEXT_KEEP         /* the message is kept; nothing is the account's fault */
};

struct mes_verdict_input {
    struct mes_str provider; /* the provider row's id ("qq"), empty when there is none */
    enum mes_step step;
    enum mes_cause cause;
    int code;                /* 0 unless cause is `reply` */
    struct mes_str enhanced; /* "5.7.8" or empty */
    struct mes_str text;     /* the reply's text as it came, in any encoding, or what the system said */
    bool dot_written;        /* a byte of the final dot or of BDAT LAST was handed to the socket */
    unsigned accepted;       /* recipients of this transaction accepted so far */
    unsigned connections;    /* of the account, open beside this one */
    bool from_is_own;        /* the envelope's From is the account's fromMailAddress, not a wished one */
    bool failover_any;       /* globalConfig.failoverOn = "any" */
    bool by_token;           /* AUTH had shown an access token: a 5xx may only mean that it has run out */
};

struct mes_verdict {
    enum mes_class class_; /* `none` is success, and too many recipients */
    enum mes_next next;
    enum mes_rest rest;
    enum mes_learn learn;
    bool alarm;            /* a person has to do something; health.h says it once */
    int retry_seconds;     /* the wait that the reply names, 1 to 3600; 0 when it names none */
    const char *advice_id; /* static, "" when there is no advice */
};

/* First match wins: the provider's text, the enhanced code, the step, the basic code. Once the dot is written
 * only a well-formed 2xx, 4xx or 5xx reply keeps the verdict from being in_doubt. */
void mes_verdict_decide(const struct mes_verdict_input *input, struct mes_verdict *verdict_out);

#endif
