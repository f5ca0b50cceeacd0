/* wait.h: waiting for one thing: a place in a mailbox, an answer, a value, an end, a time.
 *
 * A wait record is pooled and type-stable (F4). Its word says where it stands; every end is decided by a CAS on the
 * word, once, whoever comes: the answer, the timeout, the cancellation, the hand-over of a place (M3).
 *
 *   FREE --open--> IDLE ------------------------------ claim --------------------------> CLAIMED --finish--> DONE
 *            '---> LINE --- a message: handed over; time over, cancelled, closed ---------> CLAIMED
 *                    |
 *                    '----- a request: handed over ---> QUEUED --- withdrawn, no receiver -> CLAIMED
 *                                                         |
 *                                                         '--- a handler begins ---> BEGUN --- answered, refused,
 *                                                              failed, time over (in doubt) ---> CLAIMED
 *   DONE, or CLAIMED by its owner --close--> FREE, with the next generation
 *
 * IDLE    a value or an event is awaited: oneshot, channel, task's end, sleep.
 * LINE    stands in the line of a full mailbox.
 * QUEUED  its request is in a mailbox, BEGUN: in a handler's hand.
 *
 * I1  The generation is in the word; it changes when the record is freed. A stale name fails in the CAS.
 * I2  Who claims may write result, message and text, and must finish. Nobody else writes them.
 * I3  ATTACHED says that somebody sleeps on it; exactly one wake-up follows: by the finish, or by who takes ATTACHED
 *     away from a record that `keeps` (only while it is pending). It may be set in CLAIMED, so then finish exchanges the
 *     word. The sleeper goes on only when it is woken: until then the record is its waker's to read.
 * I4  Only the owner (who opened it) closes it: after DONE, or when it claimed it itself, or never published it.
 * I5  The edge (who must run, so that the wait can end; W1) is in the word, too: so phase and edge are seen as one,
 *     and a stale name moves nobody's edge. In LINE it is the slot of the actor whose mailbox is full, in QUEUED
 *     and BEGUN of the one that holds the request; in IDLE it says what kind of end `task` means. 0: nobody knows
 *     who. An actor outlives all edges to it: its end claims them.
 *
 * O1  claim: CAS, acquire: what the opener wrote is there.
 * O2  finish: exchange, release: result and message; pairs with the sleeper's load (acquire). */
#ifndef WEIR__WAIT_H
#define WEIR__WAIT_H

#include "runtime/wheel.h"
#include "runtime/worker.h"

enum weir__wait_phase {
  WEIR__FREE = 0,
  WEIR__IDLE = 1 << 0,
  WEIR__IN_LINE = 1 << 1,
  WEIR__QUEUED = 1 << 2,
  WEIR__BEGUN = 1 << 3,
  WEIR__CLAIMED = 1 << 4,
  WEIR__DONE = 1 << 5
};
enum { WEIR__ATTACHED = 1 << 3 }; /* a bit of the word */
enum { WEIR__PENDING = WEIR__IDLE | WEIR__IN_LINE | WEIR__QUEUED | WEIR__BEGUN };

struct weir__cell;
struct weir__message;
struct weir__permit;

struct weir__wait {
  /* The line of a full mailbox: under the lock of its bucket (channel/line.c). First two words: see slots.h. */
  struct weir__wait *line_next, *line_previous;
  _Atomic(uint64_t) word;    /* generation 32 | edge 27 | owed 1 | ATTACHED 1 | phase 3 */
  uint32_t slot;             /* written once */
  uint32_t places;           /* how many it needs; written before it joins the line */
  struct weir__cell *cell;   /* whose line; under the lock of the bucket; NULL: in none */
  struct weir__cell *joined; /* whose line it joined: the owner's */
  struct weir__permit
      *permit; /* LINE: to be granted, instead of a message; NULL: none. The opener's, before it joins */
  struct weir__message *message; /* LINE: to be queued; DONE: the answer. The opener's, then I2 */
  char *text;                    /* of a refusal; I2; malloc'ed */
  int result;                    /* I2 */
  int64_t placed_ns;       /* a request that stood in line: when it got its place; 0: it did not. By who hands over */
  int woken_by;            /* with `keeps`: WEIR_OK, or why it was woken while pending. By who takes ATTACHED away */
  _Atomic(bool) keeps;     /* time and cancellation end the sleep, not the wait (futures, joins). Written by the
                          opener; relaxed: who reads it by a stale name fails in the CAS (I1) */
  _Atomic(bool) woken;     /* plain and driving threads: set by the waker, once per attachment, as its last access
                          but for a lock and a bell that outlive the record. Release, acquire */
  struct weir__work *task; /* of an edge to a task: written by the opener before it attaches; read under the lock of the
                              tasks, under which such a wait is closed */
  /* The sweep's (actor/deadlock.c), under its lock. */
  uint32_t swept_generation, swept_at, sweep_after;
  /* Likewise, under the lock of the graph: its place in the one that was read last, in which reading; the sweep that
   * found that it can end. */
  uint32_t node, node_of, runs_in;
  /* The sleeper's: written before it attaches. */
  struct weir__worker *worker; /* whose fiber sleeps, or whose driving thread; NULL: a plain thread */
  struct weir__strand *strand; /* NULL: not a fiber */
  struct weir__thread *thread;
  struct weir__alarm timer; /* on `worker`'s wheel; that worker's */
};

