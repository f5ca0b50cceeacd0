/* Edges: what becomes of records whose receiver is full, refuses them or fails, of outputs that lead nowhere, and of sends
 * past the edges. */
#include "platform/clock.h"
#include "unit/edge_fixture.h"
#include "unit/line_fixture.h"

static void finish(int actors, int dead)
{
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&seen.ended), actors);
  expect_told(0, dead);
}

static struct weir__ending ending_of(weir_ref actor)
{
  struct weir__ending none = {0};
  for (int i = 0; i < atomic_load(&seen.ended); i++)
    if (seen.endings[i].actor.bits == actor.bits) return seen.endings[i];
  return none;
}

static weir_ref spawn_source(const weir_actor *type, const struct weir__target *targets, size_t count)
{
  struct weir__wiring out = {.output = "out", .targets = targets, .count = count};
  struct weir__wired wired = wired_to(&out, 1, 0);
  return weir__spawn_wired(type, NULL, &wired);
}

/* ---- a receiver that is full ---- */

static void an_edge_that_drops_never_waits_and_counts(void **state)
{
  (void)state;
  struct gate g;
  weir_ref slow = spawn_sink(0, 2, 4), quick = spawn_sink(1, 1, 0);
  struct weir__target targets[] = {{.instances = &slow, .count = 1, .when_full = WEIR__FULL_DROPS},
                                   {.instances = &quick, .count = 1}};
  weir_ref s = spawn_source(&source, targets, 2);
  weir_ref other = spawn_before(&source, &slow, 1, WEIR__ROUND_ROBIN, 0); /* the end of the other one needs a place */
  gate_enter(&g, slow);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, produce, .count = 256 * 20, .goes_on = true), WEIR_OK);
  gate_open(&g);
  weir_send(s, produce);
  weir_send(other, produce);
  finish(4, 0);
  assert_int_equal(seen.records[1], 256 * 20); /* the other target gets all */
  assert_true(seen.records[0] > 0 && seen.records[0] < 256 * 20);
  assert_int_equal(seen.records[0] + (int64_t)ending_of(s).dropped, 256 * 20);
  assert_false(seen.unordered);
}

static void an_edge_that_diverts_fills_another_one(void **state)
{
  (void)state;
  struct gate g;
  weir_ref slow = spawn_sink(0, 1, 4), others[2] = {spawn_sink(1, 1, 2), spawn_sink(2, 1, 2)};
  struct weir__target targets[] = {
      {.instances = &slow, .count = 1, .when_full = WEIR__FULL_DIVERTS, .instead = 1},
      {.instances = others, .count = 2, .route = WEIR__HASH, .field = "key", .is_spare = true}};
  weir_ref s = spawn_source(&source, targets, 2);
  gate_enter(&g, slow);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, produce, .count = 256 * 20, .shares = true, .bytes = 100),
                   WEIR_OK);
  gate_open(&g);
  finish(4, 0);
  assert_true(seen.records[0] > 0 && seen.records[1] > 0 && seen.records[2] > 0);
  assert_int_equal(seen.records[1] + seen.records[2], ending_of(s).diverted);
  assert_int_equal(seen.records[0] + seen.records[1] + seen.records[2], 256 * 20);
  assert_int_equal(seen.bytes[0] + seen.bytes[1] + seen.bytes[2], 256 * 20 * 100);
  assert_true(seen.inputs_ended[0] && seen.inputs_ended[1] && seen.inputs_ended[2]);
  assert_false(seen.unordered);
}

static void what_is_being_diverted_when_its_sender_is_killed_is_told(void **state)
{
  (void)state;
  struct gate g, h;
  weir_ref slow = spawn_sink(0, 1, 1), other = spawn_sink(1, 1, 1);
  struct weir__target targets[] = {{.instances = &slow, .count = 1, .when_full = WEIR__FULL_DIVERTS, .instead = 1},
                                   {.instances = &other, .count = 1, .is_spare = true}};
  weir_ref s = spawn_source(&source, targets, 2);
  gate_enter(&g, slow);
  gate_enter(&h, other);
  weir_send(s, produce, .count = 256 * 20);
  while (!line_length(other.bits)) weir_sleep(WEIR_MILLIS(0.1));
  weir_kill(s);
  wait_until_gone(s);
  gate_open(&g);
  gate_open(&h);
  weir_drain(slow);
  weir_drain(other);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_true(atomic_load(&seen.lost) > 0);
}

