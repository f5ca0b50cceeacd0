/* blocking.c: see blocking.h. */
#include <weir/actor.h>
#include <weir/blocking.h>

#include "runtime/blocking.h"

#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "runtime/simulation.h"
#include "runtime/strand.h"

enum { THREADS_MOST = 512 };
#define IDLE_NS 10000000000 /* as long as it is likely that the next burst comes soon; an idle thread costs little */

struct weir__pool_thread {
  struct weir__pool_thread *next; /* among those that have ended: under the pool's lock */
  pthread_t id;                   /* likewise */
  struct weir_runtime *rt;
  struct weir__thread *context; /* had before the thread is started: jobs count on it */
  /* The thread's own: */
  struct weir__strand strand;             /* lent to actors */
  jmp_buf given_up;                       /* where weir__blocking_drop() goes … */
  void (*dropped)(struct weir__strand *); /* … and what is to be done there */
};

static _Thread_local struct weir__pool_thread *here;

/* ---- one job ---- */

/* An actor's turn, or what is left of it after a failure: which may fail in its turn. */
static void run_turn(struct weir__pool_thread *p, struct weir__work *work)
{
  weir__thread_here->strand = &p->strand;
  p->strand.budget = WEIR__SEND_BUDGET;
  p->dropped = NULL;
  setjmp(p->given_up);
  void (*dropped)(struct weir__strand *) = p->dropped;
  if (dropped)
    dropped(&p->strand);
  else
    weir__run_actor(&p->strand, work);
}

static int call(int (*guard)(int (*)(void *), void *), int (*f)(void *), void *arg)
{
  return guard ? guard(f, arg) : f(arg);
}

/* For the handler or task whose strand is lent. */
static int call_or_fail(const struct weir__strand *s)
{
  int rc = call(s->call.guard, s->call.f, s->call.arg);
  if (rc == WEIR__THREW) weir_fail(WEIR_EFAILED, "%s", weir_error_text());
  return rc;
}

/* The function of a suspended fiber. */
static void run_call(struct weir__pool_thread *p, struct weir__strand *s)
{
  weir__thread_here->strand = s;
  p->dropped = NULL;
  if (setjmp(p->given_up) == 0) s->call.result = call_or_fail(s);
  s->call.dropped = p->dropped;
  weir__thread_here->strand = NULL;
  weir__resume(s);
}

void weir__blocking_drop(void (*dropped)(struct weir__strand *))
{
  here->dropped = dropped;
  longjmp(here->given_up, 1);
}

static void run_job(struct weir__pool_thread *p, struct weir__work *work)
{
  if (work->kind == WEIR__FIBER_RESUME)
    run_call(p, weir__strand_of(work));
  else
    run_turn(p, work);
  weir__thread_here->strand = NULL;
  atomic_fetch_add_explicit(&p->rt->blocking.done, 1, memory_order_seq_cst);
  weir__runtime_settled(p->rt);
}

/* ---- threads ---- */

/* Lock held. P5 */
static bool must_stay(const struct weir__blocking *b) { return b->residents && b->threads == 1; }

/* Lock held. ETIMEDOUT: nothing came for long. */
static int idle(struct weir__blocking *b)
{
  int64_t at = weir__now_ns() + b->idle_ns;
  struct timespec until = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
  b->idle++;
  int rc = pthread_cond_timedwait(&b->came, &b->lock, &until);
  b->idle--;
  return rc;
}

/* Lock held. NULL: this thread ends. */
static struct weir__work *await_job(struct weir__blocking *b)
{
  struct weir__work *work;
  while (!(work = weir__work_take(&b->jobs))) {
    if (b->ending) return NULL;
    if (idle(b) == ETIMEDOUT && !b->jobs.first && !must_stay(b)) return NULL;
  }
  b->queued--;
  return work;
}

