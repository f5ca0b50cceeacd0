/* The timing wheel against a plain list: nothing early, nothing lost, whatever was added and removed in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chance.h"
#include "runtime/wheel.h"

enum { NODES = 300 };

static struct weir__wheel wheel;
static struct weir__wheel_node nodes[NODES];
static int64_t due_at[NODES]; /* the model: INT64_MAX: not armed */

/* Of every order of magnitude: up to 2^bits, each as likely. */
static int64_t some_span(unsigned bits) { return (int64_t)(draw() >> (64 - 1 - draw() % bits)); }

static void begin(int64_t now)
{
  memset(nodes, 0, sizeof nodes);
  for (int i = 0; i < NODES; i++) due_at[i] = INT64_MAX;
  weir__wheel_init(&wheel, now);
}

static void arm(int i, int64_t when)
{
  weir__wheel_add(&wheel, &nodes[i], when);
  due_at[i] = when;
}

static int64_t earliest(void)
{
  int64_t first = INT64_MAX;
  for (int i = 0; i < NODES; i++)
    if (due_at[i] < first) first = due_at[i];
  return first;
}

/* Everything that is due comes, in the order of its times; nothing else does. */
static void advance(int64_t now)
{
  struct weir__wheel_node *node;
  int64_t last = INT64_MIN;
  int64_t before = wheel.now_ms;
  while ((node = weir__wheel_expire(&wheel, now))) {
    int i = (int)(node - nodes);
    assert_true(due_at[i] <= now);
    int64_t when = due_at[i] > before ? due_at[i] : before; /* what was armed in the past is due when it is armed */
    assert_true(when >= last);
    last = when;
    due_at[i] = INT64_MAX;
  }
  assert_true(earliest() > now);
  int64_t next = weir__wheel_next_ms(&wheel);
  assert_true(next <= earliest());
  assert_true((next == INT64_MAX) == (earliest() == INT64_MAX));
}

static void a_node_is_due_at_its_time_and_not_before(void **state)
{
  (void)state;
  static const int64_t spans[] = {1,    2,    63,    64,    65,     127,    128,        4095,
                                  4096, 4097, 65535, 65536, 262143, 262144, 1000000000, (int64_t)1 << 50};
  static const int64_t starts[] = {0, 1, 63, 64, 4095, 1234567, ((int64_t)1 << 42) - 1};
  for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++)
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
      begin(starts[s]);
      arm(0, starts[s] + spans[i]);
      assert_null(weir__wheel_expire(&wheel, starts[s] + spans[i] - 1));
      assert_true(weir__wheel_next_ms(&wheel) <= starts[s] + spans[i]);
      assert_ptr_equal(weir__wheel_expire(&wheel, starts[s] + spans[i]), &nodes[0]);
      assert_null(weir__wheel_expire(&wheel, starts[s] + spans[i]));
      assert_true(weir__wheel_next_ms(&wheel) == INT64_MAX);
    }
}

static void what_is_armed_in_the_past_is_due_at_once(void **state)
{
  (void)state;
  begin(1000);
  arm(0, 1000);
  arm(1, 5);
  arm(2, -7);
  assert_int_equal(weir__wheel_next_ms(&wheel), 1000);
  for (int i = 0; i < 3; i++) assert_ptr_equal(weir__wheel_expire(&wheel, 1000), &nodes[i]);
  assert_null(weir__wheel_expire(&wheel, 1000));
}

static void many_at_one_time_all_come(void **state)
{
  (void)state;
  begin(10);
  for (int i = 0; i < NODES; i++) arm(i, 70000);
  advance(69999);
  advance(70000);
  assert_true(weir__wheel_next_ms(&wheel) == INT64_MAX);
}

/* Between two expirations nodes that are due may be removed, and new ones come. */
static void the_list_of_the_due_may_change_while_it_is_taken(void **state)
{
  (void)state;
  begin(0);
  for (int i = 0; i < 4; i++) arm(i, 5);
  struct weir__wheel_node *first = weir__wheel_expire(&wheel, 5);
  for (int i = 0; i < 4; i++) /* one of the others, and the last in the list */
    if (&nodes[i] != first && (!nodes[i].next || i % 2)) weir__wheel_remove(&wheel, &nodes[i]);
  weir__wheel_add(&wheel, first, 5);
  int count = 0;
  while (weir__wheel_expire(&wheel, 5)) count++;
  assert_in_range(count, 1, 3);
  weir__wheel_remove(&wheel, first); /* not armed: nothing happens */
  assert_true(weir__wheel_next_ms(&wheel) == INT64_MAX);
}

static void it_agrees_with_a_plain_list(void **state)
{
  (void)state;
  for (uint64_t round = 0; round < 60; round++) {
    chance_begin_with(round);
    int64_t now = some_span(45);
    begin(now);
    for (int step = 0; step < 3000; step++) {
      int i = (int)(draw() % NODES);
      if (draw() % 8 == 0) {
        advance(now += some_span(draw() % 4 ? 8 : 24));
      } else if (due_at[i] != INT64_MAX && draw() % 2) {
        weir__wheel_remove(&wheel, &nodes[i]);
        due_at[i] = INT64_MAX;
      } else if (due_at[i] == INT64_MAX) {
        arm(i, draw() % 16 ? now + some_span(30) : now - (int64_t)(draw() % 100));
        if (due_at[i] < 0) due_at[i] = 0;
      }
    }
    advance(now += (int64_t)1 << 32);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_node_is_due_at_its_time_and_not_before),
      cmocka_unit_test(what_is_armed_in_the_past_is_due_at_once),
      cmocka_unit_test(many_at_one_time_all_come),
      cmocka_unit_test(the_list_of_the_due_may_change_while_it_is_taken),
      cmocka_unit_test(it_agrees_with_a_plain_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
