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
 * I6  Who comes to a record that others may know, too (futures, asks that were begun), takes it first, and has it until it
 *     leaves or closes it: also while it was woken by time or a stop, and has not gone on. Else another one would
 *     write down itself as the sleeper of a sleep that has not returned.
 *
 * O1  claim: CAS, acquire: what the opener wrote is there.
 * O2  finish: exchange, release: result and message; pairs with the sleeper's load (acquire). */
#ifndef WEIR__WAIT_H
#define WEIR__WAIT_H

#include <assert.h>

#include "runtime/slots.h"
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

/* A record is three lines of memory: an ask touches the first alone. */
struct weir__wait {
  /* The line of a full mailbox: under the lock of its bucket (channel/line.c). First two words: see slots.h. */
  struct weir__wait *line_next, *line_previous;
  _Atomic(uint64_t) word;        /* generation 32 | edge 27 | owed 1 | ATTACHED 1 | phase 3 */
  struct weir__message *message; /* LINE: to be queued; DONE: the answer. The opener's, then I2 */
  char *text;                    /* of a refusal; I2; malloc'ed. FREE: NULL */
  /* The sleeper's (see below); NULL: not a fiber. Read after ATTACHED; relaxed: by a stale name it is but a hint. */
  _Atomic(struct weir__strand *) strand;
  int result;          /* I2 */
  uint32_t slot;       /* written once */
  int woken_by;        /* with `keeps`: WEIR_OK, or why it was woken while pending. By who takes ATTACHED away */
  _Atomic(bool) keeps; /* time and cancellation end the sleep, not the wait (futures, joins). Written by the
                          opener; relaxed: who reads it by a stale name fails in the CAS (I1) */
  _Atomic(bool) woken; /* plain and driving threads: set by the waker, once per attachment, as its last access
                          but for a lock and a bell that outlive the record. Release, acquire */
  _Atomic(bool)
      taken; /* I6: an exchange by who comes, cleared by who leaves; acquire, release: what the one before wrote
                          and read is over. The opener's store is relaxed: nobody knows its name */

  uint32_t places WEIR__ALIGNED; /* how many it needs; written before it joins the line */
  uint32_t runs_in;              /* the sweep's, see below */
  struct weir__cell *cell;       /* whose line; under the lock of the bucket; NULL: in none. FREE: NULL */
  struct weir__cell *joined;     /* whose line it joined: the owner's */
  struct weir__permit
      *permit;                /* LINE: to be granted, instead of a message; NULL: none. The opener's, before it joins */
  _Atomic(int64_t) placed_ns; /* a request that stood in line: when it got its place; 0: it did not. By who hands
                                 over, who may be too late: relaxed, and of use only when it was not */
  struct weir__work *task; /* of an edge to a task: written by the opener before it attaches; read under the lock of the
                              tasks, under which such a wait is closed */
  /* The sleeper's, as `strand`: written before it attaches, these two where it is no fiber. */
  struct weir__worker *worker; /* whose driving thread sleeps; NULL: a plain thread */
  struct weir__thread *thread;

  /* The sweep's (actor/deadlock.c), under its lock. */
  uint32_t swept_generation, swept_at, sweep_after;
  /* Likewise, under the lock of the graph: its place in the one that was read last, in which reading; in runs_in the
   * sweep that found that it can end. */
  uint32_t node, node_of;
  _Atomic(uint32_t) tried_in; /* the generation whose request was begun, and is queued again. Written by who has that in
                                 hand; relaxed: see weir__wait_try_again() */
  struct weir__alarm timer;   /* on the sleeper's worker's wheel; that worker's */
};

/* Edges of a wait (I5): an actor's is its slot + 1. In IDLE: */
enum {
  WEIR__NO_EDGE = 0,
  WEIR__JOINS_TASK = 1,    /* for the end of `task` */
  WEIR__JOINS_CHILDREN = 2 /* for the end of all children of `task`, whose own wait it is */
};

