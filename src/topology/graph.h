/* graph.h: what a document comes to when it has been read: actors of known types, and who sends to whom.
 *
 * Once it has been checked (check.h): G1 Every edge fits: what its sender gives is what its receiver takes. G2 Edges
 * along which a sender waits make no cycle, and `order` names each actor after all that it waits for; sources come last.
 * G3 Sources have no inputs; each output leads somewhere. */
#ifndef WEIR_TOPOLOGY_GRAPH_H
#define WEIR_TOPOLOGY_GRAPH_H

#include "actor/edge.h"
#include "actors/stock.h"
#include "runtime/arena.h"
#include "json/document.h"

enum {
  WEIR__NAME_MAX = 63, /* characters */
  WEIR__WORKERS_MAX = 256,
  WEIR__INSTANCES_MAX = 1024,
  WEIR__MAILBOX_MAX = 16777216,
  WEIR__MAILBOX_USUAL = 64 /* places, where neither document nor type say how many */
};

struct weir__leaves;

/* From one output to one actor. */
struct weir__wire {
  size_t to;      /* index of the receiver */
  size_t instead; /* DIVERTS: of the other one */
  int when_full;  /* enum weir__when_full of actor/edge.h */
  bool closes; /* it closes a cycle, in which nobody waits for it: its receiver's end does not depend on its sender's */
  uint32_t node; /* where the receiver's name stands */
};

enum weir__leads {
  WEIR__LEADS_NOWHERE, /* nothing is said of it: not once it has been checked */
  WEIR__LEADS_ON,      /* to the actors of its wires; each gets every record */
  WEIR__LEADS_OUT,     /* records are discarded, and counted: "discard" */
  WEIR__LEADS_TO_DEAD  /* records become dead letters: "dead_letters" */
};

struct weir__output {
  const char *name;
  int leads; /* enum weir__leads */
  struct weir__wire *wires;
  size_t count;
  uint32_t node; /* its value in "to"; WEIR__NO_NODE: there is none */
};

/* What is done with a record that an actor can't handle, or may not be given. */
enum weir__disposal { WEIR__DISPOSE_DEAD, WEIR__DISPOSE_OUT, WEIR__DISPOSE_TO };
struct weir__disposing {
  int how;   /* enum weir__disposal */
  size_t to; /* TO: index of the actor that gets it */
};

struct weir__graph_actor {
  const char *name;                /* its full name; "" if the document gives none that is good */
  const struct weir__stock *stock; /* NULL: unknown */
  void *config;                    /* of stock->config(); NULL: its type takes none */
  struct weir__output *outputs;    /* those that its type has, in its order */
  size_t output_count;
  size_t inputs; /* instances whose end each of its instances waits for */
  size_t feeds;  /* wires that lead here */
  size_t closed; /* … of these, as far as they are right, such as close a circle */
  size_t instances;
  size_t capacity;   /* of each instance's mailbox; 0: its type's */
  bool pinned;       /* each instance stays with one worker, where its type allows that */
  const char *field; /* by whose hash a record finds its instance, one of the type that is taken; NULL: in turn */
  const struct weir__on_failure *on_failure;    /* NULL: as its supervisor says */
  struct weir__disposing then;                  /* of on_failure */
  const struct weir__breaker_settings *breaker; /* NULL: it has none */
  struct weir__disposing while_open;            /* of the breaker */
  uint32_t node;                                /* its object in the document */
  uint32_t name_node;                           /* where its name stands; WEIR__NO_NODE: nowhere */
  uint32_t inside;                        /* the object of the use of a template that it is of; WEIR__NO_NODE: none */
  bool ordered;                           /* while the graph is sorted: it is in its order */
  const struct weir__output *last_sender; /* while wires are read: the last output that sends here */
};

