/* The JSON schemas of what goes in and out: one table for checking, for openapi.json and for the tests. */
#ifndef MES_API_SCHEMA_H
#define MES_API_SCHEMA_H

#include "api/answer.h"

struct mes_api_schemas;

/* All of schemas/, one object of schemas by their names, as it stands in the binary. */
extern const char mes_api_schemas_text[];

/* Reads mes_api_schemas_text. Afterwards only read: any thread. */
int mes_api_schemas_new(struct mes_api_schemas **schemas_out, struct mes_error *error) MES_MUST_USE;
void mes_api_schemas_free(struct mes_api_schemas **schemas);

/* The schema of that name; it must exist. */
const struct mes_json_value *mes_api_schema(const struct mes_api_schemas *schemas, const char *name);
/* All of them: an object. */
const struct mes_json_value *mes_api_schemas_root(const struct mes_api_schemas *schemas);

/* Refuses what does not keep to the schema, at the field's path with `prefix` before it. Knows of JSON
 * Schema: $ref, type, properties, required, additionalProperties, items, minItems, maxItems, enum, minLength,
 * maxLength (in characters), minimum, maximum, and the format date-time. True: it keeps to it. */
bool mes_api_schema_check(struct mes_api_request *request, const struct mes_json_value *schema,
                          const char *prefix, const struct mes_json_value *value);

#endif
