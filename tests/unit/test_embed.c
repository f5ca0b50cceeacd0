/* A current-thread runtime in a loop that the program runs. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <uv.h>
#include <weir/uv.h>

#include "platform/clock.h"
#include "unit/actor_fixture.h"

static uv_loop_t loop;

static int up(void **state)
{
  (void)state;
  int rc = uv_loop_init(&loop);
  return rc ? rc : weir_runtime_embed(&loop, NULL, &runtime);
}

static struct {
  bool called;
  int rc;
  char text[80];
} stopped;

static void on_stopped(int rc, void *arg)
{
  stopped.called = true;
  stopped.rc = rc;
  snprintf(stopped.text, sizeof stopped.text, "%s", rc ? weir_error_text() : "");
  *(weir_runtime **)arg = NULL;
}

/* What the stop said. */
static int stop_embedded(weir_duration drain)
{
  memset(&stopped, 0, sizeof stopped);
  int rc = weir_runtime_stop_then(runtime, drain, on_stopped, &runtime);
  if (rc) return rc;
  uv_run(&loop, UV_RUN_DEFAULT);
  return stopped.called ? stopped.rc : WEIR_EINVAL;
}

static int down(void **state)
{
  (void)state;
  int rc = runtime ? stop_embedded(WEIR_SECONDS(20)) : WEIR_OK;
  if (!rc) rc = uv_loop_close(&loop); /* nothing of weir's is left in it */
  return rc || accounts_are_even();
}

#define EMBEDDED(test) cmocka_unit_test_setup_teardown(test, up, down)

/* ---- the loop and the work ---- */

struct adder {
  int64_t sum;
};
static _Atomic(int64_t) handled;
static int adder_number(struct adder *a, const struct number *m)
{
  a->sum += m->n;
  atomic_fetch_add(&handled, 1);
  return WEIR_OK;
}
static int adder_get(struct adder *a, struct number *reply)
{
  reply->n = a->sum;
  return WEIR_OK;
}
static int adder_signal(struct adder *a)
{
  (void)a;
  return WEIR_STOP;
}
WEIR_ACTOR(adder, WEIR_ON(number, adder_number) WEIR_ON(get, adder_get) WEIR_ON(signal, adder_signal), .capacity = 8);

static void the_loop_does_the_work_and_returns_when_nothing_lives_any_more(void **state)
{
  (void)state;
  atomic_store(&handled, 0);
  weir_ref a = weir_spawn(&adder);
  for (int i = 0; i < 7; i++) assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_send(a, signal), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 0); /* not before the loop runs */
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(atomic_load(&handled), 7);
  assert_false(weir_alive(a));
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* at once */
}

static int sleep_and_count(int *n)
{
  for (int i = 0; i < 3; i++) {
    int rc = weir_sleep(WEIR_MILLIS(1));
    if (rc) return rc;
    ++*n;
  }
  return WEIR_OK;
}

static void handlers_and_tasks_wait_as_anywhere(void **state)
{
  (void)state;
  int n[3] = {0}, result = WEIR_EINVAL;
  weir_task *t[3];
  for (int i = 0; i < 3; i++) t[i] = weir_task_start(NULL, sleep_and_count, &n[i]);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(weir_task_join(t[i], WEIR_FOREVER, &result), WEIR_OK); /* it has ended: no wait */
    assert_int_equal(result, WEIR_OK);
    assert_int_equal(n[i], 3);
  }
}

/* ---- notices of places (weir/notify.h) ---- */

static struct {
  int called, status, waits;
} told;
static void on_room(void *unused, weir_permit permit, int status)
{
  (void)unused;
  told.called++;
  told.status = status;
  told.waits = weir_sleep(WEIR_MILLIS(1));
  if (!status) told.status = weir_permit_send(permit, number, .n = 2);
}

