/* The time of an ask: withdrawal, doubt, inherited deadlines, and askers that have gone. */
#include "platform/clock.h"
#include "unit/actor_fixture.h"

/* Stands at a gate, notes whether its asker still waits, and asks on. */
struct errand {
  uint64_t begun, go;
  weir_ref next;
  bool stubborn;
};
WEIR_MESSAGE(errand, WEIR_FIELD(begun), WEIR_FIELD(go), WEIR_FIELD(next), WEIR_FIELD(stubborn));

static int asked_on;                     /* what the errand's own ask returned … */
static bool wanted_before, wanted_after; /* … and whether its asker waited, before and after the gate */
static _Atomic(uint64_t) errand_done;    /* a promise: the errand is over */

struct clerk {
  int64_t handled;
};
static int clerk_number(struct clerk *c)
{
  c->handled++;
  return WEIR_OK;
}
static int clerk_get(struct clerk *c, struct number *reply)
{
  reply->n = c->handled;
  return WEIR_OK;
}
static int clerk_hold(struct clerk *c, const struct hold *m)
{
  wanted_before = weir_wanted();
  int rc = gate_stand(m);
  wanted_after = weir_wanted();
  c->handled++;
  return rc;
}
static int clerk_errand(struct clerk *c, const struct errand *m)
{
  (void)c;
  if (m->stubborn) weir_ignore_deadline();
  asked_on = weir_ask(m->next, WEIR_SECONDS(20), NULL, hold, .begun = m->begun, .go = m->go);
  news_tell(atomic_load(&errand_done), 1);
  return WEIR_OK;
}
WEIR_ACTOR(clerk,
           WEIR_ON(number, clerk_number) WEIR_ON(get, clerk_get) WEIR_ON(hold, clerk_hold)
               WEIR_ON(errand, clerk_errand),
           .capacity = 1);

/* ---- before its handler begins ---- */

static void a_request_that_is_queued_when_time_is_over_is_withdrawn(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  gate_enter(&g, c);
  weir_accounts_read(&before);
  int64_t begin = weir__now_ns();
  assert_int_equal(weir_ask(c, WEIR_MILLIS(10), NULL, number), WEIR_ETIMEDOUT);
  assert_true(weir__now_ns() - begin >= 10000000);
  gate_open(&g);
  assert_int_equal(get_from(c), 1); /* the hold alone */
  weir_accounts_read(&after);
  assert_int_equal(after.withdrawn - before.withdrawn, 1);
}

static void a_request_that_has_no_place_when_time_is_over_was_not_sent(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  gate_enter(&g, c);
  weir_send(c, number);
  weir_accounts_read(&before);
  assert_int_equal(weir_ask(c, WEIR_MILLIS(10), NULL, number), WEIR_ETIMEDOUT);
  assert_int_equal(weir_ask(c, WEIR_MILLIS(0), NULL, number), WEIR_ETIMEDOUT);
  weir_accounts_read(&after);
  assert_int_equal(after.unsent - before.unsent, 2);
  gate_open(&g);
  assert_int_equal(get_from(c), 2);
}

static void a_withdrawn_request_keeps_its_place_until_it_is_popped(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  gate_enter(&g, c);
  assert_int_equal(weir_ask(c, WEIR_MILLIS(1), NULL, number), WEIR_ETIMEDOUT);
  assert_int_equal(weir_try_send(c, number), WEIR_EFULL);
  gate_open(&g);
  assert_int_equal(get_from(c), 1);
}

/* ---- after it ---- */

/* Asks until its handler has begun with it: what was withdrawn is safe to repeat. */
static int ask_until_begun(weir_ref c, struct gate *g)
{
  int rc = WEIR_ETIMEDOUT;
  *g = gate_make();
  for (double ms = 10; rc == WEIR_ETIMEDOUT; ms *= 2)
    rc = weir_ask_value(c, WEIR_MILLIS(ms), NULL, WEIR_AT(hold, &g->hold));
  return rc;
}

static void a_request_that_was_begun_when_time_is_over_is_in_doubt(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  assert_int_equal(ask_until_begun(c, &g), WEIR_EINDOUBT);
  assert_int_equal(gate_begun(&g), WEIR_OK);
  gate_open(&g);
  assert_int_equal(get_from(c), 1); /* it was done all the same */
  assert_true(wanted_before);
  assert_false(wanted_after);
}

static void a_handler_knows_that_it_is_wanted(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  gate_enter(&g, c); /* a plain message: always */
  gate_open(&g);
  assert_int_equal(get_from(c), 1);
  assert_true(wanted_before && wanted_after);
  assert_true(weir_wanted()); /* outside of a handler, too */
}

/* ---- inherited (L3) ---- */

static weir_future start_errand(struct gate *g, struct errand *e, weir_ref next, bool stubborn)
{
  weir_promise done;
  weir_future is_done;
  *g = gate_make();
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  atomic_store(&errand_done, done.bits);
  *e = (struct errand){.begun = g->hold.begun, .go = g->hold.go, .next = next, .stubborn = stubborn};
  return is_done;
}

