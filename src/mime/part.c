#include "mime/part.h"

#include <string.h>

#include "i18n/say.h"
#include "mime/header.h"
#include "mime/header_rules.h"
#include "mime/limits.h"
#include "mime/parameter.h"

struct type_row {
    const char *ending, *type;
};

/* Mail itself (.eml) goes as octets: as message/rfc822 it could not be encoded. */
static const struct type_row types[] = {
#define TYPE(ending, type) {"." ending, type},
#include "mime/types.def"
#undef TYPE
};

int mes_mime_file_name(struct mes_str path, struct mes_str *name_out, struct mes_error *error)
{
    struct mes_str name = path;
    for (size_t i = 0; i < path.size; i++)
        if (path.data[i] == '/' || path.data[i] == '\\')
            name = mes_str_skip(path, i + 1);
    int code = mes_mime_text_check("file name", name, MES_LIMIT_FILE_NAME, error);
    if (code != 0)
        return code;
    name = mes_str_trim(name);
    bool is_dots = true;
    for (size_t i = 0; i < name.size; i++)
        is_dots = is_dots && name.data[i] == '.';
    if (is_dots)
        return mes_fail(error, MES_E_INPUT, MES_SAY_file_name_bad, MES_ARGS(MES_TEXT(path)));
    *name_out = name;
    return 0;
}

const char *mes_mime_type_of_name(struct mes_str name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (mes_str_ends_nocase(name, mes_str_of(types[i].ending)))
            return types[i].type;
    return "application/octet-stream";
}

int mes_mime_type_check(struct mes_str type, struct mes_error *error)
{
    struct mes_str rest = type, main_type = {0}, subtype = {0};
    bool is_pair =
        mes_str_next(&rest, '/', &main_type) && mes_str_next(&rest, '/', &subtype) && rest.data == NULL;
    bool is_composite = mes_str_eq_nocase(main_type, MES_STR("multipart")) ||
                        mes_str_eq_nocase(main_type, MES_STR("message"));
    if (is_pair && !is_composite && type.size <= MES_LIMIT_TYPE && mes_mime_is_token(main_type) &&
        mes_mime_is_token(subtype))
        return 0;
    return mes_fail(error, MES_E_INPUT, MES_SAY_content_type_bad, MES_ARGS(MES_TEXT(type)));
}

int mes_mime_content_id_check(struct mes_str content_id, struct mes_error *error)
{
    bool is_good = content_id.size > 0 && content_id.size <= MES_LIMIT_CONTENT_ID;
    for (size_t i = 0; i < content_id.size; i++) {
        char c = content_id.data[i];
        is_good = is_good && ((c >= '0' && c <= '9') || (mes_lower(c) >= 'a' && mes_lower(c) <= 'z') ||
                              (c != '\0' && strchr(".-_@", c) != NULL));
    }
    if (is_good)
        return 0;
    return mes_fail(error, MES_E_INPUT, MES_SAY_content_id_bad, MES_ARGS(MES_TEXT(content_id)));
}

void mes_mime_part_add_header(struct mes_buf *out, const struct mes_part *part)
{
    mes_buf_add_text(out, "Content-Type: ");
    mes_buf_add_text(out, part->type);
    mes_mime_parameter_add_words(out, "name", mes_str_of(part->name));
    mes_buf_add_text(out, "\r\nContent-Transfer-Encoding: base64\r\n");
    if (part->content_id != NULL) {
        mes_buf_add_text(out, "Content-ID: <");
        mes_buf_add_text(out, part->content_id);
        mes_buf_add_text(out, ">\r\n");
    }
    mes_buf_add_text(out, "Content-Disposition: ");
    mes_buf_add_text(out, part->content_id != NULL ? "inline" : "attachment");
    mes_mime_parameter_add(out, "filename", mes_str_of(part->name));
    mes_buf_add_text(out, "\r\n\r\n");
}
