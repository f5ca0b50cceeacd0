/* work.h: something to be done by a worker: the link by which actors, tasks and fibers stand in its lines. */
#ifndef WEIR__WORK_H
#define WEIR__WORK_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum weir__work_kind {
  WEIR__ACTOR_TURN = 1, /* an actor has messages, or was told something */
  WEIR__TASK_BEGIN,     /* a task has not begun yet */
  WEIR__FIBER_RESUME,   /* a suspended fiber goes on */
  WEIR__CALL,           /* a function to call on that worker, off the fibers' books: see weir__call_work */
  WEIR__CALLBACK        /* likewise, on the stack of its thread: as libuv calls, nothing may wait there */
};

/* Homes that are no worker's number. */
enum { WEIR__ANYWHERE = 0xffff, WEIR__ON_POOL = 0xfffe };

/* Bits of weir__work.flags, of actors and tasks. */
enum {
  WEIR__CANCELLED = 1 << 0,  /* told to stop: every wait returns WEIR_ECANCELED (F6). Never cleared. */
  WEIR__STOPPING = 1 << 1,   /* actor: end at the next message boundary */
  WEIR__DRAINING = 1 << 2,   /* actor: end when nothing is queued any more */
  WEIR__HAS_TASKS = 1 << 3,  /* actor: it has started tasks */
  WEIR__LINE_WAITS = 1 << 4, /* cell: somebody stands in line; see channel/mpsc.h, O5 */
  WEIR__TIMER_CAME = 1 << 5, /* actor: a message of its own timer is in its inbox, and goes ahead of what is in its list
                                already (M5). Set after the push: release; cleared before a look: acquire */
  WEIR__EXITED = 1 << 6,     /* actor: STOPPING since an exit came, whose code is in its tally (actor/link.h) */
  WEIR__KILLED = 1 << 7,     /* actor: likewise, and its handler is dropped */
  WEIR__TRAPS = 1 << 8,      /* actor: exits come as messages. Set and cleared by itself */
  WEIR__EXIT_NEWS = 1 << 9,  /* actor: such a message, of weir_exit(), is queued. Cleared by itself */
  WEIR__TOLD_END = 1 << 10,  /* actor: it has begun to tell of its end: who comes now is told at once */
  WEIR__FURNISHED = 1 << 11, /* actor: there may be more in its extras than a configuration. Set by itself, for good */
  /* Of a child of a supervisor: see actor/child.h, H3. */
  WEIR__FOR_GOOD = 1 << 12,
  WEIR__VICTIM = 1 << 13,
  WEIR__RESTART = 1 << 14,
  WEIR__FLUSH = 1 << 15,
  WEIR__AWAITS_CHILDREN = 1 << 16, /* actor: it is DOWN, and to be woken when its last child has left */
  WEIR__HELD =
      1 << 17, /* actor of a topology: it has started, and handles nothing until it is let go (actor/rewire.h) */
  WEIR__MISSES =
      1 << 18 /* cell: something was dropped since its owner last popped a message. Also cleared under the lock */
};

struct weir__work {
  struct weir__work *next; /* of whatever line it stands in; it stands in one at most */
  uint8_t kind;
  union {
    uint8_t phase; /* of a task: its owner's: who runs it */
    /* Of an actor: the number of the worker in whose lines it stands, or that runs it, or whose it is while it rests (its
     * mailbox is biased), + 1; 0: of none, or not to be touched there. By that worker, or by who has frozen it (guard.h);
     * cleared before the actor is anybody's. Relaxed: others find that it is not theirs. */
    _Atomic(uint8_t) near;
  };
  uint16_t
      home; /* the worker it is bound to, WEIR__ANYWHERE, or WEIR__ON_POOL: the blocking pool. Written by the worker
                    that runs it. */
  _Atomic(uint32_t)
      flags; /* set by anybody, under the lock of its cell's bucket or its task's; seq_cst: a flag is stored
                and then the wait looked at, a waiter publishes its wait and then looks at the flag */
};

/* Of an actor: whose lines it stands in; see `near`. */
static inline void weir__work_is_near(struct weir__work *work, unsigned number)
{
  if (work->kind == WEIR__ACTOR_TURN)
    atomic_store_explicit(&work->near, number < UINT8_MAX ? (uint8_t)(number + 1) : 0, memory_order_relaxed);
}
static inline void weir__work_is_far(struct weir__work *work)
{
  if (work->kind == WEIR__ACTOR_TURN) atomic_store_explicit(&work->near, 0, memory_order_relaxed);
}

/* A function to be called on one worker, between turns: WEIR__CALL on a fiber, WEIR__CALLBACK on its thread's stack. */
struct weir__call_work {
  struct weir__work work;
  void (*call)(struct weir__call_work *);
};

/* First in, first out. One thread at a time. */
struct weir__work_list {
  struct weir__work *first, *last;
};

static inline void weir__work_append(struct weir__work_list *list, struct weir__work *work)
{
  work->next = NULL;
  if (list->last)
    list->last->next = work;
  else
    list->first = work;
  list->last = work;
}

static inline struct weir__work *weir__work_take(struct weir__work_list *list)
{
  struct weir__work *work = list->first;
  if (!work) return NULL;
  list->first = work->next;
  if (!list->first) list->last = NULL;
  work->next = NULL;
  return work;
}

#endif
