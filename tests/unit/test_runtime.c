/* Runtimes: options, where they may be started and stopped, what a stop does, and that nobody starves. */
#define _GNU_SOURCE /* cpu_set_t */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <uv.h>
#include <weir/uv.h>

#include "platform/clock.h"
#include "runtime/worker.h"
#include "unit/actor_fixture.h"

/* ---- options ---- */

static void options_have_bounds(void **state)
{
  (void)state;
  static const struct {
    weir_runtime_options options;
    const char *text;
  } wrong[] = {{{.flavor = 2}, "flavor is 2"},
               {{.flavor = -1}, "flavor is -1"},
               {{.workers = -1}, "workers is -1"},
               {{.workers = 257}, "workers is 257"},
               {{.flavor = WEIR_CURRENT_THREAD, .workers = 2}, "workers is 2"},
               {{.stack_bytes = 1}, "stack_bytes is 1:"},
               {{.stack_bytes = 16 * 1024 - 1}, "stack_bytes is 16383"},
               {{.stack_bytes = ((size_t)1 << 30) + 1}, "stack_bytes is 1073741825"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    weir_runtime *rt = (weir_runtime *)&rt;
    assert_int_equal(weir_runtime_start(&wrong[i].options, &rt), WEIR_EINVAL);
    assert_null(rt);
    assert_non_null(strstr(weir_error_text(), wrong[i].text));
  }
  weir_runtime *rt;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 3, .stack_bytes = 16 * 1024}, &rt), WEIR_OK);
  assert_int_equal(weir_runtime_workers(rt), 3);
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(1)), WEIR_OK);
  assert_int_equal(weir_runtime_stop(NULL, WEIR_SECONDS(1)), WEIR_OK);
  assert_int_equal(weir_runtime_stop(NULL, WEIR_MILLIS(0)), WEIR_OK);
}

/* ---- where it may be started and stopped ---- */

static struct {
  int start, stop, second;
  weir_runtime *here;
} seen;

static int meddle(void *unused)
{
  (void)unused;
  weir_runtime *another;
  seen.start = weir_runtime_start(NULL, &another);
  seen.stop = weir_runtime_stop(runtime, WEIR_SECONDS(1));
  seen.here = weir_runtime_here();
  return WEIR_OK;
}

struct meddler {
  WEIR_EMPTY;
};
static int meddler_signal(struct meddler *m) { return meddle(m); }
WEIR_ACTOR(meddler, WEIR_ON(signal, meddler_signal));

static void check_refusals(void)
{
  assert_int_equal(seen.start, WEIR_EINVAL);
  assert_int_equal(seen.stop, WEIR_EINVAL);
  assert_ptr_equal(seen.here, runtime);
  memset(&seen, 0, sizeof seen);
}

