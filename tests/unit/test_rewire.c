/* Where outputs lead is changed while records flow: actor/rewire.h. */
#include "actor/rewire.h"

#include "unit/edge_fixture.h"

static struct weir__target to_one(const weir_ref *to) { return (struct weir__target){.instances = to, .count = 1}; }

/* From now on; each that it leads to, and did not, was told so. */
static void put_in_force(struct weir__rewiring *r)
{
  size_t count;
  const weir_ref *begins = weir__rewiring_begins(r, &count);
  for (size_t i = 0; i < count; i++) assert_int_equal(weir__input_begins(begins[i]), WEIR_OK);
  weir__rewire(r);
}

/* "out" leads to these. */
static void lead_to(weir_ref from, const struct weir__target *targets, size_t count)
{
  struct weir__rewiring *r;
  struct weir__wiring out = {.output = "out", .targets = targets, .count = count};
  struct weir__wired wired = wired_to(&out, 1, 0);
  assert_int_equal(weir__rewiring_make(from, &wired, &r), WEIR_OK);
  put_in_force(r);
}

static void produce_and_go_on(weir_ref from, int64_t count)
{
  assert_int_equal(weir_ask(from, WEIR_SECONDS(20), NULL, produce, .count = count, .goes_on = true), WEIR_OK);
}

static int64_t records_of(weir_ref sink)
{
  struct number *n = NULL;
  assert_int_equal(weir_ask(sink, WEIR_SECONDS(20), &n, get), WEIR_OK);
  int64_t records = n->n;
  weir_free(n);
  return records;
}

static void finish(int actors, int dead)
{
  while (atomic_load(&seen.ended) < actors) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  expect_told(0, dead);
}

/* One that nobody sends to any more ends behind its last record; the new one ends with its sender. */
static void one_that_rests_is_wired_anew_at_once(void **state)
{
  (void)state;
  weir_ref first = spawn_sink(0, 1, 0), second = spawn_sink(1, 1, 0);
  weir_ref s = spawn_before(&source, &first, 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target target = to_one(&second);
  produce_and_go_on(s, 1000);
  lead_to(s, &target, 1);
  while (atomic_load(&seen.ended) < 1) weir_sleep(WEIR_MILLIS(0.1)); /* the first one: nobody has sent anything since */
  assert_true(seen.inputs_ended[0]);
  assert_int_equal(weir__input_begins(first), WEIR_EDEAD);
  assert_int_equal(weir__input_ends(second), WEIR_OK); /* there is its sender now */
  produce_and_go_on(s, 1000);
  weir_send(s, produce);
  finish(3, 0);
  assert_true(seen.inputs_ended[1]);
  assert_int_equal(seen.records[0], 1000);
  assert_int_equal(seen.records[1], 1000);
  assert_false(seen.unordered);
}

/* Two sinks in turn, both, and a second instance, again and again while the source sends. */
static void nothing_is_lost_while_wirings_change(void **state)
{
  (void)state;
  int64_t count = count_or(300000, 30000);
  weir_ref sinks[2] = {spawn_sink(0, 2, 0), spawn_sink(1, 1, 0)}; /* the test is a sender of each, too */
  weir_ref s = spawn_before(&source, &sinks[0], 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target one = to_one(&sinks[0]), other = to_one(&sinks[1]), both = {.instances = sinks, .count = 2};
  const struct weir__target *all[] = {&other, &both, &one};
  size_t changes = 0;
  weir_send(s, produce, .count = count);
  while (weir_alive(s)) {
    struct weir__rewiring *r;
    struct weir__wiring out = {.output = "out", .targets = all[changes % 3], .count = 1};
    struct weir__wired wired = wired_to(&out, 1, 0);
    int rc = weir__rewiring_make(s, &wired, &r);
    assert_true(rc == WEIR_OK || rc == WEIR_EDEAD);
    weir_sleep(WEIR_MILLIS(0.1));
    if (rc) continue;
    put_in_force(r);
    changes++;
  }
  for (int i = 0; i < 2; i++) assert_int_equal(weir__input_ends(sinks[i]), WEIR_OK);
  finish(3, 0);
  assert_int_equal(seen.sent, count);
  assert_int_equal(seen.records[0] + seen.records[1], count);
  assert_false(seen.unordered);
}

/* Turns in which nothing is sent leave the edges to who rewires. */
static void one_that_sends_nothing_is_wired_anew_while_it_works(void **state)
{
  (void)state;
  int64_t count = count_or(20000, 2000);
  weir_ref sinks[2] = {spawn_sink(0, 2, 0), spawn_sink(1, 1, 0)}; /* the test is a sender of each, too */
  weir_ref s = spawn_before(&source, &sinks[0], 1, WEIR__ROUND_ROBIN, 0);
  for (int64_t i = 0; i < count; i++) {
    struct weir__target target = to_one(&sinks[(i + 1) % 2]);
    assert_int_equal(weir_send(s, produce, .goes_on = true), WEIR_OK);
    lead_to(s, &target, 1);
  }
  produce_and_go_on(s, 10);
  weir_send(s, produce);
  for (int i = 0; i < 2; i++) assert_int_equal(weir__input_ends(sinks[i]), WEIR_OK);
  finish(3, 0);
  assert_int_equal(seen.records[count % 2], 10);
  assert_false(seen.unordered);
}

/* Likewise, where it looks for an output while it gets another one. */
static void one_that_looks_for_an_output_gets_another_one(void **state)
{
  (void)state;
  enum { SOURCES = 100 };
  weir_ref sink = spawn_sink(0, SOURCES, 0);
  struct weir__target target = to_one(&sink);
  struct weir__wiring both[] = {{.output = "out", .targets = &target, .count = 1},
                                {.output = WEIR__FAILED_OUTPUT, .targets = &target, .count = 1}};
  struct weir__wired before = wired_to(both, 1, 0), now = wired_to(both, 2, 0);
  before.ended = NULL; /* there is no room for so many notes */
  for (int i = 0; i < SOURCES; i++) {
    struct weir__rewiring *r;
    weir_ref s = weir__spawn_wired(&source, NULL, &before);
    assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, produce, .goes_on = true), WEIR_OK);
    assert_int_equal(weir__rewiring_make(s, &now, &r), WEIR_OK);
    assert_int_equal(weir_send(s, produce, .count = 1, .output = "none", .goes_on = true), WEIR_OK);
    put_in_force(r);
    produce_and_go_on(s, 10);
    weir_send(s, produce);
  }
  finish(1, 0);
  assert_int_equal(seen.records[0], 10 * SOURCES);
}

