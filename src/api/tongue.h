/* The language of an answer. */
#ifndef MES_API_TONGUE_H
#define MES_API_TONGUE_H

#include "base/str.h"
#include "mes/language.h"

/* The best of ours for an Accept-Language field (RFC 9110 section 12.5.4); English when none fits or there is
 * no field. */
enum mes_language mes_api_tongue(struct mes_str accepted);

#endif
