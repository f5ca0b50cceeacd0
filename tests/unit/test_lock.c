/* The lock of one word: one at a time, what was done under it is seen, and nobody sleeps for ever. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "platform/lock.h"

enum { THREADS = 4, ROUNDS = 50000, SLOW_ROUNDS = 200 };

static struct weir__lock lock;
static long count; /* under the lock */
static _Atomic(int) at_work;
static int rounds;
static bool slow;

/* Unless it is the last one; and who wants it is given a moment to fall asleep. */
static void hold_until_wanted(void)
{
  while (atomic_load(&lock.word) != WEIR__LOCK_CONTENDED && atomic_load(&at_work) > 1) sched_yield();
  sched_yield();
}

static void *count_up(void *arg)
{
  for (int i = 0; i < rounds; i++) {
    weir__lock_take(&lock);
    long was = count;
    if (slow) hold_until_wanted();
    count = was + 1;
    weir__lock_leave(&lock);
  }
  atomic_fetch_sub(&at_work, 1);
  return arg;
}

static void count_with_threads(int times, bool slowly)
{
  pthread_t threads[THREADS];
  count = 0;
  atomic_store(&at_work, THREADS);
  rounds = times;
  slow = slowly;
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(count, (long)THREADS * times);
  assert_int_equal(atomic_load(&lock.word), WEIR__LOCK_FREE);
}

static void one_at_a_time_holds_it(void **state)
{
  (void)state;
  count_with_threads(ROUNDS, false);
}

static void who_sleeps_for_it_is_woken(void **state)
{
  (void)state;
  count_with_threads(SLOW_ROUNDS, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_at_a_time_holds_it),
                                     cmocka_unit_test(who_sleeps_for_it_is_woken)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
