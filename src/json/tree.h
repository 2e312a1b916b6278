/* A whole plain JSON text (RFC 8259) as a tree of values, as other programs send it. */
#ifndef MES_JSON_TREE_H
#define MES_JSON_TREE_H

#include "base/arena.h"
#include "json/parse.h"

/* What json/parse.h allows to people is refused here: comments, trailing commas, a byte order mark; and so
 * are a key that stands twice in an object, U+0000, and numbers beyond 64 bits or a double. Values, keys and
 * texts belong to `arena`, the texts end with NUL; `key_place` and `place` are not filled. MES_E_INPUT names
 * line and column; MES_E_LIMIT: more than `most_values`, or more than MES_JSON_MOST_DEPTH brackets open. */
int mes_json_tree(struct mes_str text, size_t most_values, struct mes_arena *arena,
                  const struct mes_json_value **root_out, struct mes_error *error) MES_MUST_USE;

#endif
