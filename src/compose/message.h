/* The inside of a message, for compose and cli: what the setters have checked and kept. */
#ifndef MES_COMPOSE_MESSAGE_H
#define MES_COMPOSE_MESSAGE_H

#include "compose/content.h"
#include "compose/recipients.h"
#include "compose/template.h"
#include "mes/message.h"
#include "mime/part.h"

/* An attachment or inline image, its texts in the arena. */
struct mes_message_file {
    struct mes_part part;
    struct mes_wire_piece content;
    const char *hash; /* of a blob; else NULL */
    uint64_t size;    /* of a blob's raw bytes */
};

struct mes_message_field {
    const char *name, *value;
};

/* Texts that may be replaced: each a copy on the heap, NULL until it is set. */
enum mes_message_text {
    MES_TEXT_FROM_ADDRESS,
    MES_TEXT_FROM_NAME,
    MES_TEXT_REPLY_TO_ADDRESS,
    MES_TEXT_REPLY_TO_NAME,
    MES_TEXT_SUBJECT,
    MES_TEXT_PLAIN,
    MES_TEXT_HTML,
    MES_TEXT_TEMPLATE_FOLDER,
    MES_TEXT_TEMPLATE,
    MES_TEXT_LANGUAGE,
    MES_TEXT_CALENDAR,        /* as it is sent */
    MES_TEXT_CALENDAR_METHOD, /* "REQUEST" */
    MES_TEXT_COUNT
};

struct mes_message {
    struct mes_arena arena;    /* what is only ever added */
    struct mes_arena to_arena; /* the same of `to` recipients */
    char *texts[MES_TEXT_COUNT];
    struct mes_recipients recipients[MES_ROLE_BCC + 1];
    size_t last_to; /* the one whose variables are set */
    struct mes_variable *variables;
    size_t variable_count;
    struct mes_message_field *fields;
    size_t field_count;
    struct mes_message_file *files;
    size_t file_count;
    struct mes_content_store *contents;
    struct mes_content_store *to_contents; /* of single recipients' attachments; NULL: there are none */
    enum mes_priority priority;
    bool requires_tls;
    const char *dsn; /* static; "" when nothing is asked for */

    /* Of a message that was read by compose/stored.h: */
    bool is_stored;
    unsigned personal; /* bits of enum mes_slot_number: texts that differ from recipient to recipient */
    const struct mes_compose_sources *sources; /* of its template; NULL: none */
};

/* Texts of a mail, as bits of `personal`. */
enum mes_slot_number { MES_SLOT_SUBJECT, MES_SLOT_TEXT, MES_SLOT_HTML };

/* The arena that a recipient's texts belong to. */
struct mes_arena *mes_compose_message_arena(struct mes_message *message, enum mes_role role);
/* Adds a `to` with its number, also one whose address is there already. */
int mes_compose_message_append_to(struct mes_message *message, uint64_t number, const char *address,
                                  const char *name, struct mes_error *error) MES_MUST_USE;
/* Takes the one back that was appended last. */
void mes_compose_message_drop_last_to(struct mes_message *message);
/* Takes all `to` recipients away, with all that is theirs. */
void mes_compose_message_clear_to(struct mes_message *message);

/* 1 to MES_LIMIT_VARIABLE_NAME bytes, no control characters. */
int mes_compose_variable_check_name(struct mes_str name, struct mes_error *error) MES_MUST_USE;
/* Sets a copy of a variable of any type, which was checked: of all, or of the `to` added last. */
int mes_compose_message_set(struct mes_message *message, bool is_of_last_to,
                            const struct mes_variable *variable, struct mes_error *error) MES_MUST_USE;

/* Checks and copies name and type (NULL: by the name's ending). */
int mes_compose_file_describe(struct mes_arena *arena, struct mes_str path, const char *type,
                              struct mes_message_file *file, struct mes_error *error) MES_MUST_USE;
/* The same, and makes room for it in the list; its content is still to come, and file_count to be raised. */
int mes_compose_message_prepare_file(struct mes_message *message, struct mes_str path, const char *type,
                                     struct mes_message_file *file, struct mes_error *error) MES_MUST_USE;
/* Of a good form, and no other image's. */
int mes_compose_message_check_content_id(const struct mes_message *message, const char *content_id,
                                         struct mes_error *error) MES_MUST_USE;

/* Each address once. */
size_t mes_compose_message_count(const struct mes_message *message, enum mes_role role);

/* "" for a text that was not set. */
struct mes_str mes_compose_message_text(const struct mes_message *message, enum mes_message_text text);

#endif
