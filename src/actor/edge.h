/* edge.h: the edges of a topology: an actor's outputs, which gather records into batches for the actors downstream.
 *
 * A batch is one message with many records of one type (up to 256, or 64 KiB), and takes one place. It goes off when it
 * is full, and when its sender waits or goes idle. The end of an actor travels along its edges behind its last record.
 *
 * E1  What a handler of such an actor sends to another one goes along an edge: any other way to it is refused with
 *     WEIR_EINVAL, whether it would have to wait or not. So what was checked of circles in the document holds.
 * E2  Hence such an actor's cell is of a kind of its own, which no short way takes (channel/bias.h): all come to where E1
 *     is looked at. It is never biased.
 * E3  What an actor was handling when it failed is the record, not the batch: the batch is queued again in front, and goes
 *     on behind that record, or with it, where it may be tried again. So one that may come again keeps places (M6). */
#ifndef WEIR__EDGE_INTERNAL_H
#define WEIR__EDGE_INTERNAL_H

#include <weir/edge.h>

#include "actor/actor.h"
#include "channel/send.h"

enum weir__spread { WEIR__ROUND_ROBIN, WEIR__HASH };

/* What becomes of a batch that finds its receiver full. */
enum weir__when_full {
  WEIR__FULL_WAITS,  /* its sender waits */
  WEIR__FULL_DROPS,  /* it is dropped, and counted */
  WEIR__FULL_DIVERTS /* another one gets its records, for whom is waited */
};

/* The instances of one actor downstream. All borrowed. */
struct weir__target {
  const weir_ref *instances;
  size_t count;
  int route;         /* enum weir__spread */
  const char *field; /* HASH: the field of the record that it goes by */
  int when_full;     /* enum weir__when_full */
  size_t instead;    /* DIVERTS: the index of who gets them, among the targets of this output, behind this one … */
  bool is_spare;     /* … such a one: it gets nothing else */
  bool closes;       /* a circle: its receiver does not wait for this sender's end */
};

/* Where the records of an output without targets go. */
enum weir__nowhere {
  WEIR__UNWIRED,     /* they are lost, and that is told */
  WEIR__DISCARDED,   /* nowhere, as was asked for */
  WEIR__DEAD_LETTERS /* to who listens to dead letters */
};

/* One output; each of its targets gets every record. */
struct weir__wiring {
  const char *output;
  const struct weir__target *targets;
  size_t count;
  int nowhere; /* enum weir__nowhere, if there are no targets */
};

/* Outputs that every actor has, if they are wired, whether its type names them or not: what it refuses or has failed with goes
 * to the first, what comes while its breaker is open to the second. Where they are not wired it becomes a dead letter. */
#define WEIR__FAILED_OUTPUT "failed"
#define WEIR__OPEN_OUTPUT "breaker"

/* What happens to a record that is followed. One comes first; what is sent while one is handled comes of it, and is followed, too.
 *
 *   GIVEN or GOT, SENT --> BEGUN --> REFUSED, or FAILED, and begun again --> it has come to an end
 *                    '---- DIVERTED ---------------------------------^ */
enum weir__step_kind {
  WEIR__STEP_GIVEN, /* the first one: by a source … */
  WEIR__STEP_GOT,   /* … or another actor is about to handle it */
  WEIR__STEP_SENT,  /* along an output */
  WEIR__STEP_BEGUN, /* its handler begins */
  WEIR__STEP_REFUSED,
  WEIR__STEP_FAILED,    /* its actor failed with it, and may come again */
  WEIR__STEP_DIVERTED,  /* another one gets it */
  WEIR__STEP_DONE,      /* an end, as all that follow: its handler has returned */
  WEIR__STEP_DROPPED,   /* its receiver was full, or is gone */
  WEIR__STEP_DISCARDED, /* its output leads nowhere */
  WEIR__STEP_DEAD,      /* it became a dead letter */
  WEIR__STEP_LOST
};
enum { WEIR__FOLLOWED_MOST = 256 }; /* what comes beyond these is not followed */

/* All borrowed. */
struct weir__step {
  int kind;        /* enum weir__step_kind */
  uint32_t record; /* its number; SENT: of the one that it comes of; of the first: 0 */
  const char *actor;
  const char *output;       /* SENT: along which … */
  weir_ref to;              /* … to whom, as in DIVERTED; all zeros: to nobody */
  const weir_message *type; /* of the first, and SENT */
  const void *value;
  int code; /* REFUSED, FAILED, and ends that are not DONE */
  const char *text;
};

