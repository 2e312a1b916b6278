/* The rules behind verdict.h as rows, for verdict.c and the test that finds shadowed ones. */
#ifndef MES_DELIVERY_VERDICT_TABLE_H
#define MES_DELIVERY_VERDICT_TABLE_H

#include "delivery/verdict.h"

/* The order of precedence; the rows of verdict.def stand in it. */
enum mes_verdict_part {
    MES_VERDICT_TEXT,     /* the provider's own words, or its own use of a code */
    MES_VERDICT_ENHANCED, /* the enhanced code */
    MES_VERDICT_STEP,     /* the step together with the basic code */
    MES_VERDICT_BASIC,    /* the basic code alone */
    MES_VERDICT_CAUSE     /* no reply at all */
};

/* "" or 0 in a condition matches anything; '|' separates alternatives. */
struct mes_verdict_row {
    enum mes_verdict_part part;
    enum mes_cause cause;
    bool by_token;         /* only after AUTH with an access token */
    unsigned steps;        /* a bit for each step; 0: any */
    const char *providers; /* ids of provider rows */
    const char *codes;     /* front parts of the basic code: "5" is a class, "535" one code */
    const char *enhanced;  /* front parts of the enhanced code: "5.7" covers "5.7.8", not "5.70.1" */
    const char *text;      /* parts of the text, whatever their case; '*' stands for anything between */
    enum mes_class class_;
    int rest; /* enum mes_rest, or MES_VERDICT_REST_OWN_FROM */
    enum mes_learn learn;
    const char *advice;
    const char *sample; /* "auth 535 5.7.8 Login fail": a reply that selects this row and no other */
};

/* Long when the refused From is the account's own, else none: a wished From says nothing about the account.
 */
enum { MES_VERDICT_REST_OWN_FROM = MES_REST_QUOTA + 1 };

/* Row `index`, NULL past the end. */
const struct mes_verdict_row *mes_verdict_row_at(size_t index);

/* The first row that fits, NULL when none does. The text is matched as UTF-8. */
const struct mes_verdict_row *mes_verdict_row_find(const struct mes_verdict_input *input,
                                                   struct mes_str text);

#endif
