/* The mails of a link: into the session, and what became of them. */
#include "base/error.h"
#include "delivery/link_facts.h"
#include "delivery/link_parts.h"
#include "net/loop.h"

static struct mes_link_slot *free_slot(struct mes_link *link)
{
    for (unsigned i = 0; i < link->slot_count; i++)
        if (link->slots[i].dispatch == NULL)
            return &link->slots[i];
    return NULL;
}

bool mes_link_is_idle(const struct mes_link *link)
{
    return link->held == 0;
}

const char *mes_link_tls(const struct mes_link *link)
{
    if (link->session == NULL)
        return "";
    return mes_conn_is_secured(link->conn) ? mes_conn_tls_text(link->conn) : "none";
}

static void release_slot(struct mes_link *link, struct mes_link_slot *slot)
{
    mes_link_slot_release(slot);
    link->held--;
    link->idle_since = mes_loop_now(link->options.loop);
}

/* A mail that never reached the session: the same facts for all its open recipients. */
static void refuse_mail(struct mes_link *link, struct mes_dispatch *dispatch, enum mes_cause cause,
                        const char *text)
{
    const struct mes_verdict_input facts = {.step = MES_STEP_MAIL, .cause = cause, .text = mes_str_of(text)};
    const struct mes_evidence evidence = {.tls = mes_link_tls(link), .sender = ""};
    dispatch->evidence = &evidence;
    for (size_t i = 0; i < dispatch->mail->recipient_count; i++)
        if (dispatch->mail->recipients[i].fate == MES_FATE_OPEN)
            link->events.on_outcome(link->events.context, link, dispatch, i, &facts);
    dispatch->evidence = NULL;
    link->events.on_done(link->events.context, link, dispatch);
}

/* NULL inside stays when memory is used up: then this mail has none. */
static void prepare_evidence(struct mes_link *link, struct mes_link_slot *slot)
{
    if (link->options.wants_digest && slot->digest == NULL)
        slot->digest = mes_digest_stream_new();
    if (link->options.wants_transcript)
        slot->transcript_mark = mes_link_transcript_mark(&link->transcript, mes_link_is_idle(link));
}

static void take_mail(struct mes_link *link, struct mes_link_slot *slot, struct mes_dispatch *dispatch,
                      unsigned most_recipients)
{
    const struct mes_link_terms terms = {most_recipients, link->options.archive_bcc};
    struct mes_error error = {0};
    char text[512];
    prepare_evidence(link, slot);
    dispatch->started = link->mails == 0 ? link->opened_at : mes_loop_now(link->options.loop);
    if (mes_link_slot_fill(slot, dispatch, &terms, &error) != 0) {
        refuse_mail(link, dispatch, MES_CAUSE_INTERNAL, mes_error_text(&error, MES_EN, text, sizeof text));
        return;
    }
    link->held++;
    if (link->options.most_message_bytes > 0 &&
        slot->wire.size > (uint64_t)link->options.most_message_bytes) {
        release_slot(link, slot);
        refuse_mail(link, dispatch, MES_CAUSE_TOO_LARGE, "larger than the account's maxMessageBytes");
        return;
    }
    if (mes_smtp_session_submit(link->session, &slot->message) != 0) {
        release_slot(link, slot);
        refuse_mail(link, dispatch, MES_CAUSE_INTERNAL, "out of memory");
        return;
    }
    link->mails++;
}

static bool has_carried_enough(const struct mes_link *link)
{
    return link->options.most_mails > 0 && link->mails >= link->options.most_mails;
}

/* No mail is taken any more; those under way go on to their end. */
void mes_link_quit(struct mes_link *link)
{
    link->is_quitting = true;
    mes_smtp_session_quit(link->session);
}

bool mes_link_takes(const struct mes_link *link)
{
    return link->is_ready && !link->is_over && !link->is_quitting && !link->is_cancelled &&
           !has_carried_enough(link) && mes_smtp_session_has_room(link->session);
}

void mes_link_take_mails(struct mes_link *link)
{
    while (mes_link_takes(link)) {
        struct mes_link_slot *slot = free_slot(link);
        unsigned most = 0;
        struct mes_dispatch *dispatch =
            slot != NULL ? link->events.on_wants_mail(link->events.context, link, &most) : NULL;
        if (dispatch == NULL)
            break;
        take_mail(link, slot, dispatch, most);
    }
    if (!link->is_quitting && has_carried_enough(link))
        mes_link_quit(link);
}

