/* types.h: the actor types that a topology can name: those that come with weir, and those of plugins. */
#ifndef WEIR_TOPOLOGY_TYPES_H
#define WEIR_TOPOLOGY_TYPES_H

#include "actors/stock.h"

struct weir__plugin;

/* A list of types, each name once. All zeros is an empty one. */
struct weir__types {
  const struct weir__stock **rows; /* ends with NULL; the rows are borrowed, and live as long as the process */
  size_t count;
};

/* Those of a list that ends with NULL. WEIR_ENOMEM, and it is empty. */
int weir__types_copy(struct weir__types *types, const struct weir__stock *const *rows);
/* Those that come with weir. WEIR_ENOMEM. */
int weir__types_make(struct weir__types *types);
/* Those of a plugin, too. WEIR_EINVAL, with a text: a name is there already; WEIR_ENOMEM. Nothing is added then. */
int weir__types_add(struct weir__types *types, const struct weir__plugin *plugin);
/* NULL: there is none of that name. */
const struct weir__stock *weir__types_find(const struct weir__types *types, const char *name);
void weir__types_free(struct weir__types *types);

/* ---- what a type has ---- */

/* How many outputs; 0: it is a sink. */
size_t weir__type_outputs(const struct weir__stock *type);
const char *weir__type_output(const struct weir__stock *type, size_t output);
/* The records of that output. */
const weir_message *weir__type_gives(const struct weir__stock *type, size_t output);
/* Has it a clause for a change of its configuration? */
bool weir__type_changes(const struct weir__stock *type);

/* The row of an actor type that has none: from its clauses and options. WEIR_EINVAL, with a text: it can't be in a
 * topology. */
int weir__type_row(const weir_actor *actor, struct weir__stock *row);

#endif