static void inside_a_runtime_none_is_started_or_stopped(void **state)
{
  (void)state;
  assert_int_equal(weir_task_join(weir_task_start(NULL, meddle, NULL), WEIR_SECONDS(20), NULL), WEIR_OK);
  check_refusals();
  weir_ref m = weir_spawn(&meddler);
  assert_int_equal(weir_ask(m, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  check_refusals();
  assert_true(weir_alive(m)); /* nothing was stopped */
}

static void *stop_it(void *unused)
{
  (void)unused;
  seen.stop = weir_runtime_stop(runtime, WEIR_SECONDS(1));
  return NULL;
}

static void a_current_thread_runtime_belongs_to_its_thread(void **state)
{
  (void)state;
  if (!on_current_thread()) return;
  pthread_t thread;
  seen.stop = WEIR_OK;
  assert_int_equal(pthread_create(&thread, NULL, stop_it, NULL), 0);
  pthread_join(thread, NULL);
  assert_int_equal(seen.stop, WEIR_EINVAL);
  assert_int_equal(weir_runtime_start(&runtime_options, &seen.here), WEIR_EINVAL); /* one on a thread */
}

/* ---- threads ---- */

static int count_entries(const char *folder)
{
  int count = 0;
  DIR *d = opendir(folder);
  assert_non_null(d);
  while (readdir(d)) count++;
  closedir(d);
  return count;
}

static int note_thread(pthread_t *thread)
{
  *thread = pthread_self();
  return WEIR_OK;
}

static void the_current_thread_flavor_starts_no_thread(void **state)
{
  (void)state;
  pthread_t ran_on;
  if (!on_current_thread()) return;
  int before = count_entries("/proc/self/task");
  assert_int_equal(weir_task_join(weir_task_start(NULL, note_thread, &ran_on), WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_true(count_entries("/proc/self/task") <= before); /* a joined thread may be listed a moment longer */
  assert_true(pthread_equal(ran_on, pthread_self()));
  assert_int_equal(weir_runtime_workers(runtime), 1);
}

static void starts_and_stops_leave_nothing(void **state)
{
  (void)state;
  int threads = count_entries("/proc/self/task"), files = count_entries("/proc/self/fd");
  for (int64_t i = 0; i < count_or(50, 10); i++) {
    weir_runtime *rt;
    weir_runtime_options options = {.workers = 1 + (int)(i % 4)};
    assert_int_equal(weir_runtime_start(&options, &rt), WEIR_OK);
    pthread_t ran_on;
    assert_int_equal(weir_task_join(weir_task_start(rt, note_thread, &ran_on), WEIR_SECONDS(20), NULL), WEIR_OK);
    assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(20)), WEIR_OK);
  }
  assert_int_equal(count_entries("/proc/self/fd"), files);
  while (count_entries("/proc/self/task") > threads) sched_yield(); /* a joined thread may be listed a moment longer */
}

/* ---- stopping ---- */

struct relay {
  int64_t seen;
};
static _Atomic(int64_t) handled;
static int relay_number(struct relay *r, const struct number *m)
{
  r->seen++;
  atomic_fetch_add(&handled, 1);
  return m->n > 0 ? weir_send(weir_self(), number, .n = m->n - 1) : WEIR_OK;
}
static int relay_hold(struct relay *r, const struct hold *h)
{
  (void)r;
  return gate_stand(h);
}
WEIR_ACTOR(relay, WEIR_ON(number, relay_number) WEIR_ON(hold, relay_hold), .capacity = 16);

static void a_stop_drains_what_is_queued_and_what_comes_of_it(void **state)
{
  (void)state;
  atomic_store(&handled, 0);
  for (int i = 0; i < 5; i++) weir_send(weir_spawn(&relay), number, .n = 99);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 500);
}

static void a_stop_without_a_drain_makes_dead_letters_of_what_is_queued(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref r = weir_spawn(&relay);
  gate_enter(&g, r);
  for (int i = 0; i < 10; i++) assert_int_equal(weir_send(r, number, .n = 0), WEIR_OK);
  weir_accounts_read(&before);
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 10 + 1); /* and the one in hand, which was refused: WEIR_ECANCELED */
  weir_promise_drop(g.go);
}

static void a_drain_that_takes_too_long_says_so_and_stops_all_the_same(void **state)
{
  (void)state;
  struct gate g;
  weir_ref r = weir_spawn(&relay);
  gate_enter(&g, r);
  weir_runtime *rt = runtime;
  runtime = NULL;
  assert_int_equal(weir_runtime_stop(rt, WEIR_MILLIS(2)), WEIR_ETIMEDOUT);
  assert_string_equal(weir_error_text(), "not drained in time");
  assert_false(weir_alive(r));
  assert_int_equal(weir_send(r, number, .n = 1), WEIR_EDEAD);
  weir_promise_drop(g.go);
}

/* ---- several ---- */

