/* cells.c: a slot is used again, its pages go back: whoever comes with a stale ref, or was on the way, does nothing to who
 * has the slot then. */
#include "channel/line.h"
#include "scenarios/actor_fixture.h"

/* The first thread is the worker that owns the cell; nothing is queued. */
static bool reused;
static int told;

static void its_own_cell(void) { make_runtime(); }
static void begin_with_cell(void)
{
  as_workers();
  if (model_thread() != 1) return;
  actor = open_actor(weir__cell_take(), 4, WEIR_WAIT);
  ref = weir__ref_of(actor);
}

static void open_next(void)
{
  struct weir__cell *next = weir__cell_take();
  MODEL_CHECK(next == actor);
  open_actor(next, 4, WEIR_WAIT);
  reused = true;
}
static void end_and_use_again(void)
{
  if (!weir__cell_end_empty(actor)) return;
  weir__cell_put_back(actor);
  open_next();
}
static void send_to_it(void) { told = weir_try_send(ref, number, .n = 1); }
static void stop_it(void) { told = weir_stop(ref); }

static void is_untouched(void)
{
  MODEL_CHECK(weir__used(actor, places_of()) == 0 && !(places_of() & (WEIR__CLOSED | WEIR__WAITERS)));
  MODEL_CHECK(actor->inbox == WEIR__CELL_IDLE && !actor->work.flags);
}
static void sent_or_gone(void)
{
  MODEL_CHECK(told == (reused ? WEIR_EDEAD : WEIR_OK));
  if (reused) is_untouched();
  run_the_rest();
  MODEL_CHECK(got_count == !reused);
  accounts_are_even();
}
MODEL_SCENARIO(cell_send_and_reuse, .about = "C1: who sends while the slot is used again fails, or has a place before",
               .setup = its_own_cell, .begin = begin_with_cell, .barriers = true,
               .threads = {end_and_use_again, send_to_it}, .finish = sent_or_gone);

static void stopped_or_gone(void)
{
  if (reused) is_untouched();
  if (!reused) MODEL_CHECK(told == WEIR_OK && (actor->work.flags & WEIR__STOPPING));
}
MODEL_SCENARIO(cell_stop_and_reuse, .about = "C2: a stop that comes while the slot is used again meets who was meant",
               .setup = its_own_cell, .begin = begin_with_cell, .threads = {end_and_use_again, stop_it},
               .finish = stopped_or_gone);

/* ---- C3: pages that go back ---- */

static void end_and_give_back(void)
{
  if (!weir__cell_end_empty(actor)) return;
  weir__cell_put_back(actor);
  weir__cell_thread_ends(weir__thread_here); /* its slab has no living cell */
  open_next();
}
MODEL_SCENARIO(cell_send_and_give_back, .about = "C3: the same where the pages were given back between",
               .setup = its_own_cell, .begin = begin_with_cell, .bound = 2, .barriers = true,
               .threads = {end_and_give_back, send_to_it}, .finish = sent_or_gone);
MODEL_SCENARIO(cell_stop_and_give_back, .about = "C2, C3: a stop, where the pages were given back between",
               .setup = its_own_cell, .begin = begin_with_cell, .threads = {end_and_give_back, stop_it},
               .finish = stopped_or_gone);

/* ---- C2: who stands in line, or is about to ---- */

static void begin_with_full_cell(void)
{
  begin_with_cell();
  if (model_thread() != 1) {
    weir__thread_here->worker = NULL; /* a plain thread, which may wait */
    return;
  }
  atomic_store_explicit(&actor->capacity, 1, memory_order_relaxed);
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed); /* it is in its turn */
  put(1);
}
static void close_and_use_again(void)
{
  struct weir__bucket *bucket = weir__bucket_lock(actor);
  MODEL_CHECK(weir__mpsc_close(bucket, actor, weir__generation_of(ref), WEIR_EDEAD));
  weir__bucket_unlock(bucket);
  weir__mpsc_collect(actor);
  weir__message_end(weir__mpsc_pop(actor), WEIR__DEAD);
  MODEL_CHECK(weir__cell_free_if_done(actor));
  open_next();
}
static void wait_to_send(void) { told = weir_send(ref, number, .n = 2); }
static void nobody_in_line(void)
{
  MODEL_CHECK(told == WEIR_EDEAD);
  is_untouched();
  MODEL_CHECK(!weir__line_first(&weir__buckets[(uintptr_t)actor / sizeof *actor % WEIR__BUCKETS], actor));
  accounts_are_even();
}
MODEL_SCENARIO(cell_line_and_reuse, .about = "C2, M3: who stands in line, or joins it, while the slot is used again",
               .setup = its_own_cell, .begin = begin_with_full_cell, .bound = 2, .barriers = true, .old_reads = 1,
               .threads = {close_and_use_again, wait_to_send}, .finish = nobody_in_line);

/* ---- S2, S3: cells that others give back ---- */

static struct weir__cell *theirs[2];
static uint32_t generations[2];
static void begin_with_two_cells(void)
{
  as_workers();
  if (model_thread() != 1) return;
  for (unsigned i = 0; i < 2; i++) {
    theirs[i] = open_actor(weir__cell_take(), 4, WEIR_WAIT);
    generations[i] = weir__generation_of(weir__ref_of(theirs[i]));
  }
}
static void end_one(void)
{
  struct weir__cell *cell = theirs[model_thread() - 2];
  MODEL_CHECK(weir__cell_end_empty(cell));
  weir__cell_put_back(cell);
}
static void let_slab_go_and_take(void)
{
  weir__cell_thread_ends(weir__thread_here);
  actor = open_actor(weir__cell_take(), 4, WEIR_WAIT);
}
static void is_a_new_one(void)
{
  for (unsigned i = 0; i < 2; i++)
    MODEL_CHECK(actor != theirs[i] || weir__generation_of(weir__ref_of(actor)) > generations[i]);
  is_untouched();
}
MODEL_SCENARIO(cell_given_back_by_others, .about = "C3, S2 of cell.c: others free cells while their slab goes back",
               .setup = its_own_cell, .begin = begin_with_two_cells,
               .threads = {let_slab_go_and_take, end_one, end_one}, .finish = is_a_new_one);
