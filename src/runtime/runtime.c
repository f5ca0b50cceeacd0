/* runtime.c: see runtime.h. */
#include "runtime/runtime.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/clock.h"
#include "platform/spread.h"
#include "runtime/wait.h"

enum {
  WORKERS_MOST = 256,
  BLOCKING_THREADS_MOST = 32768,
  STACK_LEAST = 16 << 10,
  TELL_AGAIN_NS = 1000000,
  STACK_MOST = 1 << 30,
  STACK_BYTES = 256 << 10
};
#define STOP_MOST_NS INT64_C(1000000000000) /* simulated: by then it never ends */

/* The runtimes of the process, the oldest first. */
static struct {
  pthread_mutex_t lock;
  struct weir_runtime *first;
} runtimes = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- what lives in it, who holds it ---- */

/* Something that the thread which stops the runtime waits for may have come. */
static void tell_stopper(struct weir_runtime *rt)
{
  pthread_mutex_lock(&rt->lock);
  pthread_cond_broadcast(&rt->changed);
  if (rt->flavor == WEIR_CURRENT_THREAD) {
    struct weir__worker *w = &rt->workers[0];
    atomic_store_explicit(&w->driven, true, memory_order_seq_cst);
    bool was_parked = rt->is_parked[0];
    if (was_parked) uv_async_send(&w->doorbell);
  }
  pthread_mutex_unlock(&rt->lock);
}

void weir__runtime_settled(struct weir_runtime *rt)
{
  int state = atomic_load_explicit(&rt->state, memory_order_seq_cst);
  if (state != WEIR__RUNNING && weir__blocking_rests(&rt->blocking)) tell_stopper(rt);
}

static bool is_embedded(const struct weir_runtime *rt) { return rt->workers[0].embedded; }

/* R1. Acquire: who ended something had seen all enter that it had made. */
bool weir__runtime_lives(const struct weir_runtime *rt)
{
  uint64_t left = atomic_load_explicit(&rt->left, memory_order_seq_cst);
  for (unsigned i = 0; i < rt->worker_count; i++)
    left += atomic_load_explicit(&rt->workers[i].left, memory_order_acquire);
  uint64_t entered = atomic_load_explicit(&rt->entered, memory_order_seq_cst);
  for (unsigned i = 0; i < rt->worker_count; i++)
    entered += atomic_load_explicit(&rt->workers[i].entered, memory_order_acquire);
  return entered != left;
}

/* seq_cst: what has entered is seen by who stops the runtime, or its state is seen by who entered. */
void weir__runtime_enter_counted(struct weir_runtime *rt)
{
  uint64_t before = atomic_fetch_add_explicit(&rt->entered, 1, memory_order_seq_cst);
  if (is_embedded(rt) && before == 0) weir__embedded_lives(rt);
}

/* It is being stopped. Of several that leave at the same time one sees that nothing is left: each counts itself, and
 * then looks. */
void weir__runtime_left(struct weir_runtime *rt)
{
  atomic_thread_fence(memory_order_seq_cst);
  if (!weir__runtime_lives(rt)) tell_stopper(rt);
}

static void leave_embedded(struct weir_runtime *rt)
{
  if (atomic_fetch_sub_explicit(&rt->entered, 1, memory_order_seq_cst) != 1) return;
  if (weir__runtime_stops(rt))
    tell_stopper(rt);
  else if (!weir__runtime_worker_here(rt))
    weir__embedded_lives(rt); /* not any more; on its own thread the slice's end looks */
}

static void leave_from_outside(struct weir_runtime *rt)
{
  atomic_fetch_add_explicit(&rt->left, 1, memory_order_seq_cst);
  if (weir__runtime_stops(rt)) weir__runtime_left(rt);
}

void weir__runtime_leave_counted(struct weir_runtime *rt)
{
  weir__runtime_hold(rt); /* once nothing lives it may go at any moment */
  if (is_embedded(rt))
    leave_embedded(rt);
  else
    leave_from_outside(rt);
  weir__runtime_release(rt);
}

/* ---- the line that belongs to no worker ---- */

