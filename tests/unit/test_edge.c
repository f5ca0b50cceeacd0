/* Edges: batches, routes, and the end of the input that travels behind the last record. */
#include "unit/edge_fixture.h"

static int64_t all_records(void)
{
  int64_t sum = 0;
  for (int i = 0; i < INSTANCES; i++) sum += seen.records[i];
  return sum;
}

static void finish(int actors)
{
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&seen.ended), actors);
}

static void records_arrive_in_order_and_the_end_behind_them(void **state)
{
  (void)state;
  int64_t count = count_or(20000, 1000);
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref r = spawn_before(&relay, &d, 1, WEIR__ROUND_ROBIN, 1);
  weir_ref s = spawn_before(&source, &r, 1, WEIR__ROUND_ROBIN, 0);
  weir_send(s, produce, .count = count);
  while (atomic_load(&seen.ended) < 3) weir_sleep(WEIR_MILLIS(0.2)); /* by itself: nothing is told to stop */
  finish(3);
  assert_int_equal(seen.records[0], count);
  assert_false(seen.unordered);
  assert_true(seen.inputs_ended[0]);
  assert_int_equal(atomic_load(&seen.lost), 0);
  static const char *const names[] = {"source", "relay", "drain"};
  for (int i = 0; i < 3; i++) {
    assert_string_equal(seen.endings[i].name, names[i]);
    assert_int_equal(seen.endings[i].code, WEIR_OK);
    assert_true(seen.endings[i].high_water <= seen.endings[i].capacity);
  }
  assert_int_equal(seen.endings[2].capacity, 4);
}

static void records_travel_in_batches(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  uint64_t before = accounts_created();
  weir_send(s, produce, .count = 256 * 20);
  finish(2);
  assert_int_equal(seen.records[0], 256 * 20);
  uint64_t made = accounts_created() - before;
  assert_true(made >= 20 + 2 && made < 40 + 2); /* the first ones are small: batches learn how large records are */
}

/* Their bytes are not in the batch, and end with it: the accounts count buffers, too. */
static void records_share_their_bytes(void **state)
{
  (void)state;
  weir_accounts a;
  weir_ref d = spawn_sink(0, 1, 1);
  weir_ref r = spawn_before(&relay, &d, 1, WEIR__ROUND_ROBIN, 1);
  weir_ref s = spawn_before(&source, &r, 1, WEIR__ROUND_ROBIN, 0);
  uint64_t before = accounts_created();
  weir_send(s, produce, .count = 600, .bytes = 10000, .shares = true);
  finish(3);
  assert_int_equal(seen.bytes[0], 600 * 10000);
  assert_true(accounts_created() - before < 60);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  weir_accounts_read(&a);
  assert_int_equal(a.buffers, 0);
}

static void a_batch_holds_at_most_64_kib(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 1);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  uint64_t before = accounts_created();
  weir_send(s, produce, .count = 600, .bytes = 10000);
  finish(2);
  assert_int_equal(seen.bytes[0], 600 * 10000);
  assert_true(accounts_created() - before >= 100);
}

/* ---- routes ---- */

static void spawn_sinks(weir_ref sinks[INSTANCES])
{
  for (int i = 0; i < INSTANCES; i++) sinks[i] = spawn_sink(i, 1, 0);
}

static void a_hash_route_sends_what_has_one_key_to_one_instance(void **state)
{
  (void)state;
  weir_ref sinks[INSTANCES];
  spawn_sinks(sinks);
  weir_send(spawn_before(&source, sinks, INSTANCES, WEIR__HASH, 0), produce, .count = 30 * KEYS);
  finish(1 + INSTANCES);
  for (int key = 0; key < KEYS; key++) {
    int having = 0;
    for (int i = 0; i < INSTANCES; i++) having += seen.keys[i][key] == 30;
    assert_int_equal(having, 1);
  }
  for (int i = 0; i < INSTANCES; i++) assert_true(seen.records[i] > 5 * 30 && seen.inputs_ended[i]);
  assert_int_equal(all_records(), 30 * KEYS);
  assert_false(seen.unordered);
}

static void round_robin_gives_each_instance_its_share(void **state)
{
  (void)state;
  weir_ref sinks[INSTANCES];
  spawn_sinks(sinks);
  weir_send(spawn_before(&source, sinks, INSTANCES, WEIR__ROUND_ROBIN, 0), produce, .count = 4000);
  finish(1 + INSTANCES);
  for (int i = 0; i < INSTANCES; i++) assert_int_equal(seen.records[i], 1000);
  assert_false(seen.unordered);
}

static void each_target_of_an_output_gets_each_record(void **state)
{
  (void)state;
  weir_ref sinks[INSTANCES];
  spawn_sinks(sinks);
  struct weir__target targets[] = {{.instances = sinks, .count = 1}, {.instances = sinks + 1, .count = 1}};
  struct weir__target right = {.instances = sinks + 2, .count = 1};
  struct weir__wiring outputs[] = {{.output = "left", .targets = targets, .count = 2},
                                   {.output = "right", .targets = &right, .count = 1}};
  struct weir__wired wired = wired_to(outputs, 2, 0);
  weir_ref s = weir__spawn_wired(&two_outputs, NULL, &wired);
  weir_send(s, produce, .count = 500, .output = "left", .goes_on = true);
  weir_send(s, produce, .count = 300, .output = "right");
  weir_stop(sinks[3]); /* nobody is before it */
  finish(1 + INSTANCES);
  assert_int_equal(seen.records[0], 500);
  assert_int_equal(seen.records[1], 500);
  assert_int_equal(seen.records[2], 300);
}

