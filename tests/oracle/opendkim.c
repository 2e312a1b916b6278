/* Verifies mails with OpenDKIM's library. usage: oracle-opendkim RECORDS <PATHS   RECORDS has a line "NAME
 * TEXT" for each TXT record that the DNS would have; for each path of standard input a line "RESULT PATH" is
 * printed, RESULT being "pass" or why not. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <dkim.h>

enum { BLOCK = 64 * 1024 };

static DKIM_LIB *open_library(char *records)
{
    int method = DKIM_QUERY_FILE;
    DKIM_LIB *library = dkim_init(NULL, NULL);
    if (library == NULL ||
        dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_QUERYMETHOD, &method, sizeof method) !=
            DKIM_STAT_OK ||
        dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_QUERYINFO, records, strlen(records)) != DKIM_STAT_OK)
        exit(1);
    return library;
}

static DKIM_STAT feed(DKIM *dkim, const char *path)
{
    static unsigned char block[BLOCK];
    FILE *file = fopen(path, "r");
    DKIM_STAT status = DKIM_STAT_OK;
    size_t size;
    if (file == NULL)
        exit(1);
    while (status == DKIM_STAT_OK && (size = fread(block, 1, sizeof block, file)) > 0)
        status = dkim_chunk(dkim, block, size);
    fclose(file);
    return status == DKIM_STAT_OK ? dkim_chunk(dkim, NULL, 0) : status;
}

static void verify(DKIM_LIB *library, const char *path)
{
    DKIM_STAT status;
    DKIM *dkim = dkim_verify(library, (const unsigned char *)"test", NULL, &status);
    if (dkim == NULL)
        exit(1);
    status = feed(dkim, path);
    if (status == DKIM_STAT_OK)
        status = dkim_eom(dkim, NULL);
    DKIM_SIGINFO *signature = status == DKIM_STAT_OK ? dkim_getsignature(dkim) : NULL;
    bool is_good = signature != NULL && (dkim_sig_getflags(signature) & DKIM_SIGFLAG_PASSED) != 0 &&
                   dkim_sig_getbh(signature) == DKIM_SIGBH_MATCH;
    const char *why = dkim_geterror(dkim) != NULL ? dkim_geterror(dkim) : dkim_getresultstr(status);
    printf("%s %s\n", is_good ? "pass" : why, path);
    dkim_free(dkim);
}

int main(int count, char **arguments)
{
    char path[4096];
    if (count != 2)
        return 64;
    DKIM_LIB *library = open_library(arguments[1]);
    while (fgets(path, sizeof path, stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        verify(library, path);
    }
    dkim_close(library);
    return 0;
}
