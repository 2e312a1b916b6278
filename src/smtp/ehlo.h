/* What a relay offers: the lines of its answer to EHLO (RFC 5321 4.1.1.1). */
#ifndef MES_SMTP_EHLO_H
#define MES_SMTP_EHLO_H

#include "base/buf.h"
#include "smtp/mechanism.h"

enum { MES_SMTP_KEYWORDS_MOST = 64 };

struct mes_smtp_ehlo {
    bool starttls;
    bool pipelining;
    bool eightbitmime;
    bool smtputf8;
    bool dsn;
    bool requiretls;
    bool chunking;
    bool size;               /* MAIL may say SIZE= */
    uint64_t size_limit;     /* 0: none named */
    unsigned mechanisms;     /* MES_SMTP_OFFERS_ bits */
    struct mes_buf keywords; /* upper case, sorted, each once, one blank between; at most 64 of them */
};

void mes_smtp_ehlo_init(struct mes_smtp_ehlo *ehlo);
void mes_smtp_ehlo_fini(struct mes_smtp_ehlo *ehlo);
/* Forgets everything, keeps the memory. */
void mes_smtp_ehlo_clear(struct mes_smtp_ehlo *ehlo);

/* Replaces what was known by the text of the reply. Lines that are no keywords, and keywords past the 64th,
 * are passed over; a SIZE that is not a number counts as not offered. False: out of memory. */
bool mes_smtp_ehlo_parse(struct mes_smtp_ehlo *ehlo, struct mes_str text) MES_MUST_USE;

#endif
