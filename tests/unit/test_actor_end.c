/* How actors end: told to stop or to drain, by their own will, with their parent, with their runtime. */
#include "unit/actor_fixture.h"

/* ---- an actor that tells its end ---- */

struct watch {
  uint64_t ended; /* told by the end clause: how many numbers were handled */
};
WEIR_MESSAGE(watch, WEIR_FIELD(ended));
struct quit {
  WEIR_EMPTY;
};
WEIR_MESSAGE(quit);
/* Sleeps until it is told to stop, and notes what later waits return. */
struct linger {
  weir_ref whom;
};
WEIR_REQUEST(linger, number, WEIR_FIELD(whom));

static _Atomic(int) ends; /* end clauses that ran */
static int waits[6];      /* what the waits of a lingering handler returned */

struct mortal {
  uint64_t ended;
  int64_t handled;
  bool quits;
};
static int mortal_start(struct mortal *m, const struct watch *w)
{
  if (w) m->ended = w->ended;
  return WEIR_OK;
}
static int mortal_number(struct mortal *m)
{
  m->handled++;
  return WEIR_OK;
}
static int mortal_get(struct mortal *m, struct number *reply)
{
  reply->n = m->handled;
  return WEIR_OK;
}
static int mortal_hold(struct mortal *m, const struct hold *h)
{
  (void)m;
  return gate_stand(h);
}
static int mortal_quit(struct mortal *m)
{
  (void)m;
  return WEIR_STOP;
}
static int mortal_linger(struct mortal *m, const struct linger *l)
{
  struct number *n = NULL;
  (void)m;
  weir_promise promise;
  weir_future future;
  if (weir_oneshot(&promise, &future)) return WEIR_ENOMEM;
  waits[0] = weir_sleep(WEIR_SECONDS(1000));
  waits[1] = weir_sleep(WEIR_MILLIS(1));
  waits[2] = weir_ask(l->whom, WEIR_SECONDS(20), NULL, get);
  waits[3] = weir_future_wait(future, WEIR_SECONDS(20), &n, number);
  waits[4] = weir_yield();
  waits[5] = weir_cancelled();
  weir_future_drop(future);
  weir_promise_drop(promise);
  return WEIR_ECANCELED;
}
static void mortal_end(struct mortal *m)
{
  atomic_fetch_add(&ends, 1);
  if (m->ended) news_tell(m->ended, m->handled);
}
WEIR_ACTOR(mortal, WEIR_ON_START(watch, mortal_start) WEIR_ON(number, mortal_number) WEIR_ON(get, mortal_get)
                       WEIR_ON(hold, mortal_hold) WEIR_ON(quit, mortal_quit) WEIR_ON(linger, mortal_linger)
                           WEIR_ON_END(mortal_end));

static weir_ref spawn_watched(weir_future *ended)
{
  weir_promise promise;
  assert_int_equal(weir_oneshot(&promise, ended), WEIR_OK);
  atomic_store(&ends, 0);
  return weir_spawn(&mortal, .config = WEIR_VALUE(watch, .ended = promise.bits));
}

static void an_idle_actor_stops_and_its_end_clause_runs_once(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref m = spawn_watched(&ended);
  weir_send(m, number);
  assert_int_equal(get_from(m), 1);
  assert_int_equal(weir_stop(m), WEIR_OK);
  assert_int_equal(news_wait(ended), 1);
  wait_until_gone(m);
  assert_false(weir_alive(m));
  assert_int_equal(weir_send(m, number), WEIR_EDEAD);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&ends), 1);
}

static void a_handler_ends_its_actor_with_weir_stop(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  weir_accounts_read(&before);
  weir_send(m, number);
  weir_send(m, quit);
  weir_send(m, number);
  weir_send(m, number);
  gate_open(&g);
  assert_int_equal(news_wait(ended), 1);
  wait_until_gone(m);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 2);
}

static void a_stop_goes_ahead_of_what_is_queued(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  weir_accounts_read(&before);
  for (int i = 0; i < 10; i++) weir_send(m, number);
  assert_int_equal(weir_stop(m), WEIR_OK);
  assert_int_equal(weir_send(m, number), WEIR_EDEAD);
  assert_int_equal(news_wait(ended), 0);
  wait_until_gone(m);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 11); /* the one at work refused its message: WEIR_ECANCELED */
  weir_promise_drop(g.go);
}