void mes_link_refine(struct mes_link *link, const struct mes_smtp_outcome *outcome,
                     struct mes_verdict_input *facts)
{
    bool was_silent = mes_conn_received_total(link->conn) == 0 && !mes_conn_is_secured(link->conn);
    mes_link_refine_facts(outcome, mes_conn_failure(link->conn), was_silent, link->options.conn.port, facts);
}

/* What was not tried, or is left for a further transaction, has no outcome: the recipient is simply still
 * open. */
static bool has_outcome(enum mes_smtp_cause cause)
{
    return cause != MES_SMTP_NOT_TRIED && cause != MES_SMTP_LEFT;
}

/* The archive's own refusal; what became of the mail its recipients say. */
static void tell_archive(struct mes_link *link, const struct mes_link_slot *slot,
                         const struct mes_smtp_outcome *outcome, const struct mes_verdict_input *facts)
{
    bool is_refused = outcome->step == MES_STEP_RCPT && outcome->cause == MES_SMTP_REPLIED;
    if (is_refused && link->events.on_archive_refused != NULL)
        link->events.on_archive_refused(link->events.context, link, slot->dispatch, facts);
}

static void tell_outcome(struct mes_link *link, struct mes_link_slot *slot,
                         const struct mes_smtp_result *result, size_t index)
{
    const struct mes_smtp_outcome *outcome = &result->outcomes[index];
    struct mes_verdict_input facts;
    mes_link_facts(outcome, result, &facts);
    mes_link_refine(link, outcome, &facts);
    if (outcome->cause == MES_SMTP_BODY_FAILED)
        facts.text = mes_str_of(mes_error_argument(&slot->source.error, 1));
    if (slot->numbers[index] == MES_LINK_ARCHIVE)
        tell_archive(link, slot, outcome, &facts);
    else
        link->events.on_outcome(link->events.context, link, slot->dispatch, slot->numbers[index], &facts);
}

static bool is_accepted(const struct mes_smtp_outcome *outcome)
{
    return outcome->cause == MES_SMTP_REPLIED && outcome->code / 100 == 2;
}

/* How the attempt went, kept in `digest` and `transcript`. */
static struct mes_evidence gather_evidence(struct mes_link *link, const struct mes_link_slot *slot,
                                           const struct mes_smtp_result *result,
                                           unsigned char digest[MES_DIGEST_SIZE], struct mes_buf *transcript)
{
    bool has_failed = false;
    struct mes_evidence evidence = {
        .tls = mes_link_tls(link), .sender = slot->wire.sender, .dsn = result->dsn};
    for (size_t i = 0; i < slot->message.count && !has_failed; i++)
        has_failed = slot->numbers[i] != MES_LINK_ARCHIVE && !is_accepted(&result->outcomes[i]);
    if (slot->digest != NULL && result->dot_written && mes_digest_stream_end(slot->digest, digest))
        evidence.sha256 = digest;
    if (link->options.wants_transcript && has_failed)
        mes_link_transcript_write(&link->transcript, slot->transcript_mark, link->options.smtp.secret,
                                  transcript);
    evidence.transcript = mes_buf_str(transcript);
    return evidence;
}

/* False when none of its recipients has an outcome. */
static bool tell_outcomes(struct mes_link *link, struct mes_link_slot *slot,
                          const struct mes_smtp_result *result)
{
    unsigned char digest[MES_DIGEST_SIZE];
    struct mes_buf transcript;
    bool is_touched = false;
    mes_buf_init(&transcript, 2 * MES_LINK_TRANSCRIPT);
    const struct mes_evidence evidence = gather_evidence(link, slot, result, digest, &transcript);
    slot->dispatch->evidence = &evidence;
    for (size_t i = 0; i < slot->message.count; i++) {
        if (!has_outcome(result->outcomes[i].cause))
            continue;
        is_touched = true;
        tell_outcome(link, slot, result, i);
    }
    slot->dispatch->evidence = NULL;
    mes_buf_fini(&transcript);
    return is_touched;
}

void mes_link_mail_done(struct mes_link *link, const struct mes_smtp_result *result)
{
    struct mes_link_slot *slot = result->message->context;
    struct mes_dispatch *dispatch = slot->dispatch;
    bool is_first = dispatch->started == link->opened_at;
    if (!is_first && result->begun_at > 0) /* it had waited for its turn until then */
        dispatch->started = result->begun_at;
    bool is_touched = tell_outcomes(link, slot, result);
    release_slot(link, slot);
    link->carried += is_touched;
    if (dispatch->wants_new_connection) {
        mes_link_quit(link); /* a reply said so: this one would only say it again */
        mes_smtp_session_recall(link->session);
    }
    if (is_touched)
        link->events.on_done(link->events.context, link, dispatch);
    else
        link->events.on_returned(link->events.context, link, dispatch);
}
