/* The draft becomes a job: everything that can be wrong with its mails shows here, before anything is stored.
 */
#include <string.h>

#include "account/account.h"
#include "account/list.h"
#include "api/draft.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "compose/message.h"
#include "compose/stored.h"
#include "compose/variables.h"
#include "mime/limits.h"

enum { MES_API_SUBJECT_SIZE = 200, MES_API_LANGUAGES_SPACE = 1000 };

static const char *domain_of(const char *address)
{
    const char *at = strrchr(address, '@');
    return at != NULL ? at + 1 : "localhost";
}

static int join_languages(const struct mes_api_draft *draft, const char **languages_out,
                          struct mes_error *error)
{
    const struct mes_account_globals *globals = mes_account_list_globals(draft->host->accounts);
    struct mes_buf text;
    mes_buf_init(&text, MES_API_LANGUAGES_SPACE);
    for (size_t i = 0; i < globals->language_fallback.count; i++)
        mes_buf_add_format(&text, "%s%s", i > 0 ? "," : "", globals->language_fallback.texts[i]);
    *languages_out = text.size > 0 ? mes_arena_copy(draft->host->arena, mes_buf_str(&text)) : NULL;
    bool is_lost = text.size > 0 && *languages_out == NULL;
    mes_buf_fini(&text);
    return is_lost ? mes_fail_nomem(error) : 0;
}

static void warn(void *context, const struct mes_error *notice)
{
    mes_api_draft_warn_of(context, notice);
}

int mes_api_draft_options(struct mes_api_draft *draft, struct mes_compose_options *options_out,
                          struct mes_error *error)
{
    const char *from = mes_account_list_at(draft->host->accounts, 0)->from_address;
    draft->notices = (struct mes_notices){warn, draft};
    *options_out = (struct mes_compose_options){
        .domain = domain_of(from),
        .zone_minutes = mes_zone_offset(draft->host->zone_read, draft->host->now) / 60,
        .unix_seconds = draft->host->now / 1000,
        .notices = &draft->notices,
    };
    return join_languages(draft, &options_out->language_fallback, error);
}

/* --- recipients --- */

static int add_recipient(struct mes_api_draft *draft, const struct mes_api_recipient *recipient,
                         bool *is_new_out, struct mes_error *error)
{
    struct mes_message *message = draft->message;
    size_t before = mes_compose_message_count(message, MES_ROLE_TO);
    int code = mes_message_add_recipient(message, MES_ROLE_TO, recipient->address, recipient->name, error);
    *is_new_out = mes_compose_message_count(message, MES_ROLE_TO) > before;
    if (code == 0 && *is_new_out && recipient->vars != NULL)
        code = mes_compose_message_set_variables(message, MES_VARIABLES_OF_LAST_TO, recipient->vars, error);
    for (size_t i = 0; code == 0 && *is_new_out && i < recipient->file_count; i++)
        code = mes_compose_message_attach_own_blob(message, draft->host->blob_folder, &recipient->files[i],
                                                   error);
    return code;
}

static void enter_recipient(struct mes_api_draft *draft, size_t number)
{
    mes_api_draft_leave(draft, draft->root);
    mes_api_draft_enter(draft, "to");
    mes_api_draft_enter_item(draft, draft->recipients[number].index);
}

static void add_recipients(struct mes_api_draft *draft)
{
    size_t kept = 0;
    for (size_t i = 0; i < draft->recipient_count; i++) {
        struct mes_error error;
        bool is_new;
        if (add_recipient(draft, &draft->recipients[i], &is_new, &error) != 0) {
            enter_recipient(draft, i);
            mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
        }
        draft->duplicates += !is_new;
        if (is_new)
            draft->recipients[kept++] = draft->recipients[i];
    }
    draft->recipient_count = kept;
    mes_api_draft_leave(draft, draft->root);
}

/* --- what does not compile --- */

/* Does it depend on the values that are put into a template, which may be one recipient's own? */
static bool is_of_values(const struct mes_error *error)
{
    static const int sentences[] = {MES_SAY_template_missing,    MES_SAY_template_not_text,
                                    MES_SAY_template_line_end,   MES_SAY_template_scheme,
                                    MES_SAY_template_css,        MES_SAY_template_tag_name,
                                    MES_SAY_template_not_a_date, MES_SAY_template_too_many_steps};
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        if (error->sentence == sentences[i])
            return true;
    return false;
}

/* Compiles for the recipients `from` up to and without `to` alone. */
static int try_part(struct mes_api_draft *draft, const struct mes_compose_options *options, size_t from,
                    size_t to, struct mes_error *error)
{
    struct mes_recipients *list = &draft->message->recipients[MES_ROLE_TO];
    struct mes_recipient *items = list->items;
    size_t count = list->count;
    struct mes_compose_job *job = NULL;
    list->items = items + from;
    list->count = to - from;
    int code = mes_compose_job_new(draft->message, options, &job, error);
    list->items = items;
    list->count = count;
    if (code == 0)
        mes_compose_job_release(&job);
    return code;
}

/* Halves the list until one recipient is left that does not compile. */
static size_t find_guilty(struct mes_api_draft *draft, const struct mes_compose_options *options,
                          struct mes_error *error)
{
    size_t low = 0, high = draft->recipient_count;
    struct mes_error why;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (try_part(draft, options, low, middle, &why) != 0) {
            high = middle;
            *error = why;
        } else {
            low = middle;
        }
    }
    if (try_part(draft, options, low, high, &why) != 0)
        *error = why;
    return low;
}