void weir__runtime_touch(struct weir_runtime *rt)
{
  if (weir__thread_here != rt->owner) weir__simulation_is_touched(rt->simulation);
}

void weir__runtime_inject(struct weir_runtime *rt, struct weir__work *work)
{
  if (rt->simulation) weir__runtime_touch(rt);
  weir__runtime_hold(rt);
  pthread_mutex_lock(&rt->lock);
  weir__work_append(&rt->injected, work);
  atomic_fetch_add_explicit(&rt->injected_count, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&rt->unowned, 1, memory_order_seq_cst);
  pthread_mutex_unlock(&rt->lock);
  weir__runtime_notify(rt);
  weir__runtime_release(rt);
}

unsigned weir__runtime_take_injected(struct weir_runtime *rt, struct weir__work **out, unsigned most)
{
  if (!atomic_load_explicit(&rt->injected_count, memory_order_relaxed)) return 0;
  unsigned count = 0;
  pthread_mutex_lock(&rt->lock);
  /* A fair part, so that the others find some, too. */
  size_t part = atomic_load_explicit(&rt->injected_count, memory_order_relaxed) / rt->worker_count + 1;
  while (count < most && count < part && (out[count] = weir__work_take(&rt->injected))) count++;
  atomic_fetch_sub_explicit(&rt->injected_count, count, memory_order_relaxed);
  atomic_fetch_sub_explicit(&rt->unowned, count, memory_order_seq_cst);
  pthread_mutex_unlock(&rt->lock);
  return count;
}

/* ---- who sleeps ---- */

/* Lock held. */
static bool workers_are_quiet(struct weir_runtime *rt)
{
  if (atomic_load_explicit(&rt->unowned, memory_order_seq_cst)) return false;
  for (unsigned i = 0; i < rt->worker_count; i++) {
    struct weir__worker *w = &rt->workers[i];
    if (!rt->is_parked[i] || atomic_load_explicit(&w->inbox, memory_order_seq_cst) ||
        weir__run_queue_length(&w->queue) || atomic_load_explicit(&w->suspended, memory_order_acquire))
      return false;
  }
  return true;
}

/* Lock held. R3: what the pool gave to workers before it came to rest is seen there, and nobody gave it more since. */
static bool is_quiet(struct weir_runtime *rt)
{
  uint64_t given = atomic_load_explicit(&rt->blocking.given, memory_order_seq_cst);
  return weir__blocking_rests(&rt->blocking) && workers_are_quiet(rt) &&
         given == atomic_load_explicit(&rt->blocking.given, memory_order_seq_cst);
}

void weir__runtime_park(struct weir__worker *w)
{
  struct weir_runtime *rt = w->rt;
  pthread_mutex_lock(&rt->lock);
  rt->is_parked[w->index] = true;
  atomic_fetch_add_explicit(&rt->parked, 1, memory_order_seq_cst);
  atomic_store_explicit(&w->parked, true, memory_order_seq_cst);
  if (atomic_load_explicit(&rt->state, memory_order_relaxed) == WEIR__DRAINS && is_quiet(rt))
    pthread_cond_broadcast(&rt->changed);
  pthread_mutex_unlock(&rt->lock);
}

/* Lock held. */
static bool take_off(struct weir__worker *w)
{
  struct weir_runtime *rt = w->rt;
  if (!rt->is_parked[w->index]) return false;
  weir__watchdog_stir(&rt->watchdog);
  rt->is_parked[w->index] = false;
  atomic_fetch_sub_explicit(&rt->parked, 1, memory_order_seq_cst);
  atomic_store_explicit(&w->parked, false, memory_order_seq_cst);
  return true;
}

bool weir__runtime_unpark(struct weir__worker *w)
{
  pthread_mutex_lock(&w->rt->lock);
  bool taken_off = take_off(w);
  if (w == weir__worker_here()) {
    w->searching = w->searching || w->hired;
    w->hired = false;
  }
  pthread_mutex_unlock(&w->rt->lock);
  return taken_off;
}

