/* Timers: never early, once or periodically, ahead of what is queued, and gone with their actor. */
#include "platform/clock.h"
#include "unit/actor_fixture.h"

/* Sets timers, from inside an actor. */
struct set {
  int64_t ns, n;
  bool periodic;
  weir_ref to; /* nobody: itself */
};
struct was_set {
  uint64_t bits;
  int32_t error;
};
WEIR_MESSAGE(was_set, WEIR_FIELD(bits), WEIR_FIELD(error));
WEIR_REQUEST(set, was_set, WEIR_FIELD(ns), WEIR_FIELD(n), WEIR_FIELD(periodic), WEIR_FIELD(to));
struct cancel {
  uint64_t bits;
};
WEIR_REQUEST(cancel, was_set, WEIR_FIELD(bits));

enum { MOST = 256 };
static int64_t order[MOST];       /* the numbers that came */
static int64_t times[MOST];       /* and when */
static _Atomic(int64_t) came;     /* how many */
static _Atomic(uint64_t) awaited; /* a promise that is kept when number 99 comes */

struct clock {
  WEIR_EMPTY;
};
static int clock_set(struct clock *c, const struct set *m, struct was_set *reply)
{
  (void)c;
  weir_ref to = m->to.bits ? m->to : weir_self();
  weir_duration d = {m->ns};
  weir_timer t = m->periodic ? weir_send_every(to, d, number, .n = m->n) : weir_send_after(to, d, number, .n = m->n);
  *reply = (struct was_set){t.bits, t.error};
  return WEIR_OK;
}
static int clock_cancel(struct clock *c, const struct cancel *m, struct was_set *reply)
{
  (void)c;
  reply->error = weir_timer_cancel((weir_timer){m->bits, WEIR_OK});
  return WEIR_OK;
}
static int clock_number(struct clock *c, const struct number *m)
{
  (void)c;
  int64_t i = atomic_load(&came);
  if (i < MOST) order[i] = m->n, times[i] = weir__now_ns();
  atomic_store(&came, i + 1);
  if (m->n == 99) news_tell(atomic_load(&awaited), i);
  return WEIR_OK;
}
static int clock_hold(struct clock *c, const struct hold *m)
{
  (void)c;
  return gate_stand(m);
}
static int clock_get(struct clock *c, struct number *reply)
{
  (void)c;
  reply->n = atomic_load(&came);
  return WEIR_OK;
}
WEIR_ACTOR(clock,
           WEIR_ON(set, clock_set) WEIR_ON(cancel, clock_cancel) WEIR_ON(number, clock_number) WEIR_ON(hold, clock_hold)
               WEIR_ON(get, clock_get),
           .capacity = 1);

static weir_future start_over(void)
{
  weir_promise promise;
  weir_future ninety_nine;
  atomic_store(&came, 0);
  assert_int_equal(weir_oneshot(&promise, &ninety_nine), WEIR_OK);
  atomic_store(&awaited, promise.bits);
  return ninety_nine;
}

static weir_timer set_in(weir_ref clock_ref, struct set m)
{
  struct was_set *answer;
  assert_int_equal(weir_ask_value(clock_ref, WEIR_SECONDS(20), &answer, WEIR_AT(set, &m)), WEIR_OK);
  weir_timer t = {answer->bits, answer->error};
  weir_free(answer);
  return t;
}

static void wait_until_came(int64_t count)
{
  while (atomic_load(&came) < count) weir_sleep(WEIR_MILLIS(0.2));
}

/* ---- when ---- */

static void a_timer_is_never_early(void **state)
{
  (void)state;
  static const int64_t delays[] = {0, 1, 100000, 1000000, 1500000, 7300000, 20000000};
  weir_ref c = weir_spawn(&clock);
  for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++)
    for (int inside = 0; inside < 2; inside++) {
      weir_future rang = start_over();
      int64_t begin = weir__now_ns();
      weir_timer t = inside ? set_in(c, (struct set){.ns = delays[i], .n = 99})
                            : weir_send_after(c, (weir_duration){delays[i]}, number, .n = 99);
      assert_int_equal(t.error, WEIR_OK);
      assert_int_equal(news_wait(rang), 0);
      assert_true(times[0] - begin >= delays[i]);
      assert_int_equal(weir_timer_cancel(t), WEIR_EDEAD); /* it has come */
    }
}

