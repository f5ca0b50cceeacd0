/* Several runtimes in one process, and what tokio's tests of its runtimes ask. */
#include <pthread.h>
#include <sched.h>

#include "platform/clock.h"
#include "unit/actor_fixture.h"

/* ---- several at once ---- */

enum { RUNTIMES = 3 };
static weir_runtime *rts[RUNTIMES];

static int all_up(void **state)
{
  (void)state;
  static const weir_runtime_options options[RUNTIMES] = {{.workers = 1}, {.workers = 2}, {.workers = 4}};
  for (int i = 0; i < RUNTIMES; i++)
    if (weir_runtime_start(&options[i], &rts[i])) return 1;
  return 0;
}

static int stop_one(int i, weir_duration drain)
{
  weir_runtime *rt = rts[i];
  rts[i] = NULL;
  return weir_runtime_stop(rt, drain);
}

static int all_down(void **state)
{
  (void)state;
  int rc = WEIR_OK;
  for (int i = 0; i < RUNTIMES; i++)
    if (!rc && rts[i]) rc = stop_one(i, WEIR_SECONDS(20));
  return rc || accounts_are_even(); /* proved when the last one stops */
}
#define ON_SEVERAL(test) cmocka_unit_test_setup_teardown(test, all_up, all_down)

static int result_of(weir_task *t)
{
  int result = WEIR_EINVAL;
  assert_non_null(t);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(50), &result), WEIR_OK);
  return result;
}

struct place {
  uint64_t next;
};
WEIR_MESSAGE(place, WEIR_FIELD(next));
struct station {
  weir_ref next;
  int64_t seen;
};
static int station_place(struct station *s, const struct place *p)
{
  s->next.bits = p->next;
  return WEIR_OK;
}
static int station_get(struct station *s, struct number *reply)
{
  s->seen++;
  if (s->next.bits) return weir_forward(s->next);
  reply->n = s->seen;
  return WEIR_OK;
}
static _Atomic(int64_t) passed;
static int station_number(struct station *s, const struct number *m)
{
  s->seen++;
  atomic_fetch_add(&passed, 1);
  return m->n > 0 && s->next.bits ? weir_send(s->next, number, .n = m->n - 1) : WEIR_OK;
}
static int station_signal(struct station *s)
{
  weir_timer t = weir_send_after(s->next, WEIR_MILLIS(1), number, .n = 0);
  return t.error;
}
static int station_hold(struct station *s, const struct hold *h)
{
  (void)s;
  return gate_stand(h);
}
WEIR_ACTOR(station,
           WEIR_ON(place, station_place) WEIR_ON(get, station_get) WEIR_ON(number, station_number)
               WEIR_ON(signal, station_signal) WEIR_ON(hold, station_hold),
           .capacity = 4);

static int ask_often(weir_ref *first)
{
  for (int64_t i = 1; i <= 200; i++)
    if (get_from(*first) != i) return WEIR_EFAILED;
  return WEIR_OK;
}

static void requests_are_forwarded_from_one_to_the_other(void **state)
{
  (void)state;
  weir_ref s[RUNTIMES];
  for (int i = 0; i < RUNTIMES; i++) s[i] = weir_spawn(&station, .on = rts[i]);
  for (int i = 0; i + 1 < RUNTIMES; i++) weir_send(s[i], place, .next = s[i + 1].bits);
  assert_int_equal(result_of(weir_task_start(rts[0], ask_often, &s[0])), WEIR_OK);
}

static void what_goes_round_through_all_arrives(void **state)
{
  (void)state;
  weir_ref s[RUNTIMES];
  for (int i = 0; i < RUNTIMES; i++) s[i] = weir_spawn(&station, .on = rts[i]);
  for (int i = 0; i < RUNTIMES; i++) weir_send(s[i], place, .next = s[(i + 1) % RUNTIMES].bits);
  atomic_store(&passed, 0);
  assert_int_equal(weir_send(s[0], number, .n = 2999), WEIR_OK);
  while (atomic_load(&passed) < 3000) weir_sleep(WEIR_MILLIS(0.2));
}