static struct weir__worker *hire(struct weir_runtime *rt)
{
  struct weir__worker *hired = NULL;
  pthread_mutex_lock(&rt->lock);
  for (unsigned i = 0; i < rt->worker_count && !hired; i++)
    if (take_off(&rt->workers[i])) hired = &rt->workers[i];
  if (hired) hired->hired = true;
  pthread_mutex_unlock(&rt->lock);
  return hired;
}

void weir__runtime_notify(struct weir_runtime *rt)
{
  unsigned none = 0;
  /* The work was put somewhere, by a release perhaps; who goes to sleep is counted and then looks at it. */
  atomic_thread_fence(memory_order_seq_cst);
  if (!atomic_load_explicit(&rt->parked, memory_order_seq_cst) ||
      atomic_load_explicit(&rt->searching, memory_order_seq_cst) ||
      !atomic_compare_exchange_strong_explicit(&rt->searching, &none, 1, memory_order_seq_cst, memory_order_relaxed))
    return;
  struct weir__worker *w = hire(rt);
  if (w)
    uv_async_send(&w->doorbell);
  else
    atomic_fetch_sub_explicit(&rt->searching, 1, memory_order_seq_cst);
}

struct weir__worker *weir__runtime_least_bound(struct weir_runtime *rt)
{
  struct weir__worker *least = &rt->workers[0];
  for (unsigned i = 1; i < rt->worker_count; i++)
    if (atomic_load_explicit(&rt->workers[i].bound, memory_order_relaxed) <
        atomic_load_explicit(&least->bound, memory_order_relaxed))
      least = &rt->workers[i];
  return least;
}

/* ---- start ---- */

static int check_options(const weir_runtime_options *o)
{
  const char *why = "";
  struct weir__worker *here = weir__worker_here();
  if (!weir__thread()) return weir_error(WEIR_ENOMEM, "no memory for this thread's context");
  if (weir__strand_here() || (here && !here->embedded && weir__where() != WEIR__ON_DRIVER))
    return weir__misuse(WEIR_EINVAL, "a runtime is not started from a handler, a task or a callback");
  if (here && o->flavor == WEIR_CURRENT_THREAD)
    return weir_error(WEIR_EINVAL, "this thread has a current-thread runtime already");
  if (o->flavor != WEIR_MULTI_THREAD && o->flavor != WEIR_CURRENT_THREAD)
    return weir_error(WEIR_EINVAL, "flavor is %d: WEIR_MULTI_THREAD or WEIR_CURRENT_THREAD", o->flavor);
  if (o->workers < 0 || o->workers > WORKERS_MOST)
    return weir_error(WEIR_EINVAL, "workers is %d: 0 (one per core) to %d", o->workers, WORKERS_MOST);
  if (o->flavor == WEIR_CURRENT_THREAD && o->workers > 1)
    return weir_error(WEIR_EINVAL, "workers is %d: a current-thread runtime has one", o->workers);
  if (o->stack_bytes && (o->stack_bytes < STACK_LEAST || o->stack_bytes > STACK_MOST))
    return weir_error(WEIR_EINVAL, "stack_bytes is %zu: 16 KiB to 1 GiB", o->stack_bytes);
  if (o->hog_after.ns < 0) return weir_error(WEIR_EINVAL, "hog_after is negative");
  if (o->end_hogs_after.ns < 0) return weir_error(WEIR_EINVAL, "end_hogs_after is negative");
  if (o->end_hogs_after.ns && !o->contain_crashes)
    return weir_error(WEIR_EINVAL, "end_hogs_after is set, and contain_crashes is not");
  if (o->end_hogs_after.ns && o->end_hogs_after.ns < weir__watchdog_after(o))
    return weir_error(WEIR_EINVAL, "end_hogs_after is less than hog_after");
  if (o->blocking_threads < 0 || o->blocking_threads > BLOCKING_THREADS_MOST)
    return weir_error(WEIR_EINVAL, "blocking_threads is %d: 0 (512) to %d", o->blocking_threads, BLOCKING_THREADS_MOST);
  if (!weir__fiber_supported(&why)) return weir_error(WEIR_ENOTSUP, "%s", why);
  return WEIR_OK;
}

static unsigned cores(void)
{
  unsigned n = uv_available_parallelism();
  return n > WORKERS_MOST ? WORKERS_MOST : n;
}

