/* Writing a value so that it stays a value where it is put. */
#ifndef MES_TEMPLATE_ESCAPE_H
#define MES_TEMPLATE_ESCAPE_H

#include "base/buf.h"
#include "template/place.h"

enum mes_template_refusal {
    MES_REFUSED_NOT,
    MES_REFUSED_LINE_END, /* CR, LF or NUL in a header */
    MES_REFUSED_SCHEME,   /* javascript: and the like */
    MES_REFUSED_CSS,
    MES_REFUSED_NAME
};

/* Appends `value` escaped for `place`, or says why it cannot stand there (then nothing is appended). */
enum mes_template_refusal mes_template_escape(enum mes_template_place place, struct mes_str value,
                                              struct mes_buf *out);

/* What a raw value must still keep to. */
enum mes_template_refusal mes_template_check_raw(enum mes_template_place place, struct mes_str value);

#endif
