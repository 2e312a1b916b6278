/* Changing one value of a settings file: everything else in it stays, comments and order too. */
#ifndef MES_ACCOUNT_EDIT_H
#define MES_ACCOUNT_EDIT_H

#include "base/arena.h"
#include "base/buf.h"
#include "json/parse.h"

/* Appends to `out` the file's `text` with `"key": "value"` in `object`, a value of it: in the place of the
 * old value, or else behind its last member, written as that one is (on a line of its own, where that is).
 * `key` and `value` need no escapes. Both `text` and `object` are of the same parse. */
void mes_account_edit_member(struct mes_str text, const struct mes_json_value *object, const char *key,
                             struct mes_str value, struct mes_buf *out);

struct mes_account_edit {
    const char *file;
    struct mes_str old, edited; /* its content */
};

/* Puts the new content in the place of the old: in one step, a symbolic link stays one, and the previous
 * version is kept as FILE.bak, for its owner alone. `backup_out`, in the arena, may be NULL. Blocking. */
int mes_account_edit_write(const struct mes_account_edit *edit, struct mes_arena *arena,
                           const char **backup_out, struct mes_error *error) MES_MUST_USE;

#endif
