/* checking.h: what the parts of the checker share. A check goes through rounds, each of which needs what came before:
 *
 *   secret.c       what is kept in files of its own
 *   template.c     templates are put in where they are used: what is left is a list of actors' objects
 *   actor.c        each actor's object by itself
 *   wiring.c       as all names are known: who sends to whom
 *   supervision.c  who is restarted by whom
 *   budget.c       what all of it can take, and what two actors can't both have
 *   cases.c        the tests
 */
#ifndef WEIR_TOPOLOGY_CHECKING_H
#define WEIR_TOPOLOGY_CHECKING_H

#include "topology/check.h"
#include "topology/names.h"
#include "topology/tables.h"
#include "topology/types.h"
#include "json/expect.h"

#define WEIR__NOT_YET "not available in this version"

/* A template that some file defines. */
struct weir__checked_template {
  const char *name;
  const struct weir__template *settings;
  uint32_t node;
  uint32_t params; /* its object; WEIR__NO_NODE: none, as for the actors */
  uint32_t actors;
};

/* A use of a template: its actors are items[first .. first + count), those of uses inside it included. */
struct weir__checked_use {
  const char *name;                        /* the full one */
  const struct weir__checked_template *of; /* NULL: unknown */
  size_t outer;                            /* the use that it is inside of; WEIR__NO_INDEX: none */
  size_t first;
  size_t count;
  uint32_t node;
  bool wired; /* its "to" was read for one of its actors */
};

/* An actor's object, after templates were put in. */
struct weir__item {
  const char *name; /* the full one; "": it has none that is good */
  size_t use;       /* that it is inside of; WEIR__NO_INDEX: none */
  uint32_t node;
  uint32_t name_node;
};
#define WEIR__NO_INDEX SIZE_MAX

/* Of a full name: one name for each template inside each other. */
enum { WEIR__FULL_NAME_BYTES = (WEIR__NAME_MAX + 1) * (WEIR__DOCUMENT_NESTED_MAX + 3) };

struct weir__check {
  struct weir__document *document;
  const struct weir__stock *const *types;
  struct weir__types known; /* the types that were given, and those of plugins; owned */
  struct weir__arena *arena;
  struct weir__graph *graph;
  bool reads_secrets;               /* from their files */
  const struct weir__graph *before; /* a reload: the graph that runs; else NULL */
  struct weir__names template_names;
  struct weir__checked_template *templates;
  size_t template_count;
  struct weir__item *items; /* owned, as `uses` */
  size_t item_count, item_room;
  struct weir__checked_use *uses;
  size_t use_count, use_room;
  bool too_many; /* items: that was reported */
  struct weir__names names;
  const struct weir__mailbox_settings *mailbox; /* of the defaults; NULL: none */
  bool wiring_known;                            /* every "to" could be read: only then is it known who gets nothing */
  bool types_known;                             /* every plugin could be loaded: only then is a type unknown */
  bool actors_known;                            /* every actor's object, name and type could be read */
};

static inline uint32_t weir__check_member(const struct weir__check *c, uint32_t node, const char *key)
{
  return weir__document_member(c->document, node, key);
}

/* Reads an object's plain keys by a table (tables.h); those in `others`, which end with {0}, are somebody else's, or are
 * refused. NULL: it is no object, or there is no memory. */
void *weir__check_table(struct weir__check *c, uint32_t node, const weir_message *table,
                        const struct weir__key *others);
/* For each file of the document: f(c, root). */
void weir__check_each_file(struct weir__check *c, void (*f)(struct weir__check *, uint32_t root));
/* Is it a name? */
bool weir__check_is_name(const char *text);
/* The name that an object gives itself, below `outer` (NULL: none), in the arena; "", reported: none. `*node`: where. */
const char *weir__check_name(struct weir__check *c, uint32_t object, const char *outer, uint32_t *node);
/* Adds a name; reports that it is given twice, or taken. */
void weir__check_add_name(struct weir__check *c, const char *name, enum weir__named what, size_t index, uint32_t node);
/* What a name at `node` means for what is inside of a use: one of its own names, else one of all. NULL, reported. */
const struct weir__name *weir__check_find(struct weir__check *c, uint32_t node, const char *name, size_t use);

/* The actor that a use's template calls its "out" or its "in". WEIR__NO_INDEX: it has none. */
size_t weir__check_port(struct weir__check *c, const struct weir__checked_use *use, bool out);

/* From then on, until the check is over, {"secret": NAME} can be read. */
void weir__check_secrets(struct weir__check *c);
void weir__check_templates(struct weir__check *c);
void weir__check_expand(struct weir__check *c);
void weir__check_actors(struct weir__check *c);
void weir__check_wiring(struct weir__check *c);
void weir__check_supervision(struct weir__check *c, uint32_t node);
void weir__check_budgets(struct weir__check *c);
void weir__check_cases(struct weir__check *c);

/* The actor that gets what is sent to a name; WEIR__NO_INDEX, reported: none. */
size_t weir__check_receiver(struct weir__check *c, uint32_t node, const char *name, size_t use);

#endif
