/* Edges: nothing is lost in silence: unwired outputs, refusals, failures, receivers that are gone, records too large.
 */
#include "unit/edge_fixture.h"

static void finish_with(int actors, int lost, int dead)
{
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&seen.ended), actors);
  expect_told(lost, dead);
}

static void finish(int actors, int lost) { finish_with(actors, lost, 0); }

static void what_is_sent_to_an_unwired_output_is_told(void **state)
{
  (void)state;
  struct weir__wired wired = wired_to(NULL, 0, 0);
  weir_ref s = weir__spawn_wired(&source, NULL, &wired);
  weir_send(s, produce, .count = 3);
  finish(1, 3);
  assert_int_equal(seen.rc, WEIR_OK);
  assert_int_equal(seen.lost_code, WEIR_EDEAD);
  assert_string_equal(seen.lost_text, "source/record: the output is not wired");
}

static void a_record_that_is_refused_is_a_dead_letter_and_the_others_go_on(void **state)
{
  (void)state;
  seen.refuses = true;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 100);
  finish_with(2, 0, 1);
  assert_int_equal(seen.endings[0].dead + seen.endings[1].dead, 1);
  assert_int_equal(seen.records[0], 100);
  assert_int_equal(seen.lost_code, WEIR_EUSER(3));
  assert_string_equal(seen.lost_text, "drain/record: thirteen is refused");
}

static void records_for_one_that_has_stopped_are_told(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  weir_stop(d);
  wait_until_gone(d);
  weir_send(s, produce, .count = 10);
  finish(2, 10);
  assert_int_equal(seen.lost_code, WEIR_EDEAD);
}

static void a_source_that_fails_loses_what_it_had_gathered(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 12, .fails = true);
  while (atomic_load(&seen.ended) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(seen.endings[0].code, WEIR_EUSER(1));
  assert_string_equal(seen.ending_texts[0], "the source is broken");
  assert_true(weir_alive(d)); /* the end of a failed actor does not travel on */
  finish(2, 12);
  assert_false(seen.inputs_ended[0]);
}

static void a_sink_that_fails_loses_the_rest_of_its_batches(void **state)
{
  (void)state;
  seen.breaks = true;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 1500);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(seen.records[0], BREAKING);
  int64_t told =
      BREAKING + atomic_load(&seen.lost); /* what a send refuses, if the sink was gone, may have been in a batch */
  assert_true(told == seen.sent || told == seen.sent + 1);
  assert_string_equal(seen.ending_texts[seen.endings[0].code ? 0 : 1], "the drain is broken");
}

static void what_is_queued_for_one_that_stops_is_told(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  gate_enter(&g, d);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, produce, .count = 100), WEIR_OK);
  while (atomic_load(&seen.ended) < 1) weir_sleep(WEIR_MILLIS(0.1));
  weir_stop(d);
  finish(2, 100); /* and the one at work, which its stop belongs to */
  assert_int_equal(seen.records[0], 0);
  weir_promise_drop(g.go);
}

static void a_record_larger_than_a_place_takes_several(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 8);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 10, .bytes = 400000);
  finish(2, 0);
  assert_int_equal(seen.bytes[0], 10 * 400000);
}

static void a_record_that_no_mailbox_downstream_can_hold_is_refused(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 2);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 10, .bytes = 400000);
  finish(2, 0);
  assert_int_equal(seen.rc, WEIR_ERANGE);
  assert_non_null(strstr(seen.text, "the mailbox has 2"));
  assert_int_equal(seen.records[0], 0);
}

/* ---- what an output is not for ---- */

static int wrong[6];
static char wrong_text[128];

struct clumsy {
  WEIR_EMPTY;
};
static int clumsy_signal(struct clumsy *c)
{
  (void)c;
  weir_ref out = weir_output("out");
  wrong[0] = weir_send_within(out, WEIR_MILLIS(1), record);
  wrong[1] = weir_ask(out, WEIR_MILLIS(1), NULL, record);
  wrong[2] = weir_stop(out);
  wrong[3] = weir_send_after(out, WEIR_MILLIS(1), record).error;
  wrong[4] = weir_ref_error(weir_output(NULL));
  wrong[5] = weir_ref_error(weir_output("nowhere"));
  snprintf(wrong_text, sizeof wrong_text, "%s", weir_error_text());
  return WEIR_STOP;
}
WEIR_ACTOR(clumsy, WEIR_ON(signal, clumsy_signal));

static void an_output_is_for_sending_only(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_send(spawn_before(&clumsy, &d, 1, WEIR__ROUND_ROBIN, 0), signal);
  finish(2, 0);
  for (int i = 0; i < 6; i++) assert_true(wrong[i] == WEIR_EINVAL || wrong[i] == WEIR_EDEAD);
  assert_string_equal(wrong_text, "clumsy has no output \"nowhere\"");
  assert_int_equal(weir_ref_error(weir_output("out")), WEIR_EINVAL); /* nobody runs here */
}

/* ---- a hash route by a field that there is not ---- */

static void a_route_by_a_field_that_there_is_not_refuses_the_record(void **state)
{
  (void)state;
  weir_ref sinks[2] = {spawn_sink(0, 1, 0), spawn_sink(1, 1, 0)};
  struct weir__target target = {.instances = sinks, .count = 2, .route = WEIR__HASH, .field = "colour"};
  struct weir__wiring out = {.output = "out", .targets = &target, .count = 1};
  struct weir__wired wired = wired_to(&out, 1, 0);
  weir_send(weir__spawn_wired(&source, NULL, &wired), produce, .count = 3);
  finish(3, 0);
  assert_int_equal(seen.rc, WEIR_EINVAL);
  assert_string_equal(seen.text, "record has no field \"colour\" to go by");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_GRAPH(what_is_sent_to_an_unwired_output_is_told),
      ON_GRAPH(a_record_that_is_refused_is_a_dead_letter_and_the_others_go_on),
      ON_GRAPH(records_for_one_that_has_stopped_are_told),
      ON_GRAPH(a_source_that_fails_loses_what_it_had_gathered),
      ON_GRAPH(a_sink_that_fails_loses_the_rest_of_its_batches),
      ON_GRAPH(what_is_queued_for_one_that_stops_is_told),
      ON_GRAPH(a_record_larger_than_a_place_takes_several),
      ON_GRAPH(a_record_that_no_mailbox_downstream_can_hold_is_refused),
      ON_GRAPH(an_output_is_for_sending_only),
      ON_GRAPH(a_route_by_a_field_that_there_is_not_refuses_the_record),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
