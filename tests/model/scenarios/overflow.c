/* overflow.c: what a full mailbox does with one message more (channel/overflow.h, M7). */
#include "scenarios/actor_fixture.h"

static uint64_t dropped(void) { return weir__tally_look(actor)->dropped; }

/* It stands in the first worker's lines; the first is queued. */
static void make_next(uint32_t capacity, int overflow)
{
  make_actor(capacity, overflow);
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
  workers[0].next = &actor->work;
}
static void one_is_queued(void)
{
  make_next(1, WEIR_DROP_OLDEST);
  put(1);
}
static void nothing_is_queued(void) { make_next(1, WEIR_DROP_OLDEST); }

/* ---- drop_oldest: two consumers ---- */

static void put_2_3(void) { put(2), put(3); }
static void each_or_dropped(unsigned sent)
{
  run_the_rest();
  MODEL_CHECK(got_count + dropped() == sent && got_count > 0);
  MODEL_CHECK(atomic_load_explicit(&actor->inbox, memory_order_relaxed) == WEIR__CELL_IDLE);
  MODEL_CHECK(weir__used(actor, places_of()) == 0 && !actor->queued);
  accounts_are_even();
}
static void the_newest_in_order(void)
{
  each_or_dropped(3);
  for (unsigned i = 1; i < got_count; i++) MODEL_CHECK(got[i - 1] < got[i]);
  MODEL_CHECK(got[got_count - 1] == 3);
}
MODEL_SCENARIO(overflow_oldest, .about = "M7, V2: the owner takes what a sender evicts: each message has one end",
               .setup = one_is_queued, .begin = as_workers, .barriers = true, .bound = 3, .old_reads = 1,
               .threads = {run_own, put_2_3}, .invariant = never_above_capacity, .finish = the_newest_in_order);

static void put_2(void) { put(2); }
static void put_3(void) { put(3); }
static void three_were_sent(void) { each_or_dropped(3); }
MODEL_SCENARIO(overflow_oldest_of_two, .about = "M7, V1: two that send evict at the same time", .setup = one_is_queued,
               .begin = as_workers, .barriers = true, .bound = 2, .old_reads = 1, .threads = {run_own, put_2, put_3},
               .invariant = never_above_capacity, .finish = three_were_sent);

/* ---- places that are held ---- */

static weir_permit permit;
static void one_is_held(void)
{
  nothing_is_queued();
  MODEL_CHECK(weir_try_reserve(ref, &permit) == WEIR_OK);
}
static void use_it(void) { MODEL_CHECK(weir_permit_send(permit, number, .n = 7) == WEIR_OK); }
static void what_was_held_arrived(void)
{
  run_the_rest();
  MODEL_CHECK(got_count + dropped() == 2);
  /* Sent before the other one it may have been the oldest. */
  MODEL_CHECK(got[0] == 7 || (got_count == 1 && got[0] == 2));
  accounts_are_even();
}
MODEL_SCENARIO(overflow_oldest_and_permit, .about = "M7: a place that is held is not taken away: the new message goes",
               .setup = one_is_held, .begin = as_workers, .barriers = true, .bound = 2, .old_reads = 1,
               .threads = {run_own, put_2, use_it}, .invariant = never_above_capacity, .finish = what_was_held_arrived);

/* Who reserves sorts the inbox, evicts what it must, and leaves the rest in the owner's list. */
static void room_for_two(void) { make_next(2, WEIR_DROP_OLDEST); }
static void put_1_2_and_reserve(void)
{
  put(1), put(2);
  MODEL_CHECK(weir_try_reserve(ref, &permit) == WEIR_OK);
}
static void two_were_sent(void)
{
  weir_permit_give_back(&permit);
  each_or_dropped(2);
}
MODEL_SCENARIO(overflow_oldest_and_rest, .about = "M7, V2: who reserves sorts the inbox of an owner that goes to rest",
               .setup = room_for_two, .begin = as_workers, .barriers = true, .bound = 2, .old_reads = 1,
               .threads = {run_own, put_1_2_and_reserve}, .invariant = never_above_capacity, .finish = two_were_sent);

/* ---- an ask that is evicted ---- */

static int answered;
static void ask_it(void)
{
  answered = weir_ask(ref, WEIR_FOREVER, NULL, number, .n = 5);
  MODEL_CHECK(answered == WEIR_OK || answered == WEIR_EFULL);
}
static void answered_once(void)
{
  run_the_rest();
  MODEL_CHECK(got_count + dropped() == 2);
  accounts_are_even();
}
static void begin_one_worker(void)
{
  as_workers();
  if (model_thread() != 1) weir__thread_here->worker = NULL; /* plain threads, which may wait */
}
static void run_until_answered(void)
{
  while (!model_has_ended(3)) {
    struct weir__work *work = weir__worker_take_any(&workers[0]);
    if (work)
      run_turn(&workers[0], work);
    else
      model_pause();
  }
}
MODEL_SCENARIO(overflow_evicted_ask, .about = "M7: a request is handled, or evicted and its asker told at once",
               .setup = nothing_is_queued, .begin = begin_one_worker, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {run_until_answered, put_2, ask_it}, .invariant = never_above_capacity,
               .finish = answered_once);

/* ---- drop_newest: what is counted ---- */

static void full_of_the_oldest(void)
{
  make_next(1, WEIR_DROP_NEWEST);
  put(1);
}
MODEL_SCENARIO(overflow_newest, .about = "M7: two messages for which there is no place are counted, not made",
               .setup = full_of_the_oldest, .begin = as_workers, .barriers = true, .bound = 1, .old_reads = 1,
               .threads = {run_own, put_2, put_3}, .invariant = never_above_capacity, .finish = three_were_sent);
