/* worker.h: a worker: a thread, a libuv loop, a run queue, and fibers that carry its scheduling loop.
 *
 * The loop runs on a fiber, and a handler is an ordinary call on that fiber. When a handler waits, its fiber stays with
 * it, and the loop goes on upon another one. uv_run() runs on the thread's own stack (F1): when there is nothing to do,
 * or it is the loop's turn (U3), the fiber switches to the thread's stack and back.
 *
 *      thread's stack                     fiber A                fiber B
 *      uv_run, park  <---- leave ----  scheduling loop
 *                    ----- enter --->    handler waits: suspend ---> scheduling loop goes on
 *                                        <-------- resume ----------  what it waited for is there; B to the pool
 */
#ifndef WEIR__WORKER_H
#define WEIR__WORKER_H

#include <uv.h>

#include <weir/runtime.h>

#include "platform/fiber.h"
#include "runtime/guard.h"
#include "runtime/run_queue.h"
#include "runtime/spill.h"
#include "runtime/thread.h"
#include "runtime/throttle.h"
#include "runtime/wheel.h"
#include "runtime/work.h"

struct weir__message;

/* A fiber and what the runtime keeps with it. Sits at the top of its stack. Owned by its worker (F5). */
struct weir__strand {
  struct weir__fiber fiber; /* first */
  struct weir__work work;   /* in a line of things to do: what this fiber waited for is there */
  struct weir__worker *worker;
  struct weir__strand *next; /* in the pool */
  /* Who runs on it: saved while it is suspended. */
  struct weir__work *self;    /* an actor's or a task's; NULL: the scheduling loop itself */
  _Atomic(uint64_t) *waiting; /* where `self` publishes its wait, for those who tell it to stop */
  unsigned budget;            /* messages that may be sent before others get their turn (F6): by who lets it run */
  uint32_t behind;            /* while it gives way: the place of the worker's queue that it stands before */
  void (*before_wait)(
      void); /* an actor with edges: what it has gathered goes off before it waits; NULL: nothing to do */
  /* Of the message in hand; here and not in the handler's frame, so that dropping the fiber loses nothing (F2). */
  uint64_t asker;                     /* who is to be answered; 0: nobody */
  int64_t deadline;                   /* of that ask; INT64_MAX: none */
  const struct weir_message *request; /* its type */
  uint64_t runs;                      /* who `self` is, for the watchdog */
  struct weir__message *reply;        /* what the handler fills in */
  bool asks;                          /* it sleeps on an ask: see weir__answered_goes_first() */
  bool notes;                         /* this, `texts` or `error` holds something of the message in hand: */
  bool no_deadline;                   /* weir_ignore_deadline() */
  bool crashed;                       /* what ran here: its actor ends without an end clause (T3) */
  uint32_t
      heeds; /* the flags of `self` that end its waits (F6): CANCELLED; an end clause KILLED alone, what comes after
                     it none */
  struct weir__text *texts; /* of weir_format() and weir_bytes_leave(): freed when the handler has been answered */
  struct weir__error error;
  /* What the blocking pool does for it: the pool's thread's between the call and the resumption (blocking.h). */
  struct {
    int (*guard)(int (*f)(void *), void *arg); /* stops C++ exceptions; NULL: f is C */
    int (*f)(void *);
    void *arg;
    int result;
    void (*dropped)(struct weir__strand *); /* f gave up: what is to be done instead of going on */
  } call;
};

/* Why the scheduling loop left for the thread's stack. */
enum weir__leave {
  WEIR__POLL,   /* it is the loop's turn */
  WEIR__PARK,   /* there is nothing to do */
  WEIR__DRIVEN, /* what the driving thread waited for is there */
  WEIR__DROP,   /* the current fiber is given up: it begins anew */
  WEIR__CALLS   /* a function is to be called on that stack */
};

struct weir__worker;

/* A node of a worker's wheel, and what to call when it is due: on the thread's own stack, where nothing may wait. */
struct weir__alarm {
  struct weir__wheel_node node; /* first */
  void (*ring)(struct weir__worker *, struct weir__alarm *);
};

