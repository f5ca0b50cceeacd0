/* bias.c: the short way to an actor in the sender's own lines, and mailboxes that are one worker's (channel/bias.h). */
#include "scenarios/actor_fixture.h"

/* ---- the short way, and thieves ---- */

static void in_the_queue_of_the_first(void)
{
  make_actor(4, WEIR_WAIT);
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
  weir__work_is_near(&actor->work, 0);
  MODEL_CHECK(weir__run_queue_put(&workers[0].queue, &actor->work));
}

/* As take_from() of runtime/worker.c. */
static void steal(void)
{
  struct weir__worker *w = weir__worker_here();
  struct weir__work *work;
  if (!weir__guard_freeze(&workers[0].guard)) return;
  unsigned count = weir__run_queue_take(&workers[0].queue, &work, 1);
  if (count) weir__actor_was_stolen(work, w->index);
  weir__guard_thaw(&workers[0].guard);
  if (count) run_turn(w, work);
}

static void put_1(void) { put(1); }
static void put_1_2(void) { put(1), put(2); }
static void got_1(void)
{
  all_is_handled(1);
  MODEL_CHECK(got[0] == 1);
  accounts_are_even();
}
static void got_1_2(void)
{
  all_is_handled(2);
  MODEL_CHECK(got[0] == 1 && got[1] == 2);
  accounts_are_even();
}

MODEL_SCENARIO(bias_put_or_steal, .about = "M8, B1: a message goes into the list of an actor that a thief takes",
               .bound = 2, .old_reads = 1, .setup = in_the_queue_of_the_first, .begin = as_workers, .barriers = true,
               .threads = {put_1, steal}, .invariant = never_above_capacity, .finish = got_1);
MODEL_SCENARIO(bias_two_or_steal, .about = "M8, L2: first in, first out, whatever the ways", .bound = 2, .old_reads = 1,
               .setup = in_the_queue_of_the_first, .begin = as_workers, .barriers = true, .threads = {put_1_2, steal},
               .invariant = never_above_capacity, .finish = got_1_2);

static void next_of_the_first(void)
{
  make_actor(4, WEIR_WAIT);
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
  weir__work_is_near(&actor->work, 0);
  workers[0].next = &actor->work;
}
static void put_1_2_and_run(void)
{
  put_1_2();
  run_own();
}
MODEL_SCENARIO(bias_behind_the_inbox, .about = "M8, B1: one that had to go into the inbox is not overtaken", .bound = 2,
               .old_reads = 1, .setup = next_of_the_first, .begin = as_workers, .barriers = true,
               .threads = {put_1_2_and_run, steal}, .invariant = never_above_capacity, .finish = got_1_2);

/* ---- a mailbox that is one worker's ---- */

static void set_biased(void)
{
  atomic_store_explicit(&actor->places, places_of() | WEIR__BIASED, memory_order_relaxed);
  weir__work_is_near(&actor->work, 0);
}
static void biased_at_rest(void)
{
  make_actor(4, WEIR_WAIT);
  set_biased();
}
static void biased_and_next(void)
{
  next_of_the_first();
  set_biased();
}
static void warm_and_next(void)
{
  next_of_the_first();
  atomic_store_explicit(&actor->warm, WEIR__WARM, memory_order_relaxed);
}

static void put_11_and_run(void)
{
  put(11);
  run_own();
}
static void put_11(void) { put(11); }
static void got_1_and_11(void)
{
  all_is_handled(2);
  MODEL_CHECK(got[0] + got[1] == 12);
  MODEL_CHECK(!weir__is_biased(actor) && weir__warmth(actor) == WEIR__SHY);
  accounts_are_even();
}
static void got_11(void)
{
  all_is_handled(1);
  MODEL_CHECK(got[0] == 11);
  accounts_are_even();
}
MODEL_SCENARIO(bias_shared, .about = "M8, B2, B4, B5: another worker sends to a mailbox that is one worker's",
               .bound = 1, .old_reads = 1, .setup = biased_at_rest, .begin = as_workers, .barriers = true,
               .threads = {put_1, put_11_and_run}, .invariant = never_above_capacity, .finish = got_1_and_11);
MODEL_SCENARIO(bias_shared_while_it_runs, .about = "M8, B4: somebody else sends while it runs, and goes to rest",
               .bound = 2, .old_reads = 1, .setup = biased_and_next, .begin = as_workers, .barriers = true,
               .threads = {run_own, put_11}, .invariant = never_above_capacity, .finish = got_11);
MODEL_SCENARIO(bias_set, .about = "M8, B3: it becomes one worker's only while nobody has a place", .bound = 2,
               .old_reads = 1, .setup = warm_and_next, .begin = as_workers, .barriers = true,
               .threads = {run_own, put_11}, .invariant = never_above_capacity, .finish = got_11);

static void freeze_twice(void) { steal(), steal(); }
MODEL_SCENARIO(bias_frozen_with_a_place,
               .about = "M8, B6: frozen with a place in its hand the worker pushes as anybody, and keeps the order",
               .bound = 2, .old_reads = 1, .setup = biased_and_next, .begin = as_workers, .barriers = true,
               .threads = {put_1_2_and_run, freeze_twice}, .invariant = never_above_capacity, .finish = got_1_2);
