/* Lets allocations of the library fail. */
#ifndef TESTS_NET_MEMORY_H
#define TESTS_NET_MEMORY_H

#include <stdbool.h>

/* The next `count` allocations are made, all behind them fail, until memory_allow_all. */
void memory_allow(unsigned count);
void memory_allow_all(void);
/* Did one fail since memory_allow? */
bool memory_was_refused(void);

#endif
