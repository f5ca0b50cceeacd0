/* Oneshot: one value, kept, dropped, waited for, given up; from everywhere. */
#include <pthread.h>

#include "runtime/wait.h"
#include "unit/callback_fixture.h"

struct other {
  int64_t n;
};
WEIR_MESSAGE(other, WEIR_FIELD(n));

static weir_promise promise;
static weir_future future;

static void make(void) { assert_int_equal(weir_oneshot(&promise, &future), WEIR_OK); }

/* The value; a code where there is none. */
static int64_t value_of(weir_future f, weir_duration within)
{
  struct number *m;
  int rc = weir_future_wait(f, within, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static int64_t try_value_of(weir_future f)
{
  struct number *m;
  int rc = weir_future_try(f, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static void a_value_goes_from_one_to_the_other(void **state)
{
  (void)state;
  make();
  assert_true(weir_promise_wanted(promise));
  assert_int_equal(try_value_of(future), WEIR_EMPTY_NOW);
  assert_int_equal(weir_promise_send(promise, number, .n = 7), WEIR_OK);
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 7);
}

static void a_value_that_is_there_can_be_tried(void **state)
{
  (void)state;
  make();
  assert_int_equal(weir_promise_send(promise, number, .n = 8), WEIR_OK);
  assert_int_equal(try_value_of(future), 8);
}

static void a_promise_is_kept_once(void **state)
{
  (void)state;
  make();
  assert_int_equal(weir_promise_send(promise, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_promise_send(promise, number, .n = 2), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "the promise was used up before");
  assert_false(weir_promise_wanted(promise));
  weir_promise_drop(promise); /* too late */
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 1);
  assert_int_equal(weir_promise_send(promise, number, .n = 3), WEIR_ECLOSED);
}

static void a_future_is_used_up_by_its_value(void **state)
{
  (void)state;
  make();
  assert_int_equal(weir_promise_send(promise, number, .n = 1), WEIR_OK);
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 1);
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), WEIR_EINVAL);
  assert_int_equal(try_value_of(future), WEIR_EINVAL);
  weir_future_drop(future);
}

static void a_dropped_promise_is_known_at_once(void **state)
{
  (void)state;
  make();
  weir_promise_drop(promise);
  weir_promise_drop(promise);
  assert_false(weir_promise_wanted(promise));
  assert_int_equal(value_of(future, WEIR_FOREVER), WEIR_ECLOSED);
  assert_int_equal(value_of(future, WEIR_FOREVER), WEIR_EINVAL); /* used up by that */
  make();
  weir_promise_drop(promise);
  assert_int_equal(try_value_of(future), WEIR_ECLOSED);
}

static void a_dropped_future_is_known_to_the_promise(void **state)
{
  (void)state;
  make();
  weir_future_drop(future);
  assert_false(weir_promise_wanted(promise));
  uint64_t before = accounts_created();
  assert_int_equal(weir_promise_send(promise, number, .n = 1), WEIR_ECLOSED);
  assert_int_equal(accounts_created(), before);
  weir_promise_drop(promise);
}

static void a_value_that_nobody_takes_is_freed(void **state)
{
  (void)state;
  weir_accounts before, after;
  make();
  weir_accounts_read(&before);
  assert_int_equal(weir_promise_send(promise, number, .n = 1), WEIR_OK);
  weir_future_drop(future);
  weir_accounts_read(&after);
  assert_int_equal(after.freed - before.freed, 1);
  assert_int_equal(after.live, before.live);
}

static void a_value_of_another_type_stays(void **state)
{
  (void)state;
  struct other *o;
  make();
  assert_int_equal(weir_promise_send(promise, number, .n = 5), WEIR_OK);
  assert_int_equal(weir_future_wait(future, WEIR_SECONDS(1), &o, other), WEIR_EPROTO);
  assert_int_equal(weir_future_try(future, &o, other), WEIR_EPROTO);
  assert_null(o);
  assert_string_equal(weir_error_text(), "the value is a number, not a other");
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 5);
}

