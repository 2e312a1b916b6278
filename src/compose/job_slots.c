/* Subject, text and HTML: what is the same for all is rendered once, the rest for each recipient. */
#include <string.h>

#include "compose/job_parts.h"
#include "compose/message.h"
#include "compose/subject.h"
#include "mime/htmltext.h"

/* What a template may name, innermost first: the recipient's variables, the message's, then name and address.
 */
struct chain {
    struct mes_values levels[3];
    struct mes_variable own[2];
};

/* `recipient` NULL: only what is the same for all. */
static const struct mes_values *values_of(const struct mes_compose_job *job,
                                          const struct mes_recipient *recipient, struct chain *chain)
{
    *chain = (struct chain){.levels[1].value = job->variables};
    if (recipient == NULL)
        return &chain->levels[1];
    size_t count = 0;
    chain->own[count++] =
        (struct mes_variable){MES_STR("address"), mes_template_value_text(mes_str_of(recipient->spec))};
    if (recipient->name[0] != '\0')
        chain->own[count++] =
            (struct mes_variable){MES_STR("name"), mes_template_value_text(mes_str_of(recipient->name))};
    chain->levels[0].value = mes_template_value_map(recipient->variables, recipient->variable_count);
    chain->levels[0].outer = &chain->levels[1];
    chain->levels[1].outer = &chain->levels[2];
    chain->levels[2].value = mes_template_value_map(chain->own, count);
    return &chain->levels[0];
}

static bool has_variable(const struct mes_variable *variables, size_t count, struct mes_str name)
{
    for (size_t i = 0; i < count; i++)
        if (mes_str_eq(variables[i].name, name))
            return true;
    return false;
}

static enum mes_slot_number number_of(const struct mes_compose_job *job, const struct mes_slot *slot)
{
    return slot == &job->subject ? MES_SLOT_SUBJECT : slot == &job->text ? MES_SLOT_TEXT : MES_SLOT_HTML;
}

struct search {
    const struct mes_compose_job *job;
    bool is_found;
};

/* Would the name be answered by a recipient? Of a.b only a is looked up in the maps. */
static void look_for_recipient_name(void *context, struct mes_str name, bool is_required)
{
    struct search *search = context;
    const struct mes_compose_job *job = search->job;
    size_t dot = mes_str_find(name, MES_STR("."), 1);
    struct mes_str first = mes_str_cut(name, 0, dot != SIZE_MAX ? dot : name.size);
    (void)is_required;
    search->is_found |= job->may_grow;
    if (!has_variable(job->variables.members, job->variables.count, first))
        search->is_found |= mes_str_eq(first, MES_STR("name")) || mes_str_eq(first, MES_STR("address"));
    for (size_t i = 0; i < job->to_count && !search->is_found; i++)
        search->is_found = has_variable(job->to[i].variables, job->to[i].variable_count, first);
}

static int keep_fixed(struct mes_compose_job *job, struct mes_slot *slot, struct mes_str text,
                      struct mes_error *error)
{
    const char *copy = mes_arena_copy(&job->arena, text);
    if (copy == NULL)
        return mes_fail_nomem(error);
    *slot = (struct mes_slot){.is_there = true, .fixed = mes_str_make(copy, text.size)};
    return 0;
}

/* Does what it gives differ from recipient to recipient? What was once found out holds for every batch. */
static bool is_personal(const struct mes_compose_job *job, const struct mes_slot *slot,
                        const struct mes_template *template)
{
    struct search search = {.job = job};
    if (job->is_stored)
        return (job->personal >> number_of(job, slot) & 1) != 0;
    mes_template_each_name(template, look_for_recipient_name, &search);
    return search.is_found;
}

