#include "tests/delivery/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/list.h"
#include "base/alloc.h"
#include "mes/message.h"

enum { TURNS = 4000, TURN_MS = 5 };

static void note(struct world *world, const char *what, const struct mes_dispatch *dispatch)
{
    mes_buf_add_format(&world->log, "%s %zu, ", what, dispatch->mail->index);
}

static const char *cause_word(const struct mes_verdict_input *facts)
{
    if (facts->cause == MES_CAUSE_REPLY)
        return facts->code / 100 == 2 ? "sent" : "refused";
    return facts->cause == MES_CAUSE_CANCELLED ? "cancelled"
           : facts->cause == MES_CAUSE_CUT     ? "cut"
                                               : "failed";
}

static void host_on_outcome(void *context, struct mes_dispatch *dispatch, size_t number,
                            const struct mes_verdict_input *facts)
{
    struct world *world = context;
    const struct mes_evidence *evidence = dispatch->evidence;
    assert_non_null(evidence);
    assert_int_equal(dispatch->mail->recipients[number].fate, MES_FATE_OPEN);
    dispatch->mail->recipients[number].fate = MES_FATE_FINAL;
    note(world, cause_word(facts), dispatch);
    mes_buf_clear(&world->evidence);
    mes_buf_add_format(&world->evidence, "%s %s\n", evidence->tls, evidence->sender);
    mes_buf_add_str(&world->evidence, evidence->transcript);
    world->has_digest[dispatch->mail->index] = evidence->sha256 != NULL;
    if (evidence->sha256 != NULL)
        memcpy(world->digests[dispatch->mail->index], evidence->sha256, MES_DIGEST_SIZE);
}

static void host_on_done(void *context, struct mes_dispatch *dispatch)
{
    struct world *world = context;
    note(world, "done", dispatch);
    assert_null(dispatch->evidence);
    world->is_over[dispatch->mail->index] = true;
}

static void host_on_returned(void *context, struct mes_dispatch *dispatch)
{
    struct world *world = context;
    note(world, "returned", dispatch);
    world->is_over[dispatch->mail->index] = true;
}

static void host_on_want_permit(void *context, struct mes_dispatch *dispatch)
{
    struct world *world = context;
    note(world, "want", dispatch);
    world->is_asked[dispatch->mail->index] = true;
}

static void host_on_withdrawn(void *context, struct mes_dispatch *dispatch)
{
    struct world *world = context;
    note(world, "withdrawn", dispatch);
    world->is_asked[dispatch->mail->index] = false;
}

static void host_on_drained(void *context, struct mes_transport *transport)
{
    struct world *world = context;
    assert_ptr_equal(transport, world->transport);
    world->is_drained = true;
    if (world->frees_when_drained)
        transport->face->free(&world->transport);
}

static void host_on_archive_refused(void *context, struct mes_dispatch *dispatch,
                                    const struct mes_verdict_input *facts)
{
    assert_int_equal(facts->code, 550);
    note(context, "archive", dispatch);
}

const struct mes_transport_events *host_events(struct world *world)
{
    static struct mes_transport_events events;
    events = (struct mes_transport_events){
        .on_outcome = host_on_outcome,
        .on_done = host_on_done,
        .on_returned = host_on_returned,
        .on_want_permit = host_on_want_permit,
        .on_withdrawn = host_on_withdrawn,
        .on_drained = host_on_drained,
        .on_archive_refused = host_on_archive_refused,
        .context = world,
        .wants_digest = true,
        .wants_transcript = true,
    };
    return &events;
}

/* The answers that are due; those who never answer leave the question open. */
static void answer(struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        if (!world->is_asked[i] || world->answers[i] == ANSWER_NEVER)
            continue;
        world->is_asked[i] = false;
        world->transport->face->permit(world->transport, &world->dispatches[i],
                                       world->answers[i] == ANSWER_YES);
    }
}

void turn_until(struct world *world, bool (*is_done)(const struct world *world))
{
    for (int turns = 0; !is_done(world); turns++) {
        if (turns == TURNS)
            fail_msg("nothing more happens: %s", mes_buf_text(&world->log));
        answer(world);
        mes_loop_step(world->loop, TURN_MS);
    }
}

bool all_are_over(const struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        if (!world->is_over[i])
            return false;
    return true;
}

/* ---- making a world ---- */

