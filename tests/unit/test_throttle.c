/* What has not begun is kept back while a long line moves, and never for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/throttle.h"

enum { LEAST = WEIR__LINE_LEAST };
static const int64_t a_while = WEIR__LINE_LOOK_NS;

static void join(struct weir__throttle *t, unsigned n)
{
  while (n--) weir__throttle_join(t);
}
static void get_on(struct weir__throttle *t, unsigned n)
{
  while (n--) weir__throttle_leave(t);
}

static void it_closes_when_many_stand_in_line(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  join(&t, LEAST - 1);
  assert_false(t.closed);
  join(&t, 1);
  assert_true(t.closed);
  get_on(&t, 1);
  assert_false(t.closed);
}

static void a_line_that_stands_still_keeps_back_nobody_for_long(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  int64_t now = a_while;
  for (unsigned n = LEAST; n <= 100 * LEAST; n += LEAST) {
    join(&t, LEAST);
    assert_true(t.closed);
    weir__throttle_look(&t, now += a_while);
    assert_false(t.closed);
  }
}

static void a_line_that_hardly_moves_is_as_one_that_does_not(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  join(&t, 2 * LEAST);
  get_on(&t, WEIR__LINE_MOVES - 1);
  assert_true(t.closed);
  weir__throttle_look(&t, a_while);
  assert_false(t.closed);
}

static void a_line_that_moves_becomes_short(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  int64_t now = 0;
  while (t.in_line < 40 * LEAST) {
    join(&t, LEAST);
    weir__throttle_look(&t, now += a_while);
  }
  for (int i = 0; i < 200; i++) { /* as many come as it lets, and 400 get on each time */
    get_on(&t, 400 < t.in_line ? 400 : t.in_line);
    while (!t.closed) weir__throttle_join(&t);
    weir__throttle_look(&t, now += a_while);
  }
  assert_true(t.in_line <= 2 * LEAST);
}

static void between_two_looks_nothing_is_judged(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  weir__throttle_look(&t, a_while);
  join(&t, LEAST);
  weir__throttle_look(&t, 2 * a_while - 1);
  assert_true(t.closed);
  weir__throttle_look(&t, 2 * a_while);
  assert_false(t.closed);
}

static void when_nobody_stands_there_it_is_as_in_the_beginning(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, true);
  for (int64_t i = 1; i <= 40; i++) {
    join(&t, LEAST);
    weir__throttle_look(&t, i * a_while);
  }
  get_on(&t, t.in_line);
  weir__throttle_look(&t, 41 * a_while);
  assert_int_equal(t.most, LEAST);
}

static void a_simulated_one_never_closes(void **state)
{
  (void)state;
  struct weir__throttle t;
  weir__throttle_init(&t, false);
  join(&t, 100 * LEAST);
  assert_false(t.closed);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_closes_when_many_stand_in_line),
      cmocka_unit_test(a_line_that_stands_still_keeps_back_nobody_for_long),
      cmocka_unit_test(a_line_that_hardly_moves_is_as_one_that_does_not),
      cmocka_unit_test(a_line_that_moves_becomes_short),
      cmocka_unit_test(between_two_looks_nothing_is_judged),
      cmocka_unit_test(when_nobody_stands_there_it_is_as_in_the_beginning),
      cmocka_unit_test(a_simulated_one_never_closes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
