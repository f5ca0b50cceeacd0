/* Several asks at once: begun, awaited in any order, given up, and what is known of each. */
#include "unit/callback_fixture.h"
#include "unit/line_fixture.h"

/* Answers with what it is asked, doubled; can be held up. */
struct twice {
  int64_t n;
};
WEIR_REQUEST(twice, number, WEIR_FIELD(n));

struct doubler {
  WEIR_EMPTY;
};
static _Atomic(int64_t) handled;
static int doubler_twice(struct doubler *d, const struct twice *m, struct number *reply)
{
  (void)d;
  atomic_fetch_add(&handled, 1);
  if (m->n < 0) return weir_error(WEIR_EUSER(1), "%lld is negative", (long long)m->n);
  reply->n = 2 * m->n;
  return WEIR_OK;
}
static int doubler_hold(struct doubler *d, const struct hold *h)
{
  (void)d;
  return gate_stand(h);
}
WEIR_ACTOR(doubler, WEIR_ON(twice, doubler_twice) WEIR_ON(hold, doubler_hold), .capacity = 64);

static int64_t await(weir_pending p)
{
  struct number *m;
  int rc = weir_await(p, &m, twice);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static weir_pending begin(weir_ref to, weir_duration within, int64_t n)
{
  return weir_ask_begin(to, within, twice, .n = n);
}

static void asks_are_answered_in_whatever_order_they_are_awaited(void **state)
{
  (void)state;
  enum { ASKS = 40 };
  weir_pending p[ASKS];
  weir_ref d[] = {weir_spawn(&doubler), weir_spawn(&doubler)};
  for (int i = 0; i < ASKS; i++) {
    p[i] = begin(d[i % 2], WEIR_SECONDS(20), i);
    assert_int_equal(p[i].error, WEIR_OK);
  }
  for (int i = ASKS - 1; i >= 0; i--) assert_int_equal(await(p[i]), 2 * i);
  for (int i = 0; i < ASKS; i++) assert_int_equal(await(p[i]), WEIR_EINVAL);
  weir_cancel(p, ASKS); /* all are over: left alone */
}

static void a_refusal_comes_with_its_text(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&doubler);
  weir_pending bad = begin(d, WEIR_SECONDS(20), -3), good = begin(d, WEIR_SECONDS(20), 3);
  assert_int_equal(await(good), 6);
  assert_int_equal(await(bad), WEIR_EUSER(1));
  assert_string_equal(weir_error_text(), "-3 is negative");
}

static void what_was_not_asked_is_told_by_await(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&doubler);
  weir_stop(d);
  wait_until_gone(d);
  weir_pending p[] = {begin(d, WEIR_SECONDS(20), 1), begin((weir_ref){0}, WEIR_SECONDS(20), 1)};
  assert_int_equal(p[0].error, WEIR_EDEAD);
  assert_int_equal(await(p[0]), WEIR_EDEAD);
  assert_int_equal(await(p[1]), WEIR_EDEAD);
  weir_cancel(p, 2);
}

static void a_full_mailbox_takes_of_its_time(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = weir_spawn(&doubler, .capacity = 1);
  gate_enter(&g, d);
  weir_pending first = begin(d, WEIR_SECONDS(20), 1), second = begin(d, WEIR_MILLIS(2), 2);
  assert_int_equal(second.error, WEIR_ETIMEDOUT);
  gate_open(&g);
  assert_int_equal(await(first), 2);
  assert_int_equal(await(second), WEIR_ETIMEDOUT);
}

static weir_pending begun_in_task;
static int begin_in_task(weir_ref *to)
{
  begun_in_task = begin(*to, WEIR_SECONDS(20), 2);
  return begun_in_task.error;
}