static struct mes_account_list *load_account(unsigned connections, const char *settings)
{
    char path[] = "/tmp/mes-pool-test-XXXXXX";
    char text[1000];
    struct mes_account_list *list = NULL;
    struct mes_error error;
    FILE *file = fdopen(mkstemp(path), "w");
    fprintf(file, "[{\"name\":\"it\",\"fromMailAddress\":\"me@own.test\",\"maxConnections\":%u%s}]",
            connections, settings);
    fclose(file);
    if (mes_account_list_load(path, NULL, NULL, NULL, &list, &error) != 0)
        fail_msg("%s", mes_error_text(&error, MES_EN, text, sizeof text));
    unlink(path);
    return list;
}

static struct mes_compose_job *compile_mails(size_t count)
{
    static const struct mes_compose_options options = {.domain = "own.test"};
    struct mes_message *message = mes_message_new();
    struct mes_compose_job *job = NULL;
    char address[32];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(address, sizeof address, "to%zu@x.test", i);
        assert_int_equal(mes_message_add_recipient(message, MES_ROLE_TO, address, NULL, NULL), 0);
    }
    assert_int_equal(mes_message_add_recipient(message, MES_ROLE_CC, "cc@x.test", NULL, NULL), 0);
    assert_int_equal(mes_message_set_text(message, "first\n.\n..two\nthe last line\n", NULL), 0);
    assert_int_equal(mes_compose_job_new(message, &options, &job, NULL), 0);
    mes_message_free(&message);
    return job;
}

static void make_mail(struct world *world, size_t index)
{
    struct mes_delivery_mail *mail = &world->mails[index];
    size_t count = mes_compose_job_recipient_count(world->job);
    assert_int_equal(mes_delivery_mail_init(mail, index, "<id>", count, 1), 0);
    for (size_t i = 0; i < count; i++)
        mail->recipients[i].address = mes_compose_job_recipient(world->job, index, i).address;
    world->dispatches[index] =
        (struct mes_dispatch){.mail = mail, .job = world->job, .identity = {.from_address = "me@own.test"}};
}

/* `settings`: further JSON members of the account, each with a comma in front. */
void open_world(struct world *world, const char *settings, size_t mails)
{
    char members[500];
    mes_buf_init(&world->log, SIZE_MAX);
    mes_buf_init(&world->evidence, SIZE_MAX);
    mes_buf_init(&world->relay.log, SIZE_MAX);
    unsigned connections = world->relay.connections > 0 ? world->relay.connections : 1;
    world->relay.peer = peer_start_many(relay_script, &world->relay, connections);
    (void)snprintf(members, sizeof members,
                   ",\"senderServerHost\":\"127.0.0.1\",\"senderServerHostPort\":%u%s",
                   peer_port(world->relay.peer), settings);
    assert_int_equal(mes_loop_new(NULL, &world->loop, NULL), 0);
    world->list = load_account(connections, members);
    world->ram = mes_memory_ram_new();
    world->memory = mes_memory_ram_face(world->ram);
    assert_int_equal(
        mes_account_state_init(&world->state, mes_account_list_at(world->list, 0), &world->memory, NULL), 0);
    const struct mes_tokens_options options = {.loop = world->loop};
    assert_int_equal(mes_tokens_new(&options, &world->tokens, NULL), 0);
    assert_int_equal(mes_account_state_take_token(&world->state, world->tokens, NULL), 0);
    world->job = compile_mails(mails);
    world->count = mails;
    for (size_t i = 0; i < mails; i++)
        make_mail(world, i);
}

void close_world(struct world *world)
{
    if (world->transport != NULL)
        world->transport->face->free(&world->transport);
    peer_stop(&world->relay.peer);
    for (size_t i = 0; i < world->count; i++)
        mes_delivery_mail_fini(&world->mails[i]);
    mes_compose_job_release(&world->job);
    mes_account_state_fini(&world->state);
    mes_tokens_free(&world->tokens);
    mes_memory_ram_free(&world->ram);
    mes_account_list_free(&world->list);
    mes_loop_free(&world->loop);
    mes_buf_fini(&world->relay.log);
    mes_buf_fini(&world->evidence);
    mes_buf_fini(&world->log);
}

void start_all(struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        world->transport->face->start(world->transport, &world->dispatches[i]);
}

/* The relay's notes; nothing more comes. */
const char *relay_log(struct world *world)
{
    if (world->transport != NULL)
        world->transport->face->free(&world->transport);
    struct relay *relay = &world->relay;
    peer_stop(&relay->peer);
    relay->peer = peer_start(relay_script, relay); /* close_world stops one */
    return mes_buf_text(&relay->log);
}

size_t count_of(const char *text, const char *what)
{
    size_t count = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
        count++;
    return count;
}
