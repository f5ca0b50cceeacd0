/* worker.c: see worker.h. */
#include "runtime/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/clock.h"
#include "runtime/depot.h"
#include "runtime/runtime.h"
#include "runtime/simulation.h"
#include "runtime/strand.h"

enum {
  MESSAGES_A_STINT = 256, /* after so many messages the worker looks at the clock … */
  POLL_NS = 50000,        /* … and it is the loop's turn if the last was so long ago: it costs some 300 ns (U3) */
  STREAK = 16,            /* so often in a row may the work that was woken last go first */
  FIBERS_KEPT = 16,       /* idle fibers kept for good */
  FREED_AT_ONCE = 4, /* fibers that go while there is work, at each turn of the loop: each takes some system calls … */
  FREED_AT_REST = 256, /* … and while there is none */
  TAKEN_AT_ONCE = 32,
  LOOK_LEAST_NS = 5000,     /* how long to look around before a sleep: at least, when it helps at all, … */
  LOOK_MOST_NS = 200000,    /* … and at most; sleeps that end within that time are not worth it */
  SOON_NS = 1000000,        /* how long it rests before it frees more fibers */
  OVERDUE_NS = 1000000,     /* no look at the clock for so long: its worker is at something longer, or has no core */
  WATCH_FIRST_NS = 1000000, /* so long sleeps one who watches whether others need help, … */
  WATCH_LAST_NS = 16000000  /* … as long as they don't twice as long each time, up to this */
};

#define SWEEP_FIRST_NS ((int64_t)100000000)
#define SWEEP_LAST_NS ((int64_t)10000000000)

/* ---- fibers ---- */

static void scheduling_loop(struct weir__fiber *fiber);
static void simulated_loop(struct weir__fiber *fiber);

typedef void loop_of_fibers(struct weir__fiber *);
static loop_of_fibers *loop_of(const struct weir__worker *w)
{
  return w->rt->simulation ? simulated_loop : scheduling_loop;
}

static struct weir__strand *strand_make(struct weir__worker *w)
{
  const char *why = "the simulation has none";
  struct weir__strand *s = NULL;
  if (!weir__simulation_has_no_memory())
    s = (struct weir__strand *)weir__fiber_make(sizeof *s, w->rt->stack_bytes, loop_of(w), &why);
  if (!s) {
    weir_error(WEIR_ENOMEM, "no stack to go on with: %s", why);
    return NULL;
  }
  s->worker = w;
  s->work.kind = WEIR__FIBER_RESUME;
  if (w->rt->simulation) weir__simulation_knows_strand(w->rt->simulation, s);
  return s;
}

void weir__strand_forget_notes(struct weir__strand *s)
{
  s->notes = s->no_deadline = false;
  s->error.code = 0;
  s->error.text[0] = 0;
  if (s->texts) weir__texts_free(s->texts);
  s->texts = NULL;
}

static void pool_put(struct weir__worker *w, struct weir__strand *s)
{
  s->next = w->pool;
  w->pool = s;
  w->pooled++;
}

static void pool_shrink(struct weir__worker *w, unsigned to)
{
  while (w->pooled > to) weir__fiber_free(&weir__pool_take(w)->fiber);
}

/* Frees up to `most` of those that nobody needed for a while, and not of others: what many suspended ones took once is
 * soon taken again, and a new stack takes some system calls and page faults. True: there may be more to free later. */
static bool pool_ebb(struct weir__worker *w, int64_t now, unsigned most)
{
  if (w->pooled < w->pool_least) w->pool_least = w->pooled;
  if (now - w->pool_seen_ns >= weir__depot_rest_ns()) {
    w->pool_spare = w->pool_least > FIBERS_KEPT ? w->pool_least - FIBERS_KEPT : 0;
    w->pool_least = w->pooled;
    w->pool_seen_ns = now;
  }
  for (; most && w->pool_spare && w->pooled > FIBERS_KEPT; most--, w->pool_spare--)
    weir__fiber_free(&weir__pool_take(w)->fiber);
  return w->pooled > FIBERS_KEPT;
}

int weir__can_suspend(struct weir__worker *w)
{
  if (w->pool) return WEIR_OK;
  struct weir__strand *s = strand_make(w);
  if (!s) return WEIR_ENOMEM;
  pool_put(w, s);
  return WEIR_OK;
}

void weir__suspend(struct weir__worker *w)
{
  weir__strand_serves(w->current);
  weir__suspend_silently(w);
}

/* On the fiber of the scheduling loop, which becomes idle. */
static WEIR__INLINED void switch_to(struct weir__worker *w, struct weir__strand *s)
{
  struct weir__strand *me = w->current;
  pool_put(w, me);
  w->thread->strand = w->current = s;
  weir__count_suspended(w, -1);
  weir__worker_shows(w, s->runs, s->request);
  weir__fiber_switch(&me->fiber, &s->fiber);
}

/* There is work in this worker's own lines. When a libuv callback made it, the loop must not go on to wait: callbacks
 * of timers run before it polls. */
static void stay_awake(struct weir__worker *w)
{
  if (w->embedded)
    weir__worker_rouse(w);
  else if (w->sleeps)
    uv_stop(w->loop); /* only there: a loop that is not about to wait would lose its turn */
}

static void append_ready(struct weir__worker *w, struct weir__work *work)
{
  weir__work_append(&w->ready, work);
  stay_awake(w);
}

void weir__resume(struct weir__strand *strand)
{
  struct weir__worker *here = weir__worker_here();
  if (here && here == strand->worker)
    append_ready(here, &strand->work);
  else
    weir__worker_post(strand->worker, &strand->work);
}