struct weir__worker {
  /* Touched by this worker's thread alone. */
  struct weir_runtime *rt;
  unsigned index;
  struct weir__thread *thread;
  struct weir__strand *current; /* the fiber that runs, or would: the one to enter */
  struct weir__fiber own;       /* the thread's own stack */
  struct weir__strand *pool;    /* idle fibers */
  unsigned pooled;
  unsigned pool_least; /* the least of it since `pool_seen_ns`: those were not needed … */
  unsigned pool_spare; /* … and of those, the time before, so many are still to be freed */
  int64_t pool_seen_ns;
  bool on_fiber; /* else on the thread's own stack … */
  bool
      in_uv; /* … in uv_run(), so perhaps in a callback; or, current-thread, outside of the runtime. Embedded: always */
  bool embedded; /* the program runs the loop: see embed.h */
  bool apart; /* embedded or simulated (simulation.h): its turns have a length of their own. Written before it starts */
  enum weir__leave leave;
  struct weir__call_work *callback;       /* after WEIR__CALLS */
  void (*dropped)(struct weir__strand *); /* after WEIR__DROP: the first thing to do on the fresh fiber */
  struct weir__work *next;                /* what the current turn woke last: runs next (message passing stays hot) */
  unsigned streak;                        /* how often in a row `next` went first … */
  unsigned ahead;                         /* … and how many answered fibers in a row went before it */
  struct weir__work_list ready;           /* pinned actors, resumed fibers: not to be stolen */
  struct weir__work_list giving_way;      /* fibers, each behind what was queued when it came here */
  struct weir__guard_flags guard;         /* see guard.h */
  int64_t polled_ns;                      /* when the loop had its turn last (U3) */
  struct weir__throttle throttle;         /* see throttle.h */
  bool puts_aside;                        /* something may be in its spill … */
  uint32_t round_ends;                    /* … of which some came into the queue when it ended here (S2) … */
  unsigned to_put_aside;                  /* … and so many of those that have had their turn make room for more */
  int64_t looked_back_ns;                 /* its value when the oldest of what is spilled had its share (S2) */
  int64_t stint_pace_ns;                  /* how long a message took in the last stint, on the average */
  bool told;                              /* somebody was told of work in the queue since the last sleep */
  /* What lives in the runtime, as far as this worker began and ended it: R1. Written by this worker alone; left:
   * release, with what was entered before. */
  _Atomic(uint64_t) entered, left;
  /* Written by this worker alone, read by the watchdog (watchdog.h) and by thieves: relaxed. */
  _Atomic(int64_t) looked_ns;                    /* when it looked at the clock last */
  _Atomic(unsigned) pace_ns;                     /* how long a message took: the lesser of the last two averages */
  _Atomic(unsigned) tick;                        /* turns, for the fixed shares (U) */
  _Atomic(int) work_to_poll;                     /* messages until it looks at the clock again */
  _Atomic(uint64_t) running;                     /* who: an actor's ref, or see there */
  _Atomic(const struct weir_message *) handling; /* what; NULL: no message */
  _Atomic(uint64_t) condemned; /* X2 of crash.h: a turn. Written by the watchdog; relaxed: a signal follows */
  bool searching;              /* counted in rt->searching */
  bool hired;                  /* woken to search: counted in rt->searching by who woke it. Under rt->lock */
  uint32_t random;             /* where stealing starts */
  int64_t look_ns;             /* how long it looks around before it sleeps */
  uv_loop_t *loop;             /* its own, or, embedded, the program's */
  uv_loop_t own_loop;
  uv_async_t doorbell;
  uv_timer_t clock;          /* wakes a parked worker for its wheel (U1) */
  uv_prepare_t before_sleep; /* looks once more, when callbacks have run that the loop runs before it sleeps */
  uv_idle_t slice;           /* embedded: active while there is work, so that the loop does not sleep */
  bool sleeps;               /* the loop may sleep … */
  bool rung;                 /* … and somebody has rung since */
  struct weir__wheel wheel;
  struct weir__alarm sweep;                /* looks again for deadlocks while fibers wait for others (W2) … */
  bool sweeps_soon;                        /* … in SWEEP_FIRST_NS at most */
  int64_t sweep_ns;                        /* … then after so long */
  struct weir__alarm rest;                 /* looks again for memory that is not needed */
  bool rests;                              /* it is armed */
  struct weir__alarm watch;                /* looks again whether a worker that is awake needs help … */
  bool watches;                            /* … it is armed … */
  int64_t watch_ns;                        /* … after so long */
  struct weir__timer_record *timers;       /* messages to be sent later; under the timers' lock (actor/timer.c) */
  struct weir__notice_record *notices;     /* places that it is to be told of (channel/notice.h) … */
  struct weir__notice_record **called_for; /* … the list of the actor for which it calls a function now; NULL: nobody */
  uv_thread_t thread_id;
  bool has_loop, has_thread;
  struct weir__trap_thread *trap;        /* NULL: crashes here end the process (crash.h) */
  void (*let_go)(struct weir__worker *); /* embedded: when its handles are closed … */
  unsigned open_handles;                 /* … and how many are not yet */
  bool started, start_failed;            /* under rt->lock */

