/* The versions of the libraries that run below this folder: jansson. */
#ifndef MES_JSON_LIBRARIES_H
#define MES_JSON_LIBRARIES_H

/* Calls `each` for every one of them; the texts are static. Any thread. */
void mes_json_libraries(void (*each)(void *context, const char *name, const char *version), void *context);

#endif