static void a_timer_set_on_one_sends_to_another(void **state)
{
  (void)state;
  weir_ref here = weir_spawn(&station, .on = rts[0]), there = weir_spawn(&station, .on = rts[2]);
  weir_send(here, place, .next = there.bits);
  atomic_store(&passed, 0);
  assert_int_equal(weir_ask(here, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  while (!atomic_load(&passed)) weir_sleep(WEIR_MILLIS(0.2));
}

static void names_are_of_one_runtime(void **state)
{
  (void)state;
  weir_ref s[RUNTIMES];
  for (int i = 0; i < RUNTIMES; i++) s[i] = weir_spawn(&station, .on = rts[i], .name = "same");
  for (int i = 0; i < RUNTIMES; i++) assert_int_equal(weir_ref_error(s[i]), WEIR_OK);
  assert_int_equal(weir_ref_error(weir_spawn(&station, .on = rts[1], .name = "same")), WEIR_EEXIST);
  assert_int_equal(weir_find("same").bits, s[0].bits); /* of the oldest, on a plain thread */
}

/* ---- one stops while others ask it ---- */

struct caller {
  weir_ref whom;
  _Atomic(int) begun;
};

/* Until there is nobody any more. Each ask has 20 s: an answer that waits for that would show. */
static int ask_until_gone(struct caller *c)
{
  int rc;
  atomic_fetch_add(&c->begun, 1);
  do rc = weir_ask(c->whom, WEIR_SECONDS(20), NULL, get);
  while (rc == WEIR_OK);
  return rc;
}
static int send_until_gone(struct caller *c)
{
  int rc;
  atomic_fetch_add(&c->begun, 1);
  do rc = weir_send(c->whom, number, .n = 0);
  while (rc == WEIR_OK);
  return rc;
}

static void stop_asked(weir_duration drain)
{
  weir_task *t[8];
  struct caller c = {.whom = weir_spawn(&station, .on = rts[2])};
  for (int i = 0; i < 8; i++)
    t[i] = i % 2 ? weir_task_start(rts[i / 4], send_until_gone, &c) : weir_task_start(rts[i / 4], ask_until_gone, &c);
  while (atomic_load(&c.begun) < 8) weir_sleep(WEIR_MILLIS(0.1));
  int64_t from = weir__now_ns();
  int rc = stop_one(2, drain);
  assert_true(rc == WEIR_OK || (rc == WEIR_ETIMEDOUT && drain.ns)); /* it is never at rest */
  for (int i = 0; i < 8; i++) {
    int result = result_of(t[i]);
    assert_true(result == WEIR_EDEAD || result == WEIR_EFAILED);
  }
  assert_true(weir__now_ns() - from < 15 * (int64_t)1000000000);
}

static void who_asks_one_that_stops_learns_it_at_once(void **state)
{
  (void)state;
  stop_asked(WEIR_MILLIS(0));
}

static void who_asks_one_that_drains_learns_it_at_its_end(void **state)
{
  (void)state;
  stop_asked(WEIR_MILLIS(20));
}

static void an_ask_in_hand_ends_with_the_runtime_of_its_handler(void **state)
{
  (void)state;
  struct gate g = gate_make();
  weir_ref s = weir_spawn(&station, .on = rts[1]);
  weir_pending p = weir_ask_begin_value(s, WEIR_SECONDS(20), WEIR_AT(hold, &g.hold));
  assert_int_equal(gate_begun(&g), WEIR_OK);
  assert_int_equal(stop_one(1, WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(weir_await(p, NULL, hold), WEIR_EFAILED);
  weir_promise_drop(g.go);
}

static int converse(struct caller *c)
{
  atomic_fetch_add(&c->begun, 1);
  for (;;) {
    int rc = weir_ask(c->whom, WEIR_SECONDS(20), NULL, get);
    if (rc) return rc;
  }
}
static void *stop_first(void *result)
{
  *(int *)result = stop_one(0, WEIR_MILLIS(0));
  return NULL;
}

static void two_that_ask_each_other_stop_at_the_same_time(void **state)
{
  (void)state;
  pthread_t thread;
  int first = WEIR_EINVAL;
  struct caller there = {.whom = weir_spawn(&station, .on = rts[1])},
                here = {.whom = weir_spawn(&station, .on = rts[0])};
  weir_task *t[2] = {weir_task_start(rts[0], converse, &there), weir_task_start(rts[1], converse, &here)};
  while (!atomic_load(&there.begun) || !atomic_load(&here.begun)) weir_sleep(WEIR_MILLIS(0.1));
  pthread_create(&thread, NULL, stop_first, &first);
  assert_int_equal(stop_one(1, WEIR_MILLIS(0)), WEIR_OK);
  pthread_join(thread, NULL);
  assert_int_equal(first, WEIR_OK);
  for (int i = 0; i < 2; i++) {
    int result = result_of(t[i]);
    assert_true(result == WEIR_EDEAD || result == WEIR_EFAILED || result == WEIR_ECANCELED);
  }
}

/* ---- what tokio asks of one (rt_common, rt_threaded, local) ---- */

static int nothing(int64_t *n)
{
  *n = 1;
  return WEIR_OK;
}

enum { MANY = 500 };
static int start_many(int64_t *sum)
{
  static int64_t each[MANY];
  static weir_task *tasks[MANY];
  for (int i = 0; i < MANY; i++) tasks[i] = weir_task_start(NULL, nothing, &each[i]);
  *sum = 0;
  for (int i = 0; i < MANY; i++) {
    int rc = weir_task_join(tasks[i], WEIR_FOREVER, NULL);
    if (rc) return rc;
    *sum += each[i];
    each[i] = 0;
  }
  return WEIR_OK;
}

static void a_task_starts_many_and_has_all_their_results(void **state)
{
  (void)state;
  int64_t sum;
  for (int i = 0; i < 4; i++) {
    assert_int_equal(result_of(weir_task_start(runtime, start_many, &sum)), WEIR_OK);
    assert_int_equal(sum, MANY);
  }
}

static _Atomic(int) begun, ended;
static int wait_long(weir_future *f)
{
  struct signal *s;
  atomic_fetch_add(&begun, 1);
  int rc = f ? weir_future_wait(*f, WEIR_FOREVER, &s, signal) : weir_sleep(WEIR_SECONDS(3600));
  atomic_fetch_add(&ended, 1);
  return rc;
}

static void a_stop_ends_all_that_wait_however_long_before_it_returns(void **state)
{
  (void)state;
  weir_task *t[16];
  weir_promise p;
  weir_future f;
  assert_int_equal(weir_oneshot(&p, &f), WEIR_OK);
  atomic_store(&begun, 0), atomic_store(&ended, 0);
  for (int i = 0; i < 16; i++) t[i] = weir_task_start(runtime, wait_long, i ? (weir_future *)NULL : &f);
  while (atomic_load(&begun) < 16) weir_sleep(WEIR_MILLIS(0.1));
  int64_t from = weir__now_ns();
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&ended), 16);
  assert_true(weir__now_ns() - from < 15 * (int64_t)1000000000);
  for (int i = 0; i < 16; i++) assert_int_equal(result_of(t[i]), WEIR_ECANCELED);
  weir_promise_drop(p);
  weir_future_drop(f);
}

static int count_begun(int64_t *unused)
{
  (void)unused;
  atomic_fetch_add(&begun, 1);
  return WEIR_OK;
}
static int start_without_end(int64_t *unused)
{
  for (;;) {
    weir_task *t = weir_task_start(NULL, count_begun, unused);
    if (!t) return WEIR_OK;
    weir_task_detach(t);
    weir_yield();
  }
}

static void who_starts_tasks_without_end_is_ended_by_a_stop(void **state)
{
  (void)state;
  int64_t unused[4];
  weir_task *t[4];
  atomic_store(&begun, 0);
  for (int i = 0; i < 4; i++) t[i] = weir_task_start(runtime, start_without_end, &unused[i]);
  while (atomic_load(&begun) < 100) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  for (int i = 0; i < 4; i++) assert_int_equal(result_of(t[i]), WEIR_OK);
}

/* Each keeps a promise that the next one waits for, in its end clause: the stop wakes while it stops. */
struct link_ {
  uint64_t mine, next;
};
static int link_hold(struct link_ *l, const struct hold *h)
{
  l->mine = h->begun;
  l->next = h->go;
  return WEIR_OK;
}
static void link_end(struct link_ *l)
{
  struct signal *s;
  if (l->mine && !weir_future_wait((weir_future){l->mine}, WEIR_SECONDS(20), &s, signal)) {
    weir_free(s);
    atomic_fetch_add(&ended, 1);
  }
  if (l->next) weir_promise_send((weir_promise){l->next}, signal);
}
WEIR_ACTOR(link_, WEIR_ON(hold, link_hold) WEIR_ON_END(link_end));

static void what_ends_in_a_stop_wakes_others_that_end(void **state)
{
  (void)state;
  enum { LINKS = 20 };
  uint64_t mine = 0;
  atomic_store(&ended, 0);
  for (int i = 0; i < LINKS; i++) {
    weir_promise p = {0};
    weir_future f = {0};
    if (i + 1 < LINKS) assert_int_equal(weir_oneshot(&p, &f), WEIR_OK);
    assert_int_equal(weir_ask(weir_spawn(&link_), WEIR_SECONDS(20), NULL, hold, .begun = mine, .go = p.bits), WEIR_OK);
    mine = f.bits;
  }
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&ended), LINKS - 1);
}