/* A template that asks for nothing of a recipient is rendered here and now. */
static int take_template(struct mes_compose_job *job, struct mes_slot *slot,
                         const struct mes_template *template, struct mes_error *error)
{
    struct mes_buf text;
    struct chain chain;
    if (is_personal(job, slot, template)) {
        job->personal |= 1U << number_of(job, slot);
        *slot = (struct mes_slot){.is_there = true, .template = template};
        return 0;
    }
    mes_buf_init(&text, MES_LIMIT_BODY);
    int code = mes_template_render(template, values_of(job, NULL, &chain), &text, error);
    if (code == 0)
        code = keep_fixed(job, slot, mes_buf_str(&text), error);
    mes_buf_fini(&text);
    return code;
}

static int32_t utc_offset(const void *zone, int64_t utc_seconds)
{
    (void)utc_seconds;
    return *(const int *)zone * 60;
}

/* The message's own text; without "{{" it is no template and needs no compiling. */
static int take_text(struct mes_compose_job *job, struct mes_slot *slot,
                     const struct mes_template_source *source, struct mes_error *error)
{
    struct mes_template **own = &job->own_templates[number_of(job, slot)];
    bool has_brace = memchr(source->text.data, '{', source->text.size) != NULL;
    if (!has_brace || mes_str_find(source->text, MES_STR("{{"), 0) == SIZE_MAX)
        return keep_fixed(job, slot, source->text, error);
    int code = mes_template_parse(source, own, error);
    return code != 0 ? code : take_template(job, slot, *own, error);
}

static int take_own_texts(struct mes_compose_job *job, const struct mes_message *message,
                          struct mes_error *error)
{
    static const enum mes_message_text which[] = {MES_TEXT_SUBJECT, MES_TEXT_PLAIN, MES_TEXT_HTML};
    static const enum mes_template_kind kinds[] = {MES_TEMPLATE_HEADER, MES_TEMPLATE_TEXT, MES_TEMPLATE_HTML};
    static const struct mes_str names[] = {{"subject", 7}, {"text", 4}, {"HTML", 4}};
    struct mes_slot *slots[] = {&job->subject, &job->text, &job->html};
    int code = 0;
    for (size_t i = 0; i < sizeof which / sizeof which[0] && code == 0; i++) {
        struct mes_template_source source = {.name = names[i],
                                             .text = mes_compose_message_text(message, which[i]),
                                             .kind = kinds[i],
                                             .utc_offset = utc_offset,
                                             .zone = &job->zone_minutes};
        if (source.text.size > 0)
            code = take_text(job, slots[i], &source, error);
    }
    return code;
}

static int take_named_template(struct mes_compose_job *job, const struct mes_message *message,
                               const struct mes_compose_options *options, struct mes_error *error)
{
    const struct mes_compose_wish wish = {.folder = message->texts[MES_TEXT_TEMPLATE_FOLDER],
                                          .name = mes_compose_message_text(message, MES_TEXT_TEMPLATE),
                                          .language = mes_compose_message_text(message, MES_TEXT_LANGUAGE),
                                          .fall_back = mes_str_of(options->language_fallback),
                                          .utc_offset = utc_offset,
                                          .zone = &job->zone_minutes};
    int code = message->sources != NULL
                   ? mes_compose_template_make(message->sources, &wish, &job->loaded, error)
                   : mes_compose_template_load(&wish, &job->loaded, error);
    if (code == 0)
        code = take_template(job, &job->html, job->loaded->html, error);
    if (code == 0 && job->loaded->text != NULL)
        code = take_template(job, &job->text, job->loaded->text, error);
    if (code == 0 && job->loaded->subject != NULL && !job->subject.is_there)
        code = take_template(job, &job->subject, job->loaded->subject, error);
    return code;
}

/* The text part says what the HTML says when it has no words of its own. */
static int derive_text(struct mes_compose_job *job, struct mes_error *error)
{
    struct mes_buf text;
    if (!job->is_html_leading)
        return 0;
    if (job->html.template != NULL) {
        job->text = (struct mes_slot){.is_there = true, .is_derived = true};
        return 0;
    }
    mes_buf_init(&text, SIZE_MAX);
    mes_mime_html_to_text(job->html.fixed, &text);
    int code = mes_buf_check(&text, error);
    if (code == 0 && text.size > 0)
        code = keep_fixed(job, &job->text, mes_buf_str(&text), error);
    mes_buf_fini(&text);
    return code;
}

