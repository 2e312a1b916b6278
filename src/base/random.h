/* Random bytes from the operating system. */
#ifndef MES_BASE_RANDOM_H
#define MES_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "mes/error.h"

/* Bytes fit for keys and nonces, from the operating system. */
int mes_random_bytes(void *out, size_t size, struct mes_error *error) MES_MUST_USE;

/* `size`-1 characters from [0-9a-z] and a NUL: 5 bits each, for message ids and boundaries. */
int mes_random_text(char *out, size_t size, struct mes_error *error) MES_MUST_USE;

#endif
