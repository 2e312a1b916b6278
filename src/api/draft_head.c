/* When a job is to be sent, through which account, and what is to be done when that fails. */
#include <string.h>

#include "account/account.h"
#include "account/list.h"
#include "api/draft.h"
#include "api/moment.h"
#include "base/instant.h"
#include "base/zone.h"
#include "delivery/router.h"
#include "queue/quiet.h"

static const char *const head_members[] = {"company",    "kind",        "from",
                                           "to",         "cc",          "bcc",
                                           "replyTo",    "subject",     "text",
                                           "html",       "template",    "lang",
                                           "vars",       "attachments", "headers",
                                           "priority",   "dsn",         "requireTls",
                                           "calendar",   "sendAt",      "timeZone",
                                           "expiresAt",  "account",     "onDoubt",
                                           "latePolicy", "quietHours",  "keepMessagesDays",
                                           NULL};

/* The number of a text's word among `words`, which NULL ends; -1 when it is none of them and was complained
 * of. */
static int choice(struct mes_api_draft *draft, const struct mes_json_value *value, const char *const *words)
{
    const char *text = mes_api_draft_text(draft, value);
    struct mes_buf list;
    if (text == NULL)
        return -1;
    for (int i = 0; words[i] != NULL; i++)
        if (mes_str_eq(value->text, mes_str_of(words[i])))
            return i;
    mes_buf_init(&list, 200);
    for (int i = 0; words[i] != NULL; i++)
        mes_buf_add_format(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_a_word,
                              MES_ARGS(text, mes_buf_text(&list)));
    mes_buf_fini(&list);
    return -1;
}

static void read_kind(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    static const char *const words[] = {"transactional", "notice", "marketing", NULL};
    int kind = choice(draft, value, words);
    draft->is_kind_open = false;
    if (kind >= 0)
        draft->head.kind = (enum mes_queue_kind)kind;
}

static void read_doubt(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    static const char *const words[] = {"resend", "hold", NULL};
    int doubt = choice(draft, value, words);
    if (doubt >= 0)
        draft->head.on_doubt = doubt == 0 ? MES_DOUBT_RESEND : MES_DOUBT_HOLD;
}

static void read_late(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    static const char *const words[] = {"send", "skip", "hold", NULL};
    int late = choice(draft, value, words);
    if (late >= 0)
        draft->head.late = (enum mes_queue_late)late;
}

/* A word sets what readers see and the place in the queue, a number the latter alone. */
static void read_priority(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    static const char *const words[] = {"normal", "high", "low", NULL};
    static const int places[] = {5, 8, 2};
    if (value->kind == MES_JSON_INTEGER && value->integer >= 0 && value->integer <= 9) {
        draft->head.priority = (int)value->integer;
        return;
    }
    if (value->kind != MES_JSON_TEXT) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_priority, MES_NO_ARGS);
        return;
    }
    int word = choice(draft, value, words);
    struct mes_error error;
    if (word < 0)
        return;
    draft->head.priority = places[word];
    if (mes_message_set_priority(draft->message, (enum mes_priority)word, &error) != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
}

static void read_quiet(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    struct mes_quiet quiet;
    struct mes_error error;
    const char *text = mes_api_draft_text(draft, value);
    if (text == NULL)
        return;
    if (mes_quiet_parse(value->text, &quiet, &error) != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
    draft->head.quiet_hours = text;
}

static void read_keep(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    bool is_fit = value->kind == MES_JSON_INTEGER && value->integer >= 1 && value->integer <= 36500;
    if (!is_fit)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_between,
                                  MES_ARGS(MES_NUMBER(1), MES_NUMBER(36500)));
    else
        draft->head.keep_days = value->integer;
}

static void read_account(struct mes_api_draft *draft, const struct mes_json_value *value)
{
    const struct mes_account_list *accounts = draft->host->accounts;
    const char *text = mes_api_draft_text(draft, value);
    if (text == NULL)
        return;
    const struct mes_account *account = mes_account_list_find(accounts, value->text);
    if (account != NULL) {
        draft->head.account = mes_arena_copy(draft->host->arena, mes_str_of(account->identity));
        return;
    }
    struct mes_buf names;
    mes_buf_init(&names, 500);
    for (size_t i = 0; i < mes_account_list_count(accounts); i++)
        mes_buf_add_format(&names, "%s%s", i > 0 ? ", " : "", mes_account_list_name(accounts, i));
    mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_no_account,
                              MES_ARGS(text, mes_buf_text(&names)));
    mes_buf_fini(&names);
}

/* --- times --- */

/* The zone that the caller names, else the company's. NULL: it was complained of. */
static struct mes_zone *load_zone(struct mes_api_draft *draft, const struct mes_json_value *body)
{
    const struct mes_json_value *value = mes_json_member(body, MES_STR("timeZone"));
    const char *name = draft->host->zone;
    struct mes_zone *zone = NULL;
    struct mes_error error;
    size_t mark = mes_api_draft_enter(draft, "timeZone");
    if (value != NULL) {
        name = mes_api_draft_text(draft, value);
        draft->head.zone = name;
    }
    if (name != NULL && mes_zone_load(name, &zone, &error) != 0)
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
    mes_api_draft_leave(draft, mark);
    return zone;
}