static _Atomic(bool) over;
struct talker {
  weir_ref other;
};
static int talker_place(struct talker *t, const struct place *p)
{
  t->other.bits = p->next;
  return WEIR_OK;
}
static int talker_signal(struct talker *t) { return atomic_load(&over) ? WEIR_OK : weir_try_send(t->other, signal); }
WEIR_ACTOR(talker, WEIR_ON(place, talker_place) WEIR_ON(signal, talker_signal));

static void two_that_talk_without_end_starve_nobody(void **state)
{
  (void)state;
  int64_t n = 0;
  atomic_store(&over, false);
  for (int i = 0; i < 2 * weir_runtime_workers(runtime); i++) {
    weir_ref a = weir_spawn(&talker), b = weir_spawn(&talker);
    weir_send(a, place, .next = b.bits);
    weir_send(b, place, .next = a.bits);
    weir_send(a, signal);
  }
  assert_int_equal(result_of(weir_task_start(runtime, nothing, &n)), WEIR_OK); /* from outside */
  assert_int_equal(result_of(weir_task_start(runtime, start_many, &n)), WEIR_OK);
  atomic_store(&over, true);
}

int main(void)
{
  const struct CMUnitTest several[] = {
      ON_SEVERAL(requests_are_forwarded_from_one_to_the_other),
      ON_SEVERAL(what_goes_round_through_all_arrives),
      ON_SEVERAL(a_timer_set_on_one_sends_to_another),
      ON_SEVERAL(names_are_of_one_runtime),
      ON_SEVERAL(who_asks_one_that_stops_learns_it_at_once),
      ON_SEVERAL(who_asks_one_that_drains_learns_it_at_its_end),
      ON_SEVERAL(an_ask_in_hand_ends_with_the_runtime_of_its_handler),
      ON_SEVERAL(two_that_ask_each_other_stop_at_the_same_time),
  };
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_task_starts_many_and_has_all_their_results),
      ON_RUNTIME(a_stop_ends_all_that_wait_however_long_before_it_returns),
      ON_RUNTIME(who_starts_tasks_without_end_is_ended_by_a_stop),
      ON_RUNTIME(what_ends_in_a_stop_wakes_others_that_end),
      ON_RUNTIME(two_that_talk_without_end_starve_nobody),
  };
  return cmocka_run_group_tests(several, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
