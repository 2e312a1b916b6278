/* A relay's reply as text that can be shown: valid UTF-8 whatever came. */
#ifndef MES_DELIVERY_REPLY_TEXT_H
#define MES_DELIVERY_REPLY_TEXT_H

#include "base/buf.h"

/* Appends `raw`: as it is when it is valid UTF-8; decoded when it is clean GB18030 (QQ's and others' older
 * servers speak GBK); else byte by byte with \xNN for what is not ASCII. Control characters but TAB become
 * \xNN, line ends become one space. */
void mes_reply_text_add(struct mes_buf *out, struct mes_str raw);

#endif