  /* Shared. */
  struct weir__run_queue queue WEIR__ALIGNED;       /* see run_queue.h */
  struct weir__spill spill WEIR__ALIGNED;           /* see spill.h */
  _Atomic(struct weir__work *) inbox WEIR__ALIGNED; /* things for this worker alone, newest first; pushed by anybody who
                                 holds the runtime, taken as a whole by the worker. Its push and `parked` are the two
                                 sides of a store-then-load, so both are seq_cst. */
  _Atomic(bool) parked; /* set by the worker before it looks around for the last time and sleeps; cleared by whoever
                           rings, once */
  _Atomic(unsigned)
      suspended; /* fibers that wait. Written by the worker, read by who looks for quiescence: see runtime.c */
  _Atomic(unsigned) bound; /* pinned actors and tasks: where to put the next one (F5). A hint: relaxed. */
  _Atomic(bool) driven;    /* current-thread: what the driving thread waits for is there. Release: its result. */
};

/* Of whoever runs here: the worker's fiber, or what is lent to a thread of the blocking pool; NULL: a plain thread, a
 * libuv callback. */
static inline struct weir__strand *weir__strand_here(void)
{
  struct weir__thread *t = weir__thread_here;
  return t ? t->strand : NULL;
}

/* Its error, to be written. */
static inline struct weir__error *weir__strand_error(struct weir__strand *s)
{
  s->notes = true;
  return &s->error;
}

/* Before it suspends. Implemented by actor/turn.c: an actor sees to those that wait for a place (M2). */
void weir__actor_serves(struct weir__work *self);
static inline void weir__strand_serves(struct weir__strand *s)
{
  if (s->self && s->self->kind == WEIR__ACTOR_TURN) weir__actor_serves(s->self);
}

static inline struct weir__strand *weir__strand_of(struct weir__work *work)
{
  return (struct weir__strand *)((char *)work - offsetof(struct weir__strand, work));
}

/* So many messages were handled. What is left until the loop's turn. */
static inline int weir__worker_did(struct weir__worker *w, int messages)
{
  int left = atomic_load_explicit(&w->work_to_poll, memory_order_relaxed) - messages;
  atomic_store_explicit(&w->work_to_poll, left, memory_order_relaxed);
  return left;
}

/* A message that is handled in less is not worth the way to another core: some trips of lines of memory. */
enum { WEIR__QUICK_NS = 500 };
/* Were its messages quick of late? */
static inline bool weir__worker_is_quick(const struct weir__worker *w)
{
  return atomic_load_explicit(&w->pace_ns, memory_order_relaxed) < WEIR__QUICK_NS;
}

/* Which turn, and which message of it. */
static inline uint64_t weir__turn_of(const struct weir__worker *w)
{
  return (uint64_t)atomic_load_explicit(&w->tick, memory_order_relaxed) << 32 |
         (uint32_t)atomic_load_explicit(&w->work_to_poll, memory_order_relaxed);
}

/* Shows the watchdog who runs here, and what it handles. */
static inline void weir__worker_shows(struct weir__worker *w, uint64_t running, const struct weir_message *handling)
{
  atomic_store_explicit(&w->handling, handling, memory_order_relaxed);
  atomic_store_explicit(&w->running, running, memory_order_relaxed);
}

