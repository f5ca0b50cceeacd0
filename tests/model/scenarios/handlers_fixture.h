/* handlers_fixture.h: actors made by hand upon the workers of worker_fixture.h: their handlers run on fibers, and may wait. */
#ifndef MODEL_HANDLERS_FIXTURE_H
#define MODEL_HANDLERS_FIXTURE_H

#include "actor/actor.h"
#include "channel/mpsc.h"
#include "runtime/strand.h"
#include "scenarios/worker_fixture.h"

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));

enum { ACTORS_MOST = 4 };
static struct weir__cell *actors[ACTORS_MOST];
static weir_ref refs[ACTORS_MOST];

/* Not explored. That one of worker `home`, with messages that are there before all else. */
static inline void make_actor(unsigned i, const weir_actor *type, uint16_t home, uint32_t capacity)
{
  struct weir__cell *cell = actors[i] = weir__cell_take();
  cell->type = type;
  cell->rt = &runtime;
  cell->phase = WEIR__LIVES;
  atomic_store_explicit(&cell->kind, WEIR__CELL_ACTOR, memory_order_relaxed);
  atomic_store_explicit(&cell->capacity, capacity, memory_order_relaxed);
  atomic_store_explicit(&cell->inbox, WEIR__CELL_IDLE, memory_order_relaxed);
  cell->work.kind = WEIR__ACTOR_TURN;
  cell->work.home = home;
  weir__runtime_enter_counted(&runtime);
  weir__cell_open(cell);
  refs[i] = weir__ref_of(cell);
}

static inline void send_number(unsigned i, int64_t n)
{
  MODEL_CHECK(weir_try_send(refs[i], number, .n = n) == WEIR_OK);
}

/* Whatever a thread makes once, it has made: messages, wait records that were used, a fiber to go on with. */
static inline void warm_up(void)
{
  for (unsigned i = 0; i < 2; i++) {
    weir_promise p;
    weir_future f;
    struct number *m;
    MODEL_CHECK(weir_oneshot(&p, &f) == WEIR_OK && weir_promise_send(p, number, .n = 0) == WEIR_OK);
    MODEL_CHECK(weir_future_wait(f, WEIR_FOREVER, &m, number) == WEIR_OK);
    weir_free(m);
  }
}
static inline void begin_handlers(void)
{
  begin_worker();
  warm_up();
  if (weir__worker_here()) MODEL_CHECK(weir__can_suspend(weir__worker_here()) == WEIR_OK);
}

/* As on the blocking pool: each thread is an actor in the middle of its turn, that of its number - 1. First in setup: */
static inline void in_their_turns(unsigned count)
{
  for (unsigned i = 0; i < count; i++) atomic_store_explicit(&actors[i]->inbox, 0, memory_order_relaxed);
}
static struct weir__strand lent[ACTORS_MOST];
static inline void begin_as_handlers(void)
{
  unsigned i = model_thread() - 1;
  warm_up();
  if (!actors[i]) return;
  weir__strand_begin(&lent[i], &actors[i]->work, &actors[i]->waiting);
  weir__thread_here->strand = &lent[i];
}

#endif