static void a_begin_waits_for_a_place_and_goes_on_with_it(void **state)
{
  (void)state;
  struct gate g;
  int rc;
  weir_ref d = weir_spawn(&doubler, .capacity = 1);
  gate_enter(&g, d);
  weir_pending first = begin(d, WEIR_SECONDS(20), 1);
  weir_task *task = weir_task_start(NULL, begin_in_task, &d);
  while (line_length(d.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
  gate_open(&g);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(await(first), 2);
  assert_int_equal(await(begun_in_task), 4);
}

/* ---- time ---- */

static void what_has_not_begun_in_time_is_withdrawn(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref d = weir_spawn(&doubler);
  gate_enter(&g, d);
  atomic_store(&handled, 0);
  weir_accounts_read(&before);
  weir_pending late = begin(d, WEIR_MILLIS(2), 1), good = begin(d, WEIR_SECONDS(20), 4);
  assert_int_equal(await(late), WEIR_ETIMEDOUT);
  gate_open(&g);
  assert_int_equal(await(good), 8);
  weir_accounts_read(&after);
  assert_int_equal(after.withdrawn - before.withdrawn, 1);
  assert_int_equal(atomic_load(&handled), 1);
}

struct slow {
  WEIR_EMPTY;
};
static struct gate slow_gate;
static _Atomic(int) wanted;
static int slow_twice(struct slow *s, const struct twice *m, struct number *reply)
{
  (void)s;
  int rc = gate_stand(&slow_gate.hold);
  atomic_store(&wanted, weir_wanted());
  reply->n = 2 * m->n;
  return rc;
}
WEIR_ACTOR(slow, WEIR_ON(twice, slow_twice));

static weir_pending begun(weir_duration within)
{
  slow_gate = gate_make();
  weir_pending p = begin(weir_spawn(&slow), within, 21);
  assert_int_equal(gate_begun(&slow_gate), WEIR_OK);
  return p;
}

static void what_had_begun_in_time_is_in_doubt(void **state)
{
  (void)state;
  weir_pending p = begun(WEIR_MILLIS(2));
  assert_int_equal(await(p), WEIR_EINDOUBT);
  assert_int_equal(await(p), WEIR_EINVAL);
  gate_open(&slow_gate);
}

static void an_answer_that_is_there_is_taken_however_late(void **state)
{
  (void)state;
  weir_pending p = begun(WEIR_MILLIS(20));
  gate_open(&slow_gate);
  weir_sleep(WEIR_MILLIS(30));
  while (weir_alive(p.to) && weir_ask(p.to, WEIR_SECONDS(20), NULL, signal) != WEIR_EPROTO)
    continue; /* it is through */
  assert_int_equal(await(p), 42);
}

/* ---- giving up ---- */

static void a_cancelled_ask_is_wanted_no_more(void **state)
{
  (void)state;
  weir_pending p = begun(WEIR_SECONDS(20));
  atomic_store(&wanted, -1);
  weir_cancel(&p, 1);
  weir_cancel(&p, 1);
  gate_open(&slow_gate);
  while (atomic_load(&wanted) < 0) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&wanted), 0);
  assert_int_equal(await(p), WEIR_EINVAL);
}

static void a_cancelled_ask_that_has_not_begun_never_does(void **state)
{
  (void)state;
  struct gate g;
  weir_pending p[3];
  weir_ref d = weir_spawn(&doubler);
  gate_enter(&g, d);
  atomic_store(&handled, 0);
  for (int i = 0; i < 3; i++) p[i] = begin(d, WEIR_SECONDS(20), i);
  weir_cancel(p + 1, 2);
  gate_open(&g);
  assert_int_equal(await(p[0]), 0);
  assert_int_equal(weir_ask(d, WEIR_SECONDS(20), NULL, twice, .n = 1), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 2);
}

static void an_answer_that_nobody_takes_is_freed_by_a_cancel(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&doubler);
  weir_pending p = begin(d, WEIR_SECONDS(20), 1);
  assert_int_equal(weir_ask(d, WEIR_SECONDS(20), NULL, twice, .n = 1), WEIR_OK); /* behind it */
  weir_cancel(&p, 1);
  assert_int_equal(await(p), WEIR_EINVAL);
}

/* What an actor has begun ends with it. */
struct asker {
  weir_pending p;
};
static int asker_hold(struct asker *a, const struct hold *h)
{
  (void)h;
  for (int i = 0; i < 3; i++) a->p = begin(weir_spawn(&slow), WEIR_SECONDS(3600), i);
  return a->p.error ? a->p.error : WEIR_STOP;
}
WEIR_ACTOR(asker, WEIR_ON(hold, asker_hold));

