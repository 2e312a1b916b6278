/* Signals as something that is read: no code ever runs in the middle of other code. */
#ifndef MES_BASE_SIGNALS_H
#define MES_BASE_SIGNALS_H

#include "mes/error.h"

enum mes_signal {
    MES_SIGNAL_NONE,
    MES_SIGNAL_STOP,  /* SIGTERM, SIGINT */
    MES_SIGNAL_RELOAD /* SIGHUP */
};

/* From now on these signals wait to be read from the descriptor, which becomes readable. Before any other
 * thread is started: they inherit that. Once in a process. MES_E_SYSTEM. */
int mes_signals_open(int *descriptor_out, struct mes_error *error) MES_MUST_USE;
/* The next one that waits, without waiting for it. */
enum mes_signal mes_signals_next(int descriptor);
/* They have their old effect again. -1 inside is allowed. */
void mes_signals_close(int *descriptor);

#endif
