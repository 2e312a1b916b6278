/* Talk with the program that started the service: systemd, or whoever speaks its protocol (sd_notify(3)). */
#ifndef MES_BASE_SUPERVISOR_H
#define MES_BASE_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

/* Sends "READY=1", "STATUS=…" and the like, several lines at once if wished. True when someone took it. Never
 * blocks. */
bool mes_supervisor_tell(const char *state);
/* "RELOADING=1" with the time that systemd wants to see beside it. */
bool mes_supervisor_tell_reloading(void);

/* The listening stream socket that it opened for this process (sd_listen_fds(3)), the caller's from now on;
 * -1 when there is none. Of several the first is taken, and the others are closed. Once, before other
 * threads. */
int mes_supervisor_listener(void);

/* Within how many milliseconds "WATCHDOG=1" has to come again and again; 0: nobody asked for it. */
int64_t mes_supervisor_watchdog_ms(void);

#endif