static void two_runtimes_send_to_each_other(void **state)
{
  (void)state;
  weir_runtime *second;
  atomic_store(&handled, 0);
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &second), WEIR_OK);
  weir_ref here = weir_spawn(&relay), there = weir_spawn(&relay, .on = second);
  assert_int_equal(weir_ask(there, WEIR_SECONDS(20), NULL, number, .n = 0), WEIR_OK);
  assert_int_equal(weir_ask(here, WEIR_SECONDS(20), NULL, number, .n = 0), WEIR_OK);
  assert_int_equal(weir_runtime_stop(second, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_send(there, number, .n = 0), WEIR_EDEAD);
  assert_int_equal(weir_ask(here, WEIR_SECONDS(20), NULL, number, .n = 0), WEIR_OK);
  assert_int_equal(atomic_load(&handled), 3);
}

static void without_a_runtime_there_is_none_here(void **state)
{
  (void)state;
  assert_ptr_equal(weir_runtime_here(), runtime);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_null(weir_runtime_here());
  assert_false(weir_cancelled());
  assert_int_equal(weir_yield(), WEIR_OK);
}

/* ---- sleeping, giving way, starving nobody ---- */

static void a_sleep_is_never_short(void **state)
{
  (void)state;
  static const int64_t spans[] = {0, 1, 1000, 999999, 1000000, 1500000, 20000000};
  for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
    int64_t from = weir__now_ns();
    assert_int_equal(weir_sleep((weir_duration){spans[i]}), WEIR_OK);
    assert_true(weir__now_ns() - from >= spans[i]);
  }
  assert_int_equal(weir_sleep((weir_duration){-5}), WEIR_OK);
}

static _Atomic(bool) over;
static int talk(int *turns)
{
  while (!atomic_load(&over)) {
    int rc = weir_yield();
    if (rc) return rc;
    ++*turns;
  }
  return WEIR_OK;
}
static int stop_talk(int *unused)
{
  (void)unused;
  atomic_store(&over, true);
  return WEIR_OK;
}

static void who_gives_way_lets_others_run(void **state)
{
  (void)state;
  enum { TALKERS = 20 };
  int turns[TALKERS] = {0};
  weir_task *tasks[TALKERS];
  atomic_store(&over, false);
  for (int i = 0; i < TALKERS; i++) tasks[i] = weir_task_start(NULL, talk, &turns[i]);
  weir_task *last = weir_task_start(NULL, stop_talk, &turns[0]);
  assert_int_equal(weir_task_join(last, WEIR_SECONDS(20), NULL), WEIR_OK);
  for (int i = 0; i < TALKERS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(20), NULL), WEIR_OK);
}

/* An actor that always has something to do: each message makes the next one. */
struct mill {
  WEIR_EMPTY;
};
static int mill_signal(struct mill *m)
{
  (void)m;
  return atomic_load(&over) ? WEIR_OK : weir_try_send(weir_self(), signal);
}
WEIR_ACTOR(mill, WEIR_ON(signal, mill_signal));

struct ticker {
  uint64_t done;
};
static void on_time(uv_timer_t *timer)
{
  news_tell(*(uint64_t *)timer->data, 1);
  weir_uv_close(timer);
}
static int ticker_hold(struct ticker *t, const struct hold *h)
{
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  int rc = timer ? uv_timer_init(weir_loop(), timer) : WEIR_ENOMEM;
  if (rc) return rc;
  t->done = h->go;
  timer->data = &t->done;
  return uv_timer_start(timer, on_time, 1, 0);
}
WEIR_ACTOR(ticker, WEIR_ON(hold, ticker_hold));

/* ---- CPUs ---- */

static int look_at_cpus(void *cpus) { return sched_getaffinity(0, sizeof(cpu_set_t), cpus) == 0 ? 0 : -1; }

