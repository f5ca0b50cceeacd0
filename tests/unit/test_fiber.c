/* Fibers: registers, floating-point modes and stacks that are kept apart, and fibers that begin anew. */
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/fiber.h"

enum { STACK = 64 << 10, MANY = 1000 };

/* What a test keeps with its fiber. */
struct mine {
  struct weir__fiber fiber; /* first */
  struct weir__fiber *back;
  int64_t id, steps;
  bool wrong;
};

static struct weir__fiber own; /* this thread's stack */

static struct mine *make(void (*entry)(struct weir__fiber *), int64_t id)
{
  const char *why = "";
  struct mine *m = (struct mine *)weir__fiber_make(sizeof *m, STACK, entry, &why);
  if (!m) fail_msg("%s", why);
  assert_true(m->id == 0 && m->steps == 0 && !m->wrong); /* zeroed */
  m->id = id;
  m->back = &own;
  return m;
}

static int adopt(void **state)
{
  (void)state;
  weir__fiber_adopt(&own);
  return 0;
}

static int unadopt(void **state)
{
  (void)state;
  weir__fiber_unadopt(&own);
  return 0;
}

static void enter(struct mine *m) { weir__fiber_switch(&own, &m->fiber); }
static void leave(struct mine *m) { weir__fiber_switch(&m->fiber, m->back); }

/* ---- switches ---- */

static void count_steps(struct weir__fiber *f)
{
  struct mine *m = (struct mine *)f;
  for (;;) {
    m->steps++;
    leave(m);
  }
}

static void each_goes_on_where_it_left(void **state)
{
  (void)state;
  struct mine *a = make(count_steps, 1), *b = make(count_steps, 2);
  for (int i = 1; i <= 100; i++) {
    enter(a);
    assert_true(a->steps == i && b->steps == i - 1);
    enter(b);
    assert_true(b->steps == i);
  }
  weir__fiber_free(&a->fiber);
  weir__fiber_free(&b->fiber);
}

/* More values than there are registers, of both kinds; all live across the switch. */
static void keep_registers(struct weir__fiber *f)
{
  struct mine *m = (struct mine *)f;
  int64_t a = m->id, b = a * 3, c = a * 5, d = a * 7, e = a * 11, g = a * 13, h = a * 17, i = a * 19, j = a * 23;
  double r = (double)a, s = r / 3, t = r / 5, u = r / 7, v = r / 11, w = r / 13, x = r / 17, y = r / 19, z = r / 23;
  for (;;) {
    leave(m);
    if (b != a * 3 || c != a * 5 || d != a * 7 || e != a * 11 || g != a * 13 || h != a * 17 || i != a * 19 ||
        j != a * 23)
      m->wrong = true;
    if (s != r / 3 || t != r / 5 || u != r / 7 || v != r / 11 || w != r / 13 || x != r / 17 || y != r / 19 ||
        z != r / 23)
      m->wrong = true;
    a++, b += 3, c += 5, d += 7, e += 11, g += 13, h += 17, i += 19, j += 23;
    r = (double)a, s = r / 3, t = r / 5, u = r / 7, v = r / 11, w = r / 13, x = r / 17, y = r / 19, z = r / 23;
    m->steps++;
  }
}

static void a_ring_of_many_keeps_what_each_has_in_its_registers(void **state)
{
  (void)state;
  static struct mine *ring[MANY];
  for (int i = 0; i < MANY; i++) ring[i] = make(keep_registers, i * 1000);
  for (int round = 0; round < 20; round++)
    for (int i = 0; i < MANY; i++) enter(ring[i]);
  for (int i = 0; i < MANY; i++) {
    assert_false(ring[i]->wrong);
    assert_int_equal(ring[i]->steps, 19);
    weir__fiber_free(&ring[i]->fiber);
  }
}

/* One fiber to the next, without going home. */
static void pass_on(struct weir__fiber *f)
{
  struct mine *m = (struct mine *)f;
  for (;;) {
    m->steps++;
    leave(m);
  }
}

static void fibers_switch_to_each_other(void **state)
{
  (void)state;
  struct mine *chain[10];
  for (int i = 0; i < 10; i++) chain[i] = make(pass_on, i);
  for (int i = 0; i < 9; i++) chain[i]->back = &chain[i + 1]->fiber;
  for (int round = 1; round <= 50; round++) {
    enter(chain[0]);
    for (int i = 0; i < 10; i++) assert_int_equal(chain[i]->steps, round);
  }
  for (int i = 0; i < 10; i++) weir__fiber_free(&chain[i]->fiber);
}

