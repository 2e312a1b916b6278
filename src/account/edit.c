#include "account/edit.h"

#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/secret.h"

enum { PATH_MOST = 64 * 1024 };

static void add_quoted(struct mes_buf *out, struct mes_str text)
{
    mes_buf_add_char(out, '"');
    mes_buf_add_str(out, text);
    mes_buf_add_char(out, '"');
}

static void add_member(struct mes_buf *out, const char *key, struct mes_str value)
{
    add_quoted(out, mes_str_of(key));
    mes_buf_add_text(out, ": ");
    add_quoted(out, value);
}

/* From the value at `start` to `end` something else. */
static void replace(struct mes_str text, size_t start, size_t end, struct mes_str value, struct mes_buf *out)
{
    mes_buf_add_str(out, mes_str_cut(text, 0, start));
    add_quoted(out, value);
    mes_buf_add_str(out, mes_str_skip(text, end));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where what belongs to a value on its line ends: a comma and one remark, if they are there. */
static size_t end_of_remark(struct mes_str text, size_t at, bool *has_comma_out)
{
    size_t end = at;
    *has_comma_out = false;
    while (at < text.size && (is_blank(text.data[at]) || (text.data[at] == ',' && !*has_comma_out))) {
        *has_comma_out = *has_comma_out || text.data[at] == ',';
        end = text.data[at++] == ',' ? at : end;
    }
    struct mes_str rest = mes_str_skip(text, at);
    if (mes_str_starts(rest, MES_STR("//"))) {
        size_t line = mes_str_find(rest, MES_STR("\n"), 0);
        size_t size = line == SIZE_MAX ? rest.size : line;
        end = at + (size > 0 && rest.data[size - 1] == '\r' ? size - 1 : size);
    } else if (mes_str_starts(rest, MES_STR("/*"))) {
        size_t close = mes_str_find(rest, MES_STR("*/"), 2);
        end = close == SIZE_MAX ? end : at + close + 2;
    }
    return end;
}

/* What stands between the line's begin and the member, line end and all; a blank where it shares its line. */
static struct mes_str lead_of(struct mes_str text, const struct mes_json_value *member)
{
    size_t start = member->key_offset;
    while (start > 0 && is_blank(text.data[start - 1]))
        start--;
    if (start == 0 || text.data[start - 1] != '\n')
        return MES_STR(" ");
    start -= start > 1 && text.data[start - 2] == '\r' ? 2 : 1;
    return mes_str_cut(text, start, member->key_offset - start);
}

static void append(struct mes_str text, const struct mes_json_value *last, const char *key,
                   struct mes_str value, struct mes_buf *out)
{
    bool has_comma;
    size_t end = last->offset + last->size;
    size_t place = end_of_remark(text, end, &has_comma);
    mes_buf_add_str(out, mes_str_cut(text, 0, end));
    mes_buf_add_text(out, has_comma ? "" : ",");
    mes_buf_add_str(out, mes_str_cut(text, end, place - end));
    mes_buf_add_str(out, lead_of(text, last));
    add_member(out, key, value);
    mes_buf_add_str(out, mes_str_skip(text, place));
}

void mes_account_edit_member(struct mes_str text, const struct mes_json_value *object, const char *key,
                             struct mes_str value, struct mes_buf *out)
{
    const struct mes_json_value *old = mes_json_member_any_case(object, mes_str_of(key));
    const struct mes_json_value *last = object->first;
    while (last != NULL && last->next != NULL)
        last = last->next;
    if (old != NULL) {
        replace(text, old->offset, old->offset + old->size, value, out);
    } else if (last != NULL) {
        append(text, last, key, value, out);
    } else {
        mes_buf_add_str(out, mes_str_cut(text, 0, object->offset + 1));
        add_member(out, key, value);
        mes_buf_add_str(out, mes_str_skip(text, object->offset + 1));
    }
}

int mes_account_edit_write(const struct mes_account_edit *edit, struct mes_arena *arena,
                           const char **backup_out, struct mes_error *error)
{
    struct mes_buf real;
    mes_buf_init(&real, PATH_MOST);
    if (!mes_file_real_path(edit->file, &real))
        mes_buf_add_text(&real, edit->file);
    struct mes_str target = mes_buf_str(&real);
    char *backup = mes_arena_alloc(arena, target.size + sizeof ".bak");
    int code = backup != NULL ? mes_buf_check(&real, error) : mes_fail_nomem(error);
    if (code == 0) {
        (void)snprintf(backup, target.size + sizeof ".bak", "%s.bak", target.data);
        code = mes_file_remove(backup, error); /* its permissions must not stay */
    }
    if (code == 0)
        code = mes_file_replace(backup, edit->old, error);
    if (code == 0)
        code = mes_file_replace(target.data, edit->edited, error);
    mes_buf_fini(&real);
    if (backup_out != NULL)
        *backup_out = backup;
    return code;
}
