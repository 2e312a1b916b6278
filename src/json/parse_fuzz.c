/* Any bytes as a settings file: every offset must stay inside the text and every text must be UTF-8. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "json/parse.h"

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct mes_json_value *value, size_t size)
{
    size_t count = 0;
    require(value->offset + value->size <= size && value->size > 0 && value->key_offset <= value->offset);
    require(mes_utf8_is_valid(value->text) && mes_utf8_is_valid(value->key));
    require(value->place.line > 0 && value->place.column > 0);
    for (const struct mes_json_value *child = value->first; child != NULL; child = child->next) {
        require(child->parent == value && child->offset > value->offset);
        count++;
    }
    require(count == value->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mes_json *json;
    struct mes_error error;
    if (size == 0)
        return 0;
    enum mes_json_keys keys = data[0] & 1 ? MES_JSON_KEYS_ANY_CASE : MES_JSON_KEYS_EXACT;
    if (mes_json_parse("fuzz", mes_str_make((const char *)data, size), keys, &json, &error) != 0)
        return 0;
    for (const struct mes_json_value *value = mes_json_root(json); value != NULL;) {
        check(value, size);
        if (value->first != NULL) {
            value = value->first;
            continue;
        }
        while (value != NULL && value->next == NULL)
            value = value->parent;
        value = value != NULL ? value->next : NULL;
    }
    mes_json_free(&json);
    return 0;
}
