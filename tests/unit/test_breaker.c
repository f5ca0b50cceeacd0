/* Breakers: when they open, who is turned away and how, and when they close again. */
#include "unit/supervisor_fixture.h"

enum { BAD = WEIR_EUSER(7), HARMLESS = WEIR_EUSER(8), LONG_S = 1000 };

/* Does what it is told with each message: fails, refuses, handles it. */
enum what { WELL, REFUSE, REFUSE_HARMLESSLY, FAIL, WAIT_FOR_EVER, BEAT_FROM_NOW_ON };
struct order {
  int32_t what;
};
WEIR_REQUEST(order, number, WEIR_FIELD(what));
struct beat {
  WEIR_EMPTY;
};
WEIR_MESSAGE(beat);
static _Atomic(int) beats, handled_orders, bad_starts_left;

struct fragile {
  int64_t handled;
};
static int fragile_start(struct fragile *f, const struct weir_none *unused)
{
  (void)f;
  (void)unused;
  if (atomic_load(&bad_starts_left) <= 0) return WEIR_OK;
  atomic_fetch_sub(&bad_starts_left, 1);
  return weir_error(BAD, "can't start");
}
static int fragile_order(struct fragile *f, const struct order *m, struct number *reply)
{
  atomic_fetch_add(&handled_orders, 1);
  switch (m->what) {
  case REFUSE:
    return weir_error(BAD, "not this one");
  case REFUSE_HARMLESSLY:
    return HARMLESS;
  case FAIL:
    weir_fail(BAD, "broken");
  case WAIT_FOR_EVER:
    return weir_sleep(WEIR_FOREVER);
  case BEAT_FROM_NOW_ON:
    return weir_send_every(weir_self(), WEIR_MILLIS(1), beat).error;
  default:
    reply->n = ++f->handled;
    return WEIR_OK;
  }
}
static int fragile_beat(struct fragile *f)
{
  (void)f;
  atomic_fetch_add(&beats, 1);
  return WEIR_OK;
}
static int fragile_hold(struct fragile *f, const struct hold *h)
{
  (void)f;
  int rc = gate_stand(h);
  return rc ? rc : weir_error(BAD, "after the gate");
}
static int fragile_number(struct fragile *f, const struct number *m)
{
  (void)f;
  atomic_fetch_add(&handled_orders, 1);
  return m->n < 0 ? BAD : WEIR_OK;
}
WEIR_ACTOR(fragile, WEIR_ON_START(weir_none, fragile_start) WEIR_ON(order, fragile_order) WEIR_ON(beat, fragile_beat)
                        WEIR_ON(hold, fragile_hold) WEIR_ON(number, fragile_number));

static int breaker_up(void **state)
{
  atomic_store(&beats, 0);
  atomic_store(&handled_orders, 0);
  atomic_store(&bad_starts_left, 0);
  return family_up(state);
}
#define WITH_BREAKER(test) cmocka_unit_test_setup_teardown(test, breaker_up, runtime_down)

static int ask_it(weir_ref f, int what) { return weir_ask(f, WEIR_SECONDS(20), NULL, order, .what = what); }

static weir_stats stats_of(weir_ref f)
{
  weir_stats stats;
  assert_int_equal(weir_stats_read(f, &stats), WEIR_OK);
  return stats;
}

