/* edge.h: the edges of a topology: an actor's outputs, which gather records into batches for the actors downstream.
 *
 * A batch is one message with many records of one type (up to 256, or 64 KiB), and takes one place. It goes off when it
 * is full, and when its sender waits or goes idle. The end of an actor travels along its edges behind its last record.
 */
#ifndef WEIR__EDGE_INTERNAL_H
#define WEIR__EDGE_INTERNAL_H

#include <weir/edge.h>

#include "actor/actor.h"
#include "channel/send.h"

enum weir__spread { WEIR__ROUND_ROBIN, WEIR__HASH };

/* The instances of one actor downstream. All borrowed. */
struct weir__target {
  const weir_ref *instances;
  size_t count;
  int route;         /* enum weir__spread */
  const char *field; /* HASH: the field of the record that it goes by */
};

/* One output; each of its targets gets every record. */
struct weir__wiring {
  const char *output;
  const struct weir__target *targets;
  size_t count;
};

/* How an actor of a graph ended. All borrowed. */
struct weir__ending {
  weir_ref actor;
  const char *name;
  int code; /* WEIR_OK: well; else it failed */
  const char *text;
  uint64_t high_water; /* the most messages seen in its mailbox … */
  uint64_t capacity;   /* … of so many places */
};

/* How an actor of a graph is spawned. */
struct weir__wired {
  const struct weir__wiring *outputs;
  size_t output_count;
  size_t inputs; /* how many instances upstream will send their end */
  /* Called once, on a worker; must not wait. */
  void (*ended)(void *arg, const struct weir__ending *ending);
  /* A record was refused, or found no receiver; on a worker, must not wait. */
  void (*lost)(void *arg, const char *actor, const char *message, int code, const char *text);
  void *arg;
};

/* As weir_spawn(), with edges. `wired` and what it points to are borrowed until it returns, but for the functions. */
weir_ref weir__spawn_wired(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired);

/* ---- for the actors' core ---- */

/* What an actor of a topology has; NULL: it is in none. The owner's. */
static inline struct weir__graph_node *weir__node_of(const struct weir__cell *cell)
{
  return cell->extras ? cell->extras->node : NULL;
}
int weir__node_make(struct weir__cell *cell, const struct weir__wired *wired);
/* Of an actor that was never opened, or whose last message has come. */
void weir__node_free(struct weir__graph_node *node);
/* A turn begins: before a wait its batches go off. */
void weir__node_begins_turn(void);
static inline void weir__node_begins(struct weir__cell *cell)
{
  if (WEIR__UNLIKELY(weir__node_of(cell) != NULL)) weir__node_begins_turn();
}
/* Sends off all batches; may wait. */
void weir__node_send_off(struct weir__cell *cell);
static inline void weir__node_flush(struct weir__cell *cell)
{
  if (WEIR__UNLIKELY(weir__node_of(cell) != NULL)) weir__node_send_off(cell);
}
/* The actor has ended: its last batches and its end go downstream, unless it failed. The node lives on:
 * what is still queued is lost, and that is told. */
void weir__node_end(struct weir__cell *cell, int code, const char *text);

/* Sends a record along an edge. */
int weir__edge_send(struct weir__cell *edge, const weir_message *type, const void *value, bool waits,
                    int64_t deadline_ns);
/* A batch is in the mailbox: handles its records. WEIR_OK or WEIR_STOP. */
int weir__batch_handle(struct weir__cell *cell, struct weir__message *m);
/* An actor upstream has ended. WEIR_OK or WEIR_STOP. */
int weir__edge_ended(struct weir__cell *cell, struct weir__message *m);
/* Tells who listens that a message, or what is left of a batch, is lost. */
void weir__lost(struct weir__cell *cell, struct weir__message *m, int code, const char *text);

#endif
