/* runtime.h: a runtime: its workers, the line of work that belongs to none of them, who sleeps, and how it ends.
 *
 *   RUNNING ----> DRAINING ----> STOPPING ----> STOPPED
 *      \______________________________/
 *
 * RUNNING   all is admitted.
 * DRAINING  timers don't fire; otherwise as before, until nothing is at work any more (quiescence).
 * STOPPING  nothing new is spawned or started; all actors and tasks are told to stop.
 * STOPPED   nothing lives in it any more and nobody holds it: workers end.
 *
 * R1  What lives in it are actors (their cells), tasks and handles. Each is counted when it enters and when it leaves:
 *     by the worker that runs who makes it, or who ends it; by others, and in callbacks, in `entered` and `left`. What
 *     a worker counts was made by something that lives meanwhile. So, when first all leaves are read and then all
 *     entries, and they are as many, nothing lived between; and in STOPPING nothing can start then.
 * R2  `holds` counts threads outside the runtime that are between handing over work and ringing (U2). A hold is taken
 *     while something that the work belongs to keeps the runtime alive.
 * R3  Quiescence: every worker is parked (by its own entry under `lock`, after it had looked around), no work stands in
 *     any line, no fiber is suspended, and, before and after that was looked at, the blocking pool is at rest (P3). A
 *     worker is taken off the parked ones by whoever wakes it, before it is rung: so a wake on its way is never taken
 *     for rest. */
#ifndef WEIR__RUNTIME_H
#define WEIR__RUNTIME_H

#include <pthread.h>
#include <signal.h>

#include "runtime/blocking.h"
#include "runtime/crash.h"
#include "runtime/embed.h"
#include "runtime/simulation.h"
#include "runtime/watchdog.h"
#include "runtime/worker.h"

enum weir__runtime_state { WEIR__RUNNING, WEIR__DRAINS, WEIR__STOPS, WEIR__STOPPED };

struct weir_runtime {
  /* Written before the workers start. */
  int flavor;
  unsigned worker_count;
  unsigned started_on; /* the CPU of who started it; written before there are workers */
  size_t stack_bytes;
  struct weir__worker *workers;
  struct weir__blocking blocking; /* see blocking.h */
  struct weir__watchdog watchdog;
  struct weir__crashes crashes;
  struct weir__embedded_stop stopping; /* embedded: see embed.h. Its thread's */
  struct weir__thread *owner;          /* current-thread: who may drive it */
  struct weir__simulation *simulation; /* see simulation.h; NULL: none. Its thread's */
  struct weir_runtime *next;           /* in the list of runtimes, under its lock */

  _Atomic(int) state; /* written by who stops it. seq_cst: stored, then R1 looked at; who starts something adds to
                         `entered`, then looks at the state */
  _Atomic(uint64_t) entered; /* R1; seq_cst, see above. Embedded: what lives, all told */
  _Atomic(uint64_t) left;    /* R1; not used embedded */
  _Atomic(unsigned)
      holds; /* R2; seq_cst, see weir__runtime_hold(); the last release hands over what was done under it */
  _Atomic(unsigned) searching; /* workers that look for work: at most one sleeper is being woken at a time (U3).
                                  seq_cst: work is put somewhere, then this is looked at; a searcher steps down, then
                                  looks at the work */
  _Atomic(unsigned)
      looks; /* the number of a worker that looks around and would take work at once, + 1; 0: none. Whoever
                                  takes it away gives that one work. A hint: who is gone by then is woken as any other */
  _Atomic(unsigned) parked; /* how many are parked; written under `lock`, read without it as a hint, seq_cst as above */

  _Atomic(size_t) unowned; /* work that any worker may take: what is injected, and what has been spilled (spill.h).
                               seq_cst as `searching` */

  pthread_mutex_t lock;            /* a leaf. Guards: */
  struct weir__work_list injected; /* work from outside the workers … */
  _Atomic(size_t) injected_count;  /* … and its length; written under the lock, read without it as a hint: relaxed */
  bool *is_parked;                 /* by worker */
  pthread_cond_t changed;          /* it may be quiet, or nothing live; for the thread that stops the runtime */
  struct weir_task *tasks;         /* that have not ended */
  struct weir__name **names;       /* chains, see actor/registry.c; NULL: there is no name yet */
  size_t name_chains, name_count;
};

/* The worker of that runtime that runs here; NULL: none. */
static inline struct weir__worker *weir__runtime_worker_here(const struct weir_runtime *rt)
{
  struct weir__worker *w = weir__worker_here();
  return w && w->rt == rt ? w : NULL;
}

static inline void weir__count_own(_Atomic(uint64_t) *own, memory_order order)
{
  atomic_store_explicit(own, atomic_load_explicit(own, memory_order_relaxed) + 1, order);
}

static inline bool weir__runtime_stops(const struct weir_runtime *rt)
{
  return atomic_load_explicit(&rt->state, memory_order_seq_cst) >= WEIR__STOPS;
}