/* ---- between the thread's stack and the fibers ---- */

static void leave(struct weir__worker *w, enum weir__leave why)
{
  w->leave = why;
  weir__fiber_switch(&w->current->fiber, &w->own);
}

void weir__drop(void (*dropped)(struct weir__strand *))
{
  struct weir__worker *w = weir__worker_here();
  if (!w) weir__blocking_drop(dropped);
  w->dropped = dropped;
  leave(w, WEIR__DROP);
  __builtin_unreachable();
}

static void run_fibers(struct weir__worker *w)
{
  w->on_fiber = true;
  w->thread->strand = w->current;
  weir__fiber_switch(&w->own, &w->current->fiber);
  w->thread->strand = NULL;
  w->on_fiber = false;
  weir__worker_shows(w, WEIR__NOBODY, NULL);
}

static void call_back(struct weir__worker *w)
{
  bool before = w->in_uv;
  w->in_uv = true;
  w->callback->call(w->callback);
  w->in_uv = before;
}

/* Lets the fibers run until one leaves for good. One that was dropped starts afresh at once: a driver that is done does
 * not come back soon. */
static void enter(struct weir__worker *w)
{
  run_fibers(w);
  while (w->leave == WEIR__CALLS) {
    call_back(w);
    run_fibers(w);
  }
  if (w->leave == WEIR__DROP) weir__fiber_reset(&w->current->fiber, loop_of(w));
}

/* ---- finding work ---- */

void weir__worker_take_inbox_now(struct weir__worker *w)
{
  struct weir__work *newest = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire);
  struct weir__work *oldest = NULL;
  while (newest) {
    struct weir__work *next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest) {
    struct weir__work *next = oldest->next;
    weir__work_is_near(oldest, w->index);
    weir__work_append(&w->ready, oldest);
    oldest = next;
  }
}

static void leaves(struct weir__worker *w, struct weir__work *work)
{
  if (work->kind == WEIR__ACTOR_TURN) weir__actor_leaves(w, work);
}

static bool has_begun(const struct weir__work *work)
{
  return work->kind == WEIR__ACTOR_TURN && weir__actor_has_begun(work);
}

/* Out of its own lines. */
static void put_aside(struct weir__worker *w, struct weir__work **taken, unsigned count)
{
  struct weir__work_list begun = {NULL, NULL}, fresh = {NULL, NULL};
  for (unsigned i = 0; i < count; i++) {
    leaves(w, taken[i]);
    weir__work_append(has_begun(taken[i]) ? &begun : &fresh, taken[i]);
  }
  if (!w->puts_aside) w->round_ends = weir__run_queue_end(&w->queue);
  w->puts_aside = true;
  atomic_fetch_add_explicit(&w->rt->unowned, count, memory_order_seq_cst);
  weir__spill_put(&w->spill, &begun, &fresh);
  weir__runtime_notify(w->rt);
}

/* See throttle.h. False: it has begun, and is not kept back. */
WEIR__SLOW static bool put_aside_fresh(struct weir__worker *w, struct weir__work *work)
{
  if (has_begun(work)) return false;
  put_aside(w, &work, 1);
  return true;
}

/* Its queue is full: half of it is put aside at once, and this behind it. */
WEIR__SLOW static void spill(struct weir__worker *w, struct weir__work *work)
{
  struct weir__work *taken[WEIR__RUN_QUEUE_SIZE / 2 + 1];
  unsigned count = weir__run_queue_take(&w->queue, taken, WEIR__RUN_QUEUE_SIZE / 2);
  taken[count++] = work;
  put_aside(w, taken, count);
}

/* Should somebody take work out of the queue of this worker, which is awake? Not while its messages are quick: those
 * who exchange them are best left on one worker. One that has not looked at the clock for long is at something longer. */
static bool needs_help(const struct weir__worker *w, int64_t now)
{
  return !weir__worker_is_quick(w) || now - atomic_load_explicit(&w->looked_ns, memory_order_relaxed) > OVERDUE_NS;
}

/* Others may take it. One of them is told; while messages are quick once per time awake: that one watches then. */
static void offer(struct weir__worker *w, struct weir__work *work)
{
  if (!weir__run_queue_put(&w->queue, work)) {
    spill(w, work);
  } else if (!w->told || !weir__worker_is_quick(w)) {
    w->told = true;
    weir__runtime_notify(w->rt);
  }
}

static struct weir__work *take_next(struct weir__worker *w)
{
  struct weir__work *work = w->next;
  if (!work) return NULL;
  w->next = NULL;
  if (++w->streak <= STREAK) return work;
  w->streak = 0;
  offer(w, work);
  return NULL;
}

/* The first goes to the caller, the rest to the worker's own queue. */
static struct weir__work *keep_rest(struct weir__worker *w, struct weir__work **taken, unsigned count)
{
  for (unsigned i = 1; i < count; i++) {
    if (weir__run_queue_put(&w->queue, taken[i])) continue;
    leaves(w, taken[i]);
    weir__runtime_inject(w->rt, taken[i]);
  }
  return count ? taken[0] : NULL;
}

/* Out of a spill. */
static struct weir__work *take_over(struct weir__worker *w, struct weir__work **taken, unsigned count)
{
  if (!count) return NULL;
  atomic_fetch_sub_explicit(&w->rt->unowned, count, memory_order_seq_cst);
  for (unsigned i = 0; i < count; i++) weir__work_is_near(taken[i], w->index);
  return keep_rest(w, taken, count);
}