/* Which record an actor is to begin with. */
enum weir__follows { WEIR__FOLLOWS_WHAT_COMES, WEIR__FOLLOWS_FIRST_GIVEN, WEIR__FOLLOWS_FIRST_GOT };

/* How an actor of a graph ended. All borrowed. */
struct weir__ending {
  weir_ref actor;
  const char *name;
  int code; /* WEIR_OK: well; else it failed */
  const char *text;
  uint64_t high_water;  /* the most messages seen in its mailbox … */
  uint64_t capacity;    /* … of so many places */
  uint64_t dropped;     /* records that it gave and that were dropped, as their edges say */
  uint64_t diverted;    /* … or diverted */
  uint64_t turned_away; /* records that came while its breaker was open */
  uint64_t dead;        /* records that became dead letters, as that is where they go; none of them is lost */
};

/* How an actor of a graph is spawned. */
struct weir__wired {
  const struct weir__wiring *outputs;
  size_t output_count;
  size_t inputs;    /* how many instances upstream will send their end */
  bool ends_anyway; /* what it has gathered, and its end, go downstream also if it failed: others go on without it */
  bool supervised;  /* it does not start: it is DOWN, and a supervisor is to have it (actor/child.h) */
  bool pinned;      /* it stays on one worker, as if its type said so */
  bool held;        /* when it has started it handles nothing, and sends nothing off, until weir__let_go() (rewire.h) */
  /* How often a record that was refused, or with which it failed, is tried again before it is given up; a refused one after the
   * first time, then twice as long each time, up to the most. */
  unsigned retries;
  weir_duration retry_first, retry_most;
  unsigned breaker_failures;   /* so many failures and refusals in a row open its breaker; 0: it has none … */
  weir_duration breaker_reset; /* … which lets one record through after so long */
  /* Called once, on a worker; must not wait. */
  void (*ended)(void *arg, const struct weir__ending *ending);
  /* A record is lost: nothing says that this may be; on a worker, must not wait. */
  void (*lost)(void *arg, const char *actor, const char *message, int code, const char *text);
  /* One that was refused, that failed its actor, or that came while its breaker was open became a dead letter; likewise. */
  void (*dead)(void *arg, const char *actor, const char *message, int code, const char *text);
  /* For who looks on: each record that it takes in hand, once, and each that it gives at an output, wherever that leads.
   * On its own strand, must not wait. NULL: nobody does. */
  void (*takes)(void *arg, const weir_message *type, const void *record);
  void (*gives)(void *arg, const char *output, const weir_message *type, const void *record);
  void *arg;
  int follows; /* enum weir__follows; where there is no `step` nothing is followed */
  /* Returns the number of a record from 1 on, of the first and SENT; 0: that one is not followed. Likewise. */
  uint32_t (*step)(void *step_arg, const struct weir__step *step);
  void *step_arg;
};

/* As weir_spawn(), with edges. `wired` and what it points to are borrowed until it returns, but for the functions. */
weir_ref weir__spawn_wired(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired);

/* Says where outputs of a `supervised` one lead, that no supervisor has started yet: so actors may lead to each other. */
int weir__wire(weir_ref ref, const struct weir__wiring *outputs, size_t count);

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
/* E1. Is this cell one that is reached by edges only, and the caller one of its kind? Then WEIR_EINVAL, with a text. */
int weir__no_edge(const struct weir__cell *to);
static inline int weir__edge_check(const struct weir__cell *to)
{
  bool is_stage = atomic_load_explicit(&to->kind, memory_order_relaxed) == WEIR__CELL_STAGE;
  return WEIR__UNLIKELY(is_stage) ? weir__no_edge(to) : WEIR_OK;
}

/* Is it one of an actor that lives? */
bool weir__is_edge(weir_ref ref);
/* Sends the record in hand on along an edge: the batch that it came with stays. Errors: weir_send()'s; WEIR_EINVAL, with a
 * text, where there is none. */
int weir__edge_forward(weir_ref to);
/* E3. The handler failed with a batch, or the end of the inputs, in hand: it is queued again, if its actor may come again. */
bool weir__batch_again(struct weir__cell *cell, struct weir__message *m);
/* A batch is in the mailbox: handles its records. WEIR_OK or WEIR_STOP. */
int weir__batch_handle(struct weir__cell *cell, struct weir__message *m);
/* An actor upstream has ended. WEIR_OK or WEIR_STOP. */
int weir__edge_ended(struct weir__cell *cell, struct weir__message *m);
/* Tells who listens that a message, or what is left of a batch, is lost. */
void weir__lost(struct weir__cell *cell, struct weir__message *m, int code, const char *text);

#endif
