/* run.h: what there is of a topology that runs: see run.c, and reload.c, which changes it. */
#ifndef WEIR_TOPOLOGY_RUN_H
#define WEIR_TOPOLOGY_RUN_H

#include <uv.h>

#include <weir/oneshot.h>
#include <weir/reload.h>

#include "actor/shutdown.h"
#include "topology/assemble.h"
#include "topology/follow.h"
#include "topology/topology.h"

/* One instance of an actor: what its callbacks are given. It stays until the run has ended: they may come late. */
struct weir__instance {
  struct weir__instance *next; /* in the order in which they were made. This and all but `run` under the run's lock */
  struct weir__run *run;
  weir_ref ref; /* all zeros: it is being made */
  bool is_source;
  bool removed; /* a reload has taken it away … */
  bool undone;  /* … or has made it, and was not to be */
  weir_actor_account account;
  char name[];
};

struct weir__run {
  const struct weir__graph *graph; /* that runs. This and the assembly: the reloader's, once it is there */
  struct weir__arena arena;
  weir_runtime *rt;
  struct weir__assembly assembly;
  weir_topology *own;            /* the graph's, if a reload has brought it */
  int64_t generation;            /* how often it was changed. The reloader's */
  bool has_started;              /* all of it, once: seen by the reloader, whose it is */
  const weir_listener *listener; /* borrowed, may be NULL */
  weir_serving serving;
  const struct weir__stock *const *types; /* that its file may name, when it is read anew */
  struct weir__shutdown shutdown;
  struct weir__follow follow; /* if the listener wants steps */
  weir_promise promise;       /* dropped when the run is settled: R1 */
  uv_mutex_t lock;
  /* Under the lock: */
  struct weir__instance *first, *last;
  struct weir__report report;
  size_t living; /* instances that have not ended; one more until all have been made */
  uint64_t lost;
  uint64_t dead;      /* records that became dead letters, of instances that have ended */
  unsigned dead_told; /* all that became some so far; the first few are described */
  int failure;        /* the code with which the run fails; WEIR_OK so far */
  char failure_text[2048];
  bool settled, all_spawned; /* R1, R4 */
  bool ends;                 /* a signal came */
  weir_duration drain;       /* how long what is on its way may take then */
};

/* weir_topology_serve_file() with a table of types of one's own. */
int weir__topology_serve(const weir_topology *topology, const weir_runtime_options *runtime,
                         const weir_listener *listener, const weir_serving *serving,
                         const struct weir__stock *const *types);

/* An instance was made. False: a signal has come, and nobody else tells it (R4). */
bool weir__run_has_made(struct weir__instance *instance, weir_ref ref, bool is_source);
/* How long what is on its way may take to end. */
weir_duration weir__run_drain(const struct weir__run *run, const struct weir__graph *graph);

/* No supervisor starts them again. */
int weir__stop_for_good(weir_ref ref);
int weir__kill_for_good(weir_ref ref);

#endif
