/* A secret in a file of its own: in the folder "secrets" beside the settings file that names it. */
#ifndef MES_ACCOUNT_SECRET_FILE_H
#define MES_ACCOUNT_SECRET_FILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/parse.h"

enum { MES_SECRET_LABEL = 100, MES_SECRET_FILE_MOST = 64 * 1024 };

struct mes_secret_file {
    const char *reference; /* "secrets/NAME", from the settings file's folder; needs no escapes in JSON */
    const char *file;      /* the same from here */
};

struct mes_secret_writing {
    const char *settings; /* the file that will name it */
    const char *label;
    const char *key;
    struct mes_str secret; /* not empty */
    /* Is the file spoken for, though it holds the same? NULL: none is. */
    bool (*is_taken)(void *context, const char *file);
    void *context;
};

/* A file's name made from the account's name or address: letters, digits and a few signs; "account-NUMBER"
 * where nothing is left of it. */
void mes_account_secret_label(const struct mes_json_value *account, size_t number,
                              char label[MES_SECRET_LABEL + 1]);

/* Writes it to secrets/LABEL.KEY (0600), making the folder (0700) when there is none; LABEL-2.KEY and so on
 * where a file of that name holds something else. The texts that come out are in the arena. Blocking. */
int mes_account_secret_write(const struct mes_secret_writing *writing, struct mes_arena *arena,
                             struct mes_secret_file *file_out, struct mes_error *error) MES_MUST_USE;

/* Puts another secret into a file that holds one; what it held is kept as FILE.bak (0600). The folder is made
 * when there is none. */
int mes_account_secret_replace(const char *file, struct mes_str secret, struct mes_error *error) MES_MUST_USE;

/* What a file holds without its line end, appended to `out`, which the caller wipes. */
int mes_account_secret_read(const char *file, struct mes_buf *out, struct mes_error *error) MES_MUST_USE;

#endif
