#include "hook/body.h"

#include "base/id.h"
#include "base/instant.h"
#include "store/job.h"

static void write_id(struct mes_json_writer *writer, const char *key, int64_t id)
{
    char text[MES_ID_SPACE];
    mes_json_write_text(writer, key, mes_str_of(mes_id_text(text, id)));
}

static void write_time(struct mes_json_writer *writer, const char *key, int64_t ms)
{
    char text[MES_INSTANT_SPACE];
    mes_json_write_text(writer, key, mes_str_of(mes_instant_text(ms, text)));
}

/* What is not known is left out. */
static void write_known(struct mes_json_writer *writer, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        mes_json_write_text(writer, key, mes_str_of(text));
}

void mes_hook_body_write(const struct mes_hook_body *body, struct mes_buf *out)
{
    struct mes_json_writer writer;
    mes_json_writer_init(&writer, out);
    mes_json_write_object(&writer, NULL);
    write_id(&writer, "id", body->id);
    mes_json_write_text(&writer, "type", mes_str_of(mes_hook_event_id(body->event)));
    write_time(&writer, "time", body->at);
    mes_json_write_text(&writer, "company", mes_str_of(body->company));
    mes_json_write_object(&writer, "data");
    if (body->write != NULL)
        body->write(&writer, body->what);
    mes_json_write_object_end(&writer);
    mes_json_write_object_end(&writer);
}

void mes_hook_write_recipient(struct mes_json_writer *writer, const void *recipient_news)
{
    const struct mes_queue_recipient_news *news = recipient_news;
    write_id(writer, "message", news->job);
    mes_json_write_integer(writer, "recipient", news->number);
    write_known(writer, "address", news->address);
    write_known(writer, "status", news->status);
    write_known(writer, "account", news->account);
    if (news->code != 0)
        mes_json_write_integer(writer, "code", news->code);
    write_known(writer, "enhanced", news->enhanced);
    write_known(writer, "reply", news->reply);
    write_known(writer, "advice", news->advice_id);
}

void mes_hook_write_account(struct mes_json_writer *writer, const void *account_news)
{
    const struct mes_hook_account_news *news = account_news;
    mes_json_write_text(writer, "account", mes_str_of(news->account));
    if (news->until == INT64_MAX)
        mes_json_write_null(writer, "until"); /* until its settings change */
    else if (news->until != 0)
        write_time(writer, "until", news->until);
    write_known(writer, "advice", news->advice_id);
}

void mes_hook_write_job(struct mes_json_writer *writer, const void *store_job)
{
    const struct mes_store_job *job = store_job;
    write_id(writer, "message", job->id);
    mes_json_write_text(writer, "state", mes_str_of(mes_store_state_name(job->state)));
    write_known(writer, "subject", job->subject);
    mes_json_write_object(writer, "counts");
    for (int i = 0; i < MES_STORE_STATUS_COUNT; i++)
        mes_json_write_integer(writer, mes_store_status_name((enum mes_store_status)i), job->counts[i]);
    mes_json_write_object_end(writer);
}
