/* trial.h: a test of a topology, run with one seed.
 *
 *     feed ---> rest [---> advance ---> rest] [---> the input ends, and all with it] ---> compare
 *
 * T1  All runs on the thread that calls, in a simulated runtime (weir/simulation.h): so nothing here has a lock.
 * T2  What came is noted while it comes (edge.h: takes, gives), by the places at which something is expected; what comes when
 *     all has been said and the runtime stops is not noted. */
#ifndef WEIR_TOPOLOGY_TRIAL_H
#define WEIR_TOPOLOGY_TRIAL_H

#include "topology/excerpt.h"
#include "topology/match.h"

struct weir__trial {
  const struct weir__graph *graph;     /* the whole one */
  const struct weir__graph_test *test; /* of it */
  struct weir__excerpt excerpt;
  void (*trace)(const char *line, void *arg); /* each event; NULL: nobody is told */
  void *trace_arg;
  struct weir__arena arena; /* the excerpt's */
};

/* What came of one run. All lies in its arena. */
struct weir__outcome {
  struct weir__came *came; /* by what is expected */
  bool *ordered;           /* likewise: one sender sent them, so that their order says something */
  char error[2048];        /* why it went wrong, apart from what came; "": it did not */
  struct weir__arena arena;
};

/* WEIR_ENOMEM. The trial is to be freed in any case. */
int weir__trial_make(struct weir__trial *trial, const struct weir__graph *graph, const struct weir__graph_test *test);
/* WEIR_OK, also when something went wrong; WEIR_ENOMEM. The outcome is to be freed in any case. */
int weir__trial_run(const struct weir__trial *trial, uint64_t seed, struct weir__outcome *outcome);
void weir__trial_free(struct weir__trial *trial);

#endif