static bool read_moment(struct mes_api_draft *draft, const struct mes_json_value *value,
                        const struct mes_zone *zone, int64_t *ms_out)
{
    char shown[MES_INSTANT_SPACE];
    enum mes_zone_local local;
    struct mes_error error;
    const char *text = mes_api_draft_text(draft, value);
    if (text == NULL)
        return false;
    if (mes_api_moment_parse(value->text, zone, ms_out, &local, &error) != 0) {
        mes_api_draft_complain(draft, MES_API_PROBLEM_bad_value, &error);
        return false;
    }
    if (local != MES_ZONE_ONCE)
        mes_api_draft_warn(draft, local == MES_ZONE_GAP ? MES_SAY_resource_gap : MES_SAY_resource_twice,
                           MES_ARGS(text, mes_instant_text(*ms_out, shown)));
    return true;
}

static void read_times(struct mes_api_draft *draft, const struct mes_json_value *body)
{
    const struct mes_json_value *send = mes_json_member(body, MES_STR("sendAt"));
    const struct mes_json_value *expires = mes_json_member(body, MES_STR("expiresAt"));
    const struct mes_json_value *named_zone = mes_json_member(body, MES_STR("timeZone"));
    struct mes_intake_head *head = &draft->head;
    if (send == NULL && expires == NULL && named_zone == NULL)
        return;
    struct mes_zone *zone = load_zone(draft, body);
    if (zone == NULL)
        return;
    size_t mark = mes_api_draft_enter(draft, "sendAt");
    if (send != NULL && read_moment(draft, send, zone, &head->send_at))
        draft->has_date = true;
    mes_api_draft_leave(draft, mark);
    mark = mes_api_draft_enter(draft, "expiresAt");
    int64_t earliest = head->send_at > draft->host->now ? head->send_at : draft->host->now;
    if (expires != NULL && read_moment(draft, expires, zone, &head->expires_at) &&
        head->expires_at <= earliest)
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_expires_early,
                                  MES_NO_ARGS);
    mes_api_draft_leave(draft, mark);
    mes_zone_free(&zone);
}

/* Recipients that the account takes in a day by its limits; 0: it has none. */
static double per_day(const struct mes_account *account)
{
    const double limits[] = {(double)account->per_day, (double)account->per_hour * 24,
                             (double)account->per_minute * 24 * 60};
    double least = 0;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i] > 0 && (least <= 0 || limits[i] < least))
            least = limits[i];
    return least;
}

void mes_api_draft_check_deadline(struct mes_api_draft *draft, uint64_t rows)
{
    const struct mes_intake_head *head = &draft->head;
    const struct mes_account_list *accounts = draft->host->accounts;
    char until[MES_INSTANT_SPACE], deadline[MES_INSTANT_SPACE];
    bool is_bulk = head->lane == MES_LANE_BULK;
    double sum = 0;
    if (head->expires_at == 0)
        return;
    for (size_t i = 0; i < mes_account_list_count(accounts); i++) {
        const struct mes_account *account = mes_account_list_at(accounts, i);
        bool is_wished = head->account == NULL || strcmp(head->account, account->identity) == 0;
        if (!is_wished || !mes_router_is_candidate(account, is_bulk, NULL))
            continue;
        double rate = per_day(account);
        if (rate <= 0)
            return;
        sum += rate;
    }
    int64_t end = sum > 0 ? head->send_at + (int64_t)((double)rows / sum * 24 * 3600 * 1000) : 0;
    if (end > head->expires_at)
        mes_api_draft_warn(
            draft, MES_SAY_resource_too_slow,
            MES_ARGS(mes_instant_text(end, until), mes_instant_text(head->expires_at, deadline)));
}

/* --- the whole --- */

void mes_api_draft_read_head(struct mes_api_draft *draft, const struct mes_json_value *body)
{
    static const struct {
        const char *name;
        void (*read)(struct mes_api_draft *draft, const struct mes_json_value *value);
    } members[] = {{"kind", read_kind},         {"onDoubt", read_doubt},    {"latePolicy", read_late},
                   {"priority", read_priority}, {"quietHours", read_quiet}, {"keepMessagesDays", read_keep},
                   {"account", read_account}};
    draft->is_kind_open = true;
    draft->head.late = (enum mes_queue_late)mes_account_list_globals(draft->host->accounts)
                           ->late_policy; /* the same order */
    if (body->kind != MES_JSON_OBJECT) {
        mes_api_draft_complain_of(draft, MES_API_PROBLEM_bad_value, MES_SAY_resource_not_object, MES_NO_ARGS);
        return;
    }
    mes_api_draft_check_names(draft, body, head_members);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const struct mes_json_value *value = mes_json_member(body, mes_str_of(members[i].name));
        size_t mark = mes_api_draft_enter(draft, members[i].name);
        if (value != NULL)
            members[i].read(draft, value);
        mes_api_draft_leave(draft, mark);
    }
    read_times(draft, body);
    mes_api_draft_read_content(draft, body);
}
