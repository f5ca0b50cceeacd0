/* timer.c: an actor's own timers, and those aimed at others (actor/timer.c, M5): due on one worker, while another one has the
 * actor, or cancels them. */
#include "channel/line.h"
#include "platform/clock.h"
#include "runtime/strand.h"
#include "scenarios/actor_fixture.h"

enum { TICK = 100 }; /* numbers from here on come by timers */
#define PERIOD_NS 10000000

static weir_timer timers[2];

/* The first worker has the timers; the actor is the second's, in whose lines it stands. */
static void make_of_the_second(uint32_t capacity)
{
  make_actor(capacity, WEIR_WAIT);
  actor->work.home = 1;
  weir__wheel_init(&workers[0].wheel, weir__now_ns() / 1000000);
}
static void at_rest(void) { make_of_the_second(4); }

/* Not explored: as a handler of the actor does it, when that was here. */
static void set_own_timer(unsigned i, bool again)
{
  struct weir__strand *s = &strands[0];
  weir__strand_begin(s, &actor->work, &actor->waiting);
  weir__thread_here->strand = s;
  timers[i] = again ? weir_send_every(ref, (weir_duration){PERIOD_NS}, number, .n = TICK)
                    : weir_send_after(ref, (weir_duration){PERIOD_NS}, number, .n = TICK + i);
  MODEL_CHECK(timers[i].error == WEIR_OK);
  weir__strand_rest(s);
  weir__thread_here->strand = NULL;
}
static void begin_with_periodic(void)
{
  as_workers();
  if (model_thread() == 1) set_own_timer(0, true);
}
static void begin_with_two(void)
{
  as_workers();
  for (unsigned i = 0; model_thread() == 1 && i < 2; i++) set_own_timer(i, false);
}

/* What is due after another period. */
static void tick(void)
{
  struct weir__wheel_node *node;
  model_advance(PERIOD_NS);
  while ((node = weir__wheel_expire(&workers[0].wheel, weir__now_ns() / 1000000))) {
    struct weir__alarm *alarm = (struct weir__alarm *)(void *)node;
    alarm->ring(&workers[0], alarm);
  }
}
static void run_what_came(void)
{
  weir__worker_take_inbox(&workers[1]);
  run_own();
}

/* ---- its own ---- */

static void tick_twice(void) { tick(), tick(); }
static void run_twice(void) { run_what_came(), run_what_came(); }

/* Of those that are queued; only looked at. */
static unsigned ticks_in(const struct weir__message *m)
{
  unsigned count = 0;
  for (; m; m = m->next) count += m->kind == WEIR__OWN_TIMER;
  return count;
}
static void at_most_one_is_queued(void)
{
  uintptr_t inbox = actor->inbox;
  MODEL_CHECK(weir__is_idle(inbox) || ticks_in((const struct weir__message *)inbox) + ticks_in(actor->urgent) <= 1);
}
static void tick_comes_again(void)
{
  run_the_rest();
  MODEL_CHECK(got_count >= 1);
  unsigned before = got_count;
  weir__thread_here->worker = &workers[0];
  tick(); /* it goes on, whatever was left out */
  weir__thread_here->worker = NULL;
  run_the_rest();
  MODEL_CHECK(got_count == before + 1 && weir__used(actor, places_of()) == 0);
}
MODEL_SCENARIO(timer_queued_once, .about = "M5, I3 of timer.c: a tick is queued once at most, and comes again",
               .setup = at_rest, .begin = begin_with_periodic, .barriers = true, .threads = {tick_twice, run_twice},
               .invariant = at_most_one_is_queued, .finish = tick_comes_again);

/* ---- cancelled ---- */

static _Atomic(int) cancelled;
static void run_unless_cancelled(void)
{
  bool before = atomic_load_explicit(&cancelled, memory_order_acquire);
  run_what_came();
  MODEL_CHECK(!before || !got_count);
}
static void cancel_it(void)
{
  MODEL_CHECK(weir_timer_cancel(timers[0]) == WEIR_OK);
  atomic_store_explicit(&cancelled, 1, memory_order_release);
}
static void comes_no_more(void)
{
  unsigned before = got_count;
  run_the_rest();
  MODEL_CHECK(got_count == before);
  weir__thread_here->worker = &workers[0];
  tick();
  weir__thread_here->worker = NULL;
  run_the_rest();
  MODEL_CHECK(got_count == before && workers[0].timers == NULL);
  accounts_are_even();
}
MODEL_SCENARIO(timer_cancelled, .about = "M5, I4, I5 of timer.c: who cancels knows that none comes any more",
               .setup = at_rest, .begin = begin_with_periodic, .barriers = true, .bound = 3,
               .threads = {tick, run_unless_cancelled, cancel_it}, .finish = comes_no_more);