static void timers_come_in_the_order_of_their_times(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clock);
  weir_future never = start_over();
  int64_t begin = weir__now_ns();
  for (int64_t n = 9; n >= 0; n--) set_in(c, (struct set){.ns = (n + 5) * 2000000, .n = n});
  /* Else two may be due in the same millisecond. And each worker has a wheel of its own, and may be late on its own. */
  bool in_time = weir__now_ns() - begin < 1000000 && weir_runtime_workers(runtime) == 1;
  wait_until_came(10);
  for (int64_t n = 0; n < 10 && in_time; n++) assert_int_equal(order[n], n);
  weir_future_drop(never);
}

static void a_periodic_timer_keeps_to_the_clock(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clock);
  for (int inside = 0; inside < 2; inside++) {
    weir_future never = start_over();
    int64_t begin = weir__now_ns();
    weir_timer t = inside ? set_in(c, (struct set){.ns = 2000000, .n = 1, .periodic = true})
                          : weir_send_every(c, WEIR_MILLIS(2), number, .n = 1);
    assert_int_equal(t.error, WEIR_OK);
    wait_until_came(10);
    assert_int_equal(weir_timer_cancel(t), WEIR_OK);
    assert_true(get_from(c) >= 10); /* what it had sent before has come */
    for (int i = 0; i < 10; i++) assert_true(times[i] - begin >= (i + 1) * 2000000);
    assert_int_equal(weir_timer_cancel(t), WEIR_EDEAD);
    weir_future_drop(never);
  }
}

/* ---- own timers ---- */

static void an_own_timer_goes_ahead_of_what_is_queued(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clock, .capacity = 8);
  weir_future ninety_nine = start_over();
  set_in(c, (struct set){.ns = 5000000, .n = 99});
  int64_t due = weir__now_ns() + 5000000;
  gate_enter(&g, c);
  bool in_time = weir__now_ns() < due; /* else it had come before the gate */
  for (int64_t n = 0; n < 5; n++) weir_send(c, number, .n = n);
  weir_sleep(WEIR_MILLIS(30)); /* it has rung when the gate opens */
  gate_open(&g);
  int64_t place = news_wait(ninety_nine);
  assert_int_equal(get_from(c), 6);
  if (in_time) assert_int_equal(place, 0);
}

static void an_own_timer_needs_no_place(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clock);
  weir_future ninety_nine = start_over();
  set_in(c, (struct set){.ns = 1000000, .n = 99});
  gate_enter(&g, c);
  weir_send(c, number, .n = 1); /* its mailbox is full */
  gate_open(&g);
  assert_true(news_wait(ninety_nine) >= 0);
}

static void a_periodic_timer_is_not_queued_twice(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref c = weir_spawn(&clock);
  weir_future never = start_over();
  weir_timer t = set_in(c, (struct set){.ns = 1000000, .n = 1, .periodic = true});
  gate_enter(&g, c);
  int64_t seen = atomic_load(&came);
  weir_accounts_read(&before);
  weir_sleep(WEIR_MILLIS(20));
  weir_accounts_read(&after);
  assert_true(after.created - before.created <= 1);
  assert_int_equal(weir_timer_cancel(t), WEIR_OK);
  gate_open(&g);
  assert_true(get_from(c) <= seen + 1);
  weir_future_drop(never);
}

/* ---- aimed at another ---- */

static void a_timer_aimed_at_a_full_mailbox_comes_when_there_is_a_place(void **state)
{
  (void)state;
  struct gate g;
  weir_ref setter = weir_spawn(&clock), target = weir_spawn(&clock);
  weir_future ninety_nine = start_over();
  gate_enter(&g, target);
  weir_send(target, number, .n = 1);
  weir_timer t = set_in(setter, (struct set){.ns = 1, .n = 99, .to = target});
  weir_sleep(WEIR_MILLIS(10));
  assert_int_equal(atomic_load(&came), 0);
  assert_int_equal(t.error, WEIR_OK);
  gate_open(&g);
  assert_int_equal(news_wait(ninety_nine), 1); /* behind what was queued */
}