/* Lock held. */
static void leave(struct weir__blocking *b, struct weir__pool_thread *p)
{
  p->id = pthread_self();
  p->next = b->ended;
  b->ended = p;
  b->threads--;
  pthread_cond_broadcast(&b->left);
}

static void *pool_thread(void *arg)
{
  struct weir__pool_thread *p = arg;
  struct weir__blocking *b = &p->rt->blocking;
  struct weir__work *work;
  struct weir__thread *context = p->context;
  weir__thread_begin(context);
  here = p;
  context->pool_of = p->rt;
  pthread_mutex_lock(&b->lock);
  while ((work = await_job(b))) {
    pthread_mutex_unlock(&b->lock);
    run_job(p, work);
    pthread_mutex_lock(&b->lock);
  }
  context->pool_of = NULL;
  leave(b, p);
  pthread_mutex_unlock(&b->lock);
  weir__thread_end(context);
  return NULL;
}

/* Lock held: they have left, and touch nothing any more. */
static void join_ended(struct weir__blocking *b)
{
  while (b->ended) {
    struct weir__pool_thread *p = b->ended;
    b->ended = p->next;
    pthread_join(p->id, NULL);
    free(p);
  }
}

/* Lock held. Under it, so that nobody counts on a thread that then can't be had. */
static bool start_thread(struct weir_runtime *rt)
{
  struct weir__blocking *b = &rt->blocking;
  join_ended(b);
  struct weir__pool_thread *p = calloc(1, sizeof *p);
  if (!p) return false;
  p->rt = rt;
  p->context = weir__thread_reserve();
  sigset_t before;
  weir__block_signals(&before);
  bool started = p->context && pthread_create(&p->id, NULL, pool_thread, p) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (started) {
    b->threads++;
  } else {
    if (p->context) weir__thread_give_back(p->context);
    free(p);
  }
  return started;
}

/* ---- giving it work ---- */

/* Lock held. False: there is no thread at all, and none can be had. */
static bool see_to_threads(struct weir_runtime *rt)
{
  struct weir__blocking *b = &rt->blocking;
  if (b->idle >= b->queued || b->threads >= b->most || start_thread(rt)) return true;
  return b->threads > 0;
}

/* Lock held: the job that was given last is taken back. */
static void take_back(struct weir__blocking *b, struct weir__work *work)
{
  struct weir__work_list others = {NULL, NULL};
  struct weir__work *each;
  while ((each = weir__work_take(&b->jobs)))
    if (each != work) weir__work_append(&others, each);
  b->jobs = others;
  b->queued--;
  atomic_fetch_add_explicit(&b->done, 1, memory_order_seq_cst);
}

/* False: not given. */
static bool give(struct weir_runtime *rt, struct weir__work *work)
{
  struct weir__blocking *b = &rt->blocking;
  weir__runtime_hold(rt); /* the job may be done, and the runtime over, before the lock is free */
  atomic_fetch_add_explicit(&b->given, 1, memory_order_seq_cst);
  pthread_mutex_lock(&b->lock);
  weir__work_append(&b->jobs, work);
  b->queued++;
  bool given = see_to_threads(rt);
  if (given)
    pthread_cond_signal(&b->came);
  else
    take_back(b, work);
  pthread_mutex_unlock(&b->lock);
  weir__runtime_release(rt);
  return given;
}

void weir__blocking_schedule(struct weir_runtime *rt, struct weir__work *work)
{
  give(rt, work); /* P5: there is a thread */
}

int weir__blocking_move_in(struct weir_runtime *rt)
{
  struct weir__blocking *b = &rt->blocking;
  pthread_mutex_lock(&b->lock);
  bool ready = b->threads > 0 || start_thread(rt);
  if (ready) b->residents++;
  pthread_mutex_unlock(&b->lock);
  return ready ? WEIR_OK : weir_error(WEIR_ENOMEM, "no thread for the blocking pool");
}

