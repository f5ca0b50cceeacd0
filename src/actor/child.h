/* child.h: an actor that has a supervisor: it may come again in the same cell, with the same ref, name and mailbox (L1).
 *
 *   STARTS --> LIVES --ends--> ENDS --its papers say that it may come again--> DOWN --RESTART--> STARTS …
 *     '----- fails ------------^  '-- they don't, or it is FOR_GOOD --> ZOMBIE    '--FOR_GOOD--> ENDS
 *
 * H1  A child's papers are a message in its extras (`papers`): whose child it is, and what is to be done when it ends. They
 *     are made by its supervisor for each incarnation, and set, looked into and taken out under the lock of the child's
 *     bucket. When the incarnation is over the papers are taken out and become the report of that: by the wait of a
 *     supervisor that waits for just that (the envelope's `asker`), else as news in its mailbox. So a report needs no
 *     memory and no place, and there is one for each incarnation.
 * H2  A child that is DOWN keeps its mailbox, which fills up or is flushed; of its incarnation nothing is left when it
 *     starts again: handles are closed and the actors that it had spawned have ended before.
 * H3  Orders are flags: VICTIM (end, whatever the papers say, and come DOWN), FOR_GOOD, RESTART and FLUSH. FOR_GOOD wins.
 *     FOR_GOOD together with DRAINING: it handles what is queued, and ends then.
 * H4  One that can't report, since its supervisor has ended, ends for good.
 * H5  While it is DOWN it publishes a wait for its supervisor, on which nobody sleeps: who asks it is stuck if that one is
 *     (W2).
 * H6  Who ends one for good is answered when it has ended, also if it was about to come DOWN when it was told: then it keeps its
 *     papers, DOWN, for the one turn that is left. So what a supervisor had is gone before it is, with all names. */
#ifndef WEIR__CHILD_H
#define WEIR__CHILD_H

#include "actor/actor.h"

enum weir__restart_type { WEIR__PERMANENT_CHILD, WEIR__TRANSIENT_CHILD, WEIR__TEMPORARY_CHILD };

/* A report: an incarnation is over, and the child rests, DOWN. */
struct weir__child_down {
  const char *text; /* why; borrowed until it is handled */
  uint64_t child;   /* its number at its supervisor */
  uint32_t incarnation;
  int32_t code;
};
WEIR_SHARED(weir__child_down, "weir.child_down", WEIR_FIELD(text), WEIR_FIELD(child), WEIR_FIELD(incarnation),
            WEIR_FIELD(code));

/* A report: the child has ended for good. */
struct weir__child_gone {
  uint64_t child;
  uint32_t incarnation;
};
WEIR_SHARED(weir__child_gone, "weir.child_gone", WEIR_FIELD(child), WEIR_FIELD(incarnation));

/* What papers hold, in place of the report that they become. */
struct weir__papers {
  weir_ref supervisor;
  uint64_t child;
  uint32_t incarnation;
  uint8_t restart; /* enum weir__restart_type */
  uint8_t retries; /* how often a message that failed its handler is tried again */
  bool starting;   /* it has not started yet */
  bool ending;     /* who waits does so for its end, not for its start */
};
_Static_assert(sizeof(struct weir__papers) <= sizeof(struct weir__child_down) &&
                   sizeof(struct weir__child_gone) <= sizeof(struct weir__child_down),
               "H1: the same message");

/* ---- for the supervisor ---- */

/* What came of an order. */
struct weir__outcome {
  int code; /* WEIR_OK: it has started, or is DOWN, or has ended; WEIR_STOP: it ended well before it had started;
               WEIR_RESTART: it is DOWN, and is to be started once more (change.h, X2);
               WEIR_EDEAD: there is no such actor any more; WEIR_EINDOUBT: not in time; WEIR_ECANCELED, WEIR_ENOMEM,
               WEIR_EDEADLOCK: of the wait; any other: why it did not start */
  char text[sizeof((struct weir__error *)0)->text];
};

/* Papers for the next incarnation. NULL (with a text): no memory. */
struct weir__message *weir__papers_make(const struct weir__papers *papers);
/* Spawns a child and waits until it has started. `papers`: owned. `*ref` is set before that, if there is one. */
void weir__child_start(const weir_actor *type, const weir_spawn_options *options, struct weir__message *papers,
                       weir_ref *ref, struct weir__outcome *outcome);
/* Is it DOWN, or just about to be? */
bool weir__child_is_down(weir_ref ref);
/* One that is DOWN starts again; waits until it has. `papers`: owned. */
void weir__child_restart(weir_ref ref, bool flush, struct weir__message *papers, struct weir__outcome *outcome);
/* Tells one to end, VICTIM, FOR_GOOD, and KILLED or DRAINING, and waits until it has, at most until the deadline. `papers` (owned,
 * NULL: without memory for them there may be nothing to wait by): for one that is DOWN. */
void weir__child_end(weir_ref ref, uint32_t flags, struct weir__message *papers, int64_t deadline_ns,
                     struct weir__outcome *outcome);
/* Tells it without waiting. */
void weir__child_tell(weir_ref ref, uint32_t flags);

/* Tells people what a supervisor did: a line on standard error. */
struct weir_restart_event;
void weir__restart_event_print(const struct weir_restart_event *event);

/* ---- for the actor's core ---- */

/* What papers say. */
uint32_t weir__papers_retries(struct weir__message *papers);

static inline bool weir__is_child(const struct weir__cell *cell)
{
  return WEIR__UNLIKELY(cell->extras && cell->extras->papers);
}
/* Its start clause has returned well. */
void weir__child_started(struct weir__cell *cell);
/* An incarnation ends for that reason: may there be another one? */
bool weir__may_come_again(const struct weir__cell *cell, int code);
/* All of the incarnation is gone: reports, and rests, DOWN. */
void weir__child_rests(struct weir__cell *cell, int code, const char *why);
/* A turn of one that is DOWN. True: it starts again, now. False: the cell is not the caller's any more. */
bool weir__down_turn(struct weir__cell *cell);
/* A turn of one that has started. True: it is held (rewire.h), and rests: the cell is not the caller's any more. */
bool weir__held_turn(struct weir__cell *cell);
/* It has ended for good, and all have been told. */
void weir__child_ended(struct weir__cell *cell, int code, const char *why);
/* A handler failed with this message: is it to be tried again? Then it is queued in front. */
bool weir__tried_again(struct weir__cell *cell, struct weir__message *m);

#endif
