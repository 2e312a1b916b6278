/* The versions of the libraries that run below this folder: utf8proc and libidn2. */
#ifndef MES_MIME_LIBRARIES_H
#define MES_MIME_LIBRARIES_H

/* Calls `each` for every one of them; the texts are static. Any thread. */
void mes_mime_libraries(void (*each)(void *context, const char *name, const char *version), void *context);

#endif
