/* A program that serves until a signal comes, and then ends in order; supervisors that drain. */
#include <signal.h>
#include <unistd.h>

#include "unit/supervisor_fixture.h"

/* Until the process waits for that signal. */
static int wait_for_watch(int signum)
{
  struct sigaction now;
  for (;;) {
    if (sigaction(signum, NULL, &now)) return WEIR_EINVAL;
    if (now.sa_handler != SIG_DFL) return WEIR_OK;
    int rc = weir_sleep(WEIR_MILLIS(0.5));
    if (rc) return rc;
  }
}

static int raise_when_watched(void *signum)
{
  int rc = wait_for_watch(*(int *)signum);
  if (!rc) kill(getpid(), *(int *)signum);
  return rc;
}

static int serve(weir_ref root, weir_duration drain)
{
  weir_runtime *rt = runtime;
  runtime = NULL;
  return weir_serve(rt, root, drain);
}

/* Starts a task that sends the signal, and serves. */
static int serve_until(int signum, weir_ref root, weir_duration drain)
{
  weir_task_detach(weir_task_start(runtime, raise_when_watched, &signum));
  return serve(root, drain);
}

/* Lets an actor do something once it is served. */
struct later {
  weir_ref whom;
  int act;
};
static int act_when_watched(void *arg)
{
  const struct later *l = arg;
  int rc = wait_for_watch(SIGTERM);
  return rc ? rc : weir_send(l->whom, act_now, .act = l->act);
}

/* ---- who brings work in, and who does it ---- */

static _Atomic(int64_t) brought, done_with;

struct worker {
  char nothing;
};
static int worker_number(struct worker *w, const struct number *m)
{
  (void)w;
  (void)m;
  if (atomic_fetch_add(&done_with, 1) % 8 == 0) weir_sleep(WEIR_MILLIS(0.1)); /* slower than what comes in */
  return WEIR_OK;
}
WEIR_ACTOR(worker, WEIR_ON(number, worker_number), .capacity = 16);

struct tick {
  WEIR_EMPTY;
};
WEIR_MESSAGE(tick);
struct bringer {
  weir_ref to;
};
static int bringer_start(struct bringer *b, const struct weir_none *unused)
{
  (void)unused;
  b->to = weir_find("worker");
  return weir_send_every(weir_self(), WEIR_MILLIS(1), tick).error;
}
static int bringer_tick(struct bringer *b)
{
  for (int i = 0; i < 5; i++) {
    int rc = weir_send(b->to, number, .n = 1);
    if (rc) return rc;
    atomic_fetch_add(&brought, 1);
  }
  return WEIR_OK;
}
WEIR_ACTOR(bringer, WEIR_ON_START(weir_none, bringer_start) WEIR_ON(tick, bringer_tick));

static int serve_up(void **state)
{
  atomic_store(&brought, 0);
  atomic_store(&done_with, 0);
  return family_up(state);
}
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, serve_up, runtime_down)

static void after_a_signal_all_that_was_brought_in_is_done(void **state)
{
  (void)state;
  const int signums[] = {SIGTERM, SIGINT};
  weir_ref tree =
      weir_supervise(.name = "shop", .on_event = on_event,
                     .children = WEIR_CHILDREN(
                         {&worker, .name = "worker"},
                         {.name = "doors", .tree = WEIR_TREE(.children = WEIR_CHILDREN({.type = &bringer}))}));
  assert_int_equal(started(tree), WEIR_OK);
  while (atomic_load(&brought) < 10) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(serve_until(signums[on_current_thread()], tree, WEIR_SECONDS(20)), WEIR_OK);
  assert_true(atomic_load(&brought) >= 10);
  assert_int_equal(atomic_load(&done_with), atomic_load(&brought));
}

/* Until it has been told to drain: who was drained before it has ended by then, but its supervisor goes on a little later. */
static void wait_until_it_drains(weir_ref actor)
{
  weir_permit permit;
  while (weir_try_reserve(actor, &permit) != WEIR_EDEAD) {
    weir_permit_give_back(&permit);
    weir_sleep(WEIR_MILLIS(0.1));
  }
}

static void a_supervisor_drains_its_children_the_last_one_first(void **state)
{
  (void)state;
  struct gate g;
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a"), KID("b"), KID("c")));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a"), b = weir_find("b");
  gate_enter(&g, b);
  weir_pending pending = weir_ask_begin(b, WEIR_SECONDS(20), get);
  for (int i = 0; i < 5; i++) assert_int_equal(weir_send(b, number, .n = 1), WEIR_OK);
  weir_pending last = weir_ask_begin(b, WEIR_SECONDS(20), get);
  weir_drain(tree);
  expect_record("+a +b +c -c"); /* b is at work still */
  wait_until_it_drains(b);
  assert_int_equal(weir_send(b, number, .n = 1), WEIR_EDEAD);
  assert_int_equal(get_from(a), 0);
  gate_open(&g);
  struct number *n;
  assert_int_equal(weir_await(pending, &n, get), WEIR_OK);
  assert_int_equal(n->n, 0);
  weir_free(n);
  assert_int_equal(weir_await(last, &n, get), WEIR_OK);
  assert_int_equal(n->n, 5);
  weir_free(n);
  wait_until_gone(tree);
  expect_record("+a +b +c -c -b -a");
}

