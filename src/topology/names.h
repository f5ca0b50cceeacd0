/* names.h: the names of a topology: of actors, of uses of templates, of supervisors. */
#ifndef WEIR_TOPOLOGY_NAMES_H
#define WEIR_TOPOLOGY_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/arena.h"
#include "json/suggest.h"

enum weir__named { WEIR__NAMES_NOTHING, WEIR__NAMES_ACTOR, WEIR__NAMES_USE, WEIR__NAMES_SUPERVISOR };

struct weir__name {
  const char *name; /* borrowed */
  enum weir__named what;
  size_t index;  /* among its like */
  uint32_t node; /* where it is given */
};

/* All zeros are no names. They lie in the arena. */
struct weir__names {
  struct weir__name *all; /* in the order in which they were added */
  size_t count;
  size_t room;
  uint32_t *table; /* open addressing: indexes of `all`, plus one; 0 is empty */
  size_t table_size;
  size_t compared; /* with names that are not known */
};

/* Adds a name. Returns NULL, or the one that has it already; `arena->failed`: no memory. */
const struct weir__name *weir__names_add(struct weir__names *names, struct weir__arena *arena, struct weir__name name);
/* NULL: there is no such name. */
const struct weir__name *weir__names_find(const struct weir__names *names, const char *name);
/* Offers all that may be meant by `word`; with very many words and names, nothing any more, so that the time is linear in
 * their number. */
void weir__names_offer(struct weir__names *names, struct weir__suggestion *suggestion);

#endif
