/* Variables of a message or of one recipient as a JSON object: {"name":"Wong","items":[{"n":1}],"vip":true}.
 */
#ifndef MES_COMPOSE_VARIABLES_H
#define MES_COMPOSE_VARIABLES_H

#include "mes/message.h"
#include "template/template.h"
#include "json/parse.h"
#include "json/write.h"

/* Whose variables are set. */
enum mes_variable_scope { MES_VARIABLES_OF_ALL, MES_VARIABLES_OF_LAST_TO };

/* Sets each member of the object, in the place of one of that name: texts, numbers (as they are written),
 * true, false, null (there, but empty), lists and objects. MES_E_INPUT: not an object, a bad name, no `to`;
 * MES_E_LIMIT as mes_message_set_variable, where a member may have 1 MiB as it is written,
 * and above 16 levels. Those before the faulty one are set then. */
int mes_compose_message_set_variables(struct mes_message *message, enum mes_variable_scope of,
                                      const struct mes_json_value *object,
                                      struct mes_error *error) MES_MUST_USE;
/* The same from text (json/tree.h), with at most 10,000 values in all. */
int mes_compose_message_set_variables_json(struct mes_message *message, enum mes_variable_scope of,
                                           struct mes_str json, struct mes_error *error) MES_MUST_USE;

/* Writes them as one object. */
void mes_compose_variables_write(const struct mes_variable *variables, size_t count, const char *key,
                                 struct mes_json_writer *writer);

#endif
