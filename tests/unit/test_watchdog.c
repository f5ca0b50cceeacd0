/* The watchdog: who hogs a worker is told, with what, and how long; who waits or gives way is not. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "unit/actor_fixture.h"

enum { AFTER_MS = 60, MOST = 16 };

/* ---- what was told ---- */

struct told {
  weir_hog hog;
  char name[64], message[32];
};
static struct {
  pthread_mutex_t lock;
  struct told told[MOST];
  int count;
  pthread_cond_t changed;
} log_ = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* The watchdog comes back from telling when all workers of this one sleep; NULL: at once. */
static _Atomic(weir_runtime *) tells_slowly;

static bool is_awake(weir_runtime *rt) { return rt && atomic_load(&rt->parked) < rt->worker_count; }

static void note(const weir_hog *hog, void *arg)
{
  assert_ptr_equal(arg, &log_);
  pthread_mutex_lock(&log_.lock);
  if (log_.count < MOST) {
    struct told *t = &log_.told[log_.count++];
    t->hog = *hog;
    snprintf(t->name, sizeof t->name, "%s", hog->name);
    snprintf(t->message, sizeof t->message, "%s", hog->message ? hog->message : "");
  }
  pthread_mutex_unlock(&log_.lock);
  pthread_cond_broadcast(&log_.changed);
  while (is_awake(atomic_load(&tells_slowly))) sched_yield();
}

static int told(void)
{
  pthread_mutex_lock(&log_.lock);
  int count = log_.count;
  pthread_mutex_unlock(&log_.lock);
  return count;
}

static void wait_until_told(int count)
{
  while (told() < count) weir_sleep(WEIR_MILLIS(1));
}

static int up(void **state)
{
  (void)state;
  weir_runtime_options options = runtime_options;
  options.hog_after = WEIR_MILLIS(AFTER_MS);
  options.on_hog = note;
  options.on_hog_arg = &log_;
  memset(log_.told, 0, sizeof log_.told);
  log_.count = 0;
  return weir_runtime_start(&options, &runtime);
}
#define WATCHED(test) cmocka_unit_test_setup_teardown(test, up, runtime_down)

/* ---- hogs ---- */

static _Atomic(bool) enough;

/* Neither waits nor returns, until it has been told as often. */
static void hog_until_told(int count)
{
  while (told() < count) sched_yield();
}

struct hogger {
  WEIR_EMPTY;
};
static int hogger_number(struct hogger *h, const struct number *m)
{
  (void)h;
  hog_until_told((int)m->n);
  return WEIR_OK;
}
static int hogger_signal(struct hogger *h)
{
  (void)h;
  return weir_sleep(WEIR_MILLIS(3 * AFTER_MS));
}
static int sleep_long(void *unused)
{
  (void)unused;
  usleep(3 * AFTER_MS * 1000);
  return WEIR_OK;
}
static int hogger_get(struct hogger *h, struct number *reply)
{
  (void)h;
  (void)reply;
  return weir_run_blocking(sleep_long, (void *)NULL);
}
WEIR_ACTOR(hogger, WEIR_ON(number, hogger_number) WEIR_ON(signal, hogger_signal) WEIR_ON(get, hogger_get));

/* skynet #770, #735: "maybe in an endless loop", without who and why; CAF #594: a stalled handler. */
static void trouble_31_a_hog_is_told_with_its_name_its_message_and_how_long(void **state)
{
  (void)state;
  weir_ref named = weir_spawn(&hogger, .name = "the hog"), plain = weir_spawn(&hogger);
  assert_int_equal(weir_ask(named, WEIR_SECONDS(20), NULL, number, .n = 1), WEIR_OK);
  wait_until_told(2); /* and its end */
  assert_int_equal(weir_ask(plain, WEIR_SECONDS(20), NULL, number, .n = 3), WEIR_OK);
  wait_until_told(4);
  for (int i = 0; i < 4; i++) {
    const struct told *t = &log_.told[i];
    assert_int_equal(t->hog.actor.bits, i < 2 ? named.bits : plain.bits);
    assert_string_equal(t->name, i < 2 ? "the hog" : "hogger");
    assert_string_equal(t->message, "number");
    assert_int_equal(t->hog.over, i % 2);
    assert_true(t->hog.since.ns >= AFTER_MS * 1000000);
    assert_in_range(t->hog.worker, 0, weir_runtime_workers(runtime) - 1);
    if (i % 2) assert_true(t->hog.since.ns >= log_.told[i - 1].hog.since.ns);
  }
}

static void an_end_is_told_also_if_all_sleep_by_then(void **state)
{
  (void)state;
  if (on_current_thread()) return; /* its thread is at work as long as it is ours */
  atomic_store(&tells_slowly, runtime);
  assert_int_equal(weir_ask(weir_spawn(&hogger), WEIR_SECONDS(20), NULL, number, .n = 1), WEIR_OK);
  pthread_mutex_lock(&log_.lock); /* a wait that stirs no worker, and so not the watchdog */
  while (log_.count < 2) pthread_cond_wait(&log_.changed, &log_.lock);
  pthread_mutex_unlock(&log_.lock);
  atomic_store(&tells_slowly, NULL);
  assert_int_equal(told(), 2);
  assert_true(log_.told[1].hog.over);
}

