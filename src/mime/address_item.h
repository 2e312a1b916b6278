/* One address of a list, already cut out: the grammar. Only for mime/address.c. */
#ifndef MES_MIME_ADDRESS_ITEM_H
#define MES_MIME_ADDRESS_ITEM_H

#include "mime/address.h"

struct mes_address_item {
    struct mes_str text; /* without blanks at its ends */
    size_t column;       /* of its first character in the whole list, from 1 */
};

/* As mes_mime_address_parse. */
int mes_mime_address_item_parse(const struct mes_address_item *source, struct mes_arena *arena,
                                const struct mes_notices *notices, struct mes_address *address_out,
                                struct mes_error *error) MES_MUST_USE;

/* Without spaces and tabs at both ends; other white space stays and is refused. */
struct mes_str mes_mime_trim_blanks(struct mes_str text);

#endif
