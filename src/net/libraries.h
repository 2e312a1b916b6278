/* The versions of the libraries that run below this folder: libuv, OpenSSL and c-ares. */
#ifndef MES_NET_LIBRARIES_H
#define MES_NET_LIBRARIES_H

/* Calls `each` for every one of them; the texts are static. Any thread. */
void mes_net_libraries(void (*each)(void *context, const char *name, const char *version), void *context);

#endif