/* All records. Each slot below `used` has been used, or may be soon. */
extern struct weir__slots weir__waits;

/* ---- the word ---- */

enum { WEIR__WAIT_CODE = 7, WEIR__OWED = 1 << 4, WEIR__WAIT_EDGE = 5 };

/* The phase as the word holds it: the number of its bit, counted from one; FREE: 0. */
static inline unsigned weir__wait_code(unsigned phase) { return phase ? (unsigned)__builtin_ctz(phase) + 1 : 0; }
static inline unsigned weir__wait_phase_of(uint64_t word) { return 1u << (word & WEIR__WAIT_CODE) >> 1; }
static inline uint32_t weir__wait_generation_of(uint64_t word) { return (uint32_t)(word >> 32); }
static inline uint32_t weir__wait_edge_of(uint64_t word) { return (uint32_t)word >> WEIR__WAIT_EDGE; }
static inline uint64_t weir__wait_word(uint32_t generation, unsigned phase, uint32_t edge)
{
  return (uint64_t)generation << 32 | (uint64_t)edge << WEIR__WAIT_EDGE | weir__wait_code(phase);
}
/* The same word with another phase. */
static inline uint64_t weir__wait_with_phase(uint64_t word, unsigned phase)
{
  return (word & ~(uint64_t)WEIR__WAIT_CODE) | weir__wait_code(phase);
}

static inline struct weir__strand *weir__wait_sleeper(const struct weir__wait *w)
{
  return atomic_load_explicit(&w->strand, memory_order_relaxed);
}

/* ---- open and closed ---- */

/* A record in phase IDLE, LINE or QUEUED, attached to nobody. NULL: no memory. */
struct weir__wait *weir__wait_open(enum weir__wait_phase phase);
struct weir__wait *weir__wait_open_for(enum weir__wait_phase phase, uint32_t edge);
/* Another edge, by the opener, before the name is given to anybody. */
void weir__wait_set_edge(struct weir__wait *w, uint32_t edge);
/* The record that weir__wait_open_next() takes: one of this thread's cache that was used before; NULL: open another. */
static inline struct weir__wait *weir__wait_next(const struct weir__thread *t)
{
  struct weir__wait *w = t->waits.head;
  return w && atomic_load_explicit(&w->word, memory_order_relaxed) >> 32 ? w : NULL;
}
/* Takes it, attached to the fiber of `s`, which runs here. Its name. */
static inline uint64_t weir__wait_open_next(struct weir__thread *t, struct weir__wait *w, enum weir__wait_phase phase,
                                            uint32_t edge, struct weir__strand *s)
{
  uint32_t generation = weir__wait_generation_of(atomic_load_explicit(&w->word, memory_order_relaxed));
  weir__slots_pop(&t->waits);
  atomic_store_explicit(&w->strand, s, memory_order_relaxed);
  w->woken_by = WEIR_OK;
  atomic_store_explicit(&w->keeps, false, memory_order_relaxed);
  atomic_store_explicit(&w->word, weir__wait_word(generation, phase, edge) | WEIR__ATTACHED, memory_order_release);
  return (uint64_t)generation << 32 | w->slot;
}
/* Back to the pool. The owner's, when nobody else can still claim it: after DONE, or when it never was published. */
void weir__wait_close(struct weir__wait *w);
/* With the next generation. */
static inline uint64_t weir__wait_freed(uint64_t word)
{
  uint32_t next = weir__wait_generation_of(word) + 1;
  return weir__wait_word(next ? next : 1, WEIR__FREE, 0);
}
/* weir__wait_close() of one without a text. */
static inline void weir__wait_close_plain(struct weir__thread *t, struct weir__wait *w)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  assert(weir__wait_phase_of(word) != WEIR__FREE && !w->cell && !w->text);
  atomic_store_explicit(&w->word, weir__wait_freed(word), memory_order_release);
  weir__slots_push(&weir__waits, &t->waits, w);
}
/* Closes one that is IDLE, in one step: whoever comes with its name finds it stale. False: it is not IDLE any more. */
bool weir__wait_close_if_idle(uint64_t name);
/* Its name. Valid until it is closed. */
static inline uint64_t weir__wait_name(const struct weir__wait *w)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  return word >> 32 << 32 | w->slot;
}
/* The record of a name, which may be stale: the word will tell. NULL: no such slot. */
static inline struct weir__wait *weir__wait_at(uint64_t name)
{
  struct weir__wait *base = atomic_load_explicit(&weir__waits.base, memory_order_acquire);
  return base && (uint32_t)name < weir__waits.reserved ? base + (uint32_t)name : NULL;
}
/* Likewise, of a name that weir__wait_name() gave: no user's word for it is taken. */
static inline struct weir__wait *weir__wait_of(uint64_t name)
{
  /* Relaxed: with the name came what was written before. */
  return (struct weir__wait *)atomic_load_explicit(&weir__waits.base, memory_order_relaxed) + (uint32_t)name;
}
/* Its word; 0: the name is stale. */
static inline uint64_t weir__wait_word_at(uint64_t name)
{
  struct weir__wait *w = weir__wait_at(name);
  uint64_t word = w ? atomic_load_explicit(&w->word, memory_order_acquire) : 0;
  return word >> 32 == name >> 32 ? word : 0;
}