/* ---- ahead of what is queued ---- */

static _Atomic(int) rung;
static bool was_rung; /* as the handler of the number before saw it */
static unsigned ticks_got;
struct in_order {
  int64_t unused;
};
static int take_in_order(struct in_order *self, const struct number *m)
{
  (void)self;
  if (m->n >= TICK) {
    ticks_got++;
  } else {
    MODEL_CHECK(!was_rung || ticks_got == 2);
    was_rung = atomic_load_explicit(&rung, memory_order_acquire);
  }
  return take(NULL, m);
}
WEIR_ACTOR(in_order, WEIR_ON(number, take_in_order));

static void three_are_queued(void)
{
  at_rest();
  actor->type = &in_order;
  for (int64_t n = 1; n <= 3; n++) put(n);
}
static void tick_and_say_so(void)
{
  tick();
  atomic_store_explicit(&rung, 1, memory_order_release);
}
static void all_came(void)
{
  run_the_rest();
  MODEL_CHECK(got_count == 5);
  accounts_are_even();
}
MODEL_SCENARIO(timer_goes_ahead, .about = "M5: own timers go ahead of what is in the list already",
               .setup = three_are_queued, .begin = begin_with_two, .barriers = true, .bound = 2, .old_reads = 1,
               .threads = {tick_and_say_so, run_what_came}, .finish = all_came);

/* ---- aimed at another actor ---- */

static void one_place_taken(void)
{
  make_of_the_second(1);
  put(1);
}
static void begin_with_others_timer(void)
{
  as_workers();
  if (model_thread() != 1) return;
  timers[0] = weir_send_after(ref, (weir_duration){PERIOD_NS}, number, .n = TICK);
  MODEL_CHECK(timers[0].error == WEIR_OK);
}
static void came_in_the_end(void)
{
  run_the_rest();
  weir__thread_here->worker = &workers[0];
  tick();
  weir__thread_here->worker = NULL;
  run_the_rest();
  MODEL_CHECK(got_count == 2 && got[0] == 1 && got[1] == TICK && workers[0].timers == NULL);
  accounts_are_even();
}
MODEL_SCENARIO(timer_of_a_full_mailbox, .about = "M5: a timer takes a place of another actor, or stays armed",
               .setup = one_place_taken, .begin = begin_with_others_timer, .barriers = true,
               .threads = {tick_twice, run_twice}, .invariant = never_above_capacity, .finish = came_in_the_end);

/* ---- C2: it rings while its actor ends, and the slot is used again ---- */

static void in_its_turn(void)
{
  at_rest();
  atomic_store_explicit(&actor->inbox, 0, memory_order_relaxed);
}
static void end_and_use_again(void)
{
  struct weir__bucket *bucket = weir__bucket_lock(actor);
  MODEL_CHECK(weir__mpsc_close(bucket, actor, weir__generation_of(ref), WEIR_EDEAD));
  weir__bucket_unlock(bucket);
  weir__timers_end(actor);
  weir__mpsc_forget_own(actor);
  MODEL_CHECK(weir__cell_renew(actor));
  open_actor(actor, 4, WEIR_WAIT);
}
static void nothing_came(void)
{
  MODEL_CHECK(weir__generation_of(ref) + 1 == weir__generation_in(actor->places));
  MODEL_CHECK(actor->inbox == WEIR__CELL_IDLE && !actor->work.flags && !actor->urgent);
}
MODEL_SCENARIO(timer_and_reuse, .about = "C2: a timer that rings while the slot is used again meets who was meant",
               .setup = in_its_turn, .begin = begin_with_periodic, .barriers = true,
               .threads = {tick, end_and_use_again}, .finish = nothing_came);