/* A supervisor's child: an actor, or another supervisor. */
struct weir__graph_child {
  bool is_supervisor;
  size_t index;
  uint32_t node;
};
struct weir__graph_supervisor {
  const char *name; /* NULL: the root */
  const struct weir__supervision *settings;
  struct weir__graph_child *children; /* in the order of the document */
  size_t count;
  uint32_t node;
};

/* A secret: a text of its file. */
struct weir__graph_secret {
  const char *name;
  const struct weir__secret *settings;
  const char *value; /* NULL: it was not read */
  uint32_t node;
};

/* Records that stand in a test. */
struct weir__test_records {
  const weir_message *type;
  const void **all;
  size_t count;
};

/* What an actor is fed. */
struct weir__test_feed {
  size_t actor;
  struct weir__test_records records;
  uint32_t node;
};

/* An actor for which something stands in. */
struct weir__test_stub {
  size_t actor;
  struct weir__test_records *gives; /* by output; NULL: it passes on what it takes */
  uint32_t node;
};

/* Where records are expected. */
enum weir__test_point {
  WEIR__POINT_IN,  /* what an actor takes in hand */
  WEIR__POINT_OUT, /* what it gives at an output */
  WEIR__POINT_DEAD /* what becomes a dead letter */
};
struct weir__test_expected {
  const char *name; /* of the place, as the document has it */
  int point;        /* enum weir__test_point */
  size_t actor;
  size_t output;
  const struct weir__leaves *leaves;
  const char *const **records; /* the texts of their leaves; NULL: any will do */
  size_t count;
  uint32_t node;
};

/* A test: what `weir test` does (excerpt.h, trial.h). */
struct weir__graph_test {
  const char *name; /* NULL: it has none that is good */
  const struct weir__test *settings;
  struct weir__test_feed *feeds;
  size_t feed_count;
  struct weir__test_stub *stubs;
  size_t stub_count;
  size_t *real; /* actors that run, though they are sinks, or touch what is outside */
  size_t real_count;
  struct weir__test_expected *expected;
  size_t expected_count;
  uint32_t node;
};

/* All lies in one arena. Nodes are those of the document from which it was read. */
struct weir__graph {
  int flavor;                            /* WEIR_MULTI_THREAD or WEIR_CURRENT_THREAD */
  int workers;                           /* 0: one per core */
  const struct weir__settings *settings; /* of the runtime */
  struct weir__graph_actor *actors;
  size_t count;
  size_t *by_name;                            /* sorted by name, then as they stand in the document */
  size_t *order;                              /* G2 */
  struct weir__graph_supervisor *supervisors; /* the first is the root; none: a failure ends the run */
  size_t supervisor_count;
  struct weir__graph_secret *secrets;
  size_t secret_count;
  struct weir__graph_test *tests;
  size_t test_count;
  uint64_t memory; /* the most bytes that mailboxes, batches under way and stacks can come to; UINT64_MAX: or more */
};

/* Places of each instance's mailbox. */
size_t weir__graph_capacity(const struct weir__graph_actor *actor);
/* The records that an output gives: with which it fails, and what comes while a breaker is open, is what the actor takes. */
const weir_message *weir__graph_gives(const struct weir__graph_actor *actor, size_t output);
/* Counts `inputs`, of a graph that is sorted. */
void weir__graph_count_inputs(struct weir__graph *graph);
/* Sorts `by_name`. False: no memory. */
bool weir__graph_index(struct weir__graph *graph, struct weir__arena *arena);
/* The first actor of that name, or graph->count. Needs `by_name`. */
size_t weir__graph_find(const struct weir__graph *graph, const char *name);
/* Fills in `order` and `closes`. Where waiting makes a cycle `tell` gets, for each group of actors that wait for each
 * other, an edge of a cycle and its text: "a -> b -> a"; then, and where there is no memory, false. */
bool weir__graph_sort(struct weir__graph *graph, struct weir__arena *arena,
                      void (*tell)(void *arg, const struct weir__wire *wire, const char *cycle), void *arg);

#endif
