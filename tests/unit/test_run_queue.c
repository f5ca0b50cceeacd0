/* The run queue: first in first out, half for a thief, each item once, whoever takes. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/run_queue.h"

enum { SIZE = WEIR__RUN_QUEUE_SIZE, THIEVES = 3, MANY = 200000 };

static struct weir__run_queue queue;
static struct weir__work works[MANY];

static struct weir__work *take_one(void)
{
  struct weir__work *work = NULL;
  return weir__run_queue_take(&queue, &work, 1) ? work : NULL;
}

/* The indices begin anywhere: near their wrap, too. */
static void begin(uint32_t at)
{
  memset(&queue, 0, sizeof queue);
  atomic_store(&queue.head, at);
  atomic_store(&queue.tail, at);
}

static const uint32_t starts[] = {0, 1, SIZE - 1, UINT32_MAX - SIZE / 2, UINT32_MAX};

static void what_goes_in_first_comes_out_first(void **state)
{
  (void)state;
  for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
    begin(starts[s]);
    assert_null(take_one());
    for (int i = 0; i < SIZE; i++) {
      assert_int_equal(weir__run_queue_length(&queue), i);
      assert_true(weir__run_queue_put(&queue, &works[i]));
    }
    assert_false(weir__run_queue_put(&queue, &works[SIZE])); /* full */
    for (int i = 0; i < SIZE; i++) {
      assert_ptr_equal(take_one(), &works[i]);
      assert_true(weir__run_queue_put(&queue, &works[i])); /* a place is free again */
    }
    for (int i = 0; i < SIZE; i++) assert_ptr_equal(take_one(), &works[i]);
    assert_null(take_one());
  }
}

static void a_thief_takes_half_at_most(void **state)
{
  (void)state;
  for (uint32_t there = 0; there <= SIZE; there++) {
    struct weir__work *out[SIZE];
    begin(UINT32_MAX - 5);
    for (uint32_t i = 0; i < there; i++) weir__run_queue_put(&queue, &works[i]);
    uint32_t got = weir__run_queue_take(&queue, out, SIZE);
    assert_int_equal(got, (there + 1) / 2);
    for (uint32_t i = 0; i < got; i++) assert_ptr_equal(out[i], &works[i]);
    assert_int_equal(weir__run_queue_length(&queue), there - got);
    if (there > 12) assert_int_equal(weir__run_queue_take(&queue, out, 3), 3);
  }
}

/* ---- all at once ---- */

static _Atomic(int) taken[MANY], left;

static void note(struct weir__work *const *out, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) atomic_fetch_add(&taken[out[i] - works], 1);
  atomic_fetch_sub(&left, (int)count);
}

static void *steal(void *unused)
{
  (void)unused;
  struct weir__work *out[SIZE];
  while (atomic_load(&left) > 0) {
    uint32_t got = weir__run_queue_take(&queue, out, 32);
    note(out, got);
    if (!got) sched_yield();
  }
  return NULL;
}

static void each_is_taken_once(void **state)
{
  (void)state;
  pthread_t thieves[THIEVES];
  int many = getenv("WEIR_TEST_SLOW") ? MANY / 10 : MANY;
  begin(UINT32_MAX - (uint32_t)many / 2);
  atomic_store(&left, many);
  for (int i = 0; i < THIEVES; i++) assert_int_equal(pthread_create(&thieves[i], NULL, steal, NULL), 0);
  for (int i = 0; i < many;) {
    struct weir__work *own;
    if (weir__run_queue_put(&queue, &works[i])) i++;
    if (i % 3 == 0 && (own = take_one())) note(&own, 1);
  }
  steal(NULL); /* the rest */
  for (int i = 0; i < THIEVES; i++) pthread_join(thieves[i], NULL);
  for (int i = 0; i < many; i++) assert_int_equal(atomic_load(&taken[i]), 1);
  assert_int_equal(weir__run_queue_length(&queue), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_goes_in_first_comes_out_first),
      cmocka_unit_test(a_thief_takes_half_at_most),
      cmocka_unit_test(each_is_taken_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
