/* One at a time works on a file that is replaced as a whole, whatever process it is in. */
#ifndef MES_BASE_LOCK_H
#define MES_BASE_LOCK_H

#include "base/error.h"

enum mes_lock_state {
    MES_LOCK_HELD,
    MES_LOCK_BUSY, /* somebody else has it: try again later */
    MES_LOCK_NONE  /* there is no such file, or it cannot be locked where it is */
};

/* Does not wait. HELD: `*lock_out` is for mes_lock_release, and the file is the one that the name means now;
 * the end of the process gives it up too. Otherwise -1. Blocking for moments: never on the loop thread. */
enum mes_lock_state mes_lock_try(const char *path, int *lock_out);
/* -1 inside is left behind, and allowed. Any thread. */
void mes_lock_release(int *lock);

#endif