void weir__runtime_enter_counted(struct weir_runtime *rt);
void weir__runtime_leave_counted(struct weir_runtime *rt);
void weir__runtime_left(struct weir_runtime *rt);

/* R1. A worker need not hold it. */
static inline void weir__runtime_leave(struct weir_runtime *rt)
{
  struct weir__worker *w = weir__runtime_worker_here(rt);
  if (WEIR__UNLIKELY(!w || w->embedded)) {
    weir__runtime_leave_counted(rt);
    return;
  }
  weir__count_own(&w->left, memory_order_release);
  if (WEIR__UNLIKELY(weir__runtime_stops(rt))) weir__runtime_left(rt); /* before, nobody need see it */
}

/* One more thing lives in it; false: it is being stopped. What a handler or a task makes is not seen in time perhaps by
 * who stops the runtime, but then that one lives, and is waited for (R1). */
static inline bool weir__runtime_enter(struct weir_runtime *rt)
{
  struct weir__worker *w = weir__runtime_worker_here(rt);
  if (WEIR__LIKELY(w && w->on_fiber && w->current->self && !w->embedded))
    weir__count_own(&w->entered, memory_order_relaxed);
  else
    weir__runtime_enter_counted(rt);
  if (WEIR__LIKELY(!weir__runtime_stops(rt))) return true;
  weir__runtime_leave(rt);
  return false;
}

/* Does anything live in it? */
bool weir__runtime_lives(const struct weir_runtime *rt);

/* R2. Its own workers are waited for, so they need no hold. seq_cst: who enters holds it first and looks at the state then;
 * who stops it sets that, and then looks who holds it. */
static inline void weir__runtime_hold(struct weir_runtime *rt)
{
  if (!weir__runtime_worker_here(rt)) atomic_fetch_add_explicit(&rt->holds, 1, memory_order_seq_cst);
}

static inline void weir__runtime_release(struct weir_runtime *rt)
{
  if (!weir__runtime_worker_here(rt)) atomic_fetch_sub_explicit(&rt->holds, 1, memory_order_acq_rel);
}

struct weir_runtime *weir__runtime_found_held(void);

/* weir_runtime_here(), held: it can't be freed before it is released. NULL: none. */
static inline struct weir_runtime *weir__runtime_here_held(void)
{
  struct weir__worker *w = weir__worker_here();
  return WEIR__LIKELY(w != NULL) ? w->rt : weir__runtime_found_held();
}

/* Puts work in the line that belongs to no worker, and sees to it that somebody takes it. */
void weir__runtime_inject(struct weir_runtime *rt, struct weir__work *work);
/* Takes up to `most` of it. */
unsigned weir__runtime_take_injected(struct weir_runtime *rt, struct weir__work **out, unsigned most);
/* Work was put where others may take it: wakes one sleeper, unless somebody is looking already. */
void weir__runtime_notify(struct weir_runtime *rt);

/* A worker enters itself among the parked; takes itself off again. False: whoever woke it did that already. */
void weir__runtime_park(struct weir__worker *w);
bool weir__runtime_unpark(struct weir__worker *w);

/* The worker to bind the next pinned actor or task to: the one with the least (F5). */
struct weir__worker *weir__runtime_least_bound(struct weir_runtime *rt);

/* ---- for embed.c: the steps of weir_runtime_start() and weir_runtime_stop() ---- */
/* Makes and starts one; `loop`: the program's, NULL: its own. */
int weir__runtime_begin(const weir_runtime_options *options, uv_loop_t *loop, struct weir_runtime **rt);
/* Makes a simulated one; see weir_simulation_start(). */
int weir__runtime_simulate(const weir_runtime_options *options, uint64_t seed, const weir_simulation_options *simulated,
                           struct weir_runtime **rt);
/* A simulated one gets work: from its own thread? */
void weir__runtime_touch(struct weir_runtime *rt);
/* Is nothing at work any more? On the thread of a current-thread runtime. */
bool weir__runtime_is_quiet(struct weir_runtime *rt);
/* Nothing new is admitted; all that lives is told to stop. */
void weir__runtime_tell_all(struct weir_runtime *rt);
/* Nothing lives in it: no thread has to do with it afterwards. True: it was the last. */
bool weir__runtime_detach(struct weir_runtime *rt);
void weir__runtime_free(struct weir_runtime *rt);
/* What the stop says in the end. */
int weir__runtime_verdict(bool last, bool drained);
/* May it be stopped from here, by a call that waits? */
int weir__runtime_check_stopper(struct weir_runtime *rt);

/* A thread of the blocking pool has done its job: who stops the runtime may have waited for that. */
void weir__runtime_settled(struct weir_runtime *rt);

/* All that asynchronous signals would do to this thread is put off (U4): for threads to be started. */
void weir__block_signals(sigset_t *before);

/* Implemented by the layers above: tells everything that lives in it to stop. Called in STOPPING. */
void weir__stop_all_actors(struct weir_runtime *rt);
void weir__stop_all_tasks(struct weir_runtime *rt);

#endif
