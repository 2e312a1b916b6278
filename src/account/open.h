/* Opens everything that says something about the accounts: the files, one over the other, and the
 * environment. */
#ifndef MES_ACCOUNT_OPEN_H
#define MES_ACCOUNT_OPEN_H

#include "account/layers.h"
#include "account/load.h"

struct mes_account_opening {
    const struct mes_account_source *source;
    struct mes_arena *arena; /* takes the texts */
    struct mes_complaints *complaints;
    /* What comes out: */
    const char *const *environment; /* the source's, or the process's own */
    struct mes_layers layers;       /* to be closed with mes_account_layers_fini, also after a failure */
    const char *file;               /* the one with the accounts */
    const char *settings_file;      /* may be the same */
    bool is_company;                /* the list is the company's own */
};

/* Finds and reads the files. Problems go to the complaints; the result is their code. */
int mes_account_open(struct mes_account_opening *opening) MES_MUST_USE;

#endif