static void a_value_that_can_not_be_copied_leaves_the_promise_good(void **state)
{
  (void)state;
  make();
  assert_int_equal(weir_promise_send_value(promise, (weir_value){0}), WEIR_EINVAL);
  assert_true(weir_promise_wanted(promise));
  assert_int_equal(weir_promise_send(promise, number, .n = 6), WEIR_OK);
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 6);
}

static void a_wait_that_is_over_leaves_the_future_good(void **state)
{
  (void)state;
  make();
  for (int i = 0; i < 3; i++) assert_int_equal(value_of(future, WEIR_MILLIS(1)), WEIR_ETIMEDOUT);
  assert_true(weir_promise_wanted(promise));
  assert_int_equal(weir_promise_send(promise, number, .n = 4), WEIR_OK);
  assert_int_equal(value_of(future, WEIR_MILLIS(1)), 4);
}

static void a_stale_end_is_nobodys(void **state)
{
  (void)state;
  make();
  weir_promise old_promise = promise;
  weir_future old_future = future;
  weir_promise_drop(promise);
  weir_future_drop(future);
  for (int i = 0; i < 3; i++) {
    make();
    assert_int_equal(weir_promise_send(old_promise, number, .n = 1), WEIR_ECLOSED);
    assert_int_equal(try_value_of(old_future), WEIR_EINVAL);
    weir_promise_drop(old_promise);
    weir_future_drop(old_future);
    assert_true(weir_promise_wanted(promise)); /* the new one is untouched */
    assert_int_equal(weir_promise_send(promise, number, .n = i), WEIR_OK);
    assert_int_equal(value_of(future, WEIR_SECONDS(1)), i);
  }
  assert_int_equal(weir_promise_send((weir_promise){0}, number, .n = 1), WEIR_ECLOSED);
  assert_int_equal(try_value_of((weir_future){0}), WEIR_EINVAL);
  assert_int_equal(try_value_of((weir_future){UINT64_MAX}), WEIR_EINVAL);
  weir_promise_drop((weir_promise){UINT64_MAX});
  weir_future_drop((weir_future){0});
}

static void a_future_is_used_up_whichever_way_it_ended(void **state)
{
  (void)state;
  enum { KEPT_WAIT, KEPT_TRY, GIVEN_UP_WAIT, GIVEN_UP_TRY, WAYS };
  for (int way = 0; way < WAYS; way++) {
    bool kept = way == KEPT_WAIT || way == KEPT_TRY, tries = way == KEPT_TRY || way == GIVEN_UP_TRY;
    make();
    assert_int_equal(try_value_of(future), WEIR_EMPTY_NOW);
    if (kept)
      assert_int_equal(weir_promise_send(promise, number, .n = 17), WEIR_OK);
    else
      weir_promise_drop(promise);
    assert_int_equal(tries ? try_value_of(future) : value_of(future, WEIR_FOREVER), kept ? 17 : WEIR_ECLOSED);
    assert_int_equal(try_value_of(future), WEIR_EINVAL);
    assert_int_equal(value_of(future, WEIR_FOREVER), WEIR_EINVAL);
    weir_future_drop(future); /* too late, and no harm */
  }
  make();
  weir_future_drop(future);
  assert_int_equal(try_value_of(future), WEIR_EINVAL);
  weir_promise_drop(promise);
}

/* Is nothing there? A look that takes nothing: for a message of a type that nobody sends. */
static bool is_empty(weir_future f)
{
  struct other *o;
  int rc = weir_future_try(f, &o, other);
  assert_true(rc != WEIR_OK);
  return rc != WEIR_EPROTO;
}