/* Who gave way, and has let all that was queued then go first. */
static struct weir__work *take_giving_way(struct weir__worker *w)
{
  struct weir__work *first = w->giving_way.first;
  if (!first || !weir__run_queue_is_past(&w->queue, weir__strand_of(first)->behind)) return NULL;
  return weir__work_take(&w->giving_way);
}

/* While fibers stand in line, what has not begun came from outside, and nothing begets it: so it goes in its order. */
static unsigned take_own_spilled(struct weir__worker *w, struct weir__work **taken)
{
  unsigned count = w->throttle.closed    ? weir__spill_take_begun(&w->spill, taken, TAKEN_AT_ONCE)
                   : w->throttle.in_line ? weir__spill_take_oldest(&w->spill, taken, TAKEN_AT_ONCE)
                                         : weir__spill_take_newest(&w->spill, taken, TAKEN_AT_ONCE);
  if (!count && !w->throttle.closed) w->puts_aside = false;
  return count;
}

/* The first of them may be run at once: so even while the queue overflows in each round one gets on. Where there is no
 * room, some of those that have had their turn are to make it: never those that wait for theirs. */
WEIR__SLOW static struct weir__work *refill(struct weir__worker *w)
{
  struct weir__work *taken[TAKEN_AT_ONCE];
  unsigned count = 0;
  if (WEIR__RUN_QUEUE_SIZE - weir__run_queue_length(&w->queue) >= TAKEN_AT_ONCE)
    count = take_own_spilled(w, taken);
  else
    w->to_put_aside = TAKEN_AT_ONCE;
  struct weir__work *first = take_over(w, taken, count);
  w->round_ends = weir__run_queue_end(&w->queue);
  return first;
}

/* S2: once all that was in the queue has had its turn, some of what was put aside comes into it; else who is always
 * ready to run would be all that runs. */
static WEIR__INLINED struct weir__work *refill_when_due(struct weir__worker *w)
{
  bool due = WEIR__UNLIKELY(w->puts_aside) && weir__run_queue_is_past(&w->queue, w->round_ends);
  return due ? refill(w) : NULL;
}

static struct weir__work *take_queued(struct weir__worker *w)
{
  struct weir__work *work = take_giving_way(w);
  if (!work) work = refill_when_due(w);
  return work ? work : weir__run_queue_take_first(&w->queue);
}

static struct weir__work *take_injected(struct weir__worker *w, unsigned most)
{
  struct weir__work *taken[TAKEN_AT_ONCE];
  unsigned count = weir__runtime_take_injected(w->rt, taken, most);
  for (unsigned i = 0; i < count; i++) weir__work_is_near(taken[i], w->index);
  return keep_rest(w, taken, count);
}

/* S1: what is its own, and then what others have put aside, unless it is to begin nothing. */
static struct weir__work *take_spilled(struct weir__worker *w)
{
  struct weir__work *taken[TAKEN_AT_ONCE];
  struct weir_runtime *rt = w->rt;
  if (!atomic_load_explicit(&rt->unowned, memory_order_relaxed)) return NULL;
  unsigned count = take_own_spilled(w, taken);
  for (unsigned i = 1; i < rt->worker_count && !count && !w->throttle.closed; i++)
    count = weir__spill_take_oldest(&rt->workers[(w->index + i) % rt->worker_count].spill, taken, TAKEN_AT_ONCE);
  return take_over(w, taken, count);
}

/* S2: each time after the loop had its turn. */
static struct weir__work *look_back(struct weir__worker *w)
{
  struct weir__work *oldest;
  if (w->looked_back_ns == w->polled_ns) return NULL;
  w->looked_back_ns = w->polled_ns;
  if (!atomic_load_explicit(&w->rt->unowned, memory_order_relaxed)) return NULL;
  if (w->to_put_aside < TAKEN_AT_ONCE) w->to_put_aside++;
  return take_over(w, &oldest, weir__spill_take_oldest(&w->spill, &oldest, 1));
}

/* ---- giving way ---- */

int weir__give_way(struct weir__worker *w)
{
  int rc = weir__can_suspend(w);
  if (rc) return rc;
  struct weir__work *first = refill_when_due(w);
  if (first) weir__run_queue_put(&w->queue, first); /* there is room */
  w->current->behind = weir__run_queue_end(&w->queue);
  weir__work_append(&w->giving_way, &w->current->work);
  weir__suspend(w);
  return WEIR_OK;
}

int weir_yield(void)
{
  struct weir__strand *strand = weir__strand_here();
  if (!strand || !strand->self) return WEIR_OK;
  struct weir__worker *w = weir__worker_here();
  int rc = w ? weir__give_way(w) : WEIR_OK; /* on the blocking pool nobody is kept waiting */
  return !rc && weir_cancelled() ? weir__heeded(weir_error(WEIR_ECANCELED, "told to stop")) : rc;
}

/* ---- finding work elsewhere ---- */

static unsigned random_below(struct weir__worker *w, unsigned n)
{
  w->random ^= w->random << 13, w->random ^= w->random >> 17, w->random ^= w->random << 5;
  return w->random % n;
}

/* From a worker that must not touch them meanwhile. */
static unsigned take_from(struct weir__worker *victim, struct weir__worker *thief, struct weir__work **taken)
{
  if (!weir__guard_freeze(&victim->guard)) return 0;
  unsigned count = weir__run_queue_take(&victim->queue, taken, TAKEN_AT_ONCE);
  for (unsigned i = 0; i < count; i++)
    if (taken[i]->kind == WEIR__ACTOR_TURN) weir__actor_was_stolen(taken[i], thief->index);
  weir__guard_thaw(&victim->guard);
  return count;
}