void weir__runtime_free(struct weir_runtime *rt)
{
  for (unsigned i = 0; rt->workers && i < rt->worker_count; i++) {
    weir__worker_timers_end(&rt->workers[i]);
    weir__worker_notices_end(&rt->workers[i]);
    weir__worker_close(&rt->workers[i]);
    weir__worker_free(&rt->workers[i]);
  }
  weir__crashes_end(rt);
  if (rt->simulation) weir__simulation_free(rt->simulation);
  weir__blocking_free(&rt->blocking);
  pthread_mutex_destroy(&rt->lock);
  pthread_cond_destroy(&rt->changed);
  free(rt->workers);
  free(rt->is_parked);
  free(rt->names);
  free(rt);
}

/* Owns the simulation. */
static struct weir_runtime *runtime_make(const weir_runtime_options *o, struct weir__simulation *simulation)
{
  struct weir_runtime *rt = calloc(1, sizeof *rt);
  pthread_condattr_t attributes;
  if (!rt) {
    if (simulation) weir__simulation_free(simulation);
    return NULL;
  }
  rt->simulation = simulation;
  rt->flavor = o->flavor;
  rt->worker_count = o->flavor == WEIR_CURRENT_THREAD ? 1 : o->workers ? (unsigned)o->workers : cores();
  rt->stack_bytes = o->stack_bytes ? o->stack_bytes : STACK_BYTES;
  weir__blocking_init(&rt->blocking, (unsigned)o->blocking_threads);
  pthread_mutex_init(&rt->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&rt->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  rt->is_parked = calloc(rt->worker_count, sizeof *rt->is_parked);
  rt->workers = aligned_alloc(WEIR__LINE, rt->worker_count * sizeof *rt->workers);
  if (rt->workers) memset(rt->workers, 0, rt->worker_count * sizeof *rt->workers);
  if (rt->is_parked && rt->workers) return rt;
  weir__runtime_free(rt);
  return NULL;
}

/* Tells the thread that starts the runtime. */
static void report_start(struct weir__worker *w, bool ready)
{
  pthread_mutex_lock(&w->rt->lock);
  w->start_failed = !ready;
  w->started = true;
  pthread_cond_broadcast(&w->rt->changed);
  pthread_mutex_unlock(&w->rt->lock);
}

static void worker_thread(void *arg)
{
  struct weir__worker *w = arg;
  if (w->rt->worker_count > 1) weir__spread(w->rt->started_on, w->index);
  w->thread = weir__thread();
  bool ready = w->thread && weir__crashes_thread_begin(w);
  report_start(w, ready);
  if (!ready) return;
  w->thread->worker = w;
  weir__fiber_adopt(&w->own);
  weir__worker_run(w);
  weir__fiber_unadopt(&w->own);
  weir__crashes_thread_end(w);
  weir__cell_thread_ends(w->thread);
  w->thread->worker = NULL;
}

/* Workers take no asynchronous signals: those go to the program's own threads (U4). */
void weir__block_signals(sigset_t *before)
{
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_BLOCK, &all, before);
}

static int await_start(struct weir__worker *w)
{
  pthread_mutex_lock(&w->rt->lock);
  while (!w->started) pthread_cond_wait(&w->rt->changed, &w->rt->lock);
  pthread_mutex_unlock(&w->rt->lock);
  return w->start_failed ? WEIR_ENOMEM : WEIR_OK;
}