/* ---- its ways ---- */

/* Another phase, by the opener, before the name is given to anybody. */
void weir__wait_set_phase(struct weir__wait *w, enum weir__wait_phase phase);
/* Likewise: it is to stand in line, with this message, for so many places. */
void weir__wait_set_in_line(struct weir__wait *w, struct weir__message *message, uint32_t places);
/* O1. Moves it from one phase to the next, keeping the rest. The word before; 0: the name is stale or somebody was
 * faster. */
static inline uint64_t weir__wait_step(struct weir__wait *w, uint64_t name, enum weir__wait_phase from,
                                       enum weir__wait_phase to)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_acquire);
  while (word >> 32 == name >> 32 && (word & WEIR__WAIT_CODE) == weir__wait_code(from))
    if (atomic_compare_exchange_weak_explicit(&w->word, &word, weir__wait_with_phase(word, to), memory_order_acq_rel,
                                              memory_order_acquire))
      return word;
  return 0;
}
/* QUEUED: its request is taken in hand. Who sleeps on it may be in another core's cache, and comes from there meanwhile. */
static inline bool weir__wait_begins(struct weir__wait *w, uint64_t name)
{
  uint64_t word = weir__wait_step(w, name, WEIR__QUEUED, WEIR__BEGUN);
  struct weir__strand *sleeper = weir__wait_sleeper(w); /* by now it may be another one's, or nobody's */
  if (sleeper) __builtin_prefetch(&sleeper->work, 1);
  return word != 0;
}
/* Moves it from one phase to the next, keeping ATTACHED. False: the name is stale or somebody was faster. */
static inline bool weir__wait_move(uint64_t name, enum weir__wait_phase from, enum weir__wait_phase to)
{
  return weir__wait_step(weir__wait_of(name), name, from, to) != 0;
}
/* BEGUN: its handler has failed, and it is queued to be tried again, which keeps it in doubt. False: the asker has gone. */
bool weir__wait_try_again(uint64_t name);
/* What its time is over means for a request that was claimed in `phase`: withdrawn, or in doubt. */
int weir__wait_late_code(const struct weir__wait *w, uint64_t name, unsigned phase);
/* QUEUED: who asked waits for another one from now on. */
void weir__wait_turn_to(uint64_t name, uint32_t edge);
/* A request in hand is answered later, by the actor that the edge names (0: nobody knows). False: the asker has gone. */
bool weir__wait_owe(uint64_t name, uint32_t edge);
/* Claims it, if it is in one of `phases`; the phase it was in, or 0. On success the caller writes the result and
 * finishes. */
