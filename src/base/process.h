/* What a program asks of the operating system about itself; for the command line, never for the library. */
#ifndef MES_BASE_PROCESS_H
#define MES_BASE_PROCESS_H

#include <stdint.h>

/* Keeps passwords out of core dumps and away from other processes of the same user. What the system refuses
 * is left as it is. */
void mes_process_protect(void);

/* As many open files as the system allows this process; and few memory arenas, which many threads would fill
 * with holes. For a service. */
void mes_process_raise_limits(void);

/* Ends the process where it stands: nothing is closed or written out. */
void mes_process_end(int status);

/* A standard stream that the caller closed is opened on nothing, the wrong way round: using it fails, and no
 * file or connection opened later can take its place and be written to by accident. */
void mes_process_keep_streams(void);

/* This process's number. */
int64_t mes_process_id(void);

/* Writing to a closed pipe, or past the limit that is set on the size of files, gives an error instead of
 * ending the process without a word. */
void mes_process_ignore_broken_pipes(void);

/* Calls `stop` at the first ^C or request to end (SIGINT, SIGTERM, SIGHUP), after writing `words` to standard
 * error; a second one ends the process at once. `stop` runs in the middle of anything, so it may do only what
 * is safe in a signal handler. `words` stays the caller's. NULL for both puts the system's own handling back.
 */
void mes_process_on_stop(void (*stop)(void), const char *words);

/* Memory that was freed goes back to the system, as far as this C library can be asked to. */
void mes_process_give_back_memory(void);

/* When the process ends by its own fault (SIGSEGV, SIGABRT and the like) `words` are appended to the open
 * file `descriptor` first; -1: no longer. Where somebody else sees to such an end already (a sanitizer), they
 * are not. `words` stays the caller's. */
void mes_process_on_crash(int descriptor, const char *words);

#endif