/* ---- for the runtime ---- */
int weir__worker_init(struct weir__worker *w, struct weir_runtime *rt, unsigned index);
/* Then a loop of its own; or the program's, for an embedded runtime: what fails leaves nothing there. */
int weir__worker_make_loop(struct weir__worker *w);
int weir__worker_move_into(struct weir__worker *w, uv_loop_t *loop);
void weir__worker_close(
    struct weir__worker *w);                    /* on its thread: closes handles, runs the loop until they are closed */
void weir__worker_free(struct weir__worker *w); /* fibers, memory */
/* The thread of a multi-thread worker: works until the runtime is stopped. */
void weir__worker_run(struct weir__worker *w);
/* The first of any of its lines; NULL: all are empty. */
struct weir__work *weir__worker_take_any(struct weir__worker *w);
/* Works on the calling thread (the worker's) until `done(arg)`; it is looked at when w->driven was set. */
void weir__worker_drive(struct weir__worker *w, bool (*done)(void *), void *arg);
void weir__worker_take_inbox_now(struct weir__worker *w);
static inline void weir__worker_take_inbox(struct weir__worker *w)
{
  if (WEIR__UNLIKELY(atomic_load_explicit(&w->inbox, memory_order_relaxed))) weir__worker_take_inbox_now(w);
}

/* ---- embedded ---- */
/* On its thread: there is something to do, so the loop does not sleep before its next slice. */
void weir__worker_rouse(struct weir__worker *w);
/* On its thread: the loop goes on as long as something lives here. */
void weir__worker_keep_alive(struct weir__worker *w);
/* On its thread, for good: closes its four handles, and calls `closed` when that is done. */
void weir__worker_let_go(struct weir__worker *w, void (*closed)(struct weir__worker *));

/* ---- for whoever has work ---- */

/* From any thread: hands `work` to this worker, and to no other. Outside the runtime's own threads the caller holds it.
 */
void weir__worker_post(struct weir__worker *w, struct weir__work *work);
/* From any thread: makes the work of an actor or a task that may move runnable somewhere. Where it should run first is
 * the worker that calls, else any. */
void weir__schedule(struct weir_runtime *rt, struct weir__work *work);
/* The same, on a fiber of `w`, of an actor that stands in its lines already. The usual case is what it comes to while
 * messages are quick. False: it is none, and nothing was done. */
static inline bool weir__runs_next(struct weir__worker *w, struct weir__work *work)
{
  bool usual = !w->next && work->home == WEIR__ANYWHERE && weir__worker_is_quick(w);
  if (WEIR__LIKELY(usual)) w->next = work;
  return usual;
}
static inline void weir__schedule_nearby(struct weir__worker *w, struct weir__work *work)
{
  if (WEIR__UNLIKELY(!weir__runs_next(w, work))) weir__schedule(w->rt, work);
}
/* On the worker's thread: its turn is over, and it has more to do: to the end of the line. */
void weir__requeue(struct weir__worker *w, struct weir__work *work);
/* Wakes the worker if it sleeps. */
void weir__worker_ring(struct weir__worker *w);

/* ---- for who waits ---- */

static inline struct weir__strand *weir__pool_take(struct weir__worker *w)
{
  struct weir__strand *s = w->pool;
  w->pool = s->next;
  w->pooled--;
  return s;
}

/* `suspended` is written by this worker alone, hence no read-modify-write; who looks for quiescence reads it under the
 * lock under which this worker was entered among the parked. */
static inline void weir__count_suspended(struct weir__worker *w, int change)
{
  unsigned n = atomic_load_explicit(&w->suspended, memory_order_relaxed);
  atomic_store_explicit(&w->suspended, n + (unsigned)change, memory_order_release);
}

enum {
  WEIR__FIXED_SHARE = 61, /* every so many turns the injected work goes first (U) */
  WEIR__AHEAD = 32        /* so many answered fibers in a row may go before who was woken last */
};

/* Fibers whose answers have come go before the actors in line, and before the one that was woken last: each is but a
 * message's work, and what they ask for next gathers in a mailbox, and is handled in one turn. Not those that got a
 * place: they would fill each place as soon as it is free, and the mailbox were never emptied in one turn. */