/* ---- when a batch goes off ---- */

static void a_batch_goes_off_when_its_sender_waits(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  struct gate g;
  gate_enter(&g, s); /* one record was sent, and its sender waits */
  while (get_from(d) < 1) weir_sleep(WEIR_MILLIS(0.1));
  gate_open(&g);
  finish(2);
}

static void a_batch_goes_off_when_its_sender_goes_idle(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  for (int i = 1; i <= 5; i++) {
    weir_send(s, produce, .count = 1, .goes_on = true);
    while (get_from(d) < i) weir_sleep(WEIR_MILLIS(0.1));
  }
  weir_send(s, produce);
  finish(2);
}

static void the_end_comes_when_all_inputs_have_ended(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 2, 0);
  weir_ref first = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  weir_ref second = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  weir_send(first, produce, .count = 10);
  while (atomic_load(&seen.ended) < 1) weir_sleep(WEIR_MILLIS(0.1));
  while (get_from(d) < 10) weir_sleep(WEIR_MILLIS(0.1));
  assert_false(seen.inputs_ended[0]);
  assert_true(weir_alive(d));
  weir_send(second, produce, .count = 10);
  while (atomic_load(&seen.ended) < 3) weir_sleep(WEIR_MILLIS(0.1));
  assert_true(seen.inputs_ended[0]);
  finish(3);
  assert_int_equal(seen.records[0], 20);
}

/* Sends a record, then joins a task: the batch goes off first, and finds its mailbox full. */
static int stand(struct hold *h) { return gate_stand(h); }
struct joiner {
  struct hold hold;
};
static int joiner_hold(struct joiner *j, const struct hold *h)
{
  int result;
  j->hold = *h;
  seen.rc = source_send(&(struct produce){.count = 1}, 0);
  weir_task *task = weir_task_start(NULL, stand, &j->hold);
  int rc = weir_task_join(task, WEIR_FOREVER, &result);
  return rc ? rc : WEIR_STOP;
}
WEIR_ACTOR(joiner, WEIR_ON(hold, joiner_hold));

static int nothing(void *unused)
{
  (void)unused;
  return WEIR_OK;
}

static void a_batch_that_waits_before_a_join_holds_up_no_other_task(void **state)
{
  (void)state;
  struct gate in_drain, in_task = gate_make();
  weir_ref d = spawn_sink(0, 1, 1);
  weir_ref j = spawn_before(&joiner, &d, 1, WEIR__ROUND_ROBIN, 0);
  gate_enter(&in_drain, d);
  weir_send(d, record, .n = 1); /* takes the one place */
  assert_int_equal(weir_send_value(j, WEIR_AT(hold, &in_task.hold)), WEIR_OK);
  assert_int_equal(gate_begun(&in_task), WEIR_OK);
  assert_int_equal(weir_task_join(weir_task_start(NULL, nothing, NULL), WEIR_SECONDS(20), NULL), WEIR_OK);
  gate_open(&in_drain);
  gate_open(&in_task);
  finish(2);
  assert_int_equal(seen.records[0], 2);
}

/* ---- backpressure along edges ---- */

static void a_full_mailbox_downstream_suspends_the_source(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = spawn_sink(0, 1, 0);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  gate_enter(&g, d);
  uint64_t before = accounts_created();
  weir_send(s, produce, .count = 100000);
  wait_until_created(before + 1 + 4 + 1); /* four are queued, the next one waits */
  weir_sleep(WEIR_MILLIS(5));
  assert_int_equal(accounts_created(), before + 1 + 4 + 1);
  gate_open(&g);
  finish(2);
  assert_int_equal(seen.records[0], 100000);
}

static void try_send_along_an_edge_does_not_wait(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = spawn_sink(0, 1, 1);
  weir_ref s = spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0);
  gate_enter(&g, d);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, produce, .count = 100000, .tries = true), WEIR_OK);
  assert_int_equal(seen.rc, WEIR_EFULL);
  gate_open(&g);
  finish(2);
  assert_int_equal(seen.records[0], seen.sent); /* those that were taken have come */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_GRAPH(records_arrive_in_order_and_the_end_behind_them),
      ON_GRAPH(records_travel_in_batches),
      ON_GRAPH(records_share_their_bytes),
      ON_GRAPH(a_batch_holds_at_most_64_kib),
      ON_GRAPH(a_hash_route_sends_what_has_one_key_to_one_instance),
      ON_GRAPH(round_robin_gives_each_instance_its_share),
      ON_GRAPH(each_target_of_an_output_gets_each_record),
      ON_GRAPH(a_batch_goes_off_when_its_sender_waits),
      ON_GRAPH(a_batch_goes_off_when_its_sender_goes_idle),
      ON_GRAPH(the_end_comes_when_all_inputs_have_ended),
      ON_GRAPH(a_batch_that_waits_before_a_join_holds_up_no_other_task),
      ON_GRAPH(a_full_mailbox_downstream_suspends_the_source),
      ON_GRAPH(try_send_along_an_edge_does_not_wait),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