static void a_timer_ends_with_the_actor_that_it_is_aimed_at(void **state)
{
  (void)state;
  weir_ref setter = weir_spawn(&clock), target = weir_spawn(&clock);
  weir_future never = start_over();
  weir_timer t = set_in(setter, (struct set){.ns = 1000000, .n = 1, .periodic = true, .to = target});
  weir_stop(target);
  wait_until_gone(target);
  weir_accounts now;
  do {
    weir_sleep(WEIR_MILLIS(1));
    weir_accounts_read(&now);
  } while (now.live > 0); /* what it was to send is freed when it finds nobody */
  assert_int_equal(weir_timer_cancel(t), WEIR_EDEAD);
  assert_int_equal(set_in(setter, (struct set){.ns = 1, .to = target}).error, WEIR_EDEAD);
  weir_future_drop(never);
}

static void a_timer_ends_with_the_actor_that_set_it(void **state)
{
  (void)state;
  weir_ref setter = weir_spawn(&clock), target = weir_spawn(&clock, .capacity = 64);
  weir_future never = start_over();
  weir_timer t[3] = {set_in(setter, (struct set){.ns = 1000000000, .n = 1, .to = target}),
                     set_in(setter, (struct set){.ns = 1000000000, .n = 1}),
                     set_in(setter, (struct set){.ns = 1000000000, .n = 1, .periodic = true, .to = target})};
  weir_stop(setter);
  wait_until_gone(setter);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_timer_cancel(t[i]), WEIR_EDEAD);
  assert_int_equal(get_from(target), 0);
  weir_future_drop(never);
}

/* ---- cancelling ---- */

static int64_t cancel_in(weir_ref clock_ref, weir_timer t)
{
  struct was_set *answer;
  assert_int_equal(weir_ask(clock_ref, WEIR_SECONDS(20), &answer, cancel, .bits = t.bits), WEIR_OK);
  int64_t rc = answer->error;
  weir_free(answer);
  return rc;
}

static void anybody_cancels_a_timer_once(void **state)
{
  (void)state;
  weir_ref setter = weir_spawn(&clock), other = weir_spawn(&clock);
  weir_future never = start_over();
  for (int who = 0; who < 3; who++) {
    weir_timer t = set_in(setter, (struct set){.ns = 1000000000, .n = 1});
    int64_t rc = who == 0 ? weir_timer_cancel(t) : cancel_in(who == 1 ? setter : other, t);
    assert_int_equal(rc, WEIR_OK);
    assert_int_equal(weir_timer_cancel(t), WEIR_EDEAD);
    assert_int_equal(cancel_in(setter, t), WEIR_EDEAD);
  }
  weir_timer outside = weir_send_after(setter, WEIR_SECONDS(1000), number);
  assert_int_equal(cancel_in(other, outside), WEIR_OK);
  assert_int_equal(get_from(setter), 0);
  weir_future_drop(never);
}

/* A timer of a millisecond, behind a hold: until its message is made. It may have been before we looked first; then none
 * is made any more. */
static void wait_until_it_is_queued(void)
{
  weir_accounts before, now;
  weir_accounts_read(&before);
  int looks = 0;
  do {
    weir_sleep(WEIR_MILLIS(1));
    weir_accounts_read(&now);
  } while (now.created == before.created && ++looks < 100);
}

/* One of an actor's own, that was queued already, does not come after its cancel either; nor is it taken by weir_select()
 * (unit/test_select.c). */
static void a_periodic_timer_that_is_queued_does_not_come_when_it_was_cancelled(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clock);
  weir_future never = start_over();
  weir_timer t = set_in(c, (struct set){.ns = 1000000, .n = 1, .periodic = true});
  gate_enter(&g, c);
  int64_t seen = atomic_load(&came);
  wait_until_it_is_queued();
  assert_int_equal(weir_timer_cancel(t), WEIR_OK);
  gate_open(&g);
  assert_int_equal(get_from(c), seen);
  weir_future_drop(never);
}

