/* test_histogram.c: the histogram that bench/ records latencies in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/workloads/histogram.h"

static void each_bucket_begins_where_the_one_before_ends(void **state)
{
  (void)state;
  for (int i = 1; i < HISTOGRAM_BUCKETS; i++) {
    assert_int_equal(histogram_bucket(histogram_top(i)), i);
    assert_int_equal(histogram_bucket(histogram_top(i - 1) + 1), i);
  }
  assert_int_equal(histogram_bucket(0), 0);
  assert_true(histogram_bucket(INT64_MAX) == HISTOGRAM_BUCKETS - 1);
}

static void a_bucket_is_at_most_a_64th_wide(void **state)
{
  (void)state;
  for (int i = 1; i < HISTOGRAM_BUCKETS; i++) {
    uint64_t first = histogram_top(i - 1) + 1, width = histogram_top(i) - first;
    assert_true(width <= first / 64);
  }
}

static void percentiles_are_those_of_what_was_added(void **state)
{
  struct histogram *h = calloc(1, sizeof *h);
  (void)state;
  assert_non_null(h);
  assert_int_equal(histogram_at(h, 0.5), 0);
  for (uint64_t i = 0; i < 100; i++) histogram_add(h, i);
  assert_int_equal(histogram_total(h), 100);
  assert_int_equal(histogram_at(h, 0.5), 50);
  assert_int_equal(histogram_at(h, 0.99), 99);
  assert_int_equal(histogram_at(h, 1), 99);
  histogram_add(h, 1000000);
  assert_int_equal(histogram_bucket(histogram_at(h, 1)), histogram_bucket(1000000));
  assert_int_equal(histogram_at(h, 0.5), 50);
  free(h);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_bucket_begins_where_the_one_before_ends),
      cmocka_unit_test(a_bucket_is_at_most_a_64th_wide),
      cmocka_unit_test(percentiles_are_those_of_what_was_added),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