static struct weir__work *steal(struct weir__worker *w)
{
  struct weir__work *taken[TAKEN_AT_ONCE];
  unsigned n = w->rt->worker_count, at = random_below(w, n);
  for (unsigned i = 0; i < n; i++) {
    struct weir__worker *victim = &w->rt->workers[(at + i) % n];
    if (victim == w || !weir__run_queue_length(&victim->queue) || !needs_help(victim, weir__now_ns())) continue;
    unsigned count = take_from(victim, w, taken);
    if (count) return keep_rest(w, taken, count);
  }
  return NULL;
}

/* At most half of the workers search at once: more would only take each other's lines. */
static bool may_search(struct weir__worker *w)
{
  struct weir_runtime *rt = w->rt;
  if (w->searching) return true;
  if (rt->worker_count < 2 || 2 * atomic_load_explicit(&rt->searching, memory_order_relaxed) >= rt->worker_count)
    return false;
  atomic_fetch_add_explicit(&rt->searching, 1, memory_order_seq_cst);
  return w->searching = true;
}

/* Does work stand in a queue that somebody should take? */
static bool queues_need_help(struct weir__worker *w)
{
  struct weir_runtime *rt = w->rt;
  for (unsigned i = 0; i < rt->worker_count; i++) {
    struct weir__worker *other = &rt->workers[i];
    if (weir__run_queue_length(&other->queue) && (other == w || needs_help(other, weir__now_ns()))) return true;
  }
  return false;
}

/* Also where this one has taken something: it may be at that for long. */
static bool others_could_help(struct weir__worker *w)
{
  return atomic_load_explicit(&w->rt->unowned, memory_order_relaxed) > 0 || queues_need_help(w);
}

/* With work in hand. Who put work somewhere meanwhile relied on this searcher to see it. */
static void stop_searching(struct weir__worker *w)
{
  w->searching = false;
  unsigned before = atomic_fetch_sub_explicit(&w->rt->searching, 1, memory_order_seq_cst);
  if (before == 1 && others_could_help(w)) weir__runtime_notify(w->rt);
}

/* What others can't take and what they can go by turns. */
static struct weir__work *take_own(struct weir__worker *w)
{
  if (weir__answered_goes_first(w)) return weir__take_answered(w);
  w->ahead = 0;
  struct weir__work *work = take_next(w);
  if (work) return work;
  w->streak = 0;
  bool ready_first = atomic_load_explicit(&w->tick, memory_order_relaxed) % 2 == 0;
  if (!ready_first || !w->ready.first) work = take_queued(w);
  return work ? work : weir__work_take(&w->ready);
}

static struct weir__work *find_work(struct weir__worker *w)
{
  struct weir__work *work = NULL;
  weir__worker_take_inbox(w);
  unsigned tick = atomic_load_explicit(&w->tick, memory_order_relaxed) + 1;
  atomic_store_explicit(&w->tick, tick, memory_order_relaxed);
  if (tick % WEIR__FIXED_SHARE == 0) work = take_injected(w, 1);
  if (!work) work = take_own(w);
  if (!work) work = take_injected(w, TAKEN_AT_ONCE);
  if (!work) work = take_spilled(w);
  if (!work && may_search(w)) {
    work = steal(w);
    if (!work) work = take_injected(w, TAKEN_AT_ONCE);
  }
  if (work && w->searching) stop_searching(w);
  return work;
}

/* For simulations, which decide for themselves (simulation.h, S1): each line that find_work() knows is in here. */
struct weir__work *weir__worker_take_any(struct weir__worker *w)
{
  struct weir__work *work = w->next;
  w->next = NULL;
  weir__worker_take_inbox(w);
  if (!work) work = weir__work_take(&w->ready);
  if (!work) work = weir__run_queue_take_first(&w->queue);
  if (!work) work = weir__work_take(&w->giving_way);
  if (!work) work = take_injected(w, 1);
  return work ? work : take_spilled(w);
}

/* ---- the scheduling loop ---- */

static WEIR__INLINED void run(struct weir__worker *w, struct weir__work *work)
{
  w->watch_ns = 0;
  if (WEIR__LIKELY(work->kind == WEIR__ACTOR_TURN)) {
    weir__run_actor(w->current, work);
    return;
  }
  switch ((enum weir__work_kind)work->kind) {
  case WEIR__ACTOR_TURN: /* see above */
    break;
  case WEIR__TASK_BEGIN:
    weir__run_task(w, work);
    break;
  case WEIR__FIBER_RESUME:
    switch_to(w, weir__strand_of(work));
    break;
  case WEIR__CALL:
    ((struct weir__call_work *)work)->call((struct weir__call_work *)work);
    break;
  case WEIR__CALLBACK:
    w->callback = (struct weir__call_work *)work;
    leave(w, WEIR__CALLS);
    break;
  }
}

/* The worker of a fiber that begins. If it was dropped, what is to be done first has been. */
static struct weir__worker *begin_loop(struct weir__fiber *fiber)
{
  struct weir__worker *w = ((struct weir__strand *)fiber)->worker;
  void (*dropped)(struct weir__strand *) = w->dropped;
  if (dropped) {
    w->dropped = NULL;
    dropped(w->current);
  }
  return w;
}