static void a_child_that_does_not_drain_in_its_time_is_ended(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a", .shutdown = WEIR_MILLIS(5)),
                                                                                 KID("b", .shutdown = WEIR_AT_ONCE),
                                                                                 KID("c", .shutdown = WEIR_MILLIS(5))));
  assert_int_equal(started(tree), WEIR_OK);
  weir_pending waits = weir_ask_begin(weir_find("a"), WEIR_SECONDS(20), act_now, .act = WAIT);
  weir_pending ignores = weir_ask_begin(weir_find("c"), WEIR_SECONDS(20), act_now, .act = IGNORE_STOP);
  weir_drain(tree);
  assert_int_equal(weir_await(waits, NULL, act_now), WEIR_EFAILED);
  assert_int_equal(weir_await(ignores, NULL, act_now), WEIR_EFAILED);
  wait_until_gone(tree);
  assert_int_equal(atomic_load(&told.killed), 1);
}

static void dynamic_children_drain_together(void **state)
{
  (void)state;
  struct gate gates[3];
  weir_ref refs[3];
  weir_ref tree = weir_supervise(.strategy = WEIR_DYNAMIC, .on_event = on_event,
                                 .children = WEIR_CHILDREN({&kid, .config = WEIR_VALUE(kid_config, .name = "k")}));
  weir_pending pending[3];
  for (int i = 0; i < 3; i++) {
    assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), &refs[i]), WEIR_OK);
    gate_enter(&gates[i], refs[i]);
    pending[i] = weir_ask_begin(refs[i], WEIR_SECONDS(20), get);
  }
  weir_drain(tree);
  for (int i = 0; i < 3; i++)
    while (weir_alive(refs[i])) weir_sleep(WEIR_MILLIS(0.2)); /* all have been told */
  for (int i = 0; i < 3; i++) gate_open(&gates[i]);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_await(pending[i], NULL, get), WEIR_OK);
  wait_until_gone(tree);
}

static void what_does_not_drain_in_time_is_told(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a")));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  assert_int_equal(weir_ask_begin(a, WEIR_FOREVER, act_now, .act = WAIT).error, WEIR_OK);
  assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  assert_int_equal(serve_until(SIGTERM, tree, WEIR_MILLIS(5)), WEIR_ETIMEDOUT);
}

static void without_a_time_all_is_stopped_at_once(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&kid);
  assert_int_equal(weir_ask_begin(a, WEIR_FOREVER, act_now, .act = WAIT).error, WEIR_OK);
  assert_int_equal(serve_until(SIGTERM, a, WEIR_MILLIS(0)), WEIR_OK);
}

static void who_ends_by_itself_ends_the_program(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&kid);
  weir_ref other = weir_spawn(&worker, .name = "worker");
  for (int i = 0; i < 10; i++) assert_int_equal(weir_send(other, number, .n = 1), WEIR_OK);
  weir_task_detach(weir_task_start(runtime, act_when_watched, &((struct later){a, STOP})));
  assert_int_equal(serve(a, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&done_with), 10); /* all else was drained */
}

static void who_fails_ends_the_program_with_its_error(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.name = "tree", .max_restarts = WEIR_NO_RESTARTS, .on_event = on_event,
                                 .children = WEIR_CHILDREN(KID("a")));
  assert_int_equal(started(tree), WEIR_OK);
  weir_task_detach(weir_task_start(runtime, act_when_watched, &((struct later){weir_find("a"), CRASH})));
  assert_int_equal(serve(tree, WEIR_SECONDS(20)), WEIR_ESHUTDOWN);
  assert_string_equal(weir_error_text(), "tree: told to end");
}

static void who_is_gone_is_seen_at_once(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&kid);
  weir_stop(a);
  wait_until_gone(a);
  assert_int_equal(serve(a, WEIR_SECONDS(20)), WEIR_EDEAD);
}

static void a_ref_with_an_error_is_that_error(void **state)
{
  (void)state;
  assert_int_equal(serve(weir_spawn(&kid, .capacity = SIZE_MAX), WEIR_SECONDS(20)), WEIR_ERANGE);
}

static void what_was_ignored_stays_ignored(void **state)
{
  (void)state;
  signal(SIGINT, SIG_IGN);
  weir_ref a = weir_spawn(&kid);
  weir_task_detach(weir_task_start(runtime, raise_when_watched, &(int){SIGTERM}));
  raise(SIGINT);
  assert_int_equal(serve(a, WEIR_SECONDS(20)), WEIR_OK);
  struct sigaction now;
  sigaction(SIGINT, NULL, &now);
  assert_true(now.sa_handler == SIG_IGN);
  signal(SIGINT, SIG_DFL);
  sigaction(SIGTERM, NULL, &now);
  assert_true(now.sa_handler == SIG_DFL);
}

static int serve_here(void *arg)
{
  (void)arg;
  return weir_serve(runtime, weir_self(), WEIR_SECONDS(1));
}

static void it_is_for_threads_outside(void **state)
{
  (void)state;
  int result;
  weir_task *task = weir_task_start(runtime, serve_here, NULL);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_EINVAL);
  assert_int_equal(weir_serve(NULL, weir_self(), WEIR_SECONDS(1)), WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_SERVER(after_a_signal_all_that_was_brought_in_is_done),
      WITH_SERVER(a_supervisor_drains_its_children_the_last_one_first),
      WITH_SERVER(a_child_that_does_not_drain_in_its_time_is_ended),
      WITH_SERVER(dynamic_children_drain_together),
      WITH_SERVER(what_does_not_drain_in_time_is_told),
      WITH_SERVER(without_a_time_all_is_stopped_at_once),
      WITH_SERVER(who_ends_by_itself_ends_the_program),
      WITH_SERVER(who_fails_ends_the_program_with_its_error),
      WITH_SERVER(who_is_gone_is_seen_at_once),
      WITH_SERVER(a_ref_with_an_error_is_that_error),
      WITH_SERVER(what_was_ignored_stays_ignored),
      WITH_SERVER(it_is_for_threads_outside),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
