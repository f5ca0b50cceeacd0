/* graph.h: what a document comes to when it has been read: actors of known types, and who sends to whom.
 *
 * Once it has been checked (check.h): G1 every edge fits: what its sender gives is what its receiver takes.
 * G2 There is no cycle, and `order` names each actor after all that it sends to. G3 Sources have no inputs and sinks no
 * outputs; all others have both. */
#ifndef WEIR_TOPOLOGY_GRAPH_H
#define WEIR_TOPOLOGY_GRAPH_H

#include "actors/stock.h"
#include "runtime/arena.h"
#include "json/document.h"

enum {
  WEIR__NAME_MAX = 63, /* characters */
  WEIR__WORKERS_MAX = 256,
  WEIR__INSTANCES_MAX = 1024,
  WEIR__MAILBOX_MAX = 16777216
};

struct weir__wire {
  size_t to;     /* index of the receiver */
  uint32_t node; /* where it stands in the document */
};

struct weir__graph_actor {
  const char *name;                /* "" if the document gives none that is good */
  const struct weir__stock *stock; /* NULL: unknown */
  void *config;                    /* of stock->config(); NULL: its type takes none */
  struct weir__wire *edges;
  size_t edge_count;
  size_t inputs; /* instances that send to each of its instances */
  size_t instances;
  size_t capacity;    /* of each instance's mailbox; 0: its type's */
  const char *field;  /* by whose hash a record finds its instance, one of the type that is taken; NULL: in turn */
  uint32_t node;      /* its object in the document */
  uint32_t name_node; /* where its name stands; WEIR__NO_NODE: nowhere */
  bool ordered;       /* it is in the graph's order */
  const struct weir__graph_actor
      *last_sender; /* while edges are read: whose edges were read last among those to here */
};

/* All lies in one arena. */
struct weir__graph {
  int flavor;  /* WEIR_MULTI_THREAD or WEIR_CURRENT_THREAD */
  int workers; /* 0: one per core */
  struct weir__graph_actor *actors;
  size_t count;
  size_t *by_name; /* sorted by name, then as they stand in the document */
  size_t *order;   /* G2 */
};

/* Sorts `by_name`. False: no memory. */
bool weir__graph_index(struct weir__graph *graph, struct weir__arena *arena);
/* The first actor of that name, or graph->count. Needs `by_name`. */
size_t weir__graph_find(const struct weir__graph *graph, const char *name);
/* Fills in `order`, as far as it goes; the number of actors in it: less than `count` if there is a cycle. */
size_t weir__graph_sort(struct weir__graph *graph, struct weir__arena *arena);
/* After weir__graph_sort() did not reach all: an edge of a cycle, and the cycle's text: "a -> b -> a". */
const struct weir__wire *weir__graph_cycle(const struct weir__graph *graph, char *text, size_t size);

#endif
