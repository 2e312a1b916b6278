/* Signing a rendered mail, for compose alone. */
#ifndef MES_COMPOSE_WIRE_SIGN_H
#define MES_COMPOSE_WIRE_SIGN_H

#include <stdatomic.h>

#include "compose/wire.h"

/* The hash of a body that many mails have: whoever comes to know it first leaves it for the others, in
 * whatever thread. All zero: not known yet. */
struct mes_wire_body {
    atomic_int state;
    unsigned char hash[MES_DIGEST_SIZE];
};

/* Of a rendered wire, whose first piece was left empty for it: finds the header, and signs when the body's
 * hash is known or can be had without reading a file. */
int mes_compose_wire_sign(struct mes_wire *wire, struct mes_error *error) MES_MUST_USE;

#endif
