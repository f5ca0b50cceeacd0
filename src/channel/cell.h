/* cell.h: a cell: what a ref, a sender or a receiver names: a slot with a bounded mailbox.
 *
 * Actors, channels, routes and the edges of topologies are cells. The table of cells is process-wide and outlives
 * runtimes (C5); a ref is `generation << 32 | slot`, and the generation is part of the word that senders change (C1).
 *
 *   FREE --cell_take--> OPEN --close--> CLOSED --the last place is back--> FREE, with the next generation
 *                        '---- closed when it is empty: in one step --------^
 *
 * C1  `places` holds the generation: a stale ref fails in the CAS.
 * C2  Joining the line of waiters, closing, and all that takes no place runs under the lock of the cell's bucket
 *     (channel/line.h); a generation changes only under it.
 * C3  `places` is read before any CAS: a page that was given back reads as zeroes, and generation 0 is never valid.
 * C4  After close a cell lives on until reserved == popped: its owner dead-letters what still comes, and frees it then.
 *
 * Line 0 is the senders', line 1 belongs to whoever runs the cell, line 2 to its state and family (C6: 192 bytes). */
#ifndef WEIR__CELL_H
#define WEIR__CELL_H

#include <weir/actor.h>

#include "channel/message.h"
#include "platform/cpu.h"
#include "runtime/work.h"
#include "runtime/worker.h"

/* STAGE: an actor of a topology, to which others of its kind send along edges only (actor/edge.h). The last two are relays:
 * see actor/relay.h. */
enum weir__cell_kind { WEIR__CELL_ACTOR = 1, WEIR__CELL_STAGE, WEIR__CELL_CHANNEL, WEIR__CELL_EDGE, WEIR__CELL_ROUTE };

/* places: reserved 29 | flags 3 | generation 32: `reserved` wraps at the top, and touches nothing else */
#define WEIR__WAITERS ((uint64_t)1 << 32) /* somebody stands in line: nobody may overtake */
#define WEIR__CLOSED ((uint64_t)2 << 32)  /* no new messages */
#define WEIR__BIASED ((uint64_t)4 << 32)  /* it is one worker's; see bias.h */
#define WEIR__ONE_PLACE ((uint64_t)8 << 32)
/* popped: 29 | 0 3, as the upper half of `places`, so that one is taken from the other as they are */
enum { WEIR__ONE_POPPED = 8, WEIR__FLAG_BITS = 3, WEIR__CAPACITY_MAX = 1 << 24 };

static inline uint32_t weir__generation_in(uint64_t places) { return (uint32_t)places; }
/* Places that are queued or permitted. */
static inline uint32_t weir__used_of(uint64_t places, uint32_t popped)
{
  return ((uint32_t)(places >> 32) - popped) >> WEIR__FLAG_BITS;
}

/* inbox: the newest message, or an odd number: nothing is there and the owner sleeps; who takes that number away wakes
 * it. WEIR__CELL_IDLE: an actor that is not scheduled, or a channel whose receiver is gone: such a cell lives until it
 * was woken. Any other: it names the wait of a channel's receiver, or of a handler that selects (actor/select.c), who
 * may have gone on by then, and ended the cell. */
#define WEIR__CELL_IDLE ((uintptr_t)1)
static inline bool weir__is_idle(uintptr_t inbox) { return inbox & 1; }
/* A wait's name as an idle mark: generation 32, slot 24, 1; more than WEIR__CELL_IDLE since no generation is 0. */
static inline uintptr_t weir__idle_mark_of(uint64_t name) { return (name >> 32) << 25 | (name & 0xffffff) << 1 | 1; }
static inline uint64_t weir__idle_name_of(uintptr_t mark)
{
  return (uint64_t)(mark >> 25) << 32 | (mark >> 1 & 0xffffff);
}

enum { WEIR__STATE_INLINE = 32 };

/* marks */
enum weir__cell_mark {
  WEIR__TALLIED = 1 << 0, /* something is in its tally */
  WEIR__WATCHED = 1 << 1, /* somebody watches it, or did: see actor/link.h */
  WEIR__GUARDED = 1 << 2, /* it has a breaker, from its spawn to its end: see breaker.h … */
  WEIR__SHUT = 1 << 3,    /* … which is not closed */
  WEIR__LIMITED = 1 << 4  /* its memory is limited, likewise: see actor/policy.c */
};

/* special: what has to be seen to where messages are taken out, besides. By who makes the cell, then by its owner, with plain
 * stores; who sends on that one's worker may look. */
enum weir__cell_special {
  WEIR__KEEPS_PLACES = 1 << 0, /* M6: what is popped keeps its place; see actor/stash.h */
  WEIR__DROPS_OLDEST = 1 << 1, /* its lists are others', too; see overflow.h */
  WEIR__HAS_POLICY = 1 << 2,   /* it is GUARDED, or LIMITED */
  WEIR__HAS_EDGES = 1 << 3     /* it is an actor of a topology, see actor/edge.h */
};