unsigned weir__wait_claim(uint64_t name, unsigned phases);
/* Wakes whoever sleeps on it. `text` is owned (malloc'ed) or NULL. */
void weir__wait_finish(struct weir__wait *w, int result, struct weir__message *message, char *text);
/* Both at once, of one that is BEGUN. False: somebody was faster; message and text are still the caller's. */
bool weir__wait_answer(uint64_t name, int result, struct weir__message *message, char *text);
/* Wakes whoever sleeps on one that was claimed: `word` as it was then, or later; result, message and text were
 * written. */
void weir__wait_is_done(struct weir__wait *w, uint64_t word);
/* weir__wait_answer() of a record that was found already, with the usual result, on a fiber of `worker`: mostly its
 * sleeper is there, too. */
static WEIR__INLINED bool weir__wait_answer_at(struct weir__worker *worker, struct weir__wait *w, uint64_t name,
                                               struct weir__message *message)
{
  uint64_t word = weir__wait_step(w, name, WEIR__BEGUN, WEIR__CLAIMED);
  if (WEIR__UNLIKELY(!word)) return false;
  struct weir__strand *sleeper = weir__wait_sleeper(w);
  w->result = WEIR_OK;
  w->message = message;
  w->text = NULL;
  if (WEIR__UNLIKELY(!(word & WEIR__ATTACHED) || !sleeper || sleeper->worker != worker)) {
    weir__wait_is_done(w, word);
    return true;
  }
  uint64_t done = weir__wait_word(weir__wait_generation_of(word), WEIR__DONE, 0);
  atomic_store_explicit(&w->word, done | WEIR__ATTACHED, memory_order_release); /* as in weir__wait_is_done() */
  weir__work_append(&worker->ready, &sleeper->work); /* weir__resume(): on a fiber the loop does not sleep */
  return true;
}
/* The phase of a name; 0: stale. */
static inline unsigned weir__wait_phase(uint64_t name)
{
  uint64_t word = weir__wait_word_at(name);
  return word ? weir__wait_phase_of(word) : 0;
}

/* ---- for who looks for deadlocks ---- */

/* What a wait is about, as seen in one moment. */
struct weir__edge_seen {
  uint64_t word; /* ATTACHED apart; 0: stale */
  unsigned phase;
  uint32_t edge;
  bool owed;     /* it will be answered later */
  bool attached; /* somebody sleeps on it, who can be told; else it only says who waits for whom: actor/child.c */
};
static inline struct weir__edge_seen weir__wait_see(uint64_t name)
{
  struct weir__wait *w = weir__wait_at(name);
  /* seq_cst: who looks has published its wait before; who has moved an edge sees it here before it looks whether somebody
   * waits there. One of both sees the other (G1 of deadlock.c). */
  uint64_t word = w ? atomic_load_explicit(&w->word, memory_order_seq_cst) : 0;
  if (word >> 32 != name >> 32) word = 0;
  return (struct weir__edge_seen){.word = word & ~(uint64_t)WEIR__ATTACHED,
                                  .phase = word ? weir__wait_phase_of(word) : 0,
                                  .edge = weir__wait_edge_of(word),
                                  .owed = word & WEIR__OWED,
                                  .attached = word & WEIR__ATTACHED};
}
/* Claims it if it still is as it was seen. */
bool weir__wait_claim_seen(uint64_t name, const struct weir__edge_seen *seen);
/* Bits of the name as it is published: its owner is not to be told to stop, or only by a kill (F6). Slots don't reach so
 * far. */
#define WEIR__UNCANCELLED ((uint64_t)1 << 31)
#define WEIR__UNKILLED ((uint64_t)1 << 30)
/* The name of the wait that is published at `waiting`; 0: its owner can run. seq_cst, W1. */
static inline uint64_t weir__wait_published(const _Atomic(uint64_t) *waiting)
{
  return atomic_load_explicit(waiting, memory_order_seq_cst) & ~(WEIR__UNCANCELLED | WEIR__UNKILLED);
}
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
int weir__may_wait_by_place(void);

