/* Mails of a capture account are kept in the database, where people can look at them. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/id.h"
#include "delivery/capture.h"
#include "queue/carrier_parts.h"
#include "store/captured.h"
#include "json/write.h"

enum { MES_CAPTURES_LIST_MOST = 1024 * 1024 };

/* A mail on its way into the database. */
struct keeping {
    struct mes_courier_command command; /* first */
    struct mes_carrier_request answer;
    struct mes_carrier *carrier;
    struct mes_transport *transport;
    struct mes_dispatch *dispatch;
    struct mes_store_captured captured;
    struct mes_buf recipients;
    struct mes_str bytes; /* the transport's, until it is told */
    bool is_kept;
};

static int run(struct mes_courier_command *command, struct mes_store *store, struct mes_error *error)
{
    const struct keeping *keeping = (struct keeping *)command;
    return mes_store_captured_add(store, &keeping->captured, keeping->bytes, error);
}

static void answer(struct mes_carrier_request *request, struct mes_carrier *carrier)
{
    struct keeping *keeping = (struct keeping *)(void *)((char *)request - offsetof(struct keeping, answer));
    char note[MES_ID_SPACE + 16] = "kept as ";
    char id[MES_ID_SPACE];
    (void)mes_id_text(id, keeping->captured.id);
    for (size_t i = 0; i < sizeof id; i++)
        note[8 + i] = id[i];
    if (carrier != NULL)
        mes_capture_done(keeping->transport, keeping->dispatch, keeping->is_kept,
                         keeping->is_kept ? note : "the database could not take it");
    mes_buf_fini(&keeping->recipients);
    mes_free(keeping);
}

static void done(struct mes_courier_command *command, int code, const struct mes_error *error)
{
    struct keeping *keeping = (struct keeping *)command;
    (void)error;
    keeping->is_kept = code == 0;
    keeping->answer.run = answer;
    mes_carrier_post(keeping->carrier, &keeping->answer);
}

static void list_recipients(struct mes_buf *out, const struct mes_captured *mail)
{
    struct mes_json_writer writer;
    mes_json_writer_init(&writer, out);
    mes_json_write_list(&writer, NULL);
    for (size_t i = 0; i < mail->recipient_count; i++)
        mes_json_write_text(&writer, NULL, mes_str_of(mail->recipients[i]));
    mes_json_write_list_end(&writer);
}

void mes_carrier_on_captured(void *context, struct mes_transport *transport, struct mes_dispatch *dispatch,
                             const struct mes_captured *mail)
{
    struct mes_carrier *carrier = context;
    const struct mes_queue_mail *owner = dispatch->owner;
    struct keeping *keeping = mes_alloc(sizeof *keeping);
    if (keeping == NULL)
        return; /* the hook that stops the program has been called */
    const struct mes_clock *clock = mes_loop_clock(carrier->loop);
    mes_buf_init(&keeping->recipients, MES_CAPTURES_LIST_MOST);
    list_recipients(&keeping->recipients, mail);
    keeping->carrier = carrier;
    keeping->transport = transport;
    keeping->dispatch = dispatch;
    keeping->bytes = mail->bytes;
    keeping->captured = (struct mes_store_captured){
        .id = mes_id_next(clock),
        .company = owner->batch->company,
        .job = owner->batch->job,
        .number = owner->number,
        .at = mes_clock_wall(clock),
        .sender = mail->sender,
        .recipients = mes_buf_text(&keeping->recipients),
        .subject = owner->batch->subject,
        .size = (int64_t)mail->bytes.size,
    };
    keeping->command.run = run;
    keeping->command.done = done;
    mes_courier_post(carrier->courier, &keeping->command);
}
