/* What is counted of each actor, always and at no cost that grows. */
#include "platform/clock.h"
#include "unit/line_fixture.h"

struct worker {
  int64_t count;
};
static int worker_number(struct worker *w, const struct number *m)
{
  w->count++;
  return m->n < 0 ? weir_error(WEIR_EUSER(1), "no negative numbers") : WEIR_OK;
}
static int worker_hold(struct worker *w, const struct hold *m)
{
  (void)w;
  return gate_stand(m);
}
static int worker_get(struct worker *w, struct number *reply)
{
  reply->n = w->count;
  return WEIR_OK;
}
WEIR_ACTOR(worker, WEIR_ON(number, worker_number) WEIR_ON(hold, worker_hold) WEIR_ON(get, worker_get), .capacity = 8);

/* Sends two numbers to whom it is told. */
struct send_to {
  weir_ref to;
};
WEIR_MESSAGE(send_to, WEIR_FIELD(to));
struct forwarder {
  int64_t unused;
};
static int forwarder_send_to(struct forwarder *f, const struct send_to *m)
{
  (void)f;
  return weir_send(m->to, number, .n = 1);
}
WEIR_ACTOR(forwarder, WEIR_ON(send_to, forwarder_send_to));

static weir_stats stats_of(weir_ref a)
{
  weir_stats s;
  assert_int_equal(weir_stats_read(a, &s), WEIR_OK);
  return s;
}

static void what_is_handled_is_counted(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&worker);
  for (int64_t i = 0; i < 500; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(get_from(a), 500);
  assert_int_equal(stats_of(a).handled, 501);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, number, .n = -1), WEIR_EUSER(1)); /* refused: not handled */
  assert_int_equal(stats_of(a).handled, 501);
  assert_int_equal(stats_of(a).length, 0);
}

static void the_high_water_is_exact_however_the_turns_fall(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = weir_spawn(&worker);
  for (int i = 1; i <= 8; i++) { /* while a handler stands, in the midst of its turn */
    gate_enter(&g, a);
    for (int n = 0; n < i; n++) assert_int_equal(weir_send(a, number, .n = n), WEIR_OK);
    assert_int_equal(stats_of(a).high_water, i);
    gate_open(&g);
    while (stats_of(a).length) weir_sleep(WEIR_MILLIS(0.1));
    assert_int_equal(stats_of(a).high_water, i);
  }
}

static void length_permits_and_refusals_are_told_apart(void **state)
{
  (void)state;
  struct gate g;
  weir_permit p;
  weir_ref a = weir_spawn(&worker);
  gate_enter(&g, a);
  for (int i = 0; i < 5; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_reserve_many(a, 3, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_try_send(a, number, .n = 9), WEIR_EFULL);
  weir_stats s = stats_of(a);
  assert_int_equal(s.length, 5);
  assert_int_equal(s.permits, 3);
  assert_int_equal(s.capacity, 8);
  assert_int_equal(s.refused, 1);
  assert_int_equal(s.dropped, 0);
  weir_permit_give_back(&p);
  assert_int_equal(stats_of(a).permits, 0);
  gate_open(&g);
}

static void the_time_that_handlers_wait_for_places_is_counted(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = weir_spawn(&worker, .capacity = 1), f = weir_spawn(&forwarder);
  gate_enter(&g, a);
  assert_int_equal(weir_send(a, number, .n = 0), WEIR_OK);
  weir_send(f, send_to, .to = a);
  while (line_length(a.bits) == 0) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(stats_of(a).waiting, 1);
  int64_t since = weir__now_ns();
  weir_sleep(WEIR_MILLIS(20));
  int64_t waited = weir__now_ns() - since;
  gate_open(&g);
  while (stats_of(f).handled == 0) weir_sleep(WEIR_MILLIS(0.1));
  assert_true((int64_t)stats_of(f).blocked_ns >= waited);
  assert_int_equal(stats_of(a).blocked_ns, 0);
}

static void a_slots_next_actor_begins_at_zero(void **state)
{
  (void)state;
  struct gate g;
  for (int round = 0; round < 50; round++) {
    weir_ref a = weir_spawn(&worker, .capacity = 1);
    weir_stats s = stats_of(a);
    assert_int_equal(s.handled + s.refused + s.dropped + s.permits + s.waiting + s.high_water + s.blocked_ns, 0);
    gate_enter(&g, a);
    assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
    assert_int_equal(weir_try_send(a, number, .n = 1), WEIR_EFULL);
    assert_int_equal(stats_of(a).refused, 1);
    assert_int_equal(weir_stop(a), WEIR_OK);
    wait_until_gone(a);
    assert_int_equal(weir_stats_read(a, &s), WEIR_EDEAD);
    assert_int_equal(s.capacity, 0);
  }
}

static void a_ref_of_nobody_has_no_statistics(void **state)
{
  (void)state;
  weir_stats s;
  assert_int_equal(weir_stats_read((weir_ref){0}, &s), WEIR_EDEAD);
  assert_int_equal(weir_stats_read((weir_ref){~(uint64_t)0}, &s), WEIR_EDEAD);
  assert_int_equal(weir_missed(), 0);
}

/* Reading the statistics of a mailbox of 100,000 costs what it costs with one of 10. */
static int64_t cost_of_reading(weir_ref a)
{
  int64_t least = INT64_MAX;
  for (int round = 0; round < 20; round++) {
    int64_t since = weir__now_ns();
    for (int i = 0; i < 200; i++) stats_of(a);
    int64_t took = weir__now_ns() - since;
    if (took < least) least = took;
  }
  return least;
}

static void trouble_35_asking_for_the_length_costs_the_same_however_long_it_is(void **state)
{
  (void)state;
  struct gate short_gate, long_gate;
  int64_t many = count_or(100000, 5000);
  weir_ref short_one = weir_spawn(&worker), long_one = weir_spawn(&worker, .capacity = (size_t)many);
  gate_enter(&short_gate, short_one);
  gate_enter(&long_gate, long_one);
  for (int64_t i = 0; i < many; i++) assert_int_equal(weir_send(long_one, number, .n = i), WEIR_OK);
  assert_int_equal(stats_of(long_one).length, many);
  int64_t of_short = cost_of_reading(short_one), of_long = cost_of_reading(long_one);
  assert_true(of_long < of_short * 20); /* a walk would be thousands of times dearer */
  gate_open(&short_gate);
  gate_open(&long_gate);
  assert_int_equal(get_from(long_one), many);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_is_handled_is_counted),
      ON_RUNTIME(the_high_water_is_exact_however_the_turns_fall),
      ON_RUNTIME(length_permits_and_refusals_are_told_apart),
      ON_RUNTIME(the_time_that_handlers_wait_for_places_is_counted),
      ON_RUNTIME(a_slots_next_actor_begins_at_zero),
      ON_RUNTIME(a_ref_of_nobody_has_no_statistics),
      ON_RUNTIME(trouble_35_asking_for_the_length_costs_the_same_however_long_it_is),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