static void it_opens_after_so_many_failures_in_a_row_and_then_nobody_waits(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 3, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(ask_it(f, REFUSE), BAD);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  assert_int_equal(ask_it(f, WELL), WEIR_OK); /* the count begins anew */
  assert_int_equal(stats_of(f).failures, 0);
  for (int i = 1; i <= 3; i++) {
    assert_int_equal(stats_of(f).breaker, WEIR_BREAKER_CLOSED);
    assert_int_equal(ask_it(f, REFUSE), BAD);
    assert_int_equal(stats_of(f).failures, i);
  }
  weir_accounts before, after;
  weir_accounts_read(&before);
  assert_int_equal(ask_it(f, WELL), WEIR_EOPEN);
  assert_string_equal(weir_error_text(), "its breaker is open");
  weir_permit permit;
  assert_int_equal(weir_send(f, order, .what = WELL), WEIR_EOPEN);
  assert_int_equal(weir_try_send(f, order, .what = WELL), WEIR_EOPEN);
  assert_int_equal(weir_send_within(f, WEIR_SECONDS(20), order, .what = WELL), WEIR_EOPEN);
  assert_int_equal(weir_reserve(f, WEIR_SECONDS(20), &permit), WEIR_EOPEN);
  assert_int_equal(weir_try_reserve(f, &permit), WEIR_EOPEN);
  weir_pending pending = weir_ask_begin(f, WEIR_SECONDS(20), order, .what = WELL);
  assert_int_equal(pending.error, WEIR_EOPEN);
  weir_accounts_read(&after);
  assert_int_equal(after.refused_open - before.refused_open, 5);
  assert_int_equal(after.created, before.created);
  assert_int_equal(atomic_load(&handled_orders), 6);
  weir_stats stats = stats_of(f);
  assert_int_equal(stats.breaker, WEIR_BREAKER_OPEN);
  assert_int_equal(stats.opened, 1);
  assert_int_equal(stats.turned_away, 7);
  assert_int_equal(stats.length, 0);
  assert_true(weir_alive(f));
}

/* Asks until it is let through. */
static int ask_until_let_through(weir_ref f, int what)
{
  int rc;
  while ((rc = ask_it(f, what)) == WEIR_EOPEN) weir_sleep(WEIR_MILLIS(0.2));
  return rc;
}

static void when_its_time_is_over_one_message_decides(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 2, .reset = WEIR_MILLIS(2)});
  for (int i = 0; i < 2; i++) assert_int_equal(ask_it(f, REFUSE), BAD);
  for (uint64_t i = 1; i <= 3; i++) {
    assert_int_equal(stats_of(f).opened, i);
    assert_int_equal(ask_until_let_through(f, REFUSE), BAD); /* one failure opens it again */
  }
  assert_int_equal(ask_until_let_through(f, WELL), WEIR_OK);
  assert_int_equal(stats_of(f).breaker, WEIR_BREAKER_CLOSED);
  assert_int_equal(ask_it(f, REFUSE), BAD); /* and the count has begun anew */
  assert_int_equal(ask_it(f, WELL), WEIR_OK);
}

struct waiter {
  weir_ref to;
  int how;
  uint64_t expected; /* how many wait when it does */
};
enum { SENDS, ASKS, RESERVES, COUNT_HOW };
static int wait_for_place(void *arg)
{
  struct waiter *w = arg;
  weir_permit permit = {0};
  switch (w->how) {
  case SENDS:
    return weir_send(w->to, number, .n = 1);
  case ASKS:
    return weir_ask(w->to, WEIR_FOREVER, NULL, number, .n = 1);
  default:
    return weir_reserve(w->to, WEIR_FOREVER, &permit);
  }
}

/* A full mailbox with one of each kind in line, whose handler stands in a gate, and refuses when that opens. */
struct crowd {
  struct gate gate;
  struct waiter waiters[COUNT_HOW];
  weir_task *tasks[COUNT_HOW];
  weir_pending queued;
};
static void crowd_gathers(struct crowd *c, weir_ref f)
{
  gate_enter(&c->gate, f);
  c->queued = weir_ask_begin(f, WEIR_FOREVER, number, .n = 1);
  assert_int_equal(c->queued.error, WEIR_OK);
  while (weir_try_send(f, number, .n = 1) == WEIR_OK) continue;
  for (int how = 0; how < COUNT_HOW; how++) {
    c->waiters[how] = (struct waiter){.to = f, .how = how};
    c->tasks[how] = weir_task_start(runtime, wait_for_place, &c->waiters[how]);
    while (stats_of(f).waiting != (uint64_t)how + 1) weir_sleep(WEIR_MILLIS(0.2));
  }
}
static void crowd_leaves(struct crowd *c, int sends_get)
{
  int result;
  gate_open(&c->gate);
  for (int how = 0; how < COUNT_HOW; how++) {
    assert_int_equal(weir_task_join(c->tasks[how], WEIR_SECONDS(20), &result), WEIR_OK);
    assert_int_equal(result, how == SENDS ? sends_get : WEIR_EOPEN);
  }
  assert_int_equal(weir_await(c->queued, NULL, number), WEIR_EOPEN);
}

