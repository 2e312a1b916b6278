/* The version of the library that runs below this folder: libcurl. */
#ifndef MES_HTTP_LIBRARIES_H
#define MES_HTTP_LIBRARIES_H

/* Calls `each` for every one of them; the texts are static. Any thread. */
void mes_http_libraries(void (*each)(void *context, const char *name, const char *version), void *context);

#endif
