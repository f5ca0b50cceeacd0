/* match.h: which of the records that came are those that were expected. */
#ifndef WEIR_TOPOLOGY_MATCH_H
#define WEIR_TOPOLOGY_MATCH_H

#include "topology/graph.h"
#include "topology/leaves.h"

/* The records that came to a place. */
struct weir__came {
  const char *const **records; /* the texts of their leaves */
  size_t count, room;
};

/* One difference: indexes of the record that was expected, and of the one that came instead. SIZE_MAX: there is none. */
struct weir__difference {
  size_t expected, came;
};
struct weir__differences {
  struct weir__difference *all;
  size_t count;
};

/* Does the leaf hold what is expected of it? */
static inline bool weir__leaf_fits(const char *expected, const char *came)
{
  return !expected || strcmp(expected, came) == 0;
}

/* Finds what differs, so that as much as can be fits; what is missing stands beside what came in its place. `ordered`: in the
 * order in which they came. All lies in the arena. False: no memory. */
bool weir__match(const struct weir__test_expected *expected, const struct weir__came *came, bool ordered,
                 struct weir__arena *arena, struct weir__differences *differences);

#endif