static void who_waits_or_is_queued_when_it_opens_is_answered(void **state)
{
  (void)state;
  struct crowd crowd;
  weir_ref f = weir_spawn(&fragile, .capacity = 4, .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  crowd_gathers(&crowd, f);
  crowd_leaves(&crowd, WEIR_EOPEN);
  while (stats_of(f).turned_away < 3 + 4) weir_sleep(WEIR_MILLIS(0.2));
  weir_stats stats = stats_of(f);
  assert_int_equal(stats.length, 0);
  assert_int_equal(stats.waiting, 0);
  assert_int_equal(stats.turned_away, 3 + 4);
  assert_int_equal(atomic_load(&handled_orders), 0);
}

struct listener {
  int64_t open;
};
static _Atomic(int64_t) dead_by_breaker;
static int on_dead(struct listener *l, const struct weir_dead_letter *m)
{
  (void)l;
  if (m->code == WEIR_EOPEN) atomic_fetch_add(&dead_by_breaker, 1);
  return WEIR_OK;
}
WEIR_ACTOR(listener, WEIR_ON(weir_dead_letter, on_dead), .capacity = 1000);

static void what_it_discards_are_dead_letters_and_who_asks_is_told(void **state)
{
  (void)state;
  struct crowd crowd;
  atomic_store(&dead_by_breaker, 0);
  weir_ref listener_ref = weir_spawn(&listener);
  assert_int_equal(weir_dead_letters(listener_ref), WEIR_OK);
  weir_ref f = weir_spawn(&fragile, .capacity = 4,
                          .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S), .while_open = WEIR_OPEN_DISCARDS});
  crowd_gathers(&crowd, f);
  crowd_leaves(&crowd, WEIR_OK);
  assert_int_equal(weir_send(f, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_try_send(f, number, .n = 1), WEIR_OK);
  assert_int_equal(ask_it(f, WELL), WEIR_EOPEN);
  /* queued: an ask, and three; in line: a send; and two */
  while (atomic_load(&dead_by_breaker) != 4 + 1 + 2) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(stats_of(f).turned_away, 3 + 4 + 3);
  assert_int_equal(atomic_load(&handled_orders), 0);
  weir_dead_letters_end(listener_ref);
}

static bool is_bad(int code) { return code == BAD; }
static void only_refusals_that_count_open_it(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 2, .reset = WEIR_SECONDS(LONG_S), .counts = is_bad});
  for (int i = 0; i < 5; i++) assert_int_equal(ask_it(f, REFUSE_HARMLESSLY), HARMLESS);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  assert_int_equal(ask_it(f, REFUSE_HARMLESSLY), HARMLESS); /* neither */
  assert_int_equal(stats_of(f).failures, 1);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  assert_int_equal(ask_it(f, REFUSE_HARMLESSLY), WEIR_EOPEN);
}

static void its_own_timers_come_while_it_is_open(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(ask_it(f, BEAT_FROM_NOW_ON), WEIR_OK);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  int so_far = atomic_load(&beats);
  while (atomic_load(&beats) < so_far + 3) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(ask_it(f, WELL), WEIR_EOPEN); /* a timer that is handled well does not close it */
}

/* A child whose breaker opens after so many failures, and that stays down once it has failed. */
static weir_ref supervised(unsigned failures)
{
  weir_ref tree =
      weir_supervise(.max_restarts = 100, .on_event = on_event, .backoff = {.first = WEIR_SECONDS(LONG_S)},
                     .children = WEIR_CHILDREN({&fragile, .name = "f", .capacity = 4,
                                                .breaker = {.failures = failures, .reset = WEIR_SECONDS(LONG_S)}}));
  assert_int_equal(started(tree), WEIR_OK);
  return weir_find("f");
}