static inline bool weir__answered_goes_first(const struct weir__worker *w)
{
  struct weir__work *first = w->ready.first;
  return first && first->kind == WEIR__FIBER_RESUME && weir__strand_of(first)->asks && w->ahead < WEIR__AHEAD;
}
static inline struct weir__work *weir__take_answered(struct weir__worker *w)
{
  w->ahead++;
  return weir__work_take(&w->ready);
}

/* The fiber that the scheduling loop would go on with at once, and has nothing to do before: what it does for that is
 * done. NULL: the loop is to find out, as it always does in a simulation. */
static inline struct weir__strand *weir__next_fiber(struct weir__worker *w)
{
  unsigned tick = atomic_load_explicit(&w->tick, memory_order_relaxed) + 1;
  if (w->apart || !weir__answered_goes_first(w) || atomic_load_explicit(&w->work_to_poll, memory_order_relaxed) <= 1 ||
      atomic_load_explicit(&w->driven, memory_order_relaxed) || atomic_load_explicit(&w->inbox, memory_order_relaxed) ||
      tick % WEIR__FIXED_SHARE == 0 || w->searching)
    return NULL;
  weir__worker_did(w, 1);
  atomic_store_explicit(&w->tick, tick, memory_order_relaxed);
  w->watch_ns = 0;
  return weir__strand_of(weir__take_answered(w));
}

/* As weir__suspend(), without weir__strand_serves(): its caller has done that. From one fiber to the next it is one switch of
 * stacks, without the loop's between. Inlined as weir__fiber_switch() is. */
static inline void weir__suspend_silently(struct weir__worker *w)
{
  struct weir__strand *me = w->current, *next = weir__next_fiber(w);
  if (next) {
    weir__worker_shows(w, next->runs, next->request);
  } else {
    next = weir__pool_take(w);
    weir__count_suspended(w, +1);
  }
  w->thread->strand = w->current = next;
  weir__fiber_switch(&me->fiber, &next->fiber);
}

/* Makes sure that the fiber here could be suspended. WEIR_OK, or WEIR_ENOMEM with a text. */
int weir__can_suspend(struct weir__worker *w);
/* Suspends the fiber that runs, until weir__resume(). Needs weir__can_suspend() before the wait was published. */
void weir__suspend(struct weir__worker *w);
/* From any thread, once per suspension: the fiber goes on, on its worker. */
void weir__resume(struct weir__strand *strand);
/* The current fiber goes to the end of its worker's line. */
int weir__give_way(struct weir__worker *w);
/* Gives up what runs here (F3), on a fiber or on the blocking pool, and goes on from the start, with `dropped` first. */
WEIR_NORETURN void weir__drop(void (*dropped)(struct weir__strand *));

/* A fiber of this worker begins to wait for others: in a while somebody is to look at such waits again. */
void weir__worker_sweep_soon(struct weir__worker *w);
static inline void weir__worker_will_sweep(struct weir__worker *w)
{
  if (WEIR__UNLIKELY(!w->sweeps_soon)) weir__worker_sweep_soon(w);
}

/* Sets an alarm on this worker's own wheel; not armed before. On its thread. */
void weir__worker_arm(struct weir__worker *w, struct weir__alarm *alarm, int64_t deadline_ns);
void weir__worker_disarm(struct weir__worker *w, struct weir__alarm *alarm);

/* Implemented by the layers above: runs one turn, upon the strand that runs here. */
void weir__run_actor(struct weir__strand *s, struct weir__work *work);
void weir__run_task(struct weir__worker *w, struct weir__work *work);
/* Likewise: an actor leaves the lines of its worker: that one is frozen, and a thief has taken it; or it does so itself. */
void weir__actor_was_stolen(struct weir__work *work, unsigned thief);
void weir__actor_leaves(struct weir__worker *w, struct weir__work *work);
/* Likewise: it has handled a message. By who took it out of its line. */
bool weir__actor_has_begun(const struct weir__work *work);
/* Likewise: its runtime has stopped, nothing is sent later any more. */
void weir__worker_timers_end(struct weir__worker *w);
/* Likewise: nobody is told of a place any more. Its thread has ended, or is this one. */
void weir__worker_notices_end(struct weir__worker *w);

#endif
