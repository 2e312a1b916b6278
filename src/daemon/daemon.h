/* The service as one call: reads the settings, starts the threads, serves until it is told to stop. */
#ifndef MES_DAEMON_DAEMON_H
#define MES_DAEMON_DAEMON_H

struct mes_daemon;

#endif
