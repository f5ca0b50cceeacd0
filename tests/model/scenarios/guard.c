/* guard.c: a worker, and thieves that take what it touches. */
#include "real/guard.h"

#include "model.h"

static struct weir__guard_flags guard;
static int taken;           /* plain: they take turns */
static _Atomic(int) beside; /* of no meaning but that it is a step: there a membarrier may find the worker */

static void asymmetric(void)
{
  weir__guard_init(&guard);
  MODEL_CHECK(!guard.thawed);
}
static void symmetric(void)
{
  guard.thawed = WEIR__SYMMETRIC;
  atomic_store_explicit(&guard.frozen, WEIR__SYMMETRIC, memory_order_relaxed);
}

static void touch(void)
{
  if (!real_guard_enter(&guard)) return;
  atomic_load_explicit(&beside, memory_order_relaxed);
  taken++;
  real_guard_leave(&guard);
}
static void touch_twice(void) { touch(), touch(); }
static void touch_patiently(void)
{
  weir__guard_enter_patiently(&guard);
  taken++;
  weir__guard_leave(&guard);
}
static void steal(void)
{
  if (!weir__guard_freeze(&guard)) return;
  atomic_store_explicit(&beside, 1, memory_order_relaxed);
  taken++;
  weir__guard_thaw(&guard);
}
static void nobody_is_left(void)
{
  MODEL_CHECK(!atomic_load_explicit(&guard.touching, memory_order_relaxed));
  MODEL_CHECK(atomic_load_explicit(&guard.frozen, memory_order_relaxed) == guard.thawed);
}
static void the_worker_went_on(void)
{
  nobody_is_left();
  MODEL_CHECK(taken == 2);
}

MODEL_SCENARIO(guard_turns, .about = "M8, G1, G3: worker and thief take turns, the thief paying for both",
               .setup = asymmetric, .barriers = true, .threads = {touch_twice, steal}, .finish = nobody_is_left);
MODEL_SCENARIO(guard_turns_symmetric, .about = "M8, G1, G3: the same where there is no membarrier", .setup = symmetric,
               .threads = {touch_twice, steal}, .finish = nobody_is_left);
MODEL_SCENARIO(guard_patience, .about = "M8, G1: who has no other way goes on when the thief lets go",
               .setup = asymmetric, .barriers = true, .threads = {touch_patiently, steal},
               .finish = the_worker_went_on);
MODEL_SCENARIO(guard_thieves, .about = "M8, G2: one thief at a time", .setup = asymmetric, .barriers = true, .bound = 2,
               .threads = {touch, steal, steal}, .finish = nobody_is_left);