/* The body's first words. */
static void add_subject(const struct mes_compose_job *job, const struct mes_slot_texts *texts,
                        struct mes_buf *out)
{
    if (job->is_html_leading)
        mes_compose_subject_from_html(texts->html, out);
    else
        mes_compose_subject_from_text(texts->text, out);
}

static int derive_subject(struct mes_compose_job *job, struct mes_error *error)
{
    const struct mes_slot_texts texts = {.text = job->text.fixed, .html = job->html.fixed};
    struct mes_buf text;
    if (job->subject.is_there)
        return 0;
    if (job->text.template != NULL || job->html.template != NULL) {
        job->subject = (struct mes_slot){.is_there = true, .is_derived = true};
        return 0;
    }
    mes_buf_init(&text, SIZE_MAX);
    add_subject(job, &texts, &text);
    int code = mes_buf_check(&text, error);
    if (code == 0)
        code = keep_fixed(job, &job->subject, mes_buf_str(&text), error);
    mes_buf_fini(&text);
    return code;
}

int mes_compose_job_fill_slots(struct mes_compose_job *job, const struct mes_message *message,
                               const struct mes_compose_options *options, struct mes_error *error)
{
    int code = take_own_texts(job, message, error);
    if (code == 0 && (message->texts[MES_TEXT_TEMPLATE] != NULL || message->sources != NULL))
        code = take_named_template(job, message, options, error);
    job->is_html_leading = !job->text.is_there && job->html.is_there;
    if (code == 0)
        code = derive_text(job, error);
    return code != 0 ? code : derive_subject(job, error);
}

static int render(const struct mes_slot *slot, const struct mes_values *values, struct mes_buf *buf,
                  struct mes_str *text_out, struct mes_error *error)
{
    *text_out = slot->fixed;
    if (slot->template == NULL)
        return 0;
    mes_buf_clear(buf);
    int code = mes_template_render(slot->template, values, buf, error);
    *text_out = mes_buf_str(buf);
    return code;
}

int mes_compose_job_render_slots(const struct mes_compose_job *job, size_t index, struct mes_wire *wire,
                                 struct mes_slot_texts *texts_out, struct mes_error *error)
{
    struct chain chain;
    const struct mes_values *values = values_of(job, &job->to[index], &chain);
    int code = render(&job->html, values, &wire->html, &texts_out->html, error);
    if (code == 0)
        code = render(&job->text, values, &wire->plain, &texts_out->text, error);
    if (code == 0)
        code = render(&job->subject, values, &wire->subject, &texts_out->subject, error);
    if (code == 0 && job->text.is_derived) {
        mes_buf_clear(&wire->plain);
        mes_mime_html_to_text(texts_out->html, &wire->plain);
        texts_out->text = mes_buf_str(&wire->plain);
        code = mes_buf_check(&wire->plain, error);
    }
    if (code == 0 && job->subject.is_derived) {
        mes_buf_clear(&wire->subject);
        add_subject(job, texts_out, &wire->subject);
        texts_out->subject = mes_buf_str(&wire->subject);
        code = mes_buf_check(&wire->subject, error);
    }
    return code;
}

int mes_compose_job_subject(const struct mes_compose_job *job, size_t index, struct mes_buf *out,
                            struct mes_error *error)
{
    struct mes_slot_texts texts;
    struct mes_wire wire;
    mes_compose_wire_init(&wire);
    int code = mes_compose_job_render_slots(job, index, &wire, &texts, error);
    if (code == 0)
        mes_buf_add_str(out, texts.subject);
    mes_compose_wire_fini(&wire);
    return code == 0 ? mes_buf_check(out, error) : code;
}