static void a_future_is_empty_but_for_the_time_between_value_and_receiver(void **state)
{
  (void)state;
  for (int tries = 0; tries < 2; tries++) {
    make();
    assert_true(is_empty(future));
    assert_int_equal(weir_promise_send(promise, number, .n = 17), WEIR_OK);
    assert_false(is_empty(future));
    assert_int_equal(tries ? try_value_of(future) : value_of(future, WEIR_FOREVER), 17);
    assert_true(is_empty(future));
  }
  make();
  weir_promise_drop(promise);
  assert_true(is_empty(future));
  assert_true(is_empty(future)); /* used up by the look before */
  make();
  weir_future_drop(future);
  assert_true(is_empty(future));
  weir_promise_drop(promise);
}

/* ---- waiting ---- */

static _Atomic(int) set_out;

static int wait_for_value(int64_t *n)
{
  atomic_fetch_add(&set_out, 1);
  *n = value_of(future, WEIR_FOREVER);
  return WEIR_OK;
}

static weir_task *waiting_task(int64_t *n)
{
  atomic_store(&set_out, 0);
  weir_task *task = weir_task_start(NULL, wait_for_value, n);
  assert_non_null(task);
  while (atomic_load(&set_out) < 1) weir_sleep(WEIR_MILLIS(0.1));
  return task;
}

static void join(weir_task *task) { assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK); }

static void a_task_that_waits_is_woken_by_the_value_or_the_drop(void **state)
{
  (void)state;
  int64_t n = 0;
  make();
  weir_task *task = waiting_task(&n);
  assert_int_equal(weir_promise_send(promise, number, .n = 3), WEIR_OK);
  join(task);
  assert_int_equal(n, 3);
  make();
  task = waiting_task(&n);
  weir_promise_drop(promise);
  join(task);
  assert_int_equal(n, WEIR_ECLOSED);
}

