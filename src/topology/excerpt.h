/* excerpt.h: the part of a graph that a test runs, as a graph of its own.
 *
 *     feed --> fed actor --> … --> actor of which something is expected          what leads elsewhere is left out
 *
 * X1  An actor runs if what is fed reaches it, and what is expected can come of what it gives. Edges to others are as if they
 *     were discarded.
 * X2  Sources never run: what is fed comes from feeders. Nor do sinks, unless the test names them in "real": something
 *     stands in for them, as for those in "stub" (stand_in.h).
 * X3  So nothing runs that names files or addresses in its configuration, or takes secrets, but what is in "real". */
#ifndef WEIR_TOPOLOGY_EXCERPT_H
#define WEIR_TOPOLOGY_EXCERPT_H

#include "topology/graph.h"
#include "topology/stand_in.h"

/* What an actor of the whole graph is to a test: bits. Those with both run (X1). */
enum { WEIR__PART_REACHED = 1, WEIR__PART_LEADS = 2, WEIR__PART_RUNS = 3 };

/* Fills in `parts`, one for each actor of the graph, zeros so far. False: no memory. */
bool weir__excerpt_find(const struct weir__graph *graph, const struct weir__graph_test *test, unsigned char *parts);
/* Would that actor run, and touch what is outside, though the test does not say so? */
bool weir__excerpt_is_outside(const struct weir__graph *graph, const struct weir__graph_test *test,
                              const unsigned char *parts, size_t actor);

struct weir__excerpt {
  struct weir__graph graph;
  size_t *whole;                   /* of each of its actors: its index in the whole graph; a feeder's: SIZE_MAX */
  struct weir__stand_in **scripts; /* of each: what it plays; NULL: it is itself */
};

/* All lies in the arena; what it borrows of the whole graph lives as long. WEIR_ENOMEM. */
int weir__excerpt_make(struct weir__excerpt *excerpt, const struct weir__graph *graph,
                       const struct weir__graph_test *test, struct weir__arena *arena);

#endif
