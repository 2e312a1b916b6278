/* This machine's own name. */
#ifndef MES_BASE_HOST_H
#define MES_BASE_HOST_H

enum { MES_HOST_NAME_SPACE = 256 };

/* The name for EHLO (RFC 5321 section 4.1.4): the machine's name when it is a full one, else "[127.0.0.1]".
 * Returns `out`. */
const char *mes_host_ehlo_name(char out[MES_HOST_NAME_SPACE]);

#endif
