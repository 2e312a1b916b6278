/* Whoever connects to this machine from itself, and says something up to an empty line: for the command line,
 * which waits for one visitor. Blocking. */
#ifndef MES_NET_VISITORS_H
#define MES_NET_VISITORS_H

#include <stdint.h>

#include "base/str.h"
#include "mes/error.h"

struct mes_visitors;

enum { MES_VISITORS_MOST = 16, MES_VISITOR_HEAD = 16 * 1024 };

/* Listens on 127.0.0.1, at a port that the system chooses. */
int mes_visitors_open(struct mes_visitors **visitors_out, uint16_t *port_out,
                      struct mes_error *error) MES_MUST_USE;
/* Nobody is left connected. A NULL inside is allowed. */
void mes_visitors_close(struct mes_visitors **visitors);

/* Waits until a visitor has said all lines up to an empty one. Several may be connected and silent, as
 * browsers do it; of more than MES_VISITORS_MOST the oldest goes, and so does who says more than
 * MES_VISITOR_HEAD. False: not within `timeout_ms`. `head_out` is valid until the visitor is answered, which
 * must be before the next call. */
bool mes_visitors_next(struct mes_visitors *visitors, int64_t timeout_ms, struct mes_str *head_out);
/* Says this to that visitor, who is gone then. */
void mes_visitors_answer(struct mes_visitors *visitors, struct mes_str text);

#endif