static void scheduling_loop(struct weir__fiber *fiber)
{
  struct weir__worker *w = begin_loop(fiber);
  for (;;) {
    struct weir__work *work = NULL;
    if (WEIR__UNLIKELY(atomic_load_explicit(&w->driven, memory_order_relaxed))) leave(w, WEIR__DRIVEN);
    if (WEIR__UNLIKELY(weir__worker_did(w, 1) <= 0)) {
      leave(w, WEIR__POLL);
      work = look_back(w);
    }
    if (WEIR__LIKELY(!work)) work = find_work(w);
    w->current->budget = WEIR__SEND_BUDGET;
    if (work)
      run(w, work);
    else
      leave(w, WEIR__PARK);
  }
}

/* The same where the seed decides. */
static void simulated_loop(struct weir__fiber *fiber)
{
  struct weir__worker *w = begin_loop(fiber);
  struct weir__simulation *s = w->rt->simulation;
  for (;;) {
    bool driven = atomic_load_explicit(&w->driven, memory_order_relaxed);
    if (driven && weir__simulation_returns(s)) leave(w, WEIR__DRIVEN);
    struct weir__work *work = weir__simulation_picks(s, driven);
    w->current->budget = weir__simulation_budget(s);
    if (work)
      run(w, work);
    else
      leave(w, WEIR__PARK);
  }
}

/* ---- the loop's turn, and sleep: on the thread's own stack ---- */

static int64_t ms_of(int64_t ns) { return ns / 1000000; }

static void ring_alarms(struct weir__worker *w)
{
  if (weir__wheel_next_ms(&w->wheel) == INT64_MAX) return;
  int64_t now = ms_of(weir__now_ns());
  struct weir__wheel_node *node;
  while ((node = weir__wheel_expire(&w->wheel, now))) {
    struct weir__alarm *alarm = (struct weir__alarm *)node;
    alarm->ring(w, alarm);
  }
}

void weir__worker_arm(struct weir__worker *w, struct weir__alarm *alarm, int64_t deadline_ns)
{
  /* Rounded up: never early. */
  weir__wheel_add(&w->wheel, &alarm->node, ms_of(deadline_ns) + (deadline_ns % 1000000 != 0));
}

void weir__worker_disarm(struct weir__worker *w, struct weir__alarm *alarm)
{
  weir__wheel_remove(&w->wheel, &alarm->node);
}

/* W2. While nothing new begins to wait it looks at longer and longer intervals, and never when nothing waits. */
static void sweep(struct weir__worker *w, struct weir__alarm *alarm)
{
  w->sweeps_soon = false;
  if (!weir__deadlock_sweep()) return;
  w->sweep_ns = w->sweep_ns < SWEEP_LAST_NS ? 2 * w->sweep_ns : SWEEP_LAST_NS;
  weir__worker_arm(w, alarm, weir__now_ns() + w->sweep_ns);
}

void weir__worker_sweep_soon(struct weir__worker *w)
{
  if (w->rt->simulation) { /* it looks whenever nothing can run */
    w->sweeps_soon = true;
    return;
  }
  weir__worker_disarm(w, &w->sweep);
  w->sweeps_soon = true;
  w->sweep_ns = SWEEP_FIRST_NS;
  w->sweep.ring = sweep;
  weir__worker_arm(w, &w->sweep, weir__now_ns() + w->sweep_ns);
}

/* libuv before 1.45 runs its timers first and then sleeps all the same. */
static void on_clock(uv_timer_t *timer) { uv_stop(timer->loop); }
static void on_embedded_clock(uv_timer_t *clock);

/* Before a sleep: wakes it in time for the next alarm. False: one is due. */
static bool set_clock(struct weir__worker *w)
{
  int64_t next = weir__wheel_next_ms(&w->wheel);
  if (next == INT64_MAX) {
    uv_timer_stop(&w->clock);
    return true;
  }
  int64_t left = next - ms_of(weir__now_ns());
  if (left <= 0) return false;
  uv_update_time(w->loop);
  uv_timer_start(&w->clock, w->embedded ? on_embedded_clock : on_clock, (uint64_t)left, 0);
  return true;
}

static bool has_work_here(struct weir__worker *w)
{
  return w->next || w->ready.first || w->giving_way.first || weir__run_queue_length(&w->queue);
}

/* The last thing before the loop sleeps: callbacks that it ran just now may have given us work, or set an alarm. Other
 * handles of this kind were started later, and have had their turn: libuv goes backwards. */
static void on_sleep(uv_prepare_t *sleep)
{
  struct weir__worker *w = (struct weir__worker *)((char *)sleep - offsetof(struct weir__worker, before_sleep));
  if (w->sleeps && (has_work_here(w) || !set_clock(w))) uv_stop(w->loop);
}

static void run_loop(struct weir__worker *w, uv_run_mode mode)
{
  w->in_uv = true;
  uv_run(w->loop, mode);
  ring_alarms(w);
  w->in_uv = false;
}

static int64_t at_most(int64_t ns, int64_t most) { return ns < most ? ns : most; }

/* From one look at the clock to the next. */
static void begin_stint(struct weir__worker *w, int64_t now)
{
  atomic_store_explicit(&w->looked_ns, now, memory_order_relaxed);
  atomic_store_explicit(&w->work_to_poll, MESSAGES_A_STINT, memory_order_relaxed);
}

/* The lesser of the last two, so that a worker which had lost its core for a moment is as quick as before; unless it was
 * very long. */
static void note_pace(struct weir__worker *w, int64_t now)
{
  int did = MESSAGES_A_STINT - atomic_load_explicit(&w->work_to_poll, memory_order_relaxed);
  int64_t ns = now - atomic_load_explicit(&w->looked_ns, memory_order_relaxed), pace = did > 0 ? ns / did : 0;
  int64_t noted = ns < OVERDUE_NS ? at_most(pace, w->stint_pace_ns) : pace;
  atomic_store_explicit(&w->pace_ns, (unsigned)at_most(noted, INT32_MAX), memory_order_relaxed);
  w->stint_pace_ns = pace;
}