/* They begin on CPUs of their own, and are left to the system from there. */
static void workers_may_run_on_all_cpus(void **state)
{
  (void)state;
  cpu_set_t mine, theirs;
  int result = -1;
  assert_int_equal(look_at_cpus(&mine), 0);
  for (int i = 0; i < 16; i++) { /* tasks are placed in turn */
    weir_task *task = weir_task_start(runtime, look_at_cpus, &theirs);
    assert_int_equal(weir_task_join(task, WEIR_FOREVER, &result), WEIR_OK);
    assert_int_equal(result, 0);
    assert_true(CPU_EQUAL(&mine, &theirs));
  }
}

/* ---- stacks ---- */

enum { SLEEPERS = 300 };
static _Atomic(int) asleep;
static _Atomic(bool) awake;

struct sleeper {
  WEIR_EMPTY;
};
static int sleeper_begin(struct sleeper *s)
{
  (void)s;
  atomic_fetch_add(&asleep, 1);
  while (!atomic_load(&awake))
    if (weir_sleep(WEIR_MILLIS(1))) return WEIR_EUSER(1);
  atomic_fetch_sub(&asleep, 1);
  return WEIR_STOP;
}
WEIR_ACTOR(sleeper, WEIR_ON(signal, sleeper_begin));

static int let_all_sleep(void)
{
  for (int i = 0; i < SLEEPERS; i++)
    if (weir_send(weir_spawn(&sleeper), signal)) return -1;
  while (atomic_load(&asleep) < SLEEPERS)
    if (weir_sleep(WEIR_MILLIS(1))) return -1;
  return 0;
}

/* On a worker that sleeps in between. */
static int wait_for_fewer_stacks(void *unused)
{
  (void)unused;
  struct weir__worker *w = weir__worker_here();
  if (let_all_sleep()) return -1;
  atomic_store(&awake, true);
  while (atomic_load(&asleep))
    if (weir_yield()) return -1;
  if (w->pooled < SLEEPERS) return -2; /* they are kept for who comes next */
  while (w->pooled > SLEEPERS / 10)
    if (weir_sleep(WEIR_MILLIS(10))) return -1;
  return 0;
}

static void stacks_that_nobody_needs_any_more_go_back(void **state)
{
  (void)state;
  if (runtime_options.flavor != WEIR_CURRENT_THREAD && runtime_options.workers != 1) return;
  int result = -1;
  atomic_store(&asleep, 0);
  atomic_store(&awake, false);
  weir_task *task = weir_task_start(runtime, wait_for_fewer_stacks, NULL);
  assert_int_equal(weir_task_join(task, WEIR_FOREVER, &result), WEIR_OK);
  assert_int_equal(result, 0);
}

/* Work from plain threads, timers of the loop and sleeping tasks come in between. */
static void work_without_end_starves_nobody(void **state)
{
  (void)state;
  atomic_store(&over, false);
  for (int i = 0; i < 16; i++) weir_send(weir_spawn(&mill), signal);
  for (int i = 0; i < 20; i++) {
    weir_promise done;
    weir_future is_done;
    pthread_t unused;
    assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
    weir_send(weir_spawn(&ticker), hold, .go = done.bits);
    assert_int_equal(news_wait(is_done), 1);
    assert_int_equal(weir_task_join(weir_task_start(NULL, note_thread, &unused), WEIR_SECONDS(20), NULL), WEIR_OK);
    weir_sleep(WEIR_MILLIS(0.5));
  }
  atomic_store(&over, true);
}

/* ---- many at once ---- */

static _Atomic(int64_t) began;
struct starter {
  WEIR_EMPTY;
};
static int starter_start(struct starter *s)
{
  (void)s;
  atomic_fetch_add(&began, 1);
  return WEIR_STOP;
}
WEIR_ACTOR(starter, WEIR_ON_START(weir_none, starter_start));

/* Spawns so many, gives way once, and looks how many have begun by then. */
struct open_some {
  int64_t n;
};
WEIR_REQUEST(open_some, number, WEIR_FIELD(n));
struct opener {
  WEIR_EMPTY;
};
static int opener_open(struct opener *o, const struct open_some *m, struct number *reply)
{
  (void)o;
  for (int64_t i = 0; i < m->n; i++)
    if (weir_ref_error(weir_spawn(&starter))) return WEIR_EFAILED;
  int rc = weir_yield();
  reply->n = atomic_load(&began);
  return rc;
}
WEIR_ACTOR(opener, WEIR_ON(open_some, opener_open));