/* While what one instance had no room for waits for a place, what another one has none for is diverted, too. */
static void a_kill_while_two_batches_are_diverted_leaves_nothing(void **state)
{
  (void)state;
  struct gate g[3];
  weir_ref slow[2] = {spawn_sink(0, 1, 1), spawn_sink(1, 1, 1)}, other = spawn_sink(2, 1, 1);
  struct weir__target targets[] = {{.instances = slow, .count = 2, .when_full = WEIR__FULL_DIVERTS, .instead = 1},
                                   {.instances = &other, .count = 1, .is_spare = true}};
  weir_ref s = spawn_source(&source, targets, 2);
  for (int i = 0; i < 2; i++) gate_enter(&g[i], slow[i]);
  gate_enter(&g[2], other);
  weir_send(s, produce, .count = 256 * 40, .bytes = 100);
  while (!line_length(other.bits)) weir_sleep(WEIR_MILLIS(0.1));
  weir_kill(s);
  wait_until_gone(s);
  for (int i = 0; i < 3; i++) gate_open(&g[i]);
  for (int i = 0; i < 2; i++) weir_drain(slow[i]);
  weir_drain(other);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_true(atomic_load(&seen.lost) > 0);
}

/* ---- outputs that lead nowhere ---- */

static void what_is_discarded_is_not_lost(void **state)
{
  (void)state;
  struct weir__wiring out = {.output = "out", .nowhere = WEIR__DISCARDED};
  struct weir__wired wired = wired_to(&out, 1, 0);
  weir_send(weir__spawn_wired(&source, NULL, &wired), produce, .count = 300);
  finish(1, 0);
  assert_int_equal(seen.sent, 300);
}

struct mourner {
  int64_t letters;
};
static int mourn(struct mourner *m)
{
  m->letters++;
  return WEIR_OK;
}
static int mourned(struct mourner *m, struct number *reply)
{
  reply->n = m->letters;
  return WEIR_OK;
}
WEIR_ACTOR(mourner, WEIR_ON(weir_dead_letter, mourn) WEIR_ON(get, mourned), .capacity = 1024);

static void the_dead_letters_may_be_where_an_output_leads(void **state)
{
  (void)state;
  weir_ref listener = weir_spawn(&mourner);
  assert_int_equal(weir_dead_letters(listener), WEIR_OK);
  struct weir__wiring out = {.output = "out", .nowhere = WEIR__DEAD_LETTERS};
  struct weir__wired wired = wired_to(&out, 1, 0);
  assert_int_equal(weir_ask(weir__spawn_wired(&source, NULL, &wired), WEIR_SECONDS(20), NULL, produce, .count = 7),
                   WEIR_OK);
  assert_int_equal(get_from(listener), 7);
  finish(1, 0);
}

/* ---- refused, and what it may lead to ---- */

static weir_ref spawn_refusing(const weir_ref *failed, unsigned retries)
{
  struct weir__target target = {.instances = failed, .count = 1};
  struct weir__wiring out = {.output = WEIR__FAILED_OUTPUT, .targets = &target, .count = failed ? 1 : 0};
  struct weir__wired wired = wired_to(&out, failed ? 1 : 0, 1);
  wired.retries = retries;
  wired.retry_first = WEIR_MILLIS(1);
  wired.retry_most = WEIR_MILLIS(3);
  weir_spawn_options options = {.config = WEIR_VALUE(instance, .index = 0)};
  seen.refuses = true;
  return weir__spawn_wired(&drain, &options, &wired);
}

static void a_refused_record_goes_along_the_failed_output(void **state)
{
  (void)state;
  weir_ref failed = spawn_sink(1, 1, 0), d = spawn_refusing(&failed, 0);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 100);
  finish(3, 0);
  assert_int_equal(seen.records[0], 100);
  assert_int_equal(seen.records[1], 1);
  assert_int_equal(seen.last[1], REFUSED);
}

static void a_refused_record_is_tried_again_before_it_is_given_up(void **state)
{
  (void)state;
  weir_ref failed = spawn_sink(1, 1, 0), d = spawn_refusing(&failed, 4);
  int64_t from = weir__now_ns();
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 100);
  finish(3, 0);
  assert_int_equal(seen.records[0], 100 + 4);
  assert_int_equal(seen.records[1], 1);
  assert_true(weir__now_ns() - from >= WEIR_MILLIS(1 + 2 + 3 + 3).ns);
}