static void poll_loop(struct weir__worker *w)
{
  run_loop(w, UV_RUN_NOWAIT);
  w->polled_ns = weir__now_ns();
  begin_stint(w, w->polled_ns);
  pool_ebb(w, w->polled_ns, FREED_AT_ONCE);
  weir__throttle_look(&w->throttle, w->polled_ns);
}

static void end_stint(struct weir__worker *w)
{
  int64_t now = weir__now_ns();
  note_pace(w, now);
  if (now - w->polled_ns < POLL_NS)
    begin_stint(w, now);
  else
    poll_loop(w);
}

/* Is there anything that it would be wrong to sleep for? Looked at after it was entered among the parked. */
static bool has_reason_to_stay(struct weir__worker *w, bool last_searcher)
{
  struct weir_runtime *rt = w->rt;
  if (atomic_load_explicit(&w->inbox, memory_order_seq_cst) || atomic_load_explicit(&w->driven, memory_order_seq_cst) ||
      atomic_load_explicit(&rt->unowned, memory_order_seq_cst) ||
      atomic_load_explicit(&rt->state, memory_order_seq_cst) == WEIR__STOPPED)
    return true;
  return last_searcher && queues_need_help(w);
}

/* A sleep and a wake-up cost as much as a thousand messages, and the longer for who waits for us: so a worker looks
 * around first, for about as long as it would lately have paid (U3). When work comes within microseconds, that is a few
 * of them; when sleeps are short, since others slept, too, it is twice as long as those were; when they are long, not
 * at all. True: there is something. */
static bool look_for_a_while(struct weir__worker *w, int64_t from)
{
  int64_t now = from;
  do {
    for (int i = 0; i < 16; i++) {
      weir__cpu_pause();
      if (!has_reason_to_stay(w, true)) continue;
      int64_t wait = 4 * (weir__now_ns() - from);
      w->look_ns = at_most(wait > LOOK_LEAST_NS ? wait : LOOK_LEAST_NS, LOOK_MOST_NS);
      return true;
    }
    now = weir__now_ns();
  } while (now - from < w->look_ns);
  return false;
}

/* Meanwhile one who has work for others finds us. */
static bool look_around(struct weir__worker *w, int64_t from)
{
  unsigned number = w->index + 1, none = 0;
  if (!w->look_ns) return false;
  atomic_compare_exchange_strong(&w->rt->looks, &none, number);
  bool found = look_for_a_while(w, from);
  atomic_compare_exchange_strong(&w->rt->looks, &number, 0);
  return found;
}

/* After a sleep of so long, the look before it included; a long one, if it was not other threads that ended it: for
 * the clock and for files nobody looks around. */
static void learn_from_sleep(struct weir__worker *w, int64_t ns)
{
  w->look_ns = ns < LOOK_MOST_NS ? at_most(2 * ns, LOOK_MOST_NS) : w->look_ns / 2 < LOOK_LEAST_NS ? 0 : w->look_ns / 2;
}

/* To look whether memory is still unused: waking up is all that it takes. */
static void on_rest(struct weir__worker *w, struct weir__alarm *alarm)
{
  (void)alarm;
  w->rests = false;
}

static void on_watch(struct weir__worker *w, struct weir__alarm *alarm)
{
  (void)alarm;
  w->watches = false;
}

/* Whoever is awake may begin with something longer, and has told us before that there is more: so we look now and then,
 * the seldomer the longer nothing came of it. */
static void watch_others(struct weir__worker *w, int64_t now)
{
  if (w->watches || atomic_load_explicit(&w->rt->parked, memory_order_seq_cst) == w->rt->worker_count) return;
  w->watches = true;
  w->watch.ring = on_watch;
  w->watch_ns = w->watch_ns ? at_most(2 * w->watch_ns, WATCH_LAST_NS) : WATCH_FIRST_NS;
  weir__worker_arm(w, &w->watch, now + w->watch_ns);
}

/* Memory that was not needed of late goes back. */
static void tidy(struct weir__worker *w, int64_t now)
{
  weir__cell_thread_rests(w->thread);
  bool again = pool_ebb(w, now, FREED_AT_REST);
  again |= weir__depot_rest(now);
  if (!again || w->rests || w->embedded) return; /* embedded: a program's loop is not woken for that */
  w->rests = true;
  w->rest.ring = on_rest;
  weir__worker_arm(w, &w->rest, w->pool_spare ? now + SOON_NS : now + weir__depot_rest_ns());
}

static void park(struct weir__worker *w)
{
  int64_t from = weir__now_ns();
  if (look_around(w, from)) return; /* the loop has its turn by the count of work */
  tidy(w, from);
  weir__runtime_park(w);
  bool last = false;
  if (w->searching) {
    w->searching = false;
    last = atomic_fetch_sub_explicit(&w->rt->searching, 1, memory_order_seq_cst) == 1;
  }
  if (!has_reason_to_stay(w, last)) {
    watch_others(w, from);
    w->sleeps = true;
    w->rung = false;
    run_loop(w, UV_RUN_ONCE);
    w->sleeps = false;
    int64_t now = weir__now_ns();
    learn_from_sleep(w, w->rung ? now - from : LOOK_MOST_NS);
    w->polled_ns = now;
    begin_stint(w, now);
  } else {
    poll_loop(w);
  }
  w->told = false;
  weir__runtime_unpark(w);
}