static int hog_task(int *count)
{
  hog_until_told(*count);
  return WEIR_OK;
}

static void a_task_that_hogs_is_told(void **state)
{
  (void)state;
  int count = 1;
  assert_int_equal(weir_task_join(weir_task_start(NULL, hog_task, &count), WEIR_SECONDS(20), NULL), WEIR_OK);
  wait_until_told(2);
  assert_string_equal(log_.told[0].name, "a task");
  assert_string_equal(log_.told[0].message, "");
  assert_true(weir_ref_error(log_.told[0].hog.actor) != WEIR_OK);
  assert_true(log_.told[0].hog.bound > 0);
}

static int hog_long_after(int *unused)
{
  (void)unused;
  hog_until_told(1);
  int64_t until = weir__now_ns() + 3 * AFTER_MS * (int64_t)1000000;
  while (weir__now_ns() < until) sched_yield();
  return WEIR_OK;
}

static void trouble_32_a_hog_is_told_once_and_once_more_when_it_is_over(void **state)
{
  (void)state;
  int unused;
  assert_int_equal(weir_task_join(weir_task_start(NULL, hog_long_after, &unused), WEIR_SECONDS(20), NULL), WEIR_OK);
  wait_until_told(2);
  assert_true(log_.told[1].hog.over);
  assert_true(log_.told[1].hog.since.ns >= 3 * AFTER_MS * (int64_t)1000000);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(told(), 2);
}

/* tokio #4730, #6315: one blocked task freezes all that is bound to its worker. */
static void trouble_30_the_telling_says_that_others_wait_for_that_worker(void **state)
{
  (void)state;
  if (weir_runtime_workers(runtime) != 1 || on_current_thread()) return;
  weir_ref sleeper = weir_spawn(&hogger), h = weir_spawn(&hogger);
  weir_pending asleep = weir_ask_begin(sleeper, WEIR_SECONDS(20), signal);
  while (!atomic_load(&runtime->workers[0].suspended)) weir_sleep(WEIR_MILLIS(0.1));
  weir_pending blocked = weir_ask_begin(h, WEIR_SECONDS(20), number, .n = 1);
  wait_until_told(2);
  assert_true(log_.told[0].hog.suspended >= 1);
  assert_int_equal(weir_await(blocked, NULL, number), WEIR_OK);
  assert_int_equal(weir_await(asleep, NULL, signal), WEIR_OK);
}

/* ---- who is none ---- */

static void who_waits_is_no_hog(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&hogger);
  assert_int_equal(weir_ask(h, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  assert_int_equal(weir_ask(h, WEIR_SECONDS(20), NULL, get), WEIR_OK); /* on the blocking pool */
  assert_int_equal(told(), 0);
}

struct mill {
  WEIR_EMPTY;
};
static int mill_signal(struct mill *m)
{
  (void)m;
  return atomic_load(&enough) ? WEIR_OK : weir_try_send(weir_self(), signal);
}
WEIR_ACTOR(mill, WEIR_ON(signal, mill_signal));

static void mill_for_a_while(void)
{
  atomic_store(&enough, false);
  weir_send(weir_spawn(&mill), signal);
  weir_sleep(WEIR_MILLIS(3 * AFTER_MS));
  atomic_store(&enough, true);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
}

static void many_messages_without_a_pause_are_no_hog(void **state)
{
  if (getenv("WEIR_TEST_SLOW")) return; /* there one message may take long */
  mill_for_a_while();
  while (told()) { /* a machine that took the core away for so long looks like one: once more */
    assert_int_equal(up(state), 0);
    mill_for_a_while();
  }
}

static bool rests_in(struct weir_runtime *rt)
{
  pthread_mutex_lock(&rt->lock);
  bool rests = rt->watchdog.rests;
  pthread_mutex_unlock(&rt->lock);
  return rests;
}
static bool rests(void) { return rests_in(runtime); }

/* An idle process is not woken: with nothing to do the watchdog sleeps without a time, and still finds the next hog. */
static void while_all_workers_sleep_it_does_too(void **state)
{
  (void)state;
  if (on_current_thread()) return; /* its thread is at work as long as it is ours */
  for (int round = 0; round < 3; round++) {
    int count = 2 * round + 1;
    while (!rests()) usleep(1000);
    usleep(2 * AFTER_MS * 1000);
    assert_true(rests());
    assert_int_equal(weir_task_join(weir_task_start(NULL, hog_task, &count), WEIR_SECONDS(20), NULL), WEIR_OK);
    wait_until_told(count + 1);
  }
}

/* ---- options ---- */

static int count_threads(void)
{
  int count = 0;
  DIR *d = opendir("/proc/self/task");
  while (readdir(d)) count++;
  closedir(d);
  return count;
}

static void there_is_none_where_it_is_not_wanted(void **state)
{
  (void)state;
  weir_runtime_options none[] = {{.flavor = WEIR_CURRENT_THREAD}, {.workers = 1, .hog_after = WEIR_FOREVER}};
  for (int i = 0; i < 2; i++) {
    weir_runtime *rt;
    assert_int_equal(weir_runtime_start(&none[i], &rt), WEIR_OK);
    assert_false(rt->watchdog.started);
    assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(1)), WEIR_OK);
  }
  int before = count_threads();
  weir_runtime *rt;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.hog_after = {-1}}, &rt), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "hog_after is negative");
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &rt), WEIR_OK);
  assert_true(rt->watchdog.started);
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(1)), WEIR_OK);
  while (count_threads() > before) sched_yield(); /* one that was joined may be listed a moment longer, before, too */
}