static void who_gives_way_lets_all_go_first_that_are_in_line(void **state)
{
  (void)state;
  if (weir_runtime_workers(runtime) > 1) return; /* what another worker has taken may have just begun */
  enum { IN_LINE = 200 };
  struct number *answer;
  atomic_store(&began, 0);
  assert_int_equal(weir_ask(weir_spawn(&opener), WEIR_SECONDS(20), &answer, open_some, .n = IN_LINE), WEIR_OK);
  assert_int_equal(answer->n, IN_LINE);
  weir_free(answer);
}

static void more_than_a_workers_line_has_room_for_begin_all_the_same(void **state)
{
  (void)state;
  enum { MANY = 3000 };
  atomic_store(&began, 0);
  assert_int_equal(weir_ask(weir_spawn(&opener), WEIR_SECONDS(20), NULL, open_some, .n = MANY), WEIR_OK);
  int64_t until = weir__now_ns() + 20000000000;
  while (atomic_load(&began) < MANY && weir__now_ns() < until) weir_sleep(WEIR_MILLIS(1));
  assert_int_equal(atomic_load(&began), MANY);
}

/* A handler that hogs its worker: what others are to do is taken by another worker. */
static int hog(int *unused)
{
  (void)unused;
  while (!atomic_load(&over)) sched_yield(); /* of the thread, not of the task */
  return WEIR_OK;
}
static int start_some_and_hog(weir_task **tasks)
{
  static int results[8];
  for (int i = 0; i < 8; i++) tasks[i] = weir_task_start(NULL, stop_talk, &results[i]);
  return hog(NULL);
}

static void what_a_busy_worker_has_not_begun_is_taken_by_another(void **state)
{
  (void)state;
  weir_task *tasks[8];
  if (on_current_thread() || weir_runtime_workers(runtime) < 2) return;
  atomic_store(&over, false);
  weir_task *busy = weir_task_start(NULL, start_some_and_hog, tasks);
  assert_int_equal(weir_task_join(busy, WEIR_SECONDS(20), NULL), WEIR_OK);
  for (int i = 0; i < 8; i++) weir_task_detach(tasks[i]);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(inside_a_runtime_none_is_started_or_stopped),
      ON_RUNTIME(a_current_thread_runtime_belongs_to_its_thread),
      ON_RUNTIME(the_current_thread_flavor_starts_no_thread),
      ON_RUNTIME(starts_and_stops_leave_nothing),
      ON_RUNTIME(a_stop_drains_what_is_queued_and_what_comes_of_it),
      ON_RUNTIME(a_stop_without_a_drain_makes_dead_letters_of_what_is_queued),
      ON_RUNTIME(a_drain_that_takes_too_long_says_so_and_stops_all_the_same),
      ON_RUNTIME(two_runtimes_send_to_each_other),
      ON_RUNTIME(without_a_runtime_there_is_none_here),
      ON_RUNTIME(a_sleep_is_never_short),
      ON_RUNTIME(who_gives_way_lets_others_run),
      ON_RUNTIME(who_gives_way_lets_all_go_first_that_are_in_line),
      ON_RUNTIME(more_than_a_workers_line_has_room_for_begin_all_the_same),
      ON_RUNTIME(work_without_end_starves_nobody),
      ON_RUNTIME(workers_may_run_on_all_cpus),
      ON_RUNTIME(stacks_that_nobody_needs_any_more_go_back),
      ON_RUNTIME(what_a_busy_worker_has_not_begun_is_taken_by_another),
  };
  const struct CMUnitTest alone[] = {cmocka_unit_test(options_have_bounds)};
  return cmocka_run_group_tests(alone, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
