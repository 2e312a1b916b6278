#include "hook/letter.h"

#include <string.h>

#include "account/account.h"
#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "compose/stored.h"
#include "mes/message.h"
#include "queue/intake.h"
#include "queue/roster.h"

enum { LETTER_LIMIT = 64 * 1024, PRIORITY = 9 };

/* Lives until the commit. */
struct posted {
    struct mes_intake intake; /* first */
    struct mes_intake_recipient recipient;
    struct mes_arena arena;
    struct mes_buf document;
};

static void posted_free(struct posted *posted)
{
    mes_compose_job_release(&posted->intake.compiled);
    mes_buf_fini(&posted->document);
    mes_arena_fini(&posted->arena);
    mes_free(posted);
}

static void on_done(struct mes_intake *intake, enum mes_intake_result result, const struct mes_error *error)
{
    (void)result;
    (void)error;
    posted_free((struct posted *)intake);
}

static const char *domain_of(const struct mes_roster *roster)
{
    const struct mes_account_list *list = mes_roster_list(roster, "");
    const char *from = mes_account_list_count(list) > 0 ? mes_account_list_at(list, 0)->from_address : "";
    const char *at = strrchr(from, '@');
    return at != NULL ? at + 1 : "localhost";
}

/* RFC 3834 section 5: nobody's absence notice answers a machine. */
static int write_message(const struct mes_hook_letter *letter, struct mes_message *message,
                         struct mes_error *error)
{
    int code = mes_message_add_recipient(message, MES_ROLE_TO, letter->address, NULL, error);
    if (code == 0)
        code = mes_message_set_subject(message, letter->subject, error);
    if (code == 0)
        code = mes_message_set_text(message, letter->text, error);
    if (code == 0)
        code = mes_message_add_header(message, "Auto-Submitted", "auto-generated", error);
    return code;
}

static int compile(struct posted *posted, const struct mes_hook_letter *letter, struct mes_error *error)
{
    const struct mes_compose_options options = {.domain = domain_of(letter->roster),
                                                .unix_seconds = mes_clock_wall(letter->clock) / 1000};
    struct mes_message *message = mes_message_new();
    if (message == NULL)
        return mes_fail_nomem(error);
    int code = write_message(letter, message, error);
    if (code == 0)
        code = mes_compose_job_new(message, &options, &posted->intake.compiled, error);
    if (code == 0)
        code = mes_compose_stored_write(message, posted->intake.compiled, &posted->document, error);
    mes_message_free(&message);
    return code;
}

static int fill(struct posted *posted, const struct mes_hook_letter *letter, struct mes_error *error)
{
    int64_t now = mes_clock_wall(letter->clock);
    posted->recipient.address = mes_arena_copy(&posted->arena, mes_str_of(letter->address));
    const char *subject = mes_arena_copy(&posted->arena, mes_str_of(letter->subject));
    if (posted->recipient.address == NULL || subject == NULL)
        return mes_fail_nomem(error);
    posted->intake.head = (struct mes_intake_head){.id = mes_id_next(letter->clock),
                                                   .company = "",
                                                   .kind = MES_KIND_TRANSACTIONAL,
                                                   .lane = MES_LANE_TRANSACTIONAL,
                                                   .priority = PRIORITY,
                                                   .created_at = now,
                                                   .send_at = now,
                                                   .subject = subject,
                                                   .document = mes_buf_str(&posted->document)};
    posted->intake.recipients = &posted->recipient;
    posted->intake.recipient_count = 1;
    posted->intake.on_done = on_done;
    return 0;
}

int mes_hook_letter_post(const struct mes_hook_letter *letter, struct mes_courier *courier,
                         struct mes_error *error)
{
    struct posted *posted = mes_alloc(sizeof *posted);
    if (posted == NULL)
        return mes_fail_nomem(error);
    mes_arena_init(&posted->arena, LETTER_LIMIT);
    mes_buf_init(&posted->document, LETTER_LIMIT);
    int code = compile(posted, letter, error);
    if (code == 0)
        code = fill(posted, letter, error);
    if (code != 0) {
        posted_free(posted);
        return code;
    }
    mes_intake_post(courier, &posted->intake);
    return 0;
}