static void without_a_failed_output_it_is_told_once(void **state)
{
  (void)state;
  weir_ref d = spawn_refusing(NULL, 2);
  weir_send(spawn_before(&source, &d, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 100);
  finish(2, 1);
  assert_int_equal(seen.records[0], 102);
  assert_string_equal(seen.lost_text, "drain/record: thirteen is refused");
}

/* ---- past the edges ---- */

static int past[8];
static char past_text[128];

struct to_whom {
  weir_ref ref;
};
WEIR_MESSAGE(to_whom, WEIR_FIELD(ref));
struct sneak {
  WEIR_EMPTY;
};
static int sneak_past(struct sneak *s, const struct to_whom *m)
{
  (void)s;
  weir_permit permit;
  past[0] = weir_send(m->ref, record);
  snprintf(past_text, sizeof past_text, "%s", weir_error_text());
  past[1] = weir_try_send(m->ref, record);
  past[2] = weir_send_within(m->ref, WEIR_MILLIS(1), record);
  past[3] = weir_ask(m->ref, WEIR_SECONDS(1), NULL, record);
  past[4] = weir_reserve(m->ref, WEIR_SECONDS(1), &permit);
  past[5] = weir_ask_begin(m->ref, WEIR_SECONDS(1), record).error;
  past[6] = weir_forward(m->ref);
  past[7] = weir_send(weir_self(), signal); /* to itself it may */
  return WEIR_OK;
}
static int sneak_away(struct sneak *s)
{
  (void)s;
  return WEIR_STOP;
}
WEIR_ACTOR(sneak, WEIR_ON(to_whom, sneak_past) WEIR_ON(signal, sneak_away));

static void an_actor_of_a_topology_sends_to_others_along_edges_only(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0), unrelated = spawn_sink(1, 1, 0);
  weir_send(spawn_before(&sneak, &d, 1, WEIR__ROUND_ROBIN, 0), to_whom, .ref = unrelated);
  while (atomic_load(&seen.ended) < 2) weir_sleep(WEIR_MILLIS(0.1));
  weir_drain(unrelated);
  finish(3, 0);
  for (int i = 0; i < 7; i++) assert_int_equal(past[i], WEIR_EINVAL);
  assert_int_equal(past[7], WEIR_OK);
  assert_string_equal(past_text,
                      "sneak has no edge to the actor that it sends to: an actor of a topology sends to others "
                      "by its outputs");
  assert_int_equal(seen.records[1], 0);
}

/* ---- a record goes on as it is ---- */

struct passer {
  WEIR_EMPTY;
};
static int pass_on(struct passer *p)
{
  (void)p;
  return weir_forward(weir_output("out"));
}
WEIR_ACTOR(passer, WEIR_ON(record, pass_on), .capacity = 2);

static void a_record_is_forwarded_along_an_edge(void **state)
{
  (void)state;
  weir_ref d = spawn_sink(0, 1, 0), p = spawn_before(&passer, &d, 1, WEIR__ROUND_ROBIN, 1);
  weir_send(spawn_before(&source, &p, 1, WEIR__ROUND_ROBIN, 0), produce, .count = 1000, .bytes = 300, .shares = true);
  finish(3, 0);
  assert_int_equal(seen.records[0], 1000);
  assert_int_equal(seen.bytes[0], 300000);
  assert_false(seen.unordered);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_GRAPH(an_edge_that_drops_never_waits_and_counts),
      ON_GRAPH(an_edge_that_diverts_fills_another_one),
      ON_GRAPH(what_is_being_diverted_when_its_sender_is_killed_is_told),
      ON_GRAPH(a_kill_while_two_batches_are_diverted_leaves_nothing),
      ON_GRAPH(what_is_discarded_is_not_lost),
      ON_GRAPH(the_dead_letters_may_be_where_an_output_leads),
      ON_GRAPH(a_refused_record_goes_along_the_failed_output),
      ON_GRAPH(a_refused_record_is_tried_again_before_it_is_given_up),
      ON_GRAPH(without_a_failed_output_it_is_told_once),
      ON_GRAPH(an_actor_of_a_topology_sends_to_others_along_edges_only),
      ON_GRAPH(a_record_is_forwarded_along_an_edge),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
