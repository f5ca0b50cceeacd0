/* plan.h: what a reload would do: the graph that runs and the one that is to run, compared. Pure: nothing is started.
 *
 * P1  Actors are the same if they have the same name. One whose name stays keeps its mailbox, and what stays as it was is not
 *     touched.
 * P2  What can't be done while it runs is refused, with the reason, and then nothing is done. */
#ifndef WEIR_TOPOLOGY_PLAN_H
#define WEIR_TOPOLOGY_PLAN_H

#include "topology/graph.h"

enum weir__plan_mark {
  WEIR__PLAN_ADDS = '+',
  WEIR__PLAN_REMOVES = '-',
  WEIR__PLAN_CHANGES = '~',
  WEIR__PLAN_REFUSES = '!'
};

/* For people: one for each actor with which something is done, or would have to be. */
struct weir__plan_line {
  char mark; /* enum weir__plan_mark */
  const char *name;
  const char *text;
};

/* An actor of the graph that is to run. */
struct weir__planned {
  size_t before;  /* its index in the graph that runs; WEIR__PLAN_NEW: it is in there no more */
  bool config;    /* what follows, of one that stays: it gets another configuration … */
  bool capacity;  /* … another capacity … */
  bool instances; /* … more instances, or fewer … */
  bool wiring;    /* … where its outputs lead differs, or what is done with what fails */
};
#define WEIR__PLAN_NEW SIZE_MAX

/* Likewise, a supervisor. All that is below a new one is new. */
struct weir__planned_supervisor {
  size_t before;
  bool settings; /* of one that stays: they differ */
};

/* Whose child each actor and each supervisor but the root is: indexes of a graph's supervisors. */
struct weir__family {
  size_t *of_actor, *of_supervisor;
};

struct weir__reload_plan {
  struct weir__planned *actors; /* of each actor of the graph that is to run */
  bool *removed;                /* of each actor of the one that runs */
  struct weir__planned_supervisor *supervisors;
  bool *removed_supervisors; /* all that is below one goes with it */
  struct weir__family before, after;
  struct weir__plan_line *lines;
  size_t count, adds, removes, changes, refuses; /* lines, and of each kind */
};

/* Both have been checked. The plan lies in the arena, its names in the graphs. False: no memory. */
bool weir__plan_reload(const struct weir__graph *before, const struct weir__graph *after, struct weir__arena *arena,
                       struct weir__reload_plan *plan);

#endif