/* What is counted of a cell that is more than bare: in a table beside that of the cells, so that it takes memory only
 * where there is something to count. Under the lock of the cell's bucket; zeroed with the next generation. */
struct weir__tally {
  uint64_t permit_places;       /* places out with permits (channel/permit.h) */
  uint64_t waiting;             /* records in its line */
  uint64_t refused;             /* senders that were turned away at once */
  uint64_t dropped;             /* messages, by its policy */
  uint64_t seen;                /* of `dropped`: when its owner last popped a message … */
  uint64_t missed;              /* … and how many were dropped between that one and the one before */
  _Atomic(uint64_t) blocked_ns; /* how long its handlers waited for places. By its owner, without the lock: relaxed */
  uint32_t watchers;            /* a list of records, by slot + 1: under the lock of actor/link.c */
  int32_t exit_code;            /* of the exit that told it to stop (WEIR__EXITED) */
};
_Static_assert(sizeof(struct weir__tally) == 64, "a slab's tallies are a unit of memory that can be given back");

struct weir__extras;

struct weir__cell {
  /* Senders'. */
  _Atomic(uint64_t) places WEIR__ALIGNED; /* C1. Senders by CAS; flags and generation under the bucket's lock */
  _Atomic(uintptr_t) inbox;   /* pushed by CAS by who holds a place or the bucket's lock; taken by the owner (M4) */
  _Atomic(uint32_t) capacity; /* written when the cell is made, and under the bucket's lock (M9); relaxed */
  _Atomic(uint8_t) kind;      /* written when the cell is made, before the generation; relaxed: by a stale ref anybody
                                 may look */
  uint8_t phase;              /* the owner's; of an actor see actor/actor.h */
  _Atomic(uint8_t) marks;     /* enum weir__cell_mark. Written under the bucket's lock; relaxed: hints outside of it */
  _Atomic(uint8_t) overflow;  /* of its mailbox: WEIR_WAIT …; 0: as WEIR_WAIT. As `kind` */
  weir_runtime *rt;           /* C5; NULL: a channel. This and the next: written when the cell is made */
  const weir_actor *type;
  struct weir__extras *extras; /* name, configuration, handles …; NULL until there is one. The owner's (C6) */
  _Atomic(uint64_t) waiting;   /* the wait of its handler, for who must end it: see wait.h */
  uint32_t slot;               /* written once */
  _Atomic(uint32_t) parent;    /* the slot of who spawned it + 1, 0: nobody; written under that one's bucket's lock.
                                  Release 0, acquire: who let it go does not look at it any more */

  /* Whoever runs it: one thread at a time, handed on through the run queues. */
  _Atomic(uint32_t) popped WEIR__ALIGNED; /* places given back (M1), see above. Written by the owner: release: the place
                                     was left before; read by senders: acquire. A line of its own, away from `places` */
  bool popped_unseen;                     /* something was popped since the line was looked at with a fence (M2) */
  uint8_t special;                        /* enum weir__cell_special */
  bool became;                            /* it has other clauses than its type's; see actor/become.c */
  _Atomic(uint8_t) warm; /* messages in a row that came by the short way, up to WEIR__WARM; WEIR__SHY: see
                                             bias.h. Its worker's, or by who has frozen that; a hint: relaxed */
  struct weir__message *urgent, **urgent_end; /* sorted out of the inbox: own timers (M5) … */
  struct weir__message *queued, **queued_end; /* … and the others, oldest first */
  struct weir__message *in_hand;              /* what the handler handles (F2) */
  struct weir__work work;                     /* where it stands in line to run; its flags: see work.h */

  /* State and family. */
  union {
    uint64_t words[WEIR__STATE_INLINE / 8]; /* the state of an actor, if it fits … */
    void *state;                            /* … else where it is; of an edge what it is */
    _Atomic(uint64_t) senders; /* of a channel: how many sender handles there are; relaxed but for the last, acq_rel */
  } small;
  struct weir__message *owned; /* messages that are the user's (F2). The owner's */
  _Atomic(uint32_t) child;     /* its newest child, and its siblings: slots + 1, under the parent's bucket's lock. That
                              there is a first one is its owner's doing alone, who may look without it: relaxed */
  uint32_t elder, younger;
  _Atomic(uint32_t) high_water; /* the most places taken when it popped a message. This and the next: by the owner, with
                                     plain adds; read by anybody: relaxed */
  _Atomic(uint64_t) handled;    /* messages that were handled */
};
_Static_assert(sizeof(struct weir__cell) <= 192, "C6: a bare cell");

/* Where the table of cells begins, and how many slots it has, 0 as long as there is no table. Written once, the number
 * last: release, acquire. */
struct weir__cells {
  struct weir__cell *_Atomic first;
  _Atomic(uint32_t) most;
};
extern struct weir__cells weir__cells;

