/* Shows what is said, without secrets and without the mail itself. */
#ifndef MES_SMTP_TRANSCRIPT_H
#define MES_SMTP_TRANSCRIPT_H

#include "smtp/reply.h"
#include "smtp/session.h"

/* A command line without its CRLF. Of AUTH the mechanism is shown, of an answer to a challenge nothing. */
void mes_smtp_transcript_sent(struct mes_smtp_session *session, struct mes_str line, unsigned step);
/* Each line of a reply; a challenge is hidden. */
void mes_smtp_transcript_received(struct mes_smtp_session *session, const struct mes_smtp_reply *reply);
/* "body of 1234 bytes" */
void mes_smtp_transcript_body(struct mes_smtp_session *session, uint64_t size);
void mes_smtp_transcript_remark(struct mes_smtp_session *session, const char *text);

#endif
