/* Actors of a topology under a supervisor: what they were handling, what they hold, and who sends to them, through
 * restarts. */
#include <weir/supervisor.h>

#include "actor/child.h"
#include "actor/rewire.h"
#include "unit/edge_fixture.h"

enum { BREAKS = 5, MOST = 4000 };

static struct {
  int breaks_left; /* how often the record BREAKS breaks its actor */
  int ends_left;   /* how often the end of the inputs does */
  int starts, delivered[MOST];
} frail_saw;

struct frail {
  WEIR_EMPTY;
};
static int frail_start(struct frail *f)
{
  (void)f;
  frail_saw.starts++;
  return WEIR_OK;
}
static int frail_record(struct frail *f, const struct record *m)
{
  (void)f;
  if (m->n % 1000 == BREAKS && frail_saw.breaks_left && frail_saw.breaks_left--)
    weir_fail(WEIR_EUSER(5), "record %d broke it", (int)m->n);
  if (m->n < MOST) frail_saw.delivered[m->n]++;
  return weir_forward(weir_output("out"));
}
static int frail_inputs_ended(struct frail *f)
{
  (void)f;
  if (frail_saw.ends_left && frail_saw.ends_left--) weir_fail(WEIR_EUSER(6), "the end broke it");
  struct record last = {.n = MOST};
  return weir_send_value(weir_output("out"), WEIR_AT(record, &last));
}
WEIR_ACTOR(frail,
           WEIR_ON_START(weir_none, frail_start) WEIR_ON(record, frail_record)
               WEIR_ON(weir_inputs_ended, frail_inputs_ended),
           .capacity = 4);

static void on_event(const weir_restart_event *event, void *arg)
{
  if (event->what == WEIR_GROUP_SPENT) *(_Atomic(bool) *)arg = true;
}

static _Atomic(bool) given_up;

/* source -> frail -> sink 0; what it gives up goes to sink 1, if `failed`. */
static struct {
  weir_ref source, frail, sink, failed, tree;
} graph;

static void make_graph(unsigned retries, bool failed, int max_restarts)
{
  memset(&frail_saw, 0, sizeof frail_saw);
  atomic_store(&given_up, false);
  graph.sink = spawn_sink(0, 1, 0);
  graph.failed = failed ? spawn_sink(1, 1, 0) : (weir_ref){0};
  struct weir__target to_sink = {.instances = &graph.sink, .count = 1},
                      to_failed = {.instances = &graph.failed, .count = 1};
  struct weir__wiring outputs[] = {{.output = "out", .targets = &to_sink, .count = 1},
                                   {.output = WEIR__FAILED_OUTPUT, .targets = &to_failed, .count = 1}};
  struct weir__wired wired = wired_to(outputs, failed ? 2 : 1, 1);
  wired.supervised = true;
  wired.retries = retries;
  graph.frail = weir__spawn_wired(&frail, &(weir_spawn_options){.name = "frail"}, &wired);
  graph.source = spawn_before(&source, &graph.frail, 1, WEIR__ROUND_ROBIN, 0);
  graph.tree = weir_supervise(.max_restarts = max_restarts, .on_event = on_event, .on_event_arg = &given_up,
                              .children = WEIR_CHILDREN(
                                  {&frail, .name = "frail", .restart = WEIR_TRANSIENT, .made = graph.frail}));
  assert_int_equal(weir_ref_error(graph.tree), WEIR_OK);
}

static void finish(int actors, int dead)
{
  while (atomic_load(&seen.ended) < actors) weir_sleep(WEIR_MILLIS(0.1));
  weir_stop(graph.tree);
  wait_until_gone(graph.tree);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&seen.ended), actors);
  expect_told(0, dead);
}

static void expect_each_once_but(int64_t count, int64_t but)
{
  for (int64_t n = 0; n < count; n++) assert_int_equal(frail_saw.delivered[n], n == but ? 0 : 1);
  assert_false(seen.unordered);
}

static void only_the_record_in_hand_is_given_up(void **state)
{
  (void)state;
  make_graph(0, false, 3);
  frail_saw.breaks_left = 1;
  weir_send(graph.source, produce, .count = MOST);
  finish(3, 1);
  expect_each_once_but(MOST, BREAKS);
  assert_int_equal(frail_saw.starts, 2);
  assert_int_equal(seen.records[0], MOST);
  assert_string_equal(seen.lost_text, "frail/record: its actor failed with it");
  assert_int_equal(seen.endings[0].code | seen.endings[1].code | seen.endings[2].code, WEIR_OK);
}

static void a_record_with_which_it_failed_is_tried_again(void **state)
{
  (void)state;
  make_graph(2, true, 5);
  frail_saw.breaks_left = 2;
  weir_send(graph.source, produce, .count = MOST);
  finish(4, 0);
  expect_each_once_but(MOST, -1);
  assert_int_equal(frail_saw.starts, 3);
  assert_int_equal(seen.records[1], 0);
}