static void an_ask_of_a_handler_inherits_what_is_left_of_its_request(void **state)
{
  (void)state;
  struct gate g;
  struct errand e;
  weir_ref first = weir_spawn(&clerk), second = weir_spawn(&clerk);
  asked_on = WEIR_ETIMEDOUT;
  for (double ms = 20; asked_on == WEIR_ETIMEDOUT; ms *= 2) { /* again when something was withdrawn */
    weir_future done = start_errand(&g, &e, second, false);
    if (weir_ask_value(first, WEIR_MILLIS(ms), NULL, WEIR_AT(errand, &e)) != WEIR_ETIMEDOUT)
      assert_int_equal(news_wait(done), 1);
  }
  assert_int_equal(asked_on, WEIR_EINDOUBT); /* nobody opened the gate: its own twenty seconds would be too long */
  assert_int_equal(gate_begun(&g), WEIR_OK);
  gate_open(&g);
  assert_int_equal(get_from(second), 1);
}

static void a_handler_that_ignores_the_deadline_finishes(void **state)
{
  (void)state;
  struct gate g;
  struct errand e;
  weir_ref first = weir_spawn(&clerk), second = weir_spawn(&clerk);
  weir_future done = start_errand(&g, &e, second, true);
  int rc = WEIR_ETIMEDOUT;
  for (double ms = 10; rc == WEIR_ETIMEDOUT; ms *= 2)
    rc = weir_ask_value(first, WEIR_MILLIS(ms), NULL, WEIR_AT(errand, &e));
  assert_int_equal(rc, WEIR_EINDOUBT);
  assert_int_equal(gate_begun(&g), WEIR_OK);
  gate_open(&g);
  assert_int_equal(news_wait(done), 1);
  assert_int_equal(asked_on, WEIR_OK);
}

/* ---- an asker that is told to stop ---- */

static int ask_to_hold(struct errand *e)
{
  return weir_ask(e->next, WEIR_SECONDS(20), NULL, hold, .begun = e->begun, .go = e->go);
}

static void an_asker_that_is_cancelled_stops_waiting(void **state)
{
  (void)state;
  struct gate g = gate_make();
  weir_ref c = weir_spawn(&clerk);
  struct errand e = {.begun = g.hold.begun, .go = g.hold.go, .next = c};
  weir_task *task = weir_task_start(NULL, ask_to_hold, &e);
  assert_non_null(task);
  assert_int_equal(gate_begun(&g), WEIR_OK);
  weir_task_cancel(task);
  int rc;
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_ECANCELED);
  gate_open(&g);
  assert_int_equal(get_from(c), 1);
}

/* ---- answers and deadlines that meet ---- */

struct racer {
  weir_ref whom;
  int64_t counts[3]; /* OK, withdrawn, in doubt */
};
static int race(struct racer *r)
{
  for (int64_t i = 0; i < count_or(3000, 200); i++) {
    int rc = weir_ask(r->whom, WEIR_MILLIS((double)(i % 50) / 1000), NULL, number);
    if (rc && rc != WEIR_ETIMEDOUT && rc != WEIR_EINDOUBT) return rc;
    r->counts[rc == WEIR_OK ? 0 : rc == WEIR_ETIMEDOUT ? 1 : 2]++;
  }
  return WEIR_OK;
}

static void what_is_said_of_a_request_is_true_when_deadline_and_answer_meet(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clerk);
  struct racer racers[4];
  weir_task *tasks[4];
  int64_t done = 0, doubt = 0;
  for (int i = 0; i < 4; i++) {
    racers[i] = (struct racer){.whom = c};
    assert_non_null(tasks[i] = weir_task_start(NULL, race, &racers[i]));
  }
  for (int i = 0; i < 4; i++) {
    int rc;
    assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_OK);
    done += racers[i].counts[0];
    doubt += racers[i].counts[2];
  }
  int64_t handled = get_from(c);
  assert_true(handled >= done && handled <= done + doubt);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_request_that_is_queued_when_time_is_over_is_withdrawn),
      ON_RUNTIME(a_request_that_has_no_place_when_time_is_over_was_not_sent),
      ON_RUNTIME(a_withdrawn_request_keeps_its_place_until_it_is_popped),
      ON_RUNTIME(a_request_that_was_begun_when_time_is_over_is_in_doubt),
      ON_RUNTIME(a_handler_knows_that_it_is_wanted),
      ON_RUNTIME(an_ask_of_a_handler_inherits_what_is_left_of_its_request),
      ON_RUNTIME(a_handler_that_ignores_the_deadline_finishes),
      ON_RUNTIME(an_asker_that_is_cancelled_stops_waiting),
      ON_RUNTIME(what_is_said_of_a_request_is_true_when_deadline_and_answer_meet),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