/* Has who runs there been told to stop? seq_cst: see weir__wait_cancel(). */
static inline bool weir__told_to_stop(const struct weir__strand *strand)
{
  return strand->self && (atomic_load_explicit(&strand->self->flags, memory_order_seq_cst) & strand->heeds);
}

/* weir__may_wait_by_place(), with the usual case first: on a fiber, with nothing to be done before. */
static inline int weir__may_wait(void)
{
  struct weir__worker *w = weir__worker_here();
  bool usual = w && w->on_fiber && !w->current->before_wait && w->pool;
  return WEIR__LIKELY(usual && !weir__told_to_stop(w->current)) ? WEIR_OK : weir__may_wait_by_place();
}

/* Attaches the caller. Call before the name is given to anybody, or on a pending record with weir__wait_reattach(). */
void weir__wait_attach(struct weir__wait *w);
/* WEIR_OK: attached. WEIR_STOP: it is DONE already, nothing to sleep for. Both: it is the caller's until that leaves or
 * closes it (I6). WEIR_EBUSY: it is somebody else's. */
int weir__wait_reattach(struct weir__wait *w);
/* After that, where the record stays: somebody else may come. */
void weir__wait_leave(struct weir__wait *w);
/* Sleeps until DONE, or, with `keeps`, until time is over or the caller is told to stop: then WEIR_ETIMEDOUT or
 * WEIR_ECANCELED and the record is pending as before. Returns WEIR_OK when it is DONE. Without `keeps` time and
 * cancellation claim it themselves: its result says so. After weir__may_wait() and attaching. */
int weir__wait_sleep(struct weir__wait *w, int64_t deadline_ns);

/* ---- weir__wait_sleep() on a fiber, in its parts ---- */

/* Sets the alarm that ends it. */
void weir__wait_arm(struct weir__wait *w, struct weir__worker *worker, int64_t deadline_ns);
/* Ends it, as time or a stop does. */
void weir__wait_end(uint64_t name, int code);

/* Before anything is published. */
static inline void weir__wait_sleep_begins(struct weir__wait *w, struct weir__strand *s, int64_t deadline_ns)
{
  /* Before it is seen as waiting: who stands in line for a place that is free already does not wait for it. */
  weir__strand_serves(s);
  if (deadline_ns != INT64_MAX) weir__wait_arm(w, s->worker, deadline_ns);
}
/* What is to be published where the owner can be found (F6, W1). */
static inline uint64_t weir__wait_shown(uint64_t name, const struct weir__strand *s)
{
  if (WEIR__LIKELY(s->heeds & WEIR__CANCELLED)) return name;
  return name | WEIR__UNCANCELLED | (s->heeds ? 0 : WEIR__UNKILLED);
}
/* Until it is DONE. */
static inline void weir__wait_sleep_through(struct weir__wait *w, struct weir__strand *s, int64_t deadline_ns)
{
  weir__suspend_silently(s->worker);
  if (s->waiting) atomic_store_explicit(s->waiting, 0, memory_order_relaxed);
  if (deadline_ns != INT64_MAX) weir__worker_disarm(s->worker, &w->timer);
}

/* Ends the wait that is published at `waiting`, because its owner is told to stop, or killed. */
void weir__wait_cancel(_Atomic(uint64_t) *waiting);
void weir__wait_kill(_Atomic(uint64_t) *waiting);

/* Implemented by actor/end.c: if the actor that runs here has been killed, its handler is given up. */
void weir__heed_kill(void);
/* What a call that could wait is about to return. Nothing is in its hands any more. */
static inline int weir__heeded(int rc)
{
  if (WEIR__UNLIKELY(rc == WEIR_ECANCELED)) weir__heed_kill();
  return rc;
}

/* now + within, INT64_MAX for WEIR_FOREVER; never earlier than that. */
int64_t weir__deadline(weir_duration within);

/* Gives a thread's cache of records back. */
void weir__wait_return_all(struct weir__thread *t);

#endif