/* Is there memory for that slot (C3)? */
static inline bool weir__cell_exists(uint32_t slot)
{
  return WEIR__LIKELY(slot < atomic_load_explicit(&weir__cells.most, memory_order_acquire));
}
/* The cell of a slot that exists. Relaxed: who knows that has seen the number, or has a ref. */
static inline struct weir__cell *weir__cell_known(uint32_t slot)
{
  return atomic_load_explicit(&weir__cells.first, memory_order_relaxed) + slot;
}
/* NULL: no such slot. */
static inline struct weir__cell *weir__cell_at(uint32_t slot)
{
  return weir__cell_exists(slot) ? weir__cell_known(slot) : NULL;
}
/* That of a slot + 1, as families are linked. */
static inline struct weir__cell *weir__cell_linked(struct weir__cell *cell, uint32_t link)
{
  return cell + ((ptrdiff_t)link - 1 - (ptrdiff_t)cell->slot);
}
static inline uint32_t weir__slot_of(weir_ref ref) { return (uint32_t)ref.bits; }
static inline uint32_t weir__generation_of(weir_ref ref) { return (uint32_t)(ref.bits >> 32); }
/* Of a cell that lives. */
static inline weir_ref weir__ref_of(const struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  return (weir_ref){(uint64_t)weir__generation_in(places) << 32 | cell->slot};
}
/* A ref that is nobody's and carries an error. */
weir_ref weir__ref_error_make(int code);
/* As weir_ref_error(), with a text. */
int weir__ref_check(weir_ref ref);

static inline bool weir__keeps_places(const struct weir__cell *cell) { return cell->special & WEIR__KEEPS_PLACES; }

static inline bool weir__cell_is_actor(const struct weir__cell *cell)
{
  unsigned kind = atomic_load_explicit(&cell->kind, memory_order_relaxed);
  return kind == WEIR__CELL_ACTOR || kind == WEIR__CELL_STAGE;
}

/* The state of an actor. */
static inline void *weir__state_of(struct weir__cell *cell)
{
  return cell->type->state_bytes <= WEIR__STATE_INLINE ? (void *)&cell->small : cell->small.state;
}

/* Sets marks. Lock held. */
void weir__cell_mark(struct weir__cell *cell, unsigned marks);
/* The tally of a cell, marked as used. Lock held. */
struct weir__tally *weir__tally(struct weir__cell *cell);
/* The same to be read: zeroes where nothing was counted. Lock held. */
const struct weir__tally *weir__tally_look(const struct weir__cell *cell);
/* Its handler has waited for a place. Its owner's, without the lock. */
void weir__count_blocked(struct weir__cell *cell, int64_t ns);

/* The cell of an actor's work. */
static inline struct weir__cell *weir__cell_of_work(struct weir__work *work)
{
  return (struct weir__cell *)((char *)work - offsetof(struct weir__cell, work));
}

/* The actor whose handler runs upon that strand; NULL: none. */
static inline struct weir__cell *weir__cell_of_strand(const struct weir__strand *s)
{
  return s && s->self && s->self->kind == WEIR__ACTOR_TURN ? weir__cell_of_work(s->self) : NULL;
}
static inline struct weir__cell *weir__cell_here(void) { return weir__cell_of_strand(weir__strand_here()); }

/* weir__message_hand_out() to the actor that runs here (NULL: none does), but for the count. */
static inline void *weir__message_give(struct weir__cell *owner, struct weir__message *m)
{
  m->users = 1;
  m->owner = owner;
  m->previous = NULL;
  m->next = owner ? owner->owned : NULL;
  if (m->next) m->next->previous = m;
  if (owner) owner->owned = m;
  return weir__payload(m);
}

/* Takes a free cell. It is closed, and has a generation that no ref has yet; weir__cell_open() makes it valid. NULL: no
 * memory, or no slot is left. */
struct weir__cell *weir__cell_take(void);
/* Publishes it: from now on its ref works. All other fields have been written. */
void weir__cell_open(struct weir__cell *cell);
/* Gives a closed cell back if all its places are back (C4), under the lock of its bucket. False: not yet. */
bool weir__cell_free_if_done(struct weir__cell *cell);
/* Closes an open cell and takes it out of use in one step, if it is empty, no place is out, nobody waits in line, and
 * nobody watches it or has told it to end. Its extras are not its any more. False: nothing was done. Else nobody finds it any more,
 * and weir__cell_put_back() is to follow. The owner's. */
bool weir__cell_end_empty(struct weir__cell *cell);
void weir__cell_put_back(struct weir__cell *cell);
/* One that was never opened. */
void weir__cell_untake(struct weir__cell *cell);
/* Likewise, but it stays the caller's: only its refs are stale from now on. False: its generations are used up, and it
 * is nobody's any more. */
bool weir__cell_renew(struct weir__cell *cell);

/* Wakes the owner, as a push, a nudge or the like said (0: nobody): an actor is scheduled, a receiver's wait ended,
 * what a receiver left behind cleared up. */
void weir__cell_wake(struct weir__cell *cell, uintptr_t idle);
void weir__channel_wake(struct weir__cell *cell, uintptr_t idle);

/* Calls f for each slot that has ever been used, in no particular order; cells may come and go meanwhile. */
void weir__cells_each(void (*f)(struct weir__cell *, void *), void *arg);

#endif