static void leave_was_for(struct weir__worker *w)
{
  switch (w->leave) {
  case WEIR__POLL:
    end_stint(w);
    break;
  case WEIR__PARK:
    if (w->rt->simulation)
      weir__simulation_parks(w->rt->simulation);
    else
      park(w);
    break;
  case WEIR__DROP:
  case WEIR__DRIVEN:
  case WEIR__CALLS:
    break;
  }
}

void weir__worker_run(struct weir__worker *w)
{
  while (atomic_load_explicit(&w->rt->state, memory_order_seq_cst) != WEIR__STOPPED) {
    enter(w);
    leave_was_for(w);
  }
}

void weir__worker_drive(struct weir__worker *w, bool (*done)(void *), void *arg)
{
  while (!done(arg)) {
    enter(w);
    atomic_store_explicit(&w->driven, false, memory_order_seq_cst);
    if (done(arg)) break;
    leave_was_for(w);
  }
}

/* ---- embedded: the program runs the loop, whose callbacks let the fibers run, a slice at a time (embed.h) ---- */

static void on_slice(uv_idle_t *slice);

void weir__worker_rouse(struct weir__worker *w)
{
  if (!w->on_fiber) uv_idle_start(&w->slice, on_slice); /* else it is asked at the end of the slice */
}

void weir__worker_keep_alive(struct weir__worker *w)
{
  uv_handle_t *doorbell = (uv_handle_t *)&w->doorbell;
  if (weir__runtime_lives(w->rt) || w->rt->stopping.begun || weir__wheel_next_ms(&w->wheel) != INT64_MAX)
    uv_ref(doorbell);
  else
    uv_unref(doorbell);
}

/* Nothing is to be done now: as park(), but it is the program's loop that sleeps. */
static void rest_embedded(struct weir__worker *w)
{
  pool_shrink(w, FIBERS_KEPT);
  tidy(w, weir__now_ns());
  weir__runtime_park(w);
  if (w->searching) {
    w->searching = false;
    atomic_fetch_sub_explicit(&w->rt->searching, 1, memory_order_seq_cst);
  }
  if (has_reason_to_stay(w, true))
    weir__worker_rouse(w); /* the doorbell's slice found it inactive */
  else
    uv_idle_stop(&w->slice);
}

/* Up to MESSAGES_A_STINT messages; then the loop has its turn, with all that is the program's. */
static void run_slice(struct weir__worker *w)
{
  weir__runtime_unpark(w);
  ring_alarms(w);
  w->polled_ns = weir__now_ns();
  begin_stint(w, w->polled_ns);
  pool_ebb(w, w->polled_ns, FREED_AT_ONCE);
  weir__throttle_look(&w->throttle, w->polled_ns);
  do {
    atomic_store_explicit(&w->driven, false, memory_order_seq_cst); /* nobody drives; who stops it looks below */
    enter(w);
  } while (w->leave == WEIR__DROP || w->leave == WEIR__DRIVEN);
  if (w->leave == WEIR__PARK)
    rest_embedded(w);
  else
    weir__worker_rouse(w);
  weir__worker_keep_alive(w);
  weir__embedded_goes_on(w->rt);
}

static void on_slice(uv_idle_t *slice)
{
  run_slice((struct weir__worker *)((char *)slice - offsetof(struct weir__worker, slice)));
}

static void on_embedded_doorbell(uv_async_t *doorbell)
{
  run_slice((struct weir__worker *)((char *)doorbell - offsetof(struct weir__worker, doorbell)));
}

static void on_embedded_clock(uv_timer_t *clock)
{
  weir__worker_rouse((struct weir__worker *)((char *)clock - offsetof(struct weir__worker, clock)));
}

/* The last thing before the loop polls: what callbacks gave us to do, or an alarm, must not be slept through. */
static void on_embedded_sleep(uv_prepare_t *sleep)
{
  struct weir__worker *w = (struct weir__worker *)((char *)sleep - offsetof(struct weir__worker, before_sleep));
  if (has_work_here(w) || !set_clock(w)) weir__worker_rouse(w);
}

static void on_let_go(uv_handle_t *handle)
{
  struct weir__worker *w = handle->data;
  if (--w->open_handles == 0) w->let_go(w);
}

static void let_go_of(struct weir__worker *w, void *handle)
{
  ((uv_handle_t *)handle)->data = w;
  w->open_handles++;
  uv_close(handle, on_let_go);
}

void weir__worker_let_go(struct weir__worker *w, void (*closed)(struct weir__worker *))
{
  w->let_go = closed;
  let_go_of(w, &w->doorbell);
  let_go_of(w, &w->clock);
  let_go_of(w, &w->before_sleep);
  let_go_of(w, &w->slice);
}

/* All but the doorbell can't fail, and nothing is left of that if it does. */
int weir__worker_move_into(struct weir__worker *w, uv_loop_t *loop)
{
  w->loop = loop;
  w->embedded = w->apart = w->in_uv = true;
  int rc = uv_async_init(loop, &w->doorbell, on_embedded_doorbell);
  if (rc) return weir_error(rc, "a doorbell in the program's loop");
  uv_timer_init(loop, &w->clock);
  uv_prepare_init(loop, &w->before_sleep);
  uv_prepare_start(&w->before_sleep, on_embedded_sleep);
  uv_idle_init(loop, &w->slice);
  uv_unref((uv_handle_t *)&w->doorbell);
  uv_unref((uv_handle_t *)&w->clock);
  uv_unref((uv_handle_t *)&w->before_sleep);
  weir__runtime_park(w);
  return WEIR_OK;
}

