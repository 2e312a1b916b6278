/* A mail to be sent: content, recipients and files, the same for one recipient or many. */
#ifndef MES_MESSAGE_H
#define MES_MESSAGE_H

#include "mes/error.h"
#include "mes/report.h"

MES_BEGIN

/* Every setter copies what it is given, checks it at once (CR, LF, NUL, broken UTF-8 and bad addresses are
 * refused with MES_E_INPUT, naming the field) and leaves the message as it was when it fails. Text is UTF-8.
 * One thread at a time; once handed to a sender it may be changed or freed. */
struct mes_message;

enum mes_priority { MES_PRIORITY_NORMAL, MES_PRIORITY_HIGH, MES_PRIORITY_LOW };

MES_API struct mes_message *mes_message_new(void); /* NULL: out of memory */
MES_API void mes_message_free(struct mes_message **message);

/* Each `to` gets a mail of its own in which only that address is shown; cc and bcc are further recipients of
 * each such mail. `name` may be NULL. A `to` that is there already counts once. */
MES_API int mes_message_add_recipient(struct mes_message *message, enum mes_role role, const char *address,
                                      const char *name, struct mes_error *error) MES_MUST_USE;
/* A variable of the `to` recipient added last, for templates and for {{name}} in subject and bodies. */
MES_API int mes_message_set_recipient_variable(struct mes_message *message, const char *key,
                                               const char *value, struct mes_error *error) MES_MUST_USE;
/* A variable for all recipients; a recipient's own value wins. */
MES_API int mes_message_set_variable(struct mes_message *message, const char *key, const char *value,
                                     struct mes_error *error) MES_MUST_USE;

/* The wished sender. The address is only used with accounts whose `allowedFrom` covers it; NULL: the
 * account's own. `name` NULL: the account's own display name. */
MES_API int mes_message_set_from(struct mes_message *message, const char *address, const char *name,
                                 struct mes_error *error) MES_MUST_USE;
MES_API int mes_message_set_reply_to(struct mes_message *message, const char *address, const char *name,
                                     struct mes_error *error) MES_MUST_USE;
/* Empty: a template's title, else the first 20 characters of the body's text. */
MES_API int mes_message_set_subject(struct mes_message *message, const char *subject,
                                    struct mes_error *error) MES_MUST_USE;
/* Without a text one is made from the HTML. */
MES_API int mes_message_set_text(struct mes_message *message, const char *text,
                                 struct mes_error *error) MES_MUST_USE;
MES_API int mes_message_set_html(struct mes_message *message, const char *html,
                                 struct mes_error *error) MES_MUST_USE;
/* The body comes from the template `name` ("Register"), in `language` ("zh-HK"), found in `folder` (NULL:
 * built-in ones alone) or built in. Text and HTML must not be set then. */
MES_API int mes_message_set_template(struct mes_message *message, const char *folder, const char *name,
                                     const char *language, struct mes_error *error) MES_MUST_USE;

/* The file is read and encoded now, once for all recipients and sends; large ones are kept in an unnamed
 * temporary file, so memory stays the same whatever the size. NULL name: the last part of the path; NULL
 * type: from the name's ending. */
MES_API int mes_message_attach_file(struct mes_message *message, const char *path, const char *name,
                                    const char *type, struct mes_error *error) MES_MUST_USE;
MES_API int mes_message_attach_bytes(struct mes_message *message, const void *data, size_t size,
                                     const char *name, const char *type,
                                     struct mes_error *error) MES_MUST_USE;
/* An image that the HTML shows by <img src="cid:ID">. */
MES_API int mes_message_inline_file(struct mes_message *message, const char *content_id, const char *path,
                                    struct mes_error *error) MES_MUST_USE;

/* An invitation: an iCalendar object (RFC 5545) as a part beside text and HTML, which readers show with their
 * buttons, and once more as the file invite.ics. It has to have a METHOD and entries with a UID, and is
 * refused with the line where it is wrong; `method` NULL, or the same as in the object. NULL takes it away.
 */
MES_API int mes_message_set_calendar(struct mes_message *message, const char *calendar, const char *method,
                                     struct mes_error *error) MES_MUST_USE;

/* Fields that the product writes itself (From, To, Bcc, Received, Content-*, …) are refused. */
MES_API int mes_message_add_header(struct mes_message *message, const char *name, const char *value,
                                   struct mes_error *error) MES_MUST_USE;
MES_API int mes_message_set_priority(struct mes_message *message, enum mes_priority priority,
                                     struct mes_error *error) MES_MUST_USE;
/* REQUIRETLS (RFC 8689): the mail only goes over TLS with a checked certificate, to a relay that promises the
 * same for the rest of its way. An account whose relay does not is passed over; when none is left the mail
 * fails. */
MES_API void mes_message_set_require_tls(struct mes_message *message, bool is_required);
/* Asks relays that offer DSN for a notification: any of "success", "failure", "delay" joined by ',', or
 * "never". */
MES_API int mes_message_set_dsn(struct mes_message *message, const char *notify,
                                struct mes_error *error) MES_MUST_USE;

MES_END

#endif
