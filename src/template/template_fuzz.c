#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct halves {
    struct mes_str partial;
};

static bool find_partial(void *context, struct mes_str name, struct mes_str *text_out)
{
    const struct halves *halves = context;
    (void)name;
    *text_out = halves->partial;
    return true;
}

static void render(const struct mes_template *template)
{
    static const struct mes_value items[] = {{.type = MES_VALUE_TEXT, .text = {"<a'\"&`= :/?#\x01%", 15}},
                                             {.type = MES_VALUE_BOOL, .truth = true}};
    static const struct mes_variable inner[] = {
        {{"b", 1}, {.type = MES_VALUE_TEXT, .text = {"2026-11-22", 10}}}};
    static const struct mes_variable variables[] = {
        {{"a", 1}, {.type = MES_VALUE_MAP, .members = inner, .count = 1}},
        {{"l", 1}, {.type = MES_VALUE_LIST, .items = items, .count = 2}},
        {{"x", 1}, {.type = MES_VALUE_TEXT, .text = {"<a'\"&`= :/?#\x01%", 15}}},
        {{"n", 1}, {.type = MES_VALUE_NONE}},
    };
    struct mes_values values = {mes_template_value_map(variables, 4), NULL};
    struct mes_buf first, second;
    mes_buf_init(&first, 1 << 20);
    mes_buf_init(&second, 1 << 20);
    int code = mes_template_render(template, &values, &first, NULL);
    assert(code == mes_template_render(template, &values, &second, NULL));
    assert(mes_str_eq(mes_buf_str(&first), mes_buf_str(&second)));
    assert(code == 0 || first.size == 0);
    mes_buf_fini(&first);
    mes_buf_fini(&second);
}

/* The first byte says how, the rest is cut at a NUL: a template and a partial. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mes_str old_names[] = {{"x", 1}};
    if (size < 1)
        return 0;
    struct mes_str rest = mes_str_make((const char *)data + 1, size - 1);
    struct mes_str text = {"", 0};
    (void)mes_str_next(&rest, '\0', &text);
    struct halves halves = {rest.data != NULL ? rest : text};
    struct mes_template_source source = {
        .name = MES_STR("fuzz"),
        .text = text,
        .kind = (enum mes_template_kind)(data[0] % 3),
        .is_lenient = data[0] & 4,
        .old_names = old_names,
        .old_name_count = (data[0] & 8) != 0,
        .find_partial = data[0] & 16 ? find_partial : NULL,
        .partial_context = &halves,
    };
    struct mes_template *template;
    if (mes_template_parse(&source, &template, NULL) == 0)
        render(template);
    mes_template_free(&template);
    return 0;
}
