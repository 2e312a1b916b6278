/* A message without its `to` recipients as a JSON document that stands on its own: it needs no settings and
 * no file but attachments by their hash, and compiles to the same bytes for ever.
 *
 * {"version":1,"seed":"…","date":1700000000,"zone":480,"domain":"example.hk","personal":["subject","html"],
 *  "from":{"address":"a@b","name":"N"},"replyTo":{…},"subject":"…","text":"…","html":"…","cc":[{…}],"bcc":[{…}],
 *  "headers":[["X-A","b"]],"calendar":"BEGIN:VCALENDAR…","priority":"high","dsn":"SUCCESS,FAILURE","requireTls":true,"vars":{…},
 *  "template":{"name":"Register_zh-HK.html","language":"zh-HK","html":"…","text":"…",
 *              "partials":[{"name":"footer","html":"…","text":"…"}]},
 *  "attachments":[{"hash":"…","name":"a.pdf","type":"application/pdf","cid":"logo","size":1234}]} */
#ifndef MES_COMPOSE_STORED_H
#define MES_COMPOSE_STORED_H

#include "base/buf.h"
#include "compose/job.h"

/* Appends the document of `message`, which compiled to `job` (of its first batch of recipients, where they
 * come in batches: see may_grow). Every attachment must be a blob: MES_E_USAGE for one that is not. */
int mes_compose_stored_write(const struct mes_message *message, const struct mes_compose_job *job,
                             struct mes_buf *out, struct mes_error *error) MES_MUST_USE;

/* Appends the `attachments` of the message's `to` recipient added last, as a row keeps them; nothing when
 * there are none. */
int mes_compose_stored_write_files(const struct mes_message *message, struct mes_buf *out,
                                   struct mes_error *error) MES_MUST_USE;

/* A document that was read. Recipients are added with mes_compose_stored_add, and
 * mes_compose_job_new(stored.message, &stored.options, …) compiles them: each gets the very bytes that it got
 * at intake, whichever batch it is in. Then the list is emptied, and the next batch may come. One thread. */
struct mes_compose_stored {
    struct mes_message *message;
    struct mes_compose_options options; /* seed, date, domain, zone of the document; is_checked */
};

/* `folder`: of the blobs; NULL when there are none. MES_E_NOT_FOUND: a blob is missing; MES_E_INPUT: the
 * document is damaged. Reads blobs: never on the loop thread. */
int mes_compose_stored_read(struct mes_str document, const char *folder,
                            struct mes_compose_stored **stored_out, struct mes_error *error) MES_MUST_USE;
/* NULL inside is allowed. Jobs that were compiled live on. */
void mes_compose_stored_free(struct mes_compose_stored **stored);

/* A `to` recipient as its row has it. Texts are copied. */
struct mes_compose_addressee {
    uint64_t number; /* of the mail in the whole job, from 0: its Message-ID hangs on it */
    const char *address;
    const char *name;        /* NULL: none */
    const char *variables;   /* a JSON object; NULL: none */
    const char *attachments; /* a JSON list, as the document's; NULL: none */
};

/* It becomes the last mail of the next compiled job, also when the address is there already. A row that fails
 * is not added. MES_E_NOT_FOUND: a blob of its own is missing. */
int mes_compose_stored_add(struct mes_compose_stored *stored, const struct mes_compose_addressee *addressee,
                           struct mes_error *error) MES_MUST_USE;
/* Empties the list of `to` recipients; their memory is used again. */
void mes_compose_stored_clear(struct mes_compose_stored *stored);

#endif