static void it_outlives_restarts_and_nobody_waits_for_one_that_does_not_start(void **state)
{
  (void)state;
  weir_ref f = supervised(2);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  weir_pending pending[3];
  struct gate g;
  gate_enter(&g, f); /* which refuses */
  pending[0] = weir_ask_begin(f, WEIR_FOREVER, order, .what = FAIL);
  for (int i = 1; i < 3; i++) pending[i] = weir_ask_begin(f, WEIR_FOREVER, order, .what = WELL);
  gate_open(&g); /* opens it: what is queued is given up, the failing one too */
  for (int i = 0; i < 3; i++) assert_int_equal(weir_await(pending[i], NULL, order), WEIR_EOPEN);
  assert_int_equal(atomic_load(&told.failed), 0);
}

static void a_child_that_fails_opens_it_and_its_mailbox_is_given_up(void **state)
{
  (void)state;
  weir_ref f = supervised(1);
  struct waiter w = {.to = f, .how = ASKS};
  int result;
  assert_int_equal(ask_it(f, BEAT_FROM_NOW_ON), WEIR_OK);
  weir_pending first = weir_ask_begin(f, WEIR_FOREVER, order, .what = FAIL);
  weir_pending second = weir_ask_begin(f, WEIR_FOREVER, order, .what = WELL);
  weir_task *task = weir_task_start(runtime, wait_for_place, &w);
  assert_int_equal(weir_await(first, NULL, order), WEIR_EFAILED);
  int rc = weir_await(second, NULL, order);
  assert_true(rc == WEIR_EOPEN || second.error == WEIR_EOPEN);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_true(result == WEIR_EOPEN || result == WEIR_OK); /* the task may have been before the failure */
  while (atomic_load(&told.failed) < 1) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(ask_it(f, WELL), WEIR_EOPEN); /* it is down, and nobody waits for it */
  assert_int_equal(stats_of(f).length, 0);
}

static void starts_that_fail_count(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.max_restarts = 100, .on_event = on_event,
                                 .children = WEIR_CHILDREN(
                                     {&fragile, .name = "f", .breaker = {.failures = 3, .reset = WEIR_MILLIS(1)}}));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref f = weir_find("f");
  atomic_store(&bad_starts_left, 5);
  assert_int_equal(ask_it(f, FAIL), WEIR_EFAILED);
  assert_int_equal(ask_until_let_through(f, WELL), WEIR_OK);
  assert_true(stats_of(f).opened >= 1);
  assert_int_equal(atomic_load(&bad_starts_left), 0);
  assert_int_equal(stats_of(f).breaker, WEIR_BREAKER_CLOSED);
}

static void what_comes_on_a_permit_while_it_is_open_is_given_up(void **state)
{
  (void)state;
  weir_permit permit;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(weir_reserve(f, WEIR_SECONDS(20), &permit), WEIR_OK);
  assert_int_equal(ask_it(f, REFUSE), BAD);
  assert_int_equal(weir_permit_send(permit, number, .n = 1), WEIR_OK);
  while (stats_of(f).length) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(atomic_load(&handled_orders), 1);
  assert_int_equal(stats_of(f).permits, 0);
}

/* As a message that had its place before the breaker opened, and is pushed only now. */
static void what_comes_on_a_permit_while_it_is_down_is_given_up(void **state)
{
  (void)state;
  weir_permit permit;
  weir_ref f = supervised(1);
  assert_int_equal(weir_reserve(f, WEIR_SECONDS(20), &permit), WEIR_OK);
  assert_int_equal(ask_it(f, FAIL), WEIR_EFAILED);
  while (atomic_load(&told.failed) < 1) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(weir_permit_send(permit, number, .n = 1), WEIR_OK);
  while (stats_of(f).turned_away < 1) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(stats_of(f).turned_away, 1);
  assert_int_equal(stats_of(f).length, 0);
}

static void a_mailbox_that_drops_the_oldest_may_have_one(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .capacity = 2, .overflow = WEIR_DROP_OLDEST,
                          .breaker = {.failures = 2, .reset = WEIR_MILLIS(2)});
  struct gate g;
  gate_enter(&g, f);
  for (int i = 0; i < 10; i++) assert_int_equal(weir_send(f, number, .n = -1), WEIR_OK);
  assert_int_equal(stats_of(f).dropped, 8);
  gate_open(&g);
  while (!stats_of(f).opened || stats_of(f).length) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(ask_until_let_through(f, WELL), WEIR_OK);
  gate_enter(&g, f);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(f, number, .n = 1), WEIR_OK);
  assert_int_equal(stats_of(f).dropped, 10);
  gate_open(&g);
}