static int hog_until_enough(int *unused)
{
  (void)unused;
  while (!atomic_load(&enough)) sched_yield();
  return WEIR_OK;
}

static void without_a_callback_it_writes_a_line(void **state)
{
  (void)state;
  weir_runtime *rt;
  int ends[2], unused, saved = dup(STDERR_FILENO);
  char line[256] = "";
  atomic_store(&enough, false);
  assert_int_equal(pipe(ends), 0);
  dup2(ends[1], STDERR_FILENO);
  int rc = weir_runtime_start(&(weir_runtime_options){.workers = 1, .hog_after = WEIR_MILLIS(5)}, &rt);
  weir_task *t = rc ? NULL : weir_task_start(rt, hog_until_enough, &unused);
  ssize_t n = t ? read(ends[0], line, sizeof line - 1) : 0;
  atomic_store(&enough, true);
  if (t) rc = weir_task_join(t, WEIR_SECONDS(20), NULL);
  weir_runtime_stop(rt, WEIR_SECONDS(20));
  dup2(saved, STDERR_FILENO);
  close(saved), close(ends[0]), close(ends[1]);
  assert_int_equal(rc, WEIR_OK);
  assert_true(n > 0);
  assert_int_equal(strncmp(line, "weir: a task has had worker 0 for ", 34), 0);
  assert_non_null(strstr(line, " ms: 1 actors and tasks are bound to it, 0 are suspended\n"));
}

static int do_nothing(int *unused)
{
  (void)unused;
  return WEIR_OK;
}

/* A worker that is woken after its end must not signal a condition that is gone (D2). */
static void after_its_end_nobody_stirs_it(void **state)
{
  (void)state;
  weir_runtime *rt;
  int unused = 0;
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 2, .hog_after = WEIR_MILLIS(5)}, &rt),
                   WEIR_OK);
  while (!rests_in(rt)) weir_sleep(WEIR_MILLIS(1));
  weir__watchdog_end(rt);
  bool would_be_stirred = rests_in(rt);
  weir_task *t = weir_task_start(rt, do_nothing, &unused); /* wakes a worker */
  int rc = t ? weir_task_join(t, WEIR_SECONDS(20), NULL) : WEIR_ENOMEM;
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
  assert_false(would_be_stirred);
}

static void stop_this_process(int64_t seconds)
{
  pid_t parent = getpid(), child = fork();
  if (!child) {
    kill(parent, SIGSTOP);
    sleep((unsigned)seconds);
    kill(parent, SIGCONT);
    _exit(0);
  }
  assert_true(child > 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_process_that_stood_still_had_no_hog(void **state)
{
  (void)state;
  weir_runtime *rt;
  int unused;
  memset(log_.told, 0, sizeof log_.told);
  log_.count = 0;
  atomic_store(&enough, false);
  weir_runtime_options o = {
      .workers = 2, .hog_after = WEIR_SECONDS(2), .on_hog = note, .on_hog_arg = &log_}; /* far more than it works */
  assert_int_equal(weir_runtime_start(&o, &rt), WEIR_OK);
  weir_task *t = weir_task_start(rt, hog_until_enough, &unused);
  stop_this_process(3);
  atomic_store(&enough, true);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(told(), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WATCHED(trouble_31_a_hog_is_told_with_its_name_its_message_and_how_long),
      WATCHED(an_end_is_told_also_if_all_sleep_by_then),
      WATCHED(a_task_that_hogs_is_told),
      WATCHED(trouble_32_a_hog_is_told_once_and_once_more_when_it_is_over),
      WATCHED(trouble_30_the_telling_says_that_others_wait_for_that_worker),
      WATCHED(who_waits_is_no_hog),
      WATCHED(many_messages_without_a_pause_are_no_hog),
      WATCHED(while_all_workers_sleep_it_does_too),
  };
  const struct CMUnitTest alone[] = {
      cmocka_unit_test(there_is_none_where_it_is_not_wanted), cmocka_unit_test(without_a_callback_it_writes_a_line),
      cmocka_unit_test(after_its_end_nobody_stirs_it), cmocka_unit_test(a_process_that_stood_still_had_no_hog)};
  return cmocka_run_group_tests(alone, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
