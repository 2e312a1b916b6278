/* The inside of a message, for compose and cli: what the setters have checked and kept. */
#ifndef MES_COMPOSE_MESSAGE_H
#define MES_COMPOSE_MESSAGE_H

#include "compose/content.h"
#include "compose/recipients.h"
#include "mes/message.h"
#include "mime/part.h"

/* An attachment or inline image, its texts in the arena. */
struct mes_message_file {
    struct mes_part part;
    struct mes_wire_piece content;
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
    MES_TEXT_COUNT
};

struct mes_message {
    struct mes_arena arena; /* what is only ever added */
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
    enum mes_priority priority;
    const char *dsn; /* static; "" when nothing is asked for */
};

/* Each address once. */
size_t mes_compose_message_count(const struct mes_message *message, enum mes_role role);

/* "" for a text that was not set. */
struct mes_str mes_compose_message_text(const struct mes_message *message, enum mes_message_text text);

#endif