static void a_timer_goes_on_when_it_was_turned_away(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 1, .reset = WEIR_MILLIS(20)});
  assert_int_equal(ask_it(f, REFUSE), BAD);
  weir_timer timer = weir_send_every(f, WEIR_MILLIS(1), beat);
  while (stats_of(f).breaker != WEIR_BREAKER_CLOSED) weir_sleep(WEIR_MILLIS(0.2)); /* by one of its beats */
  assert_true(atomic_load(&beats) >= 1);
  assert_int_equal(weir_timer_cancel(timer), WEIR_OK);
}

static void groups_and_routes_go_on_without_it(void **state)
{
  (void)state;
  weir_ref all = weir_spawn(&fragile, .instances = 2, .route = WEIR_BROADCAST,
                            .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(weir_send(all, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_send(all, number, .n = -1), WEIR_OK); /* both refuse it */
  int rc;
  while ((rc = weir_send(all, number, .n = 1)) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(rc, WEIR_EOPEN);
}

static void it_ends_as_any_actor_while_it_is_open(void **state)
{
  (void)state;
  weir_ref f = weir_spawn(&fragile, .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(ask_it(f, REFUSE), BAD);
  weir_drain(f);
  wait_until_gone(f);
  f = weir_spawn(&fragile, .breaker = {.failures = 1, .reset = WEIR_SECONDS(LONG_S)});
  assert_int_equal(ask_it(f, REFUSE), BAD);
  weir_stop(f);
  wait_until_gone(f);
  assert_int_equal(ask_it(f, REFUSE), WEIR_EDEAD);
}

static void options_are_checked(void **state)
{
  (void)state;
  const struct {
    weir_breaker breaker;
    const char *text;
  } wrong[] = {{{.failures = 1, .reset = WEIR_SECONDS(-1)}, "fragile: .breaker.reset is -1000000000"},
               {{.failures = 1, .while_open = 2}, "fragile: .breaker.while_open is 2"},
               {{.reset = WEIR_SECONDS(1)}, "fragile: .breaker.failures is 0"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    weir_ref f = weir_spawn(&fragile, .breaker = wrong[i].breaker);
    assert_int_equal(weir_ref_error(f), WEIR_EINVAL);
    assert_string_equal(weir_error_text(), wrong[i].text);
    weir_ref tree = weir_supervise(.children = WEIR_CHILDREN({&fragile, .breaker = wrong[i].breaker}));
    assert_int_equal(weir_ref_error(tree), WEIR_EINVAL);
    assert_string_equal(weir_error_text(), wrong[i].text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_BREAKER(it_opens_after_so_many_failures_in_a_row_and_then_nobody_waits),
      WITH_BREAKER(when_its_time_is_over_one_message_decides),
      WITH_BREAKER(who_waits_or_is_queued_when_it_opens_is_answered),
      WITH_BREAKER(what_it_discards_are_dead_letters_and_who_asks_is_told),
      WITH_BREAKER(only_refusals_that_count_open_it),
      WITH_BREAKER(its_own_timers_come_while_it_is_open),
      WITH_BREAKER(it_outlives_restarts_and_nobody_waits_for_one_that_does_not_start),
      WITH_BREAKER(a_child_that_fails_opens_it_and_its_mailbox_is_given_up),
      WITH_BREAKER(starts_that_fail_count),
      WITH_BREAKER(what_comes_on_a_permit_while_it_is_open_is_given_up),
      WITH_BREAKER(what_comes_on_a_permit_while_it_is_down_is_given_up),
      WITH_BREAKER(a_mailbox_that_drops_the_oldest_may_have_one),
      WITH_BREAKER(a_timer_goes_on_when_it_was_turned_away),
      WITH_BREAKER(groups_and_routes_go_on_without_it),
      WITH_BREAKER(it_ends_as_any_actor_while_it_is_open),
      WITH_BREAKER(options_are_checked),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