static bool on_valgrind(void)
{
#ifdef WEIR__VALGRIND
  return RUNNING_ON_VALGRIND;
#else
  return false;
#endif
}

/* F7: the rounding mode is a fiber's own. */
static void round_in_my_way(struct weir__fiber *f)
{
  struct mine *m = (struct mine *)f;
  int mode = m->id ? FE_UPWARD : FE_DOWNWARD;
  fesetround(mode);
  for (;;) {
    leave(m);
    volatile double one = 1, three = 3;
    double third = one / three; /* by the mode of the vector unit; fegetround() asks the other one */
    if (fegetround() != mode || (third > 1.0 / 3) != (mode == FE_UPWARD)) m->wrong = true;
    m->steps++;
  }
}

static void each_has_its_own_floating_point_mode(void **state)
{
  (void)state;
  if (on_valgrind()) return; /* it divides in one mode only */
  struct mine *up = make(round_in_my_way, 1), *down = make(round_in_my_way, 0);
  for (int i = 0; i < 10; i++) {
    enter(up);
    assert_int_equal(fegetround(), FE_TONEAREST);
    enter(down);
    assert_int_equal(fegetround(), FE_TONEAREST);
  }
  assert_true(up->steps == 9 && !up->wrong);
  assert_true(down->steps == 9 && !down->wrong);
  weir__fiber_free(&up->fiber);
  weir__fiber_free(&down->fiber);
}

static void look_at_the_stack(struct weir__fiber *f)
{
  struct mine *m = (struct mine *)f;
  _Alignas(16) char here[64];
  memset(here, 1, sizeof here);
  m->wrong = (uintptr_t)here % 16 != 0 || here[63] != 1;
  m->steps = (int64_t)(uintptr_t)here;
  leave(m);
}

static void a_stack_is_aligned_and_ones_own(void **state)
{
  (void)state;
  struct mine *m = make(look_at_the_stack, 0);
  enter(m);
  assert_false(m->wrong);
  assert_true((char *)(uintptr_t)m->steps > m->fiber.stack.low);
  assert_true((char *)(uintptr_t)m->steps < (char *)m); /* below its struct, which lies at the top */
  assert_true((char *)(m + 1) <= m->fiber.stack.low + m->fiber.stack.bytes);
  weir__fiber_free(&m->fiber);
}

/* ---- beginning anew ---- */

static void a_fiber_that_is_reset_begins_anew_and_keeps_its_struct(void **state)
{
  (void)state;
  struct mine *m = make(count_steps, 7);
  for (int i = 0; i < 5; i++) enter(m);
  for (int i = 0; i < 100; i++) {
    weir__fiber_reset(&m->fiber, keep_registers);
    assert_true(m->id == 7 && m->steps == 5 + i);
    enter(m);
    enter(m);
    assert_true(m->steps == 6 + i && !m->wrong);
  }
  weir__fiber_free(&m->fiber);
}

/* ---- on other threads ---- */

static void *on_a_thread(void *unused)
{
  (void)unused;
  struct weir__fiber thread;
  const char *why = "";
  weir__fiber_adopt(&thread);
  struct mine *m = (struct mine *)weir__fiber_make(sizeof *m, STACK, keep_registers, &why);
  if (!m) return NULL;
  m->back = &thread;
  for (int i = 0; i < 1000; i++) weir__fiber_switch(&thread, &m->fiber);
  bool good = m->steps == 999 && !m->wrong;
  weir__fiber_free(&m->fiber);
  weir__fiber_unadopt(&thread);
  return good ? m : NULL;
}

static void each_thread_has_fibers(void **state)
{
  (void)state;
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, on_a_thread, NULL), 0);
  for (int i = 0; i < 4; i++) {
    void *good;
    pthread_join(threads[i], &good);
    assert_non_null(good);
  }
}

static void fibers_are_supported_here(void **state)
{
  (void)state;
  const char *why = NULL;
  assert_true(weir__fiber_supported(&why));
}

#define ON_THREAD(test) cmocka_unit_test_setup_teardown(test, adopt, unadopt)

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_THREAD(each_goes_on_where_it_left),      ON_THREAD(a_ring_of_many_keeps_what_each_has_in_its_registers),
      ON_THREAD(fibers_switch_to_each_other),     ON_THREAD(each_has_its_own_floating_point_mode),
      ON_THREAD(a_stack_is_aligned_and_ones_own), ON_THREAD(a_fiber_that_is_reset_begins_anew_and_keeps_its_struct),
      ON_THREAD(each_thread_has_fibers),          ON_THREAD(fibers_are_supported_here),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