/* Edges of a wait (I5): an actor's is its slot + 1. In IDLE: */
enum {
  WEIR__NO_EDGE = 0,
  WEIR__JOINS_TASK = 1,    /* for the end of `task` */
  WEIR__JOINS_CHILDREN = 2 /* for the end of all children of `task`, whose own wait it is */
};
/* A record in phase IDLE, LINE or QUEUED, attached to nobody. NULL: no memory. */
struct weir__wait *weir__wait_open(enum weir__wait_phase phase);
struct weir__wait *weir__wait_open_for(enum weir__wait_phase phase, uint32_t edge);
/* Another edge, by the opener, before the name is given to anybody. */
void weir__wait_set_edge(struct weir__wait *w, uint32_t edge);
/* Back to the pool. The owner's, when nobody else can still claim it: after DONE, or when it never was published. */
void weir__wait_close(struct weir__wait *w);
/* Closes one that is IDLE, in one step: whoever comes with its name finds it stale. False: it is not IDLE any more. */
bool weir__wait_close_if_idle(uint64_t name);
/* Its name. Valid until it is closed. */
uint64_t weir__wait_name(const struct weir__wait *w);
/* The record of a name, which may be stale: the word will tell. NULL: no such slot. */
struct weir__wait *weir__wait_at(uint64_t name);

/* Another phase, by the opener, before the name is given to anybody. */
void weir__wait_set_phase(struct weir__wait *w, enum weir__wait_phase phase);
/* Moves it from one phase to the next, keeping ATTACHED. False: the name is stale or somebody was faster. */
bool weir__wait_move(uint64_t name, enum weir__wait_phase from, enum weir__wait_phase to);
/* QUEUED: who asked waits for another one from now on. */
void weir__wait_turn_to(uint64_t name, uint32_t edge);
/* A request in hand is answered later, by the actor that the edge names (0: nobody knows). False: the asker has gone. */
bool weir__wait_owe(uint64_t name, uint32_t edge);
/* Claims it, if it is in one of `phases`; the phase it was in, or 0. On success the caller writes the result and
 * finishes. */
unsigned weir__wait_claim(uint64_t name, unsigned phases);
/* Wakes whoever sleeps on it. `text` is owned (malloc'ed) or NULL. */
void weir__wait_finish(struct weir__wait *w, int result, struct weir__message *message, char *text);
/* The phase of a name; 0: stale. */
unsigned weir__wait_phase(uint64_t name);

/* ---- for who looks for deadlocks ---- */

/* What a wait is about, as seen in one moment. */
struct weir__edge_seen {
  uint64_t word; /* ATTACHED apart; 0: stale */
  unsigned phase;
  uint32_t edge;
  bool owed; /* it will be answered later */
};
struct weir__edge_seen weir__wait_see(uint64_t name);
/* Claims it if it still is as it was seen. */
bool weir__wait_claim_seen(uint64_t name, const struct weir__edge_seen *seen);
/* The name of the wait that is published at `waiting`; 0: its owner can run. seq_cst, W1. */
uint64_t weir__wait_published(const _Atomic(uint64_t) *waiting);
/* How many records there are: each slot below has been used, or may be soon. */
uint32_t weir__wait_slots(void);

/* Implemented by actor/deadlock.c. Somebody begins to wait, or the edge of a wait has moved: does it close a cycle? Ends
 * one of its waits then, perhaps this one. */
void weir__deadlock_look(uint64_t name);
/* Likewise: looks again at waits that are old. On a worker's own stack. True: there are waits to be looked at. */
bool weir__deadlock_sweep(void);

/* Where and how the caller may wait. */
enum weir__whereabouts {
  WEIR__IN_FIBER,    /* suspend */
  WEIR__ON_THREAD,   /* block */
  WEIR__ON_DRIVER,   /* the thread of a current-thread runtime: work on meanwhile */
  WEIR__IN_CALLBACK, /* never */
};
enum weir__whereabouts weir__where(void);
/* May the caller wait now? WEIR_OK; WEIR_EWOULDBLOCK in a callback; WEIR_ECANCELED when it was told to stop;
 * WEIR_ENOMEM without a fiber to go on with, or without a context. */
int weir__may_wait(void);

/* Attaches the caller. Call before the name is given to anybody, or on a pending record with weir__wait_reattach(). */
void weir__wait_attach(struct weir__wait *w);
/* WEIR_OK: attached. WEIR_STOP: it is DONE already, nothing to sleep for. WEIR_EBUSY: somebody else sleeps on it. */
int weir__wait_reattach(struct weir__wait *w);
/* After a sleep on one that is DONE: somebody else may come. */
void weir__wait_leave(struct weir__wait *w);
/* Sleeps until DONE, or, with `keeps`, until time is over or the caller is told to stop: then WEIR_ETIMEDOUT or
 * WEIR_ECANCELED and the record is pending as before. Returns WEIR_OK when it is DONE. Without `keeps` time and
 * cancellation claim it themselves: its result says so. After weir__may_wait() and attaching. */
int weir__wait_sleep(struct weir__wait *w, int64_t deadline_ns);

/* Ends the wait that is published at `waiting`, because its owner is told to stop. */
void weir__wait_cancel(_Atomic(uint64_t) *waiting);

/* now + within, INT64_MAX for WEIR_FOREVER; never earlier than that. */
int64_t weir__deadline(weir_duration within);

/* Gives a thread's cache of records back. */
void weir__wait_return_all(struct weir__thread *t);

#endif