static void what_was_told_to_stop_can_wait_no_more(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref other = weir_spawn(&mortal), m = spawn_watched(&ended);
  assert_int_equal(get_from(m), 0);
  assert_int_equal(weir_ask(m, WEIR_MILLIS(20), NULL, linger, .whom = other), WEIR_EINDOUBT);
  assert_int_equal(weir_stop(m), WEIR_OK);
  assert_int_equal(news_wait(ended), 0);
  for (int i = 0; i < 5; i++) assert_int_equal(waits[i], WEIR_ECANCELED);
  assert_true(waits[5]);
}

struct lingering {
  weir_ref actor;
  int rc;
};
static int ask_to_linger(struct lingering *l)
{
  l->rc = weir_ask(l->actor, WEIR_FOREVER, NULL, linger, .whom = l->actor);
  return WEIR_OK;
}
static void the_asker_of_a_stopped_handler_learns_that_it_failed(void **state)
{
  (void)state;
  weir_future ended;
  struct lingering l = {.actor = spawn_watched(&ended)};
  assert_int_equal(get_from(l.actor), 0);
  uint64_t created = accounts_created();
  weir_task *task = weir_task_start(NULL, ask_to_linger, &l);
  wait_until_created(created + 2); /* the request, and the reply that its handler fills in: it has begun */
  assert_int_equal(weir_stop(l.actor), WEIR_OK);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(l.rc, WEIR_EFAILED);
  assert_int_equal(news_wait(ended), 0);
}

static void a_stop_that_comes_again_changes_nothing(void **state)
{
  (void)state;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  assert_int_equal(weir_stop(m), WEIR_OK);
  for (int i = 0; i < 5; i++) weir_stop(m), weir_drain(m);
  assert_int_equal(news_wait(ended), 0);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&ends), 1);
  weir_promise_drop(g.go);
}

/* ---- draining ---- */

static void a_drained_actor_handles_what_is_queued_and_admits_nothing(void **state)
{
  (void)state;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  for (int i = 0; i < 10; i++) weir_send(m, number);
  assert_int_equal(weir_drain(m), WEIR_OK);
  assert_int_equal(weir_send(m, number), WEIR_EDEAD);
  assert_int_equal(weir_ask(m, WEIR_SECONDS(20), NULL, get), WEIR_EDEAD);
  gate_open(&g);
  assert_int_equal(news_wait(ended), 10);
}

static void an_idle_actor_drains_at_once(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref m = spawn_watched(&ended);
  assert_int_equal(get_from(m), 0);
  assert_int_equal(weir_drain(m), WEIR_OK);
  assert_int_equal(news_wait(ended), 0);
}

static void an_actor_that_drains_can_still_be_stopped(void **state)
{
  (void)state;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  for (int i = 0; i < 10; i++) weir_send(m, number);
  assert_int_equal(weir_drain(m), WEIR_OK);
  assert_int_equal(weir_stop(m), WEIR_OK);
  assert_int_equal(news_wait(ended), 0);
  weir_promise_drop(g.go);
}

/* ---- the end clause ---- */

static weir_ref helper;
static int64_t learned;

struct thoughtful {
  uint64_t ended;
};
static int thoughtful_start(struct thoughtful *t, const struct watch *w)
{
  t->ended = w->ended;
  return WEIR_OK;
}
static void thoughtful_end(struct thoughtful *t)
{
  bool slept = weir_sleep(WEIR_MILLIS(1)) == WEIR_OK && weir_yield() == WEIR_OK && !weir_cancelled();
  for (int i = 0; i < 300; i++) slept = slept && weir_send(helper, number) == WEIR_OK;
  learned = get_from(helper);
  news_tell(t->ended, slept);
}
WEIR_ACTOR(thoughtful, WEIR_ON_START(watch, thoughtful_start) WEIR_ON_END(thoughtful_end));

static void an_end_clause_may_send_and_wait(void **state)
{
  (void)state;
  weir_promise promise;
  weir_future ended;
  assert_int_equal(weir_oneshot(&promise, &ended), WEIR_OK);
  helper = weir_spawn(&mortal);
  weir_ref t = weir_spawn(&thoughtful, .config = WEIR_VALUE(watch, .ended = promise.bits));
  assert_int_equal(weir_stop(t), WEIR_OK);
  assert_int_equal(news_wait(ended), 1);
  assert_int_equal(learned, 300);
}

/* ---- family ---- */

struct brood {
  int64_t count, depth;
};
WEIR_MESSAGE(brood, WEIR_FIELD(count), WEIR_FIELD(depth));