static void what_a_periodic_timer_has_queued_is_handled_when_its_runtime_drains(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clock);
  weir_future never = start_over();
  set_in(c, (struct set){.ns = 1000000, .n = 1, .periodic = true});
  gate_enter(&g, c);
  int64_t seen = atomic_load(&came);
  wait_until_it_is_queued();
  gate_open(&g);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_true(atomic_load(&came) > seen);
  weir_future_drop(never);
}

static void timers_that_ring_while_they_are_cancelled_come_or_do_not(void **state)
{
  (void)state;
  weir_ref setter = weir_spawn(&clock, .capacity = 64);
  weir_future never = start_over();
  int64_t cancelled = 0, count = count_or(500, 50);
  for (int64_t i = 0; i < count; i++) {
    weir_timer t = i % 2 ? weir_send_after(setter, WEIR_MILLIS(0.05), number)
                         : set_in(setter, (struct set){.ns = 50000, .to = setter});
    if (i % 3) weir_sleep(WEIR_MILLIS(0.05));
    cancelled += weir_timer_cancel(t) == WEIR_OK;
  }
  wait_until_came(count - cancelled);
  assert_int_equal(get_from(setter), count - cancelled);
  weir_future_drop(never);
}

static void a_runtime_that_drains_does_not_wait_for_timers(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clock);
  weir_future never = start_over();
  set_in(c, (struct set){.ns = (int64_t)1000 * 1000000000, .n = 1});
  set_in(c, (struct set){.ns = 1000000, .n = 1, .periodic = true});
  assert_int_equal(weir_send_after(c, WEIR_SECONDS(1000), number).error, WEIR_OK);
  int64_t begin = weir__now_ns();
  assert_int_equal(runtime_stopped(WEIR_SECONDS(60)), WEIR_OK);
  assert_true(weir__now_ns() - begin < (int64_t)30 * 1000000000);
  weir_future_drop(never);
}

static void what_is_no_time_is_refused(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clock);
  assert_int_equal(weir_send_after(c, WEIR_MILLIS(-1), number).error, WEIR_EINVAL);
  assert_int_equal(weir_send_every(c, WEIR_MILLIS(0.5), number).error, WEIR_EINVAL);
  assert_int_equal(weir_send_every(c, WEIR_FOREVER, number).error, WEIR_EINVAL);
  assert_int_equal(weir_timer_cancel(weir_send_every(c, WEIR_FOREVER, number)), WEIR_EINVAL);
  assert_int_equal(weir_timer_cancel((weir_timer){0, WEIR_OK}), WEIR_EDEAD);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_timer_is_never_early),
      ON_RUNTIME(timers_come_in_the_order_of_their_times),
      ON_RUNTIME(a_periodic_timer_keeps_to_the_clock),
      ON_RUNTIME(an_own_timer_goes_ahead_of_what_is_queued),
      ON_RUNTIME(an_own_timer_needs_no_place),
      ON_RUNTIME(a_periodic_timer_is_not_queued_twice),
      ON_RUNTIME(a_timer_aimed_at_a_full_mailbox_comes_when_there_is_a_place),
      ON_RUNTIME(a_timer_ends_with_the_actor_that_it_is_aimed_at),
      ON_RUNTIME(a_timer_ends_with_the_actor_that_set_it),
      ON_RUNTIME(anybody_cancels_a_timer_once),
      ON_RUNTIME(a_periodic_timer_that_is_queued_does_not_come_when_it_was_cancelled),
      ON_RUNTIME(what_a_periodic_timer_has_queued_is_handled_when_its_runtime_drains),
      ON_RUNTIME(timers_that_ring_while_they_are_cancelled_come_or_do_not),
      ON_RUNTIME(a_runtime_that_drains_does_not_wait_for_timers),
      ON_RUNTIME(what_is_no_time_is_refused),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