static void what_an_actor_has_begun_is_cancelled_when_it_ends(void **state)
{
  (void)state;
  slow_gate = gate_make();
  weir_promise_drop(slow_gate.go); /* nobody stands */
  weir_ref a = weir_spawn(&asker);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, hold), WEIR_OK);
  wait_until_gone(a);
  weir_future_drop(slow_gate.begun);
}

static int await_it(weir_pending *p) { return (int)await(*p); }

static void a_cancelled_caller_leaves_its_ask_pending(void **state)
{
  (void)state;
  int rc;
  weir_pending p = begun(WEIR_SECONDS(20));
  weir_task *task = weir_task_start(NULL, await_it, &p);
  weir_task_cancel(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_ECANCELED);
  gate_open(&slow_gate);
  assert_int_equal(await(p), 42);
}

/* ---- the wrong place ---- */

/* The stop has woken it, and it has not gone on yet: the ask is still its. */
static void an_ask_is_whose_await_was_ended_until_that_goes_on(void **state)
{
  (void)state;
  struct gate g;
  int rc = 1;
  if (!on_current_thread()) return; /* elsewhere it may have gone on by then */
  weir_ref d = weir_spawn(&doubler);
  gate_enter(&g, d);
  weir_pending p = begin(d, WEIR_SECONDS(20), 4);
  weir_task *task = weir_task_start(NULL, await_it, &p);
  while (!(atomic_load(&weir__wait_at(p.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
  weir_task_cancel(task);
  assert_int_equal(await(p), WEIR_EBUSY);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_ECANCELED);
  gate_open(&g);
  assert_int_equal(await(p), 8);
}

static struct {
  weir_pending p;
  int64_t early, full;
} seen;
static void in_callback(void)
{
  seen.early = await(seen.p);
  seen.full = begin(seen.p.to, WEIR_SECONDS(1), 1).error;
}

static void a_callback_begins_where_there_is_room_and_never_waits(void **state)
{
  (void)state;
  slow_gate = gate_make();
  weir_ref s = weir_spawn(&slow, .capacity = 1);
  seen.p = begin(s, WEIR_SECONDS(20), 21);
  assert_int_equal(gate_begun(&slow_gate), WEIR_OK);
  weir_pending fills = begin(s, WEIR_SECONDS(20), 1);
  run_in_callback(in_callback);
  assert_int_equal(seen.early, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.full, WEIR_EWOULDBLOCK);
  weir_cancel(&fills, 1);
  gate_open(&slow_gate);
  assert_int_equal(await(seen.p), 42);
}

static void the_type_that_is_awaited_must_be_the_one_that_was_asked(void **state)
{
  (void)state;
  weir_ref d = weir_spawn(&doubler);
  weir_pending p = begin(d, WEIR_SECONDS(20), 1);
  assert_int_equal(weir_await(p, NULL, signal), WEIR_EPROTO);
  assert_string_equal(weir_error_text(), "a number is no answer to a signal");
  assert_int_equal(await(p), 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(asks_are_answered_in_whatever_order_they_are_awaited),
      ON_RUNTIME(a_refusal_comes_with_its_text),
      ON_RUNTIME(what_was_not_asked_is_told_by_await),
      ON_RUNTIME(a_full_mailbox_takes_of_its_time),
      ON_RUNTIME(a_begin_waits_for_a_place_and_goes_on_with_it),
      ON_RUNTIME(what_has_not_begun_in_time_is_withdrawn),
      ON_RUNTIME(what_had_begun_in_time_is_in_doubt),
      ON_RUNTIME(an_answer_that_is_there_is_taken_however_late),
      ON_RUNTIME(a_cancelled_ask_is_wanted_no_more),
      ON_RUNTIME(a_cancelled_ask_that_has_not_begun_never_does),
      ON_RUNTIME(an_answer_that_nobody_takes_is_freed_by_a_cancel),
      ON_RUNTIME(what_an_actor_has_begun_is_cancelled_when_it_ends),
      ON_RUNTIME(a_cancelled_caller_leaves_its_ask_pending),
      ON_RUNTIME(an_ask_is_whose_await_was_ended_until_that_goes_on),
      ON_RUNTIME(a_callback_begins_where_there_is_room_and_never_waits),
      ON_RUNTIME(the_type_that_is_awaited_must_be_the_one_that_was_asked),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
