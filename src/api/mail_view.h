/* A mail taken apart for people to look at: header fields decoded, parts listed, texts readable. */
#ifndef MES_API_MAIL_VIEW_H
#define MES_API_MAIL_VIEW_H

#include "json/write.h"

/* Writes "headers": [{name,value}] and "parts": [{type,name,contentId,size,text}], `text` null for what is no
 * text. Made for mails as this service writes them (CRLF, UTF-8); what is stranger is shown as it stands.
 * Linear time, bounded nesting. */
void mes_api_mail_view(struct mes_str mail, struct mes_json_writer *json);

#endif