static int64_t received(weir_receiver rx)
{
  struct number *m;
  int rc = weir_try_receive(rx, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static void the_program_is_called_back_when_there_is_a_place(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  memset(&told, 0, sizeof told);
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_channel_notify_writable(tx, on_room, NULL, NULL), WEIR_OK);
  uv_run(&loop, UV_RUN_DEFAULT); /* nothing keeps it alive */
  assert_int_equal(received(rx), 1);
  assert_int_equal(told.called, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(told.called, 1);
  assert_int_equal(told.status, WEIR_OK);
  assert_int_equal(told.waits, WEIR_EWOULDBLOCK);
  assert_int_equal(received(rx), 2);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static void a_stop_drops_the_notices_of_the_program(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  memset(&told, 0, sizeof told);
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_channel_notify_writable(tx, on_room, NULL, NULL), WEIR_OK);
  assert_int_equal(stop_embedded(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(received(rx), 1);
  assert_int_equal(weir_sender_room(tx), 1);
  assert_int_equal(told.called, 0);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

struct mill {
  WEIR_EMPTY;
};
static int mill_signal(struct mill *m)
{
  (void)m;
  return weir_try_send(weir_self(), signal);
}
WEIR_ACTOR(mill, WEIR_ON(signal, mill_signal));

static void stop_all_mills(uv_timer_t *timer)
{
  if (++*(int *)timer->data < 10) return;
  uv_close((uv_handle_t *)timer, NULL);
  uv_stop(&loop);
}

static void trouble_37_work_without_end_leaves_the_programs_handles_their_turn(void **state)
{
  (void)state;
  static uv_timer_t timer;
  int fired = 0;
  for (int i = 0; i < 4; i++) weir_send(weir_spawn(&mill), signal);
  uv_timer_init(&loop, &timer);
  timer.data = &fired;
  uv_timer_start(&timer, stop_all_mills, 1, 1);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(fired, 10);
  assert_int_equal(stop_embedded(WEIR_MILLIS(0)), WEIR_OK);
}

static void count_turn(uv_check_t *check) { ++*(int *)check->data; }
static void stop_loop(uv_timer_t *timer) { uv_stop(timer->loop); }

static void while_nothing_is_to_be_done_the_loop_sleeps(void **state)
{
  (void)state;
  static uv_check_t check;
  static uv_timer_t timer;
  int turns = 0;
  weir_ref a = weir_spawn(&adder);
  assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  uv_check_init(&loop, &check);
  check.data = &turns;
  uv_check_start(&check, count_turn);
  uv_timer_init(&loop, &timer);
  uv_timer_start(&timer, stop_loop, 50, 0);
  uv_run(&loop, UV_RUN_DEFAULT); /* which the actor keeps alive */
  assert_in_range(turns, 1, 10);
  uv_close((uv_handle_t *)&check, NULL);
  uv_close((uv_handle_t *)&timer, NULL);
}

static void a_timer_keeps_the_loop_alive_until_it_has_come(void **state)
{
  (void)state;
  int64_t from = weir__now_ns();
  weir_ref a = weir_spawn(&adder);
  assert_int_equal(weir_send_after(a, WEIR_MILLIS(5), number, .n = 1).error, WEIR_OK);
  assert_int_equal(weir_send_after(a, WEIR_MILLIS(10), signal).error, WEIR_OK);
  atomic_store(&handled, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(atomic_load(&handled), 1);
  assert_true(weir__now_ns() - from >= 10000000);
}

struct holder {
  uint64_t told;
};
static void on_time(uv_timer_t *timer) { weir_try_send(weir_uv_owner(timer), signal) == WEIR_OK ? (void)0 : abort(); }
static int holder_number(struct holder *h, const struct number *m)
{
  (void)h, (void)m;
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  if (weir_loop() != &loop) return WEIR_EINVAL;
  int rc = timer ? uv_timer_init(weir_loop(), timer) : WEIR_ENOMEM;
  return rc ? rc : uv_timer_start(timer, on_time, 1, 0);
}
static int holder_signal(struct holder *h)
{
  (void)h;
  return WEIR_STOP;
}
WEIR_ACTOR(holder, WEIR_ON(number, holder_number) WEIR_ON(signal, holder_signal));

static void actors_own_handles_in_the_programs_loop(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&holder);
  assert_int_equal(weir_send(h, number, .n = 1), WEIR_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_false(weir_alive(h));
}

static int plain_five(int *unused)
{
  (void)unused;
  return 5;
}
static int call_five(int *unused) { return weir_run_blocking(plain_five, unused); }

static void what_blocks_runs_on_the_pool(void **state)
{
  (void)state;
  int unused, result;
  weir_task *t = weir_task_start(NULL, call_five, &unused);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(weir_task_join(t, WEIR_FOREVER, &result), WEIR_OK);
  assert_int_equal(result, 5);
}

/* ---- where nobody may wait ---- */

static struct {
  int sleep, ask, send, join, stop, receive;
} refused;

static void try_all_waits(weir_ref full)
{
  weir_sender tx;
  weir_receiver rx;
  struct number *n;
  int unused;
  weir_task *t = weir_task_start(NULL, call_five, &unused);
  assert_int_equal(weir_mpsc(1, &tx, &rx), WEIR_OK);
  refused.sleep = weir_sleep(WEIR_MILLIS(1));
  refused.ask = weir_ask(full, WEIR_SECONDS(1), NULL, get);
  refused.send = weir_send(full, number, .n = 1);
  refused.join = weir_task_join(t, WEIR_SECONDS(1), NULL);
  refused.stop = weir_runtime_stop(runtime, WEIR_SECONDS(1));
  refused.receive = weir_receive(rx, &n, number);
  weir_task_detach(t);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static void check_refusals(void)
{
  assert_int_equal(refused.sleep, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.ask, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.send, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.join, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.stop, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.receive, WEIR_EWOULDBLOCK);
  memset(&refused, 0, sizeof refused);
}

static void try_in_callback(uv_timer_t *timer)
{
  try_all_waits(*(weir_ref *)timer->data);
  uv_close((uv_handle_t *)timer, NULL);
  uv_stop(&loop);
}

static void waits_are_refused_outside_of_handlers(void **state)
{
  (void)state;
  weir_ref full = weir_spawn(&adder);
  static uv_timer_t timer;
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(full, number, .n = 1), WEIR_OK);
  try_all_waits(full); /* outside of uv_run() */
  check_refusals();
  weir_stop(full);
  uv_run(&loop, UV_RUN_DEFAULT);
  weir_ref blocked = weir_spawn(&adder);
  uv_timer_init(&loop, &timer);
  timer.data = &blocked;
  uv_timer_start(&timer, try_in_callback, 0, 0);
  uv_run(&loop, UV_RUN_DEFAULT); /* its callback comes before the first slice */
  assert_int_equal(refused.sleep, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.ask, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.join, WEIR_EWOULDBLOCK);
  assert_int_equal(refused.stop, WEIR_EWOULDBLOCK);
}

/* ---- stopping ---- */

struct stander {
  WEIR_EMPTY;
};
static int stander_hold(struct stander *s, const struct hold *h)
{
  (void)s;
  return gate_stand(h);
}
WEIR_ACTOR(stander, WEIR_ON(hold, stander_hold));

static void a_stop_drains_first(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder);
  atomic_store(&handled, 0);
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  assert_int_equal(stop_embedded(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 8);
  assert_null(runtime);
}

static void a_stop_at_once_makes_dead_letters(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder);
  atomic_store(&handled, 0);
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  assert_int_equal(stop_embedded(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 0);
}

static void a_drain_that_takes_too_long_says_so(void **state)
{
  (void)state;
  struct gate g = gate_make();
  weir_ref s = weir_spawn(&stander);
  assert_int_equal(weir_send_value(s, WEIR_AT(hold, &g.hold)), WEIR_OK);
  int64_t from = weir__now_ns();
  assert_int_equal(stop_embedded(WEIR_MILLIS(5)), WEIR_ETIMEDOUT);
  assert_true(weir__now_ns() - from >= 5000000);
  assert_string_equal(stopped.text, "not drained in time");
  weir_future_drop(g.begun);
  weir_promise_drop(g.go);
}

static int stop_in_handler(int *rc)
{
  *rc = weir_runtime_stop_then(runtime, WEIR_MILLIS(0), NULL, NULL);
  return WEIR_OK;
}
static void *stop_on_thread(void *rc)
{
  stop_in_handler(rc);
  return NULL;
}

static void a_stop_is_refused_where_it_is_not_ones_own(void **state)
{
  (void)state;
  int in_handler, on_thread;
  pthread_t thread;
  weir_task_detach(weir_task_start(NULL, stop_in_handler, &in_handler));
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(in_handler, WEIR_EINVAL);
  pthread_create(&thread, NULL, stop_on_thread, &on_thread);
  pthread_join(thread, NULL);
  assert_int_equal(on_thread, WEIR_EINVAL);
  assert_int_equal(weir_runtime_stop_then(NULL, WEIR_MILLIS(0), NULL, NULL), WEIR_EINVAL);
  memset(&stopped, 0, sizeof stopped);
  assert_int_equal(weir_runtime_stop_then(runtime, WEIR_MILLIS(0), on_stopped, &runtime), WEIR_OK);
  assert_int_equal(weir_runtime_stop_then(runtime, WEIR_MILLIS(0), on_stopped, &runtime), WEIR_EBUSY);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(stopped.rc, WEIR_OK);
  weir_runtime *plain;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &plain), WEIR_OK);
  assert_int_equal(weir_runtime_stop_then(plain, WEIR_MILLIS(0), NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_runtime_stop(plain, WEIR_SECONDS(1)), WEIR_OK);
}

static int count_files(void)
{
  int count = 0;
  DIR *d = opendir("/proc/self/fd");
  while (readdir(d)) count++;
  closedir(d);
  return count;
}

static void a_loop_may_have_one_runtime_after_the_other(void **state)
{
  (void)state;
  int files = count_files();
  weir_runtime *second = (weir_runtime *)&loop;
  assert_int_equal(weir_runtime_embed(&loop, NULL, &second), WEIR_EINVAL); /* one for a thread */
  assert_null(second);
  assert_int_equal(weir_runtime_embed(NULL, NULL, &second), WEIR_EINVAL);
  for (int i = 0; i < 20; i++) {
    weir_spawn(&adder);
    assert_int_equal(stop_embedded(WEIR_SECONDS(20)), WEIR_OK);
    assert_int_equal(uv_loop_alive(&loop), 0);
    assert_int_equal(weir_runtime_embed(&loop, NULL, &runtime), WEIR_OK);
  }
  assert_int_equal(count_files(), files);
  assert_int_equal(stop_embedded(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_runtime_embed(&loop, &(weir_runtime_options){.workers = 2}, &second), WEIR_EINVAL);
  assert_int_equal(weir_runtime_embed(&loop, &(weir_runtime_options){.flavor = 7}, &second), WEIR_EINVAL);
}

/* ---- beside others ---- */

struct asker {
  weir_ref whom;
  int64_t rounds;
};
static int ask_rounds(struct asker *a)
{
  for (int64_t i = 0; i < a->rounds; i++) {
    int rc = weir_ask(a->whom, WEIR_SECONDS(20), NULL, number, .n = 1);
    if (!rc) rc = weir_send(a->whom, number, .n = 1);
    if (rc) return rc;
  }
  return get_from(a->whom) == 2 * a->rounds ? weir_stop(a->whom) : WEIR_EINVAL;
}

static void asks_cross_to_a_multi_thread_runtime_and_back(void **state)
{
  (void)state;
  weir_runtime *beside;
  int result[2];
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 2}, &beside), WEIR_OK);
  struct asker here = {weir_spawn(&adder, .on = beside), count_or(500, 50)},
               there = {weir_spawn(&adder, .on = runtime), count_or(500, 50)};
  weir_task *t[] = {weir_task_start(runtime, ask_rounds, &here), weir_task_start(beside, ask_rounds, &there)};
  uv_run(&loop, UV_RUN_DEFAULT); /* until the actor that lives here was stopped and the task has ended */
  assert_int_equal(weir_task_join(t[0], WEIR_FOREVER, &result[0]), WEIR_OK);
  assert_int_equal(weir_runtime_stop(beside, WEIR_SECONDS(1)), WEIR_EWOULDBLOCK); /* not from this thread, yet */
  assert_int_equal(stop_embedded(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_task_join(t[1], WEIR_FOREVER, &result[1]), WEIR_OK);
  assert_int_equal(weir_runtime_stop(beside, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(result[0], WEIR_OK);
  assert_int_equal(result[1], WEIR_OK);
}

struct side {
  uv_loop_t loop;
  weir_runtime *rt;
  weir_ref adder;
  struct asker asker;
  int result, stop;
  pthread_barrier_t *both;
};
static struct side sides[2];

static void side_stopped(int rc, void *arg) { ((struct side *)arg)->stop = rc; }

static void *run_side(void *arg)
{
  struct side *me = arg, *other = me == &sides[0] ? &sides[1] : &sides[0];
  uv_loop_init(&me->loop);
  if (weir_runtime_embed(&me->loop, NULL, &me->rt)) abort();
  me->adder = weir_spawn(&adder, .on = me->rt);
  pthread_barrier_wait(me->both);
  me->asker = (struct asker){other->adder, count_or(500, 50)};
  weir_task *t = weir_task_start(me->rt, ask_rounds, &me->asker);
  uv_run(&me->loop, UV_RUN_DEFAULT);
  if (weir_task_join(t, WEIR_FOREVER, &me->result)) abort();
  pthread_barrier_wait(me->both);
  me->stop = WEIR_EINVAL;
  if (weir_runtime_stop_then(me->rt, WEIR_SECONDS(1), side_stopped, me)) abort();
  uv_run(&me->loop, UV_RUN_DEFAULT);
  if (uv_loop_close(&me->loop)) abort();
  return NULL;
}

static void two_embedded_runtimes_in_two_threads(void **state)
{
  (void)state;
  pthread_barrier_t both;
  pthread_t threads[2];
  pthread_barrier_init(&both, NULL, 2);
  for (int i = 0; i < 2; i++) sides[i].both = &both;
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, run_side, &sides[i]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 2; i++) assert_int_equal(sides[i].result, WEIR_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(sides[i].stop, WEIR_OK);
  pthread_barrier_destroy(&both);
}

static void *send_from_outside(void *to)
{
  for (int i = 0; i < 1000; i++)
    if (weir_send(*(weir_ref *)to, number, .n = 1)) abort(); /* waits while it is full: the loop makes room */
  if (weir_ask(*(weir_ref *)to, WEIR_SECONDS(20), NULL, get)) abort();
  weir_stop(*(weir_ref *)to);
  return NULL;
}

static void messages_of_other_threads_wake_the_loop(void **state)
{
  (void)state;
  pthread_t thread;
  weir_ref a = weir_spawn(&adder);
  atomic_store(&handled, 0);
  pthread_create(&thread, NULL, send_from_outside, &a);
  uv_run(&loop, UV_RUN_DEFAULT);
  pthread_join(thread, NULL);
  assert_int_equal(atomic_load(&handled), 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      EMBEDDED(the_loop_does_the_work_and_returns_when_nothing_lives_any_more),
      EMBEDDED(handlers_and_tasks_wait_as_anywhere),
      EMBEDDED(the_program_is_called_back_when_there_is_a_place),
      EMBEDDED(a_stop_drops_the_notices_of_the_program),
      EMBEDDED(trouble_37_work_without_end_leaves_the_programs_handles_their_turn),
      EMBEDDED(while_nothing_is_to_be_done_the_loop_sleeps),
      EMBEDDED(a_timer_keeps_the_loop_alive_until_it_has_come),
      EMBEDDED(actors_own_handles_in_the_programs_loop),
      EMBEDDED(what_blocks_runs_on_the_pool),
      EMBEDDED(waits_are_refused_outside_of_handlers),
      EMBEDDED(a_stop_drains_first),
      EMBEDDED(a_stop_at_once_makes_dead_letters),
      EMBEDDED(a_drain_that_takes_too_long_says_so),
      EMBEDDED(a_stop_is_refused_where_it_is_not_ones_own),
      EMBEDDED(a_loop_may_have_one_runtime_after_the_other),
      EMBEDDED(asks_cross_to_a_multi_thread_runtime_and_back),
      EMBEDDED(messages_of_other_threads_wake_the_loop),
  };
  const struct CMUnitTest alone[] = {cmocka_unit_test(two_embedded_runtimes_in_two_threads)};
  return cmocka_run_group_tests(alone, NULL, NULL) + cmocka_run_group_tests(tests, NULL, NULL);
}