static void one_waits_at_a_time(void **state)
{
  (void)state;
  int64_t n = 0;
  make();
  weir_task *task = waiting_task(&n);
  while (!(atomic_load(&weir__wait_at(future.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(value_of(future, WEIR_SECONDS(20)), WEIR_EBUSY);
  assert_int_equal(weir_promise_send(promise, number, .n = 3), WEIR_OK);
  join(task);
  assert_int_equal(n, 3);
}

/* The value is there, and who waits for it has not gone on yet: it is that one's. */
static int keep_and_try(int *rc)
{
  struct number *m;
  *rc = weir_promise_send(promise, number, .n = 5);
  if (!*rc) *rc = weir_future_try(future, &m, number);
  return WEIR_OK;
}

static void a_value_belongs_to_who_waits_for_it(void **state)
{
  (void)state;
  int64_t n = 0;
  int rc = 1;
  if (!on_current_thread()) return; /* elsewhere the one who waits may have gone on by then */
  make();
  weir_task *waits = waiting_task(&n);
  while (!(atomic_load(&weir__wait_at(future.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
  join(weir_task_start(NULL, keep_and_try, &rc));
  join(waits);
  assert_int_equal(rc, WEIR_EBUSY);
  assert_int_equal(n, 5);
}

static void a_cancelled_wait_leaves_the_future_good(void **state)
{
  (void)state;
  int64_t n = 0;
  make();
  weir_task *task = waiting_task(&n);
  weir_task_cancel(task);
  join(task);
  assert_int_equal(n, WEIR_ECANCELED);
  assert_int_equal(weir_promise_send(promise, number, .n = 2), WEIR_OK);
  assert_int_equal(value_of(future, WEIR_SECONDS(1)), 2);
}

/* The stop has woken it, and it has not gone on yet: the future is still its. */
static void a_future_is_whose_wait_was_ended_until_that_goes_on(void **state)
{
  (void)state;
  int64_t n = 0;
  struct number *m;
  if (!on_current_thread()) return; /* elsewhere it may have gone on by then */
  make();
  weir_task *task = waiting_task(&n);
  while (!(atomic_load(&weir__wait_at(future.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
  weir_task_cancel(task);
  assert_int_equal(value_of(future, WEIR_SECONDS(20)), WEIR_EBUSY);
  assert_int_equal(weir_promise_send(promise, number, .n = 6), WEIR_OK);
  assert_int_equal(weir_future_try(future, &m, number), WEIR_EBUSY);
  join(task);
  assert_int_equal(n, WEIR_ECANCELED);
  assert_int_equal(value_of(future, WEIR_SECONDS(20)), 6);
}

static void who_waits_after_another_gave_up_gets_the_value(void **state)
{
  (void)state;
  int64_t first = 0, second = 0;
  make();
  weir_task *task = waiting_task(&first);
  weir_task_cancel(task);
  join(task);
  task = waiting_task(&second);
  while (!(atomic_load(&weir__wait_at(future.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_promise_send(promise, number, .n = 1), WEIR_OK);
  join(task);
  assert_int_equal(first, WEIR_ECANCELED);
  assert_int_equal(second, 1);
}

static void nothing_is_left_of_two_ends_that_were_given_up(void **state)
{
  (void)state;
  for (int promise_first = 0; promise_first < 2; promise_first++) {
    int64_t n = 0;
    make();
    weir_task *task = waiting_task(&n); /* somebody has waited on it */
    weir_task_cancel(task);
    join(task);
    assert_int_not_equal(weir__wait_phase(future.bits), 0);
    if (promise_first) weir_promise_drop(promise);
    weir_future_drop(future);
    if (!promise_first) weir_promise_drop(promise);
    assert_int_equal(weir__wait_phase(future.bits), 0);
    assert_false(weir_promise_wanted(promise));
  }
}

/* ---- work that nobody waits for ---- */

static int work_while_wanted(int64_t *steps)
{
  while (weir_promise_wanted(promise)) {
    ++*steps;
    int rc = weir_sleep(WEIR_MILLIS(0.1));
    if (rc) return rc;
  }
  return weir_promise_send(promise, number, .n = *steps);
}

static int drop_the_future(void *unused)
{
  (void)unused;
  weir_future_drop(future);
  return WEIR_OK;
}

static void who_works_for_a_future_sees_that_it_was_dropped(void **state)
{
  (void)state;
  int64_t steps = 0;
  int result;
  make();
  weir_task *worker = weir_task_start(NULL, work_while_wanted, &steps);
  assert_non_null(worker);
  join(weir_task_start(NULL, drop_the_future, NULL));
  assert_int_equal(weir_task_join(worker, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_ECLOSED);
}

static void *keep_on_a_thread(void *unused)
{
  (void)unused;
  return weir_promise_send(promise, number, .n = 11) ? &promise : NULL;
}

/* One waits on this thread, one in a task: the value comes from another thread. */
static void values_go_between_threads_and_tasks(void **state)
{
  (void)state;
  for (int in_a_task = 0; in_a_task < 2; in_a_task++) {
    pthread_t thread;
    void *failed;
    int64_t n = 0;
    make();
    weir_task *task = in_a_task ? waiting_task(&n) : NULL;
    assert_int_equal(pthread_create(&thread, NULL, keep_on_a_thread, NULL), 0);
    if (in_a_task)
      join(task);
    else
      n = value_of(future, WEIR_SECONDS(20));
    pthread_join(thread, &failed);
    assert_null(failed);
    assert_int_equal(n, 11);
  }
}

static void *wait_on_a_thread(void *n)
{
  *(int64_t *)n = value_of(future, WEIR_FOREVER);
  return NULL;
}

static void a_thread_that_waits_is_woken_by_the_value_or_the_drop(void **state)
{
  (void)state;
  for (int drops = 0; drops < 2; drops++) {
    pthread_t thread;
    int64_t n = 0;
    make();
    assert_int_equal(pthread_create(&thread, NULL, wait_on_a_thread, &n), 0);
    while (!(atomic_load(&weir__wait_at(future.bits)->word) & WEIR__ATTACHED)) weir_sleep(WEIR_MILLIS(0.1));
    if (drops)
      weir_promise_drop(promise);
    else
      assert_int_equal(weir_promise_send(promise, number, .n = 3), WEIR_OK);
    pthread_join(thread, NULL);
    assert_int_equal(n, drops ? WEIR_ECLOSED : 3);
  }
}

/* ---- in a callback of libuv ---- */

static struct {
  int64_t wait_early, try_early, wait_late;
  int sent;
} seen;

static void try_everything(void)
{
  seen.wait_early = value_of(future, WEIR_SECONDS(1));
  seen.try_early = try_value_of(future);
  seen.sent = weir_promise_send(promise, number, .n = 1);
  seen.wait_late = value_of(future, WEIR_SECONDS(1)); /* it is there: need not wait */
}

static void a_callback_keeps_promises_and_never_waits(void **state)
{
  (void)state;
  make();
  run_in_callback(try_everything);
  assert_int_equal(seen.sent, WEIR_OK);
  assert_int_equal(seen.wait_early, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.try_early, WEIR_EMPTY_NOW);
  assert_int_equal(seen.wait_late, 1);
}

static int even_accounts(void **state)
{
  (void)state;
  return accounts_are_even();
}
#define WITHOUT_RUNTIME(test) cmocka_unit_test_teardown(test, even_accounts)

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_value_goes_from_one_to_the_other),
      ON_RUNTIME(a_value_that_is_there_can_be_tried),
      ON_RUNTIME(a_promise_is_kept_once),
      ON_RUNTIME(a_future_is_used_up_by_its_value),
      ON_RUNTIME(a_dropped_promise_is_known_at_once),
      ON_RUNTIME(a_dropped_future_is_known_to_the_promise),
      ON_RUNTIME(a_value_that_nobody_takes_is_freed),
      ON_RUNTIME(a_value_of_another_type_stays),
      ON_RUNTIME(a_value_that_can_not_be_copied_leaves_the_promise_good),
      ON_RUNTIME(a_wait_that_is_over_leaves_the_future_good),
      ON_RUNTIME(a_stale_end_is_nobodys),
      ON_RUNTIME(a_future_is_used_up_whichever_way_it_ended),
      ON_RUNTIME(a_future_is_empty_but_for_the_time_between_value_and_receiver),
      ON_RUNTIME(a_task_that_waits_is_woken_by_the_value_or_the_drop),
      ON_RUNTIME(one_waits_at_a_time),
      ON_RUNTIME(a_value_belongs_to_who_waits_for_it),
      ON_RUNTIME(a_cancelled_wait_leaves_the_future_good),
      ON_RUNTIME(a_future_is_whose_wait_was_ended_until_that_goes_on),
      ON_RUNTIME(who_waits_after_another_gave_up_gets_the_value),
      ON_RUNTIME(nothing_is_left_of_two_ends_that_were_given_up),
      ON_RUNTIME(who_works_for_a_future_sees_that_it_was_dropped),
      ON_RUNTIME(values_go_between_threads_and_tasks),
      ON_RUNTIME(a_thread_that_waits_is_woken_by_the_value_or_the_drop),
      ON_RUNTIME(a_callback_keeps_promises_and_never_waits),
  };
  const struct CMUnitTest alone[] = {
      WITHOUT_RUNTIME(a_value_goes_from_one_to_the_other),
      WITHOUT_RUNTIME(a_promise_is_kept_once),
      WITHOUT_RUNTIME(a_dropped_promise_is_known_at_once),
      WITHOUT_RUNTIME(a_dropped_future_is_known_to_the_promise),
      WITHOUT_RUNTIME(a_value_that_nobody_takes_is_freed),
      WITHOUT_RUNTIME(a_wait_that_is_over_leaves_the_future_good),
      WITHOUT_RUNTIME(a_stale_end_is_nobodys),
      WITHOUT_RUNTIME(a_thread_that_waits_is_woken_by_the_value_or_the_drop),
  };
  return cmocka_run_group_tests_name("no runtime", alone, NULL, NULL) + RUN_ON_EACH_RUNTIME(tests);
}