static void after_that_it_goes_along_the_failed_output(void **state)
{
  (void)state;
  make_graph(2, true, 10);
  frail_saw.breaks_left = 4; /* the first one three times, the next such one once */
  weir_send(graph.source, produce, .count = MOST);
  finish(4, 0);
  expect_each_once_but(MOST, BREAKS);
  assert_int_equal(frail_saw.starts, 5);
  assert_int_equal(seen.records[1], 1);
  assert_int_equal(seen.last[1], BREAKS);
}

static void the_end_of_the_inputs_comes_again(void **state)
{
  (void)state;
  make_graph(0, false, 5);
  frail_saw.ends_left = 3;
  weir_send(graph.source, produce, .count = 10);
  finish(3, 0);
  assert_int_equal(frail_saw.starts, 4);
  assert_int_equal(seen.records[0], 11);
  assert_int_equal(seen.last[0], MOST);
}

/* Its supervisor gives up: it is left DOWN, for who has made it to end. */
static void who_has_made_it_ends_it_when_its_supervisor_has_given_up(void **state)
{
  (void)state;
  make_graph(0, false, WEIR_NO_RESTARTS);
  frail_saw.breaks_left = 1;
  weir_send(graph.source, produce, .count = MOST);
  while (weir_alive(graph.tree)) weir_sleep(WEIR_MILLIS(0.1));
  assert_true(atomic_load(&given_up));
  assert_true(weir_alive(graph.frail));
  weir__child_tell(graph.frail, WEIR__FOR_GOOD | WEIR__STOPPING | WEIR__CANCELLED);
  wait_until_gone(graph.frail);
  weir_drain(graph.sink); /* the end of one that failed does not travel on */
  while (atomic_load(&seen.ended) < 3) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  int64_t told = seen.records[0] + atomic_load(&seen.lost);
  assert_true(told == seen.sent || told == seen.sent + 1); /* what a send refuses may have been in a batch */
}

static _Atomic(bool) is_down;
static void note_down(const weir_restart_event *event, void *arg)
{
  (void)arg;
  if (event->what == WEIR_CHILD_FAILED) is_down = true;
}

/* As when a signal comes while a source is to be started again some time later. */
static void a_source_that_is_down_ends_and_its_end_travels_on(void **state)
{
  (void)state;
  is_down = false;
  weir_ref sink = spawn_sink(0, 1, 0);
  struct weir__target target = {.instances = &sink, .count = 1};
  struct weir__wiring out = {.output = "out", .targets = &target, .count = 1};
  struct weir__wired wired = wired_to(&out, 1, 0);
  wired.supervised = true;
  weir_ref s = weir__spawn_wired(&source, NULL, &wired);
  weir_ref tree =
      weir_supervise(.on_event = note_down,
                     .children = WEIR_CHILDREN({&source, .name = "source", .restart = WEIR_TRANSIENT, .made = s,
                                                .backoff = {.first = WEIR_SECONDS(3600), .most = WEIR_SECONDS(3600)}}));
  assert_int_equal(weir_ref_error(tree), WEIR_OK);
  weir_send(s, produce, .count = 300, .fails = true);
  while (!is_down) weir_sleep(WEIR_MILLIS(0.1));
  weir__node_ends_anyway(s);
  weir__child_tell(s, WEIR__FOR_GOOD | WEIR__STOPPING | WEIR__CANCELLED);
  wait_until_gone(s);
  while (weir_alive(sink)) weir_sleep(WEIR_MILLIS(0.1)); /* by itself: it is not told to stop */
  weir_stop(tree);
  wait_until_gone(tree);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(seen.records[0], 300);
  assert_true(seen.inputs_ended[0]);
  expect_told(0, 0);
}

static void one_that_no_supervisor_has_taken_ends_with_its_runtime(void **state)
{
  (void)state;
  struct weir__wired wired = wired_to(NULL, 0, 1);
  wired.supervised = true;
  weir_ref f = weir__spawn_wired(&frail, NULL, &wired);
  assert_int_equal(weir_ref_error(f), WEIR_OK);
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&seen.ended), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_GRAPH(only_the_record_in_hand_is_given_up),
      ON_GRAPH(a_record_with_which_it_failed_is_tried_again),
      ON_GRAPH(after_that_it_goes_along_the_failed_output),
      ON_GRAPH(the_end_of_the_inputs_comes_again),
      ON_GRAPH(who_has_made_it_ends_it_when_its_supervisor_has_given_up),
      ON_GRAPH(a_source_that_is_down_ends_and_its_end_travels_on),
      ON_GRAPH(one_that_no_supervisor_has_taken_ends_with_its_runtime),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