static int start_threads(struct weir_runtime *rt)
{
  int rc = 0;
  sigset_t before;
  weir__block_signals(&before);
  rt->started_on = weir__cpu_here();
  for (unsigned i = 0; i < rt->worker_count && !rc; i++) {
    rc = uv_thread_create(&rt->workers[i].thread_id, worker_thread, &rt->workers[i]);
    rt->workers[i].has_thread = rc == 0;
    if (!rc) rc = await_start(&rt->workers[i]);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc ? weir_error(rc, "a worker's thread") : WEIR_OK;
}

static void end_threads(struct weir_runtime *rt)
{
  atomic_store_explicit(&rt->state, WEIR__STOPPED, memory_order_seq_cst);
  for (unsigned i = 0; i < rt->worker_count; i++)
    if (rt->workers[i].has_thread) weir__worker_ring(&rt->workers[i]);
  for (unsigned i = 0; i < rt->worker_count; i++)
    if (rt->workers[i].has_thread) uv_thread_join(&rt->workers[i].thread_id);
}

static int adopt_this_thread(struct weir_runtime *rt)
{
  struct weir__worker *w = &rt->workers[0];
  rt->owner = weir__thread_here;
  w->thread = rt->owner;
  w->thread->worker = w;
  w->thread_id = pthread_self();
  weir__fiber_adopt(&w->own);
  return weir__crashes_thread_begin(w) ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory for a signal stack");
}

static void let_this_thread_go(struct weir_runtime *rt)
{
  struct weir__worker *w = &rt->workers[0];
  weir__fiber_unadopt(&w->own);
  weir__crashes_thread_end(w);
  weir__cell_thread_ends(rt->owner);
  if (rt->simulation) weir__simulation_ends(rt->simulation);
  rt->owner->worker = NULL;
}

/* A simulated one is for its own thread alone. */
static struct weir_runtime *first_for_others(void)
{
  struct weir_runtime *rt = runtimes.first;
  while (rt && rt->simulation) rt = rt->next;
  return rt;
}

static void list_add(struct weir_runtime *rt)
{
  pthread_mutex_lock(&runtimes.lock);
  struct weir_runtime **end = &runtimes.first;
  while (*end) end = &(*end)->next;
  *end = rt;
  pthread_mutex_unlock(&runtimes.lock);
}

/* True: it was the last. */
static bool list_remove(struct weir_runtime *rt)
{
  pthread_mutex_lock(&runtimes.lock);
  struct weir_runtime **at = &runtimes.first;
  while (*at && *at != rt) at = &(*at)->next;
  if (*at) *at = rt->next;
  bool last = !runtimes.first;
  pthread_mutex_unlock(&runtimes.lock);
  return last;
}

/* Its options are checked. Owns the simulation. */
static int begin(const weir_runtime_options *o, uv_loop_t *loop, struct weir__simulation *simulation,
                 weir_runtime **rt_out)
{
  int rc = WEIR_OK;
  struct weir_runtime *rt = runtime_make(o, simulation);
  if (!rt) return weir_error(WEIR_ENOMEM, "no memory for a runtime");
  for (unsigned i = 0; i < rt->worker_count && !rc; i++) rc = weir__worker_init(&rt->workers[i], rt, i);
  for (unsigned i = 0; i < rt->worker_count && !rc && !loop && !simulation; i++)
    rc = weir__worker_make_loop(&rt->workers[i]);
  if (!rc) rc = weir__crashes_begin(rt, o);
  if (!rc && rt->flavor == WEIR_CURRENT_THREAD) rc = adopt_this_thread(rt);
  if (!rc && rt->flavor == WEIR_MULTI_THREAD) rc = start_threads(rt);
  if (!rc && simulation) weir__simulation_begins(simulation, &rt->workers[0]);
  if (!rc) rc = weir__watchdog_start(rt, o);
  /* The program's loop comes last: nothing is to be left there if the start fails. */
  if (!rc && loop) rc = weir__worker_move_into(&rt->workers[0], loop);
  if (rc) {
    weir__watchdog_end(rt);
    weir__blocking_end(rt);
    end_threads(rt);
    if (rt->owner) let_this_thread_go(rt);
    weir__runtime_free(rt);
    return rc;
  }
  list_add(rt);
  *rt_out = rt;
  return WEIR_OK;
}

int weir__runtime_begin(const weir_runtime_options *options, uv_loop_t *loop, weir_runtime **rt)
{
  weir_runtime_options o = {0};
  if (options) o = *options;
  *rt = NULL;
  int rc = check_options(&o);
  return rc ? rc : begin(&o, loop, NULL, rt);
}

int weir__runtime_simulate(const weir_runtime_options *options, uint64_t seed, const weir_simulation_options *simulated,
                           weir_runtime **rt)
{
  int rc = check_options(options);
  if (rc) return rc;
  struct weir__simulation *s = weir__simulation_make(seed, simulated);
  return s ? begin(options, NULL, s, rt) : weir_error(WEIR_ENOMEM, "no memory for a simulation");
}

/* The one that this thread works for; NULL: a plain thread. */
static struct weir_runtime *own_runtime(void)
{
  struct weir__thread *t = weir__thread_here;
  return !t ? NULL : t->worker ? t->worker->rt : t->pool_of;
}

int weir_runtime_start(const weir_runtime_options *options, weir_runtime **rt)
{
  return weir__runtime_begin(options, NULL, rt);
}

weir_runtime *weir_runtime_here(void)
{
  if (own_runtime()) return own_runtime();
  pthread_mutex_lock(&runtimes.lock);
  struct weir_runtime *rt = first_for_others();
  pthread_mutex_unlock(&runtimes.lock);
  return rt;
}

struct weir_runtime *weir__runtime_found_held(void)
{
  struct weir_runtime *own = own_runtime();
  if (own) weir__runtime_hold(own);
  if (own) return own;
  pthread_mutex_lock(&runtimes.lock); /* a runtime leaves the list before its holds are waited for */
  struct weir_runtime *rt = first_for_others();
  if (rt) weir__runtime_hold(rt);
  pthread_mutex_unlock(&runtimes.lock);
  return rt;
}

int weir_runtime_workers(const weir_runtime *rt) { return (int)rt->worker_count; }

/* ---- stop ---- */

/* What the thread that stops a runtime waits for. */
struct stop_wait {
  struct weir_runtime *rt;
  bool (*come)(struct weir_runtime *);
  int64_t deadline_ns;
};

bool weir__runtime_is_quiet(struct weir_runtime *rt)
{
  if (rt->flavor == WEIR_MULTI_THREAD) return is_quiet(rt);
  if (!weir__blocking_rests(&rt->blocking)) return false; /* this thread gives it nothing meanwhile */
  struct weir__worker *w = &rt->workers[0];
  if (rt->simulation && !weir__simulation_is_empty(rt->simulation)) return false;
  return !w->next && !w->ready.first && !atomic_load_explicit(&w->inbox, memory_order_seq_cst) &&
         !weir__run_queue_length(&w->queue) && !atomic_load_explicit(&rt->unowned, memory_order_seq_cst) &&
         !atomic_load_explicit(&w->suspended, memory_order_acquire);
}

static bool nothing_lives(struct weir_runtime *rt) { return !weir__runtime_lives(rt); }

static bool come_or_over(void *arg)
{
  struct stop_wait *wait = arg;
  struct weir__simulation *s = wait->rt->simulation;
  return wait->come(wait->rt) || weir__now_ns() >= wait->deadline_ns || (s && weir__simulation_is_stuck(s));
}

static void time_is_over(struct weir__worker *w, struct weir__alarm *alarm)
{
  (void)alarm;
  atomic_store_explicit(&w->driven, true, memory_order_seq_cst);
}

static bool wait_driving(struct stop_wait *wait)
{
  struct weir__worker *w = &wait->rt->workers[0];
  struct weir__alarm alarm = {.ring = time_is_over};
  if (wait->rt->simulation) weir__simulation_stops(wait->rt->simulation);
  if (wait->deadline_ns != INT64_MAX) weir__worker_arm(w, &alarm, wait->deadline_ns);
  weir__worker_drive(w, come_or_over, wait);
  if (wait->deadline_ns != INT64_MAX) weir__worker_disarm(w, &alarm);
  return wait->come(wait->rt);
}

static bool wait_on_thread(struct stop_wait *wait)
{
  struct weir_runtime *rt = wait->rt;
  int64_t at = wait->deadline_ns;
  struct timespec until = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
  int rc = 0;
  pthread_mutex_lock(&rt->lock);
  while (!wait->come(rt) && rc != ETIMEDOUT)
    rc = at == INT64_MAX ? pthread_cond_wait(&rt->changed, &rt->lock)
                         : pthread_cond_timedwait(&rt->changed, &rt->lock, &until);
  bool come = wait->come(rt);
  pthread_mutex_unlock(&rt->lock);
  return come;
}

static bool wait_for(struct weir_runtime *rt, bool (*come)(struct weir_runtime *), int64_t deadline_ns)
{
  struct stop_wait wait = {rt, come, deadline_ns};
  return rt->flavor == WEIR_CURRENT_THREAD ? wait_driving(&wait) : wait_on_thread(&wait);
}

void weir__runtime_tell_all(struct weir_runtime *rt)
{
  atomic_store_explicit(&rt->state, WEIR__STOPS, memory_order_seq_cst);
  /* Who entered before may still be making what it entered for: such threads hold the runtime. */
  while (atomic_load_explicit(&rt->holds, memory_order_seq_cst)) sched_yield();
  weir__stop_all_tasks(rt);
  weir__stop_all_actors(rt);
}

/* A handler on another worker, which needs no hold, may be making an actor or a task that it entered for before: that
 * is told when it is looked for again. */
static void stop_everything(struct weir_runtime *rt)
{
  int64_t pause_ns = TELL_AGAIN_NS;
  do {
    weir__runtime_tell_all(rt);
    pause_ns *= 2; /* a look goes through all cells */
    if (rt->simulation && pause_ns > STOP_MOST_NS) weir__simulation_never_ends(rt->simulation);
  } while (!wait_for(rt, nothing_lives, weir__deadline((weir_duration){pause_ns})));
}

/* L2. Calls of weir that other threads are in the middle of are given time to end. */
static int check_accounts(void)
{
  weir_accounts a;
  uint64_t queued;
  int64_t until = weir__now_ns() + 1000000000;
  while (!weir__accounts_balance(&a, &queued)) {
    if (weir__now_ns() > until)
      return weir_error(WEIR_EFAILED, "%llu messages were made, %llu have no end, %llu are in channels",
                        (unsigned long long)a.created, (unsigned long long)a.live, (unsigned long long)queued);
    sched_yield();
  }
  return WEIR_OK;
}

bool weir__runtime_detach(struct weir_runtime *rt)
{
  bool last = list_remove(rt);
  while (atomic_load_explicit(&rt->holds, memory_order_acquire)) sched_yield();
  weir__watchdog_end(rt);
  weir__blocking_end(rt);
  end_threads(rt);
  if (rt->owner) let_this_thread_go(rt);
  return last;
}

int weir__runtime_verdict(bool last, bool drained)
{
  int rc = last ? check_accounts() : WEIR_OK;
  return rc || drained ? rc : weir_error(WEIR_ETIMEDOUT, "not drained in time");
}

int weir__runtime_check_stopper(struct weir_runtime *rt)
{
  struct weir__worker *here = weir__worker_here();
  if (rt->flavor == WEIR_CURRENT_THREAD && weir__thread_here != rt->owner)
    return weir__misuse(WEIR_EINVAL, "a current-thread runtime is stopped by the thread that started it");
  if (weir__strand_here() || (here && !here->embedded && weir__where() != WEIR__ON_DRIVER))
    return weir__misuse(WEIR_EINVAL, "a runtime is not stopped from a handler, a task or a callback");
  if (is_embedded(rt))
    return weir_error(WEIR_EWOULDBLOCK, "it is embedded, and its loop must go on: weir_runtime_stop_then()");
  if (here && here->embedded)
    return weir_error(WEIR_EWOULDBLOCK, "this thread runs a loop that a runtime is embedded in: stop that one first");
  return WEIR_OK;
}

int weir_runtime_stop(weir_runtime *rt, weir_duration drain)
{
  if (!rt) return WEIR_OK;
  int rc = weir__runtime_check_stopper(rt);
  if (rc) return rc;
  bool drained = true;
  if (drain.ns > 0) {
    atomic_store_explicit(&rt->state, WEIR__DRAINS, memory_order_seq_cst);
    drained = wait_for(rt, weir__runtime_is_quiet, weir__deadline(drain));
  }
  stop_everything(rt);
  bool last = weir__runtime_detach(rt);
  weir__runtime_free(rt);
  return weir__runtime_verdict(last, drained);
}