void weir__blocking_move_out(struct weir_runtime *rt)
{
  pthread_mutex_lock(&rt->blocking.lock);
  rt->blocking.residents--;
  pthread_mutex_unlock(&rt->blocking.lock);
}

/* ---- the call ---- */

static int not_run(int code) { return weir_error(code, "not run: %s", weir_strerror(code)); }

/* What the worker does for a fiber that suspends is done before the job is given: afterwards cell and strand are the
 * pool thread's (P1). */
static int call_on_pool(struct weir__strand *s, weir__guard guard, int (*f)(void *), void *arg)
{
  int rc = weir__may_wait();
  if (rc) return weir__heeded(not_run(rc));
  s->call.guard = guard;
  s->call.f = f;
  s->call.arg = arg;
  s->call.dropped = NULL;
  weir__strand_serves(s);
  if (s->self->kind == WEIR__ACTOR_TURN) weir__actor_leaves(s->worker, s->self);
  bool given = give(s->worker->rt, &s->work);
  if (given) weir__suspend_silently(s->worker);
  weir__work_is_near(s->self, s->worker->index);
  if (!given) return weir_error(WEIR_ENOMEM, "not run: no thread for the blocking pool");
  if (s->call.dropped) weir__drop(s->call.dropped);
  return s->call.result;
}

/* On this very fiber, after others had their turn, and before they have it again. */
static int call_simulated(struct weir__simulation *s, weir__guard guard, int (*f)(void *), void *arg)
{
  int rc = weir__may_wait();
  if (!rc) rc = weir__simulation_gives_way(s);
  if (rc) return not_run(rc);
  rc = call(guard, f, arg);
  if (rc == WEIR__THREW) weir_fail(WEIR_EFAILED, "%s", weir_error_text());
  weir__simulation_gives_way(s);
  return rc;
}

int weir__run_blocking(weir__guard guard, int (*f)(void *), void *arg)
{
  if (!f) return weir_error(WEIR_EINVAL, "not run: no function was given");
  switch (weir__where()) {
  case WEIR__IN_CALLBACK:
    return not_run(WEIR_EWOULDBLOCK);
  case WEIR__IN_FIBER:
    if (weir__simulation_here()) return call_simulated(weir__simulation_here(), guard, f, arg);
    return call_on_pool(weir__strand_here(), guard, f, arg);
  case WEIR__ON_THREAD:
  case WEIR__ON_DRIVER:
    break;
  }
  int rc = call(guard, f, arg);
  if (rc == WEIR__THREW && weir__strand_here()) weir_fail(WEIR_EFAILED, "%s", weir_error_text());
  return rc == WEIR__THREW ? WEIR_EFAILED : rc;
}

/* ---- beginning and end ---- */

void weir__blocking_init(struct weir__blocking *b, unsigned most)
{
  pthread_condattr_t attributes;
  pthread_mutex_init(&b->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&b->came, &attributes);
  pthread_cond_init(&b->left, &attributes);
  pthread_condattr_destroy(&attributes);
  b->most = most ? most : THREADS_MOST;
  b->idle_ns = IDLE_NS;
}

void weir__blocking_free(struct weir__blocking *b)
{
  pthread_mutex_destroy(&b->lock);
  pthread_cond_destroy(&b->came);
  pthread_cond_destroy(&b->left);
}

void weir__blocking_end(struct weir_runtime *rt)
{
  struct weir__blocking *b = &rt->blocking;
  pthread_mutex_lock(&b->lock);
  b->ending = true;
  pthread_cond_broadcast(&b->came);
  while (b->threads) pthread_cond_wait(&b->left, &b->lock);
  join_ended(b);
  pthread_mutex_unlock(&b->lock);
}

bool weir__blocking_rests(struct weir__blocking *b)
{
  /* `done` is read first: what it counts was given before. */
  uint64_t done = atomic_load_explicit(&b->done, memory_order_seq_cst);
  return done == atomic_load_explicit(&b->given, memory_order_seq_cst);
}