struct parent {
  WEIR_EMPTY;
};
static int parent_brood(struct parent *p, const struct brood *b);
static int parent_quit(struct parent *p)
{
  (void)p;
  return WEIR_STOP;
}
static void parent_end(struct parent *p)
{
  (void)p;
  atomic_fetch_add(&ends, 1);
}
WEIR_ACTOR(parent, WEIR_ON(brood, parent_brood) WEIR_ON(quit, parent_quit) WEIR_ON_END(parent_end));
static int parent_brood(struct parent *p, const struct brood *b)
{
  (void)p;
  for (int64_t i = 0; i < b->count; i++) {
    weir_ref child = weir_spawn(&parent);
    if (b->depth) weir_send(child, brood, .count = b->count, .depth = b->depth - 1);
    if (b->depth == 0 && i % 2) weir_send(child, quit); /* some leave the family before its end */
  }
  return WEIR_OK;
}

static void children_end_with_their_parent(void **state)
{
  (void)state;
  atomic_store(&ends, 0);
  weir_ref p = weir_spawn(&parent);
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, brood, .count = 100, .depth = 0), WEIR_OK);
  assert_int_equal(weir_stop(p), WEIR_OK);
  while (atomic_load(&ends) < 101) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&ends), 101);
}

static void a_family_of_three_generations_ends(void **state)
{
  (void)state;
  atomic_store(&ends, 0);
  weir_ref p = weir_spawn(&parent);
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, brood, .count = 6, .depth = 2), WEIR_OK);
  assert_int_equal(weir_stop(p), WEIR_OK);
  /* Children that were stopped before they had their own are fewer; each that was made ends. */
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_true(atomic_load(&ends) >= 7 && atomic_load(&ends) <= 1 + 6 + 36 + 216);
}

/* ---- with its runtime ---- */

static void a_runtime_that_stops_ends_its_actors(void **state)
{
  (void)state;
  weir_future ended[20];
  struct gate g;
  weir_ref m[20];
  for (int i = 0; i < 20; i++) m[i] = spawn_watched(&ended[i]);
  gate_enter(&g, m[0]);
  for (int i = 0; i < 50; i++) weir_send(m[0], number);
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  for (int i = 0; i < 20; i++) assert_int_equal(news_wait(ended[i]), 0);
  assert_int_equal(weir_send(m[1], number), WEIR_EDEAD); /* C5: the table of slots outlives the runtime */
  assert_int_equal(weir_stop(m[1]), WEIR_EDEAD);
  weir_promise_drop(g.go);
}

static void a_runtime_that_drains_handles_what_is_queued(void **state)
{
  (void)state;
  weir_future ended[20];
  for (int i = 0; i < 20; i++) {
    weir_ref m = spawn_watched(&ended[i]);
    for (int k = 0; k < 50; k++) weir_send(m, number);
  }
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  for (int i = 0; i < 20; i++) assert_int_equal(news_wait(ended[i]), 50);
}

static void a_drain_that_takes_too_long_says_so(void **state)
{
  (void)state;
  weir_future ended;
  struct gate g;
  weir_ref m = spawn_watched(&ended);
  gate_enter(&g, m);
  weir_send(m, number);
  assert_int_equal(weir_runtime_stop(runtime, WEIR_MILLIS(20)), WEIR_ETIMEDOUT);
  runtime = NULL;
  assert_int_equal(news_wait(ended), 0);
  weir_promise_drop(g.go);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(an_idle_actor_stops_and_its_end_clause_runs_once),
      ON_RUNTIME(a_handler_ends_its_actor_with_weir_stop),
      ON_RUNTIME(a_stop_goes_ahead_of_what_is_queued),
      ON_RUNTIME(what_was_told_to_stop_can_wait_no_more),
      ON_RUNTIME(the_asker_of_a_stopped_handler_learns_that_it_failed),
      ON_RUNTIME(a_stop_that_comes_again_changes_nothing),
      ON_RUNTIME(a_drained_actor_handles_what_is_queued_and_admits_nothing),
      ON_RUNTIME(an_idle_actor_drains_at_once),
      ON_RUNTIME(an_actor_that_drains_can_still_be_stopped),
      ON_RUNTIME(an_end_clause_may_send_and_wait),
      ON_RUNTIME(children_end_with_their_parent),
      ON_RUNTIME(a_family_of_three_generations_ends),
      ON_RUNTIME(a_runtime_that_stops_ends_its_actors),
      ON_RUNTIME(a_runtime_that_drains_handles_what_is_queued),
      ON_RUNTIME(a_drain_that_takes_too_long_says_so),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