/* ---- handing over work ---- */

void weir__worker_post(struct weir__worker *w, struct weir__work *work)
{
  struct weir_runtime *rt = w->rt;
  weir__runtime_hold(rt);
  struct weir__work *newest = atomic_load_explicit(&w->inbox, memory_order_relaxed);
  do work->next = newest;
  while (!atomic_compare_exchange_weak_explicit(&w->inbox, &newest, work, memory_order_seq_cst, memory_order_relaxed));
  weir__worker_ring(w);
  weir__runtime_release(rt);
}

void weir__worker_ring(struct weir__worker *w)
{
  if (!atomic_load_explicit(&w->parked, memory_order_seq_cst)) return;
  if (w->rt->simulation)
    weir__runtime_touch(w->rt);
  else if (weir__runtime_unpark(w))
    uv_async_send(&w->doorbell);
}

/* To the worker that it is bound to, or to the blocking pool. */
static void send_home(struct weir_runtime *rt, struct weir__work *work)
{
  if (work->home == WEIR__ON_POOL)
    weir__blocking_schedule(rt, work);
  else
    weir__worker_post(&rt->workers[work->home], work);
}

/* To who is just looking around for work: that is sooner there than by being stolen. */
static bool hand_over(struct weir__worker *w, struct weir__work *work)
{
  _Atomic(unsigned) *looks = &w->rt->looks;
  unsigned number = atomic_load_explicit(looks, memory_order_relaxed);
  if (!number || number == w->index + 1 || !atomic_compare_exchange_strong(looks, &number, 0)) return false;
  leaves(w, work);
  weir__worker_post(&w->rt->workers[number - 1], work);
  return true;
}

/* Next, while what it was sent is in the caches, and so is who sent it; but while messages are not quick others should
 * have it, who can't take it from there. */
static void run_soon(struct weir__worker *w, struct weir__work *work)
{
  struct weir__work *before = work;
  if (WEIR__UNLIKELY(w->throttle.closed) && put_aside_fresh(w, work)) return;
  if (WEIR__LIKELY(weir__worker_is_quick(w))) {
    before = w->next;
    w->next = work;
  } else if (hand_over(w, work)) {
    return;
  }
  if (before) offer(w, before);
}

static void schedule_here(struct weir__worker *w, struct weir__work *work)
{
  if (work->home == w->index) {
    weir__work_is_near(work, w->index);
    append_ready(w, work);
  } else if (work->home != WEIR__ANYWHERE) {
    send_home(w->rt, work);
  } else {
    weir__work_is_near(work, w->index);
    run_soon(w, work);
    stay_awake(w);
  }
}

void weir__requeue(struct weir__worker *w, struct weir__work *work)
{
  weir__work_is_near(work, w->index);
  if (work->home != WEIR__ANYWHERE) {
    schedule_here(w, work);
  } else if (WEIR__UNLIKELY(w->to_put_aside)) {
    w->to_put_aside--;
    put_aside(w, &work, 1);
  } else {
    offer(w, work);
  }
}

void weir__schedule(struct weir_runtime *rt, struct weir__work *work)
{
  struct weir__worker *w = weir__worker_here();
  if (w && w->rt == rt)
    schedule_here(w, work);
  else if (work->home != WEIR__ANYWHERE)
    send_home(rt, work);
  else
    weir__runtime_inject(rt, work);
}

/* ---- beginning and end ---- */

static void on_doorbell(uv_async_t *doorbell)
{
  ((struct weir__worker *)((char *)doorbell - offsetof(struct weir__worker, doorbell)))->rung = true;
}

int weir__worker_make_loop(struct weir__worker *w)
{
  w->loop = &w->own_loop;
  int rc = uv_loop_init(w->loop);
  if (rc) {
    /* libuv forgets it when a later step fails; 0 or less: it had none yet. */
    if (w->loop->backend_fd > 0) close(w->loop->backend_fd);
    return weir_error(rc, "a worker's loop");
  }
  w->has_loop = true;
  rc = uv_async_init(w->loop, &w->doorbell, on_doorbell);
  if (rc) return weir_error(rc, "a worker's doorbell");
  uv_timer_init(w->loop, &w->clock);
  uv_prepare_init(w->loop, &w->before_sleep);
  uv_prepare_start(&w->before_sleep, on_sleep);
  return WEIR_OK;
}

int weir__worker_init(struct weir__worker *w, struct weir_runtime *rt, unsigned index)
{
  w->rt = rt;
  w->index = index;
  w->random = 0x9e3779b9u * (index + 1);
  weir__throttle_init(&w->throttle, !rt->simulation);
  begin_stint(w, weir__now_ns());
  weir__guard_init(&w->guard);
  weir__wheel_init(&w->wheel, ms_of(weir__now_ns()));
  w->current = strand_make(w);
  w->apart = rt->simulation != NULL;
  atomic_store_explicit(&w->parked, w->apart,
                        memory_order_relaxed); /* a simulated one for good: who rings is looked at */
  return w->current ? WEIR_OK : WEIR_ENOMEM;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
  (void)arg;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

void weir__worker_close(struct weir__worker *w)
{
  if (!w->has_loop) return;
  w->in_uv = true;
  uv_walk(w->loop, close_handle, NULL);
  while (uv_loop_close(w->loop) == UV_EBUSY) uv_run(w->loop, UV_RUN_ONCE);
  w->has_loop = false;
}

void weir__worker_free(struct weir__worker *w)
{
  pool_shrink(w, 0);
  if (w->current) weir__fiber_free(&w->current->fiber);
}