static void complain_of_compiling(struct mes_api_draft *draft, const struct mes_compose_options *options,
                                  struct mes_error *error)
{
    mes_api_draft_leave(draft, draft->root);
    if (is_of_values(error) && draft->recipient_count > 0) {
        struct mes_compose_options quietly = *options;
        quietly.notices = NULL;
        enter_recipient(draft, find_guilty(draft, &quietly, error));
        mes_api_draft_enter(draft, "vars");
        if (error->sentence == MES_SAY_template_missing)
            mes_api_draft_enter(draft, mes_error_argument(error, 1));
    } else if (error->code == MES_E_NOT_FOUND) {
        mes_api_draft_enter(draft, "template");
    }
    mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, error);
    mes_api_draft_leave(draft, draft->root);
}

/* --- the job --- */

static void settle_kind(struct mes_api_draft *draft, bool is_list)
{
    if (draft->is_kind_open)
        draft->head.kind = is_list ? MES_KIND_NOTICE : MES_KIND_TRANSACTIONAL;
    draft->head.lane = draft->head.kind == MES_KIND_TRANSACTIONAL ? MES_LANE_TRANSACTIONAL : MES_LANE_BULK;
}

/* A password mail does not wait for the morning unless its caller says so. Quiet hours are read by some clock
 * on a wall: the company's where none is named. */
static int settle_quiet_hours(struct mes_api_draft *draft, struct mes_error *error)
{
    const struct mes_account_globals *globals = mes_account_list_globals(draft->host->accounts);
    struct mes_intake_head *head = &draft->head;
    if (head->quiet_hours == NULL && head->kind != MES_KIND_TRANSACTIONAL &&
        globals->quiet_hours[0] != '\0') {
        head->quiet_hours = mes_arena_copy(draft->host->arena, mes_str_of(globals->quiet_hours));
        if (head->quiet_hours == NULL)
            return mes_fail_nomem(error);
    }
    if (head->quiet_hours != NULL && head->zone == NULL)
        head->zone = draft->host->zone;
    return 0;
}

static int fill_head(struct mes_api_draft *draft, struct mes_error *error)
{
    struct mes_intake_head *head = &draft->head;
    struct mes_buf subject;
    mes_buf_init(&subject, MES_LIMIT_SUBJECT * 2);
    int code = 0;
    if (draft->is_growing)
        mes_buf_add_str(&subject, mes_compose_message_text(draft->message, MES_TEXT_SUBJECT));
    else
        code = mes_compose_job_subject(draft->compiled, 0, &subject, error);
    head->document = mes_buf_str(&draft->document);
    head->blobs = draft->hashes;
    head->blob_count = draft->hash_count;
    head->copies = mes_compose_job_recipient_count(draft->compiled) - 1;
    head->subject =
        mes_arena_copy(draft->host->arena, mes_utf8_cut(mes_buf_str(&subject), MES_API_SUBJECT_SIZE));
    mes_buf_fini(&subject);
    if (code == 0 && head->subject == NULL)
        code = mes_fail_nomem(error);
    return code == 0 ? settle_quiet_hours(draft, error) : code;
}

static void write_document(struct mes_api_draft *draft)
{
    struct mes_error error;
    int code = mes_compose_stored_write(draft->message, draft->compiled, &draft->document, &error);
    if (code == 0)
        code = fill_head(draft, &error);
    if (code != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_internal, &error);
}

void mes_api_draft_compile(struct mes_api_draft *draft)
{
    struct mes_compose_options options;
    struct mes_error error;
    add_recipients(draft);
    if (draft->is_broken)
        return;
    settle_kind(draft, draft->recipient_count > 1);
    int code = mes_api_draft_options(draft, &options, &error);
    if (code == 0)
        code = mes_compose_job_new(draft->message, &options, &draft->compiled, &error);
    if (code == 0)
        write_document(draft);
    else
        complain_of_compiling(draft, &options, &error);
}

/* A stand-in keeps the place of those who come later; no mail of its own is made. */
void mes_api_draft_compile_head(struct mes_api_draft *draft)
{
    struct mes_compose_options options;
    struct mes_error error;
    settle_kind(draft, true);
    int code = mes_api_draft_options(draft, &options, &error);
    options.may_grow = true;
    options.is_checked = true;
    options.notices = NULL;
    if (code == 0)
        code = mes_message_add_recipient(draft->message, MES_ROLE_TO, "to@example.com", NULL, &error);
    if (code == 0)
        code = mes_compose_job_new(draft->message, &options, &draft->compiled, &error);
    draft->is_growing = true;
    if (code == 0)
        write_document(draft);
    else
        complain_of_compiling(draft, &options, &error);
}

struct mes_intake_recipient *mes_api_draft_rows(const struct mes_api_draft *draft, size_t *count_out)
{
    size_t each = mes_compose_job_recipient_count(draft->compiled);
    struct mes_intake_recipient *rows =
        mes_arena_alloc(draft->host->arena, each * draft->recipient_count * sizeof *rows);
    *count_out = 0;
    if (rows == NULL)
        return NULL;
    for (size_t i = 0; i < draft->recipient_count; i++) {
        const struct mes_api_recipient *to = &draft->recipients[i];
        rows[(*count_out)++] =
            (struct mes_intake_recipient){to->spec, to->name, to->variables, to->attachments};
        for (size_t n = 1; n < each; n++)
            rows[(*count_out)++] = (struct mes_intake_recipient){
                .address = mes_compose_job_recipient(draft->compiled, 0, n).address};
    }
    return rows;
}
