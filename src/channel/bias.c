/* bias.c: see bias.h. */
#include "channel/bias.h"

#include <assert.h>
#include <sched.h>

#include "channel/line.h"
#include "channel/overflow.h"

static bool may_be_biased(const struct weir__worker *w, const struct weir__cell *cell)
{
  return !weir__keeps_places(cell) && !weir__drops_oldest(cell) &&
         (cell->work.home == WEIR__ANYWHERE || cell->work.home == w->index) && weir__is_near(cell, w) &&
         !atomic_load_explicit(&cell->inbox, memory_order_relaxed);
}

bool weir__bias(struct weir__worker *w, struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool set = may_be_biased(w, cell) && !(places & (WEIR__CLOSED | WEIR__WAITERS)) && weir__used(cell, places) == 0 &&
             atomic_compare_exchange_strong_explicit(&cell->places, &places, places | WEIR__BIASED,
                                                     memory_order_acq_rel, memory_order_relaxed);
  weir__bucket_unlock(bucket);
  return set;
}

/* By its worker, in the guard, or by who has frozen that one. At rest it is in nobody's lines from now on. */
static void share(struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_relaxed);
  if (atomic_load_explicit(&cell->inbox, memory_order_relaxed) == WEIR__CELL_IDLE) weir__work_is_far(&cell->work);
  atomic_store_explicit(&cell->places, places & ~WEIR__BIASED, memory_order_release);
}

/* Its own worker's. */
static void share_own(struct weir__worker *w, struct weir__cell *cell)
{
  weir__guard_enter_patiently(&w->guard);
  if (weir__is_biased(cell)) share(cell);
  weir__guard_leave(&w->guard);
}

static void share_others(struct weir__worker *w, struct weir__cell *cell)
{
  if (!weir__guard_freeze(&w->guard)) {
    sched_yield();
    return;
  }
  if (weir__is_biased(cell) && weir__is_near(cell, w)) {
    atomic_store_explicit(&cell->warm, WEIR__SHY, memory_order_relaxed);
    share(cell);
  }
  weir__guard_thaw(&w->guard);
}

void weir__unbias_slowly(struct weir__cell *cell)
{
  /* While it is biased and the lock is held its runtime stays. Its worker, or a thief, may share it meanwhile. */
  while (weir__is_biased(cell)) {
    unsigned near = atomic_load_explicit(&cell->work.near, memory_order_relaxed);
    if (!near) continue;
    struct weir__worker *w = &cell->rt->workers[near - 1];
    if (w == weir__worker_here())
      share_own(w, cell);
    else
      share_others(w, cell);
  }
}

void weir__unbias_for(struct weir__cell *cell, uint32_t generation)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == generation) weir__unbias(cell);
  weir__bucket_unlock(bucket);
}

/* ---- for the runtime: it leaves the lines of a worker ---- */

void weir__actor_was_stolen(struct weir__work *work, unsigned thief)
{
  struct weir__cell *cell = weir__cell_of_work(work);
  if (weir__is_biased(cell)) share(cell);
  weir__work_is_near(work, thief);
}

void weir__actor_leaves(struct weir__worker *w, struct weir__work *work)
{
  struct weir__cell *cell = weir__cell_of_work(work);
  if (weir__is_biased(cell)) share_own(w, cell);
  weir__work_is_far(work);
}

bool weir__actor_has_begun(const struct weir__work *work)
{
  return atomic_load_explicit(&weir__cell_of_work((struct weir__work *)work)->high_water, memory_order_relaxed) > 0;
}

enum weir__reserve weir__mpsc_reserve_biased(struct weir__cell *cell, uint32_t generation, uint32_t n)
{
  struct weir__worker *w = weir__worker_here();
  if (w && weir__biased_reserve(w, cell, generation, n)) return WEIR__GOT;
  weir__unbias_for(cell, generation);
  return WEIR__FULL;
}
