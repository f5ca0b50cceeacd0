/* assemble.h: the actors of a graph on a runtime.
 *
 *   each instance is made, and rests ---> its outputs are wired ---> supervisors start them, as the document says
 *
 * So each may send to each, in whatever order they start. Where the document has no supervisors there is one that restarts
 * nobody: the first actor that fails ends it, and with it all others. */
#ifndef WEIR_TOPOLOGY_ASSEMBLE_H
#define WEIR_TOPOLOGY_ASSEMBLE_H

#include <weir/supervisor.h>

#include "actor/edge.h"
#include "topology/graph.h"

/* Filled in by who assembles, but for the last group; borrowed until the runtime has been stopped. */
struct weir__assembly {
  const struct weir__graph *graph;
  struct weir__arena *arena;
  weir_runtime *rt;
  /* What an instance's callbacks are given. Called once for each, in the graph's order, receivers before their senders. NULL: no
   * memory. */
  void *(*instance)(void *arg, const char *name);
  void (*ended)(void *instance, const struct weir__ending *ending); /* this and the next two: see weir__wired */
  void (*lost)(void *instance, const char *actor, const char *message, int code, const char *text);
  void (*dead)(void *instance, const char *actor, const char *message, int code, const char *text);
  void (*takes)(void *instance, const weir_message *type, const void *record); /* this and the next: NULL is fine */
  void (*gives)(void *instance, const char *output, const weir_message *type, const void *record);
  bool silent; /* restarts are not told on standard error */
  /* The supervisor of all has ended: nothing goes on. What came before it, if it was a failure: of whom, and why. Called on a
   * worker, must not wait. */
  void (*gave_up)(void *arg, int code, const char *who, const char *text);
  void *arg;
  /* One record is followed: the first of that actor (an index). NULL: none is. */
  uint32_t (*step)(void *step_arg, const struct weir__step *step);
  void *step_arg;
  size_t first;
  /* Written by weir__assemble(). */
  weir_ref **refs;     /* of each actor's instances … */
  void ***instances;   /* … what their callbacks are given … */
  const char ***names; /* … and their names: of those that were made for this graph */
  weir_ref root;       /* the supervisor of all: of the keeper's start, and then of who has asked the keeper since */
  weir_ref keeper;     /* who keeps the supervisors: all ends with it */
  bool *left_down;     /* of each actor: others go on when its supervisor gives up */
  struct weir__blame *blame;
};

/* Makes and wires all, and has it started. On error, with a text, what was made is left to the end of the runtime. */
int weir__assemble(struct weir__assembly *a);

/* ---- the steps, for who changes a topology that runs (reload.h) ---- */

/* Room for what is written, but for the root. WEIR_ENOMEM, with a text. */
int weir__assembly_prepare(struct weir__assembly *a);
/* Makes one instance of an actor. Of one that is held (actor/rewire.h) nobody counts as its sender yet but who holds it. */
int weir__assembly_make(struct weir__assembly *a, size_t actor, size_t instance, bool held);
/* How an actor's instances are wired. Owned: weir__assembly_outputs_free(). WEIR_ENOMEM, with a text. */
struct weir__outputs {
  struct weir__wired wired;
  struct weir__target *targets;
  struct weir__wiring *wirings;
};
int weir__assembly_outputs(const struct weir__assembly *a, size_t actor, struct weir__outputs *outputs);
void weir__assembly_outputs_free(struct weir__outputs *outputs);
/* As its supervisor is to have it. */
weir_child weir__assembly_child(const struct weir__assembly *a, size_t actor, size_t instance);
/* A supervisor with all that are below it, as the one above is to have it. Without memory, which its arena notes, no good. */
weir_child weir__assembly_tree(struct weir__assembly *a, size_t supervisor);
/* What weir__change_supervisor() takes. */
weir_supervisor_options weir__assembly_settings(const struct weir__graph_supervisor *s);
/* The runtime has been stopped. Also for one that was never begun, or not to its end. */
void weir__disassemble(struct weir__assembly *a);

#endif
