/* Whether a person is watching, and how much room there is. */
#ifndef MES_BASE_TERMINAL_H
#define MES_BASE_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Is this stream a terminal that can move its cursor (TERM is set and not "dumb")? */
bool mes_terminal_is_live(FILE *stream);

/* Columns of the terminal behind the stream; 80 when it does not say. */
unsigned mes_terminal_width(FILE *stream);

#endif
