/* Turns what a handler answered into a response of libmicrohttpd. */
#ifndef MES_API_REPLY_H
#define MES_API_REPLY_H

#include "api/exchange.h"

/* Sends the answer, the complaints, or a 500 when the handler gave neither. */
enum MHD_Result mes_api_reply_send(struct mes_api_exchange *exchange);

/* Appends a whole response with the complaints, header and all, that ends the connection. */
void mes_api_reply_by_hand(struct mes_api_exchange *exchange, struct mes_buf *out);

#endif
