/* node.h: what an actor of a topology has beside its cell: edges, and what lies in them. For edge.c and rewire.c.
 *
 * N1  Edges, batches under way and the node are the actor's that they belong to: no lock, no atomics, but for N2 and N3.
 * N2  Another wiring comes while the actor lives (rewire.h): it is put in force by the actor, between two of its records, or
 *     for it while it waits for something else or rests, and has nothing under way. `wiring` says who may touch the edges:
 *
 *       IN_USE <---- the actor goes on --- PARKED <--- done --- CLAIMED
 *         | '-- waits or rests, nothing under way --^  '--------------^ by who rewires, under the lock of the actor's bucket
 *         '--> PENDING: by who rewires, likewise. The actor sends off what is under way, takes `next`, changes its edges, and is
 *              IN_USE; until it has taken it another one may come in its place
 *
 *     The actor looks at its edges, too, only when it has taken them: a turn in which it sends nothing leaves them PARKED.
 *     And ENDED, for good: its end goes along the edges as they are. To PENDING and CLAIMED, and to ENDED, only under that lock.
 *     Release when the edges are left, acquire when they are taken: what was done to them is seen.
 * N3  `inputs_left` is lowered by its actor for each end of a sender that it handles; what rewires raises it before there is
 *     another sender, unless it is 0: then the input has ended. Relaxed: it is a count, and who raised it tells the sender after
 *     that. */
#ifndef WEIR__NODE_H
#define WEIR__NODE_H

#include "actor/edge.h"

enum weir__wiring_state {
  WEIR__EDGES_IN_USE,
  WEIR__EDGES_PARKED,
  WEIR__EDGES_PENDING,
  WEIR__EDGES_CLAIMED,
  WEIR__EDGES_ENDED
};

struct weir__rewiring;

struct target {
  weir_ref *instances;
  struct weir__message **batches; /* one under way for each instance; NULL: none */
  size_t count, turn;
  int route;
  char *field;
  const weir_message *resolved; /* for which type `key` was looked up */
  const weir_field *key;
  int when_full;
  struct target *instead; /* DIVERTS: of the same edge */
  bool is_spare, closes;  /* as in weir__target */
};

struct edge {
  struct edge *next; /* of the same actor */
  char *name;
  struct weir__cell *cell;
  struct weir__cell *owner;
  struct weir__graph_node *node;
  struct target *targets;
  size_t count;
  int nowhere;
  uint32_t room; /* of the next batch: follows the size of the records */
  uint64_t dropped, diverted;
};

struct weir__graph_node {
  struct edge *edges;
  _Atomic(size_t) inputs_left; /* N3 */
  bool ends_anyway;            /* under the lock of its actor's bucket, once that can be reached */
  _Atomic(uint32_t) wiring;    /* enum weir__wiring_state: N2 */
  struct weir__rewiring *next; /* PENDING: what is to be in force; NULL: it is being put in force. Under that lock */
  unsigned inside; /* so many frames of an edge's code wait: nothing may be changed under them. The owner's */
  uint32_t
      follows; /* what it sends comes of that record, which is followed; 0: of none; or FIRST_GIVEN of edge.c. The owner's */
  struct edge *failed; /* WEIR__FAILED_OUTPUT, if it leads somewhere; NULL: what failed becomes dead letters */
  struct edge *open;   /* where records go while the breaker is open; NULL: likewise */
  unsigned retries;
  weir_duration retry_first, retry_most;
  unsigned breaker_failures, failed_in_a_row; /* as many: it is open, … */
  int64_t breaker_reset_ns, opened_ns;        /* … since then */
  uint64_t turned_away, dead;
  void (*ended)(void *, const struct weir__ending *);
  void (*lost)(void *, const char *, const char *, int, const char *);
  void (*dead_letter)(void *, const char *, const char *, int, const char *);
  void (*takes)(void *, const weir_message *, const void *); /* NULL: nobody looks on; likewise the next */
  void (*gives)(void *, const char *, const weir_message *, const void *);
  void *arg;
  bool gives_first, gets_first; /* that one is followed: until it has been given, or has come. The owner's */
  uint32_t (*step)(void *, const struct weir__step *);
  void *step_arg;
};

/* An edge with nothing in it that leads nowhere yet, for that actor. False: no memory; it is freed all the same. */
bool weir__edge_make(struct edge *e, struct weir__cell *owner, const char *name);
/* Says where it leads; nothing is under way. False: no memory. */
bool weir__edge_wire(struct edge *e, const struct weir__wiring *wiring);
void weir__edge_free(struct edge *e);
/* What the names of outputs say besides: where what fails goes, and what comes while the breaker is open. */
void weir__node_knows(struct weir__graph_node *node, struct edge *e);

/* ---- rewire.c ---- */

/* The edges are to be used, by their actor: they are IN_USE then, or ENDED. `waits`: what is PENDING is put in force. */
void weir__node_takes_edges(struct weir__cell *cell, struct weir__graph_node *node, bool waits);
static inline void weir__node_uses_edges(struct weir__cell *cell, struct weir__graph_node *node, bool waits)
{
  if (WEIR__UNLIKELY(atomic_load_explicit(&node->wiring, memory_order_relaxed) != WEIR__EDGES_IN_USE))
    weir__node_takes_edges(cell, node, waits);
}
/* Nothing is under way, and the actor waits, or rests. */
void weir__node_leaves_edges(struct weir__cell *cell, struct weir__graph_node *node);
/* The actor ends. What was PENDING, if anything, for weir__rewiring_put(); `*ends_anyway`: as the node says. */
struct weir__rewiring *weir__node_ends(struct weir__cell *cell, struct weir__graph_node *node, bool *ends_anyway);
/* Nothing is under way: puts it in force, tells those that are not sent to any more, and frees it. */
void weir__rewiring_put(struct weir__graph_node *node, struct weir__rewiring *r);
void weir__rewiring_free(struct weir__rewiring *r);

#endif
