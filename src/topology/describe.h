/* describe.h: actor types and the tables of their fields, described for people, programs and editors. */
#ifndef WEIR_TOPOLOGY_DESCRIBE_H
#define WEIR_TOPOLOGY_DESCRIBE_H

#include "topology/types.h"
#include "json/draft.h"

/* What a value of a field may be, in words: "size from \"1B\" to \"64MiB\"", "list of texts". */
void weir__describe_kind(struct weir__draft *t, const weir_field *field);
/* "a|b" as a list, the value of a further key of an object. */
void weir__describe_choices(struct weir__draft *t, const char *key, const char *choices);
/* Its key in JSON. */
static inline const char *weir__field_key(const weir_field *field) { return field->json ? field->json : field->name; }
/* May it be left out? */
static inline bool weir__field_optional(const weir_field *field)
{
  return field->def || field->kind == WEIR_KIND_OPTIONAL;
}

/* All types on a line each; one type in full. */
void weir__describe_list(struct weir__draft *t, const struct weir__types *types);
void weir__describe_type(struct weir__draft *t, const struct weir__stock *type);
void weir__describe_json(struct weir__draft *t, const struct weir__types *types, const struct weir__stock *only);
void weir__describe_page(struct weir__draft *t, const struct weir__types *types);

/* A JSON Schema of topologies that name these types (schema.c). */
void weir__describe_schema(struct weir__draft *t, const struct weir__types *types);

#endif
