/* actor_fixture.h: an actor made by hand, with two workers that have no loop: a thread of the scenario is a worker, sends, and
 * runs a turn of what stands in its lines. */
#ifndef MODEL_ACTOR_FIXTURE_H
#define MODEL_ACTOR_FIXTURE_H

#include <weir/weir.h>

#include "actor/actor.h"
#include "channel/bias.h"
#include "channel/overflow.h"
#include "model.h"

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));

enum { NUMBERS = 8 };

/* What it took, in its order; plain: its turns follow each other. */
static int64_t got[NUMBERS];
static unsigned got_count;

struct taker {
  int64_t unused;
};
static int take(struct taker *self, const struct number *m)
{
  (void)self;
  MODEL_CHECK(got_count < NUMBERS);
  got[got_count++] = m->n;
  return WEIR_OK;
}
WEIR_ACTOR(taker, WEIR_ON(number, take));

static struct weir_runtime runtime;
static struct weir__worker workers[2];
static struct weir__strand strands[2];
static struct weir__cell *actor;
static weir_ref ref;

static inline uint64_t places_of(void) { return atomic_load_explicit(&actor->places, memory_order_relaxed); }

/* Opens it, at rest, for all. */
static inline struct weir__cell *open_actor(struct weir__cell *cell, uint32_t capacity, int overflow)
{
  cell->type = &taker;
  cell->rt = &runtime;
  cell->phase = WEIR__LIVES;
  atomic_store_explicit(&cell->kind, WEIR__CELL_ACTOR, memory_order_relaxed);
  weir__set_overflow(cell, overflow);
  atomic_store_explicit(&cell->capacity, capacity, memory_order_relaxed);
  atomic_store_explicit(&cell->inbox, WEIR__CELL_IDLE, memory_order_relaxed);
  cell->work.kind = WEIR__ACTOR_TURN;
  cell->work.home = WEIR__ANYWHERE;
  weir__cell_open(cell);
  return cell;
}

static inline void make_runtime(void)
{
  runtime.workers = workers;
  runtime.worker_count = 2;
  atomic_store_explicit(&runtime.entered, 1, memory_order_relaxed);
  for (unsigned i = 0; i < 2; i++) {
    workers[i].rt = &runtime;
    workers[i].index = i;
    workers[i].current = &strands[i];
    strands[i].worker = &workers[i];
    weir__guard_init(&workers[i].guard);
  }
  weir_message_number();
}

static inline void make_actor(uint32_t capacity, int overflow)
{
  make_runtime();
  actor = open_actor(weir__cell_take(), capacity, overflow);
  ref = weir__ref_of(actor);
}

static inline struct weir__message *make_number(int64_t n)
{
  struct number value = {n};
  struct weir__message *m = weir__message_make(weir_message_number(), &value, sizeof value);
  MODEL_CHECK(m);
  return m;
}

/* Whatever a thread makes once it has made; the first two are the workers. */
static inline void as_workers(void)
{
  weir__message_end(make_number(0), WEIR__FREED);
  unsigned i = model_thread() - 1;
  if (i >= 2) return;
  weir__thread_here->worker = &workers[i];
  workers[i].thread = weir__thread_here;
}
static inline void as_plain_threads(void) { weir__message_end(make_number(0), WEIR__FREED); }

static inline void put(int64_t n) { MODEL_CHECK(weir_try_send(ref, number, .n = n) == WEIR_OK); }

/* ---- turns ---- */

static inline void run_turn(struct weir__worker *w, struct weir__work *work)
{
  struct weir__thread *t = weir__thread_here;
  if (work->kind == WEIR__CALL) {
    ((struct weir__call_work *)(void *)work)->call((struct weir__call_work *)(void *)work);
    return;
  }
  t->strand = &strands[w->index];
  w->on_fiber = true;
  weir__work_is_near(work, w->index);
  weir__run_actor(t->strand, work);
  w->on_fiber = false;
  t->strand = NULL;
}

/* On a worker: a turn of each that stands in its own lines. */
static inline void run_own(void)
{
  struct weir__worker *w = weir__worker_here();
  struct weir__work *work;
  for (;;) {
    work = w->next;
    w->next = NULL;
    if (!work) work = weir__work_take(&w->ready);
    if (!work) work = weir__run_queue_take_first(&w->queue);
    if (!work) return;
    run_turn(w, work);
  }
}

/* In the end, when the threads are gone: all that stands anywhere, as that worker. */
static inline void run_the_rest(void)
{
  struct weir__work *work;
  for (unsigned i = 0; i < 2; i++) {
    weir__thread()->worker = &workers[i];
    workers[i].thread = weir__thread_here;
    while ((work = weir__worker_take_any(&workers[i]))) run_turn(&workers[i], work);
  }
  weir__thread_here->worker = NULL;
}

/* Whatever has been sent has been handled, and the actor rests. */
static inline void all_is_handled(unsigned how_many)
{
  run_the_rest();
  MODEL_CHECK(got_count == how_many);
  MODEL_CHECK(atomic_load_explicit(&actor->inbox, memory_order_relaxed) == WEIR__CELL_IDLE);
  MODEL_CHECK(weir__used(actor, places_of()) == 0 && !actor->queued && !actor->urgent);
}

/* Every message has had one end (L2). */
static inline void accounts_are_even(void)
{
  weir_accounts a;
  uint64_t queued;
  MODEL_CHECK(weir__accounts_balance(&a, &queued));
  MODEL_CHECK(queued == 0 && a.live == 0);
}

/* Q1 of mpsc.h, and M1 */
static inline void never_above_capacity(void)
{
  uint32_t used = weir__used_of(actor->places, actor->popped);
  MODEL_CHECK(used <= actor->capacity);
}

#endif