/* It takes the new wiring when it can; what the old receiver had not taken by its end is counted. */
static void one_that_is_stuck_goes_on_when_its_receiver_is_killed(void **state)
{
  (void)state;
  enum { RECORDS = 256 * 20 };
  struct gate g;
  weir_ref first = spawn_sink(0, 2, 4), second = spawn_sink(1, 1, 0);
  weir_ref s = spawn_before(&source, &first, 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target target = to_one(&second);
  weir_stats stats = {0};
  gate_enter(&g, first);
  weir_send(s, produce, .count = RECORDS);
  while (weir_stats_read(first, &stats) == WEIR_OK && !stats.waiting) weir_sleep(WEIR_MILLIS(0.1));
  lead_to(s, &target, 1);
  assert_true(weir_alive(s));
  assert_int_equal(weir__input_ends(second), WEIR_OK);
  weir_kill(first);
  while (atomic_load(&seen.ended) < 3) weir_sleep(WEIR_MILLIS(0.1));
  weir_promise_drop(g.go); /* its handler has been dropped */
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_string_equal(seen.text, "");
  assert_int_equal(seen.sent, RECORDS);
  assert_true(seen.records[1] > 0 && atomic_load(&seen.dead) > 0);
  assert_int_equal(seen.records[0] + seen.records[1] + atomic_load(&seen.dead) + atomic_load(&seen.lost), RECORDS);
  assert_true(seen.inputs_ended[1]);
}

/* Of several wirings that came meanwhile it takes the last one, and all that it never sent to by the others have their end. Another
 * one that came to nothing is nothing. */
static void one_that_is_stuck_takes_the_last_wiring(void **state)
{
  (void)state;
  enum { RECORDS = 256 * 20 };
  struct gate g;
  weir_ref sinks[3] = {spawn_sink(0, 1, 4), spawn_sink(1, 1, 0), spawn_sink(2, 1, 0)};
  weir_ref s = spawn_before(&source, &sinks[0], 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target all = {.instances = sinks, .count = 3}, second = to_one(&sinks[1]), third = to_one(&sinks[2]),
                      last[2] = {to_one(&sinks[0]), to_one(&sinks[2])};
  struct weir__rewiring *r;
  struct weir__wiring out = {.output = "out", .targets = &all, .count = 1};
  struct weir__wired wired = wired_to(&out, 1, 0);
  weir_stats stats = {0};
  gate_enter(&g, sinks[0]);
  weir_send(s, produce, .count = RECORDS);
  while (weir_stats_read(sinks[0], &stats) == WEIR_OK && !stats.waiting) weir_sleep(WEIR_MILLIS(0.1));
  lead_to(s, &third, 1);
  lead_to(s, &second, 1);
  lead_to(s, last, 2);
  assert_int_equal(weir__rewiring_make(s, &wired, &r), WEIR_OK);
  weir__rewiring_free(r);
  assert_int_equal(weir__input_ends(sinks[1]), WEIR_OK); /* theirs was the test, until they had another sender */
  assert_int_equal(weir__input_ends(sinks[2]), WEIR_OK);
  gate_open(&g);
  finish(4, 0);
  assert_int_equal(seen.sent, RECORDS);
  assert_int_equal(seen.records[0], RECORDS);
  assert_int_equal(seen.records[1], 0);
  assert_true(seen.records[2] > 0 && seen.records[2] < RECORDS);
  assert_true(seen.inputs_ended[0] && seen.inputs_ended[1] && seen.inputs_ended[2]);
  assert_false(seen.unordered);
}

/* Who got its records so far is told that no more come, though it has not taken the wiring that says so. */
static void one_that_is_killed_before_it_takes_its_wiring_is_told_for(void **state)
{
  (void)state;
  struct gate g;
  weir_ref first = spawn_sink(0, 1, 4), second = spawn_sink(1, 1, 0);
  weir_ref s = spawn_before(&source, &first, 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target target = to_one(&second);
  weir_stats stats = {0};
  gate_enter(&g, first);
  weir_send(s, produce, .count = 256 * 20);
  while (weir_stats_read(first, &stats) == WEIR_OK && !stats.waiting) weir_sleep(WEIR_MILLIS(0.1));
  lead_to(s, &target, 1);
  weir_kill(s);
  gate_open(&g);
  while (atomic_load(&seen.ended) < 2) weir_sleep(WEIR_MILLIS(0.1));
  assert_true(seen.inputs_ended[0]);
  assert_true(weir_alive(second)); /* who starts a sender again, or not, tells it */
  weir_drain(second);
  while (atomic_load(&seen.ended) < 3) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(seen.records[1], 0);
}

/* Then it never sends to the new receivers, and they are told. */
static void a_sender_that_ends_before_is_told_for(void **state)
{
  (void)state;
  weir_ref first = spawn_sink(0, 1, 0), second = spawn_sink(1, 1, 0);
  weir_ref s = spawn_before(&source, &first, 1, WEIR__ROUND_ROBIN, 0);
  struct weir__target target = to_one(&second);
  struct weir__rewiring *r;
  struct weir__wiring out = {.output = "out", .targets = &target, .count = 1};
  struct weir__wired wired = wired_to(&out, 1, 0);
  assert_int_equal(weir__rewiring_make(s, &wired, &r), WEIR_OK);
  assert_int_equal(weir__input_begins(second), WEIR_OK);
  weir_send(s, produce);
  while (!atomic_load(&seen.ended)) weir_sleep(WEIR_MILLIS(0.1)); /* its mailbox is closed earlier than that */
  weir__rewire(r);
  assert_int_equal(weir__rewiring_make(s, &wired, &r), WEIR_EDEAD);
  assert_int_equal(weir__input_ends(second), WEIR_OK);
  finish(3, 0);
  assert_true(seen.inputs_ended[0] && seen.inputs_ended[1]);
}

/* What waits for its first turn handles nothing, and what it was told to end gives its receivers their end. */
static void one_that_is_held_handles_nothing_until_it_is_let_go(void **state)
{
  (void)state;
  weir_ref sinks[2] = {spawn_sink(0, 1, 0), spawn_sink(1, 1, 0)}, sources[2];
  for (int i = 0; i < 2; i++) {
    struct weir__target target = to_one(&sinks[i]);
    struct weir__wiring out = {.output = "out", .targets = &target, .count = 1};
    struct weir__wired wired = wired_to(&out, 1, 0);
    wired.held = true;
    sources[i] = weir__spawn_wired(&source, NULL, &wired);
    weir_send(sources[i], produce, .count = 10);
  }
  for (int i = 0; i < 10; i++) assert_int_equal(records_of(sinks[0]), 0); /* others have their turns */
  weir_stop(sources[1]);
  while (weir_alive(sinks[1])) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(records_of(sinks[0]), 0);
  weir__let_go(sources[0]);
  while (atomic_load(&seen.ended) < 4) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(seen.records[0], 10);
  assert_int_equal(seen.records[1], 0);
  assert_true(seen.inputs_ended[0] && seen.inputs_ended[1]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_GRAPH(one_that_rests_is_wired_anew_at_once),
      ON_GRAPH(nothing_is_lost_while_wirings_change),
      ON_GRAPH(one_that_sends_nothing_is_wired_anew_while_it_works),
      ON_GRAPH(one_that_looks_for_an_output_gets_another_one),
      ON_GRAPH(one_that_is_stuck_goes_on_when_its_receiver_is_killed),
      ON_GRAPH(one_that_is_stuck_takes_the_last_wiring),
      ON_GRAPH(one_that_is_killed_before_it_takes_its_wiring_is_told_for),
      ON_GRAPH(a_sender_that_ends_before_is_told_for),
      ON_GRAPH(one_that_is_held_handles_nothing_until_it_is_let_go),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
