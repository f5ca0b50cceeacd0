/* Memory and calls that end with their actor or task. */
#include "unit/actor_fixture.h"

/* The calls, in their order, as letters. */
static char calls[64];
static _Atomic(int) call_count;

static void note(const void *letter)
{
  int at = atomic_fetch_add(&call_count, 1);
  if (at < (int)sizeof calls - 1) calls[at] = *(const char *)letter;
}
static void call(void *letter) { note(letter); }
static void call_and_defer(void *letter)
{
  note(letter);
  if (weir_defer(call, "x")) note("!");
}
static void call_and_fail(void *letter)
{
  note(letter);
  weir_fail(WEIR_EUSER(2), "in a deferred call");
}
static void call_and_sleep(void *letter)
{
  if (weir_sleep(WEIR_MILLIS(1))) note("!");
  note(letter);
}

static int forget_calls(void **state)
{
  memset(calls, 0, sizeof calls);
  atomic_store(&call_count, 0);
  return runtime_up(state);
}
#define WITH_CALLS(test) cmocka_unit_test_setup_teardown(test, forget_calls, runtime_down)

struct spender {
  const char *name;
  bool wrong;
};
enum { ENDS, FAILS, DEFERS_MORE, FAILS_IN_A_CALL, SLEEPS };

static int spender_start(struct spender *s, const struct number *how)
{
  if (!how) return WEIR_OK;
  s->name = weir_strdup("the name");
  int rc = s->name ? weir_defer(call, "a") : WEIR_ENOMEM;
  if (!rc && how->n == DEFERS_MORE) rc = weir_defer(call_and_defer, "m");
  if (!rc && how->n == FAILS_IN_A_CALL) rc = weir_defer(call_and_fail, "f");
  if (!rc && how->n == SLEEPS) rc = weir_defer(call_and_sleep, "s");
  if (!rc) rc = weir_defer(call, "b");
  if (rc) return rc;
  return how->n == FAILS ? weir_error(WEIR_EUSER(1), "not today") : WEIR_OK;
}
static int spender_number(struct spender *s, const struct number *m)
{
  unsigned char *room = weir_alloc((size_t)m->n);
  if (!room || (uintptr_t)room % 16) return weir_error(WEIR_EUSER(3), "no room, or a crooked one");
  for (int64_t i = 0; i < m->n; i++)
    if (room[i]) s->wrong = true;
  memset(room, 0xff, (size_t)m->n);
  return s->wrong ? WEIR_EUSER(4) : WEIR_OK;
}
static int spender_signal(struct spender *s)
{
  (void)s;
  weir_fail(WEIR_EUSER(1), "failed");
}
static void spender_end(struct spender *s) { note(s->name && strcmp(s->name, "the name") == 0 ? "E" : "e"); }
WEIR_ACTOR(spender, WEIR_ON_START(number, spender_start) WEIR_ON(number, spender_number) WEIR_ON(signal, spender_signal)
                        WEIR_ON_END(spender_end));

static void calls_are_made_after_the_end_clause_the_last_one_first(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = ENDS));
  weir_drain(s);
  wait_until_gone(s);
  assert_string_equal(calls, "Eba");
}

static void calls_are_made_after_a_failure(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = ENDS));
  weir_send(s, signal);
  wait_until_gone(s);
  assert_string_equal(calls, "Eba");
}

static void calls_are_made_after_a_start_that_failed(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = FAILS));
  wait_until_gone(s);
  assert_string_equal(calls, "Eba");
}

static void a_call_may_defer_more(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = DEFERS_MORE));
  weir_drain(s);
  wait_until_gone(s);
  assert_string_equal(calls, "Ebmxa");
}

static void a_call_that_fails_keeps_no_other_from_being_made(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = FAILS_IN_A_CALL));
  weir_drain(s);
  wait_until_gone(s);
  assert_string_equal(calls, "Ebfa");
}

static void a_call_may_wait_and_is_not_cancelled(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&spender, .config = WEIR_VALUE(number, .n = SLEEPS));
  weir_stop(s);
  wait_until_gone(s);
  assert_string_equal(calls, "Ebsa");
}

static void memory_is_zeroed_aligned_and_its_own(void **state)
{
  (void)state;
  static const int64_t sizes[] = {0, 1, 15, 16, 17, 100, 511, 512, 513, 4000, 70000, 3};
  weir_ref s = weir_spawn(&spender);
  for (int round = 0; round < 20; round++)
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
      assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, number, .n = sizes[i]), WEIR_OK);
}

struct glutton {
  int code;
};
static int glutton_signal(struct glutton *g)
{
  if (!weir_alloc(SIZE_MAX) && strstr(weir_error_text(), "no memory")) g->code++;
  bool unchecked = getenv("WEIR_TEST_SLOW") == NULL; /* sanitizers end the process where malloc() says no */
  if (!unchecked) g->code++;
  if (unchecked && !weir_alloc(SIZE_MAX / 4) && strstr(weir_error_text(), "no memory")) g->code++;
  if (weir_alloc(8)) g->code++;
  return WEIR_OK;
}
static int glutton_get(struct glutton *g, struct number *reply)
{
  reply->n = g->code;
  return WEIR_OK;
}
WEIR_ACTOR(glutton, WEIR_ON(signal, glutton_signal) WEIR_ON(get, glutton_get));

static void without_memory_it_is_null_and_says_so(void **state)
{
  (void)state;
  weir_ref g = weir_spawn(&glutton);
  weir_send(g, signal);
  assert_int_equal(get_from(g), 3);
}

/* ---- tasks ---- */

static int child(void *arg)
{
  weir_sleep(WEIR_MILLIS(1));
  note(arg);
  return weir_defer(call, "c");
}
static void call_and_start(void *letter)
{
  note(letter);
  weir_task *t = weir_task_start(NULL, child, "d");
  if (t) weir_task_detach(t);
}
static int parent(void *arg)
{
  char *copy = weir_strdup(arg);
  if (!copy || weir_defer(call, copy)) return WEIR_ENOMEM;
  if (strchr(copy, 'S') && weir_defer(call_and_start, "S")) return WEIR_ENOMEM;
  weir_task *t = weir_task_start(NULL, child, "k");
  if (t) weir_task_detach(t);
  if (strchr(copy, 'F')) weir_fail(WEIR_EUSER(5), "failed");
  return WEIR_OK;
}

static int run_task(const char *how)
{
  int result = WEIR_EINVAL;
  weir_task *t = weir_task_start(runtime, parent, (void *)(uintptr_t)how);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), &result), WEIR_OK);
  return result;
}

static void a_tasks_calls_are_made_after_those_it_started_have_ended(void **state)
{
  (void)state;
  assert_int_equal(run_task("p"), WEIR_OK);
  assert_string_equal(calls, "kcp");
}

static void a_task_that_fails_makes_its_calls(void **state)
{
  (void)state;
  assert_int_equal(run_task("F"), WEIR_EUSER(5));
  assert_string_equal(calls, "kcF");
}

static void a_call_of_a_task_may_start_another(void **state)
{
  (void)state;
  assert_int_equal(run_task("0S"), WEIR_OK);
  assert_string_equal(calls, "kcSdc0");
}

static void elsewhere_nothing_is_given(void **state)
{
  (void)state;
  assert_null(weir_alloc(8));
  assert_non_null(strstr(weir_error_text(), "handlers and tasks"));
  assert_null(weir_strdup("x"));
  assert_int_equal(weir_defer(call, "x"), WEIR_EINVAL);
  assert_int_equal(weir_defer(NULL, "x"), WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_CALLS(calls_are_made_after_the_end_clause_the_last_one_first),
      WITH_CALLS(calls_are_made_after_a_failure),
      WITH_CALLS(calls_are_made_after_a_start_that_failed),
      WITH_CALLS(a_call_may_defer_more),
      WITH_CALLS(a_call_that_fails_keeps_no_other_from_being_made),
      WITH_CALLS(a_call_may_wait_and_is_not_cancelled),
      WITH_CALLS(memory_is_zeroed_aligned_and_its_own),
      WITH_CALLS(without_memory_it_is_null_and_says_so),
      WITH_CALLS(a_tasks_calls_are_made_after_those_it_started_have_ended),
      WITH_CALLS(a_task_that_fails_makes_its_calls),
      WITH_CALLS(a_call_of_a_task_may_start_another),
      WITH_CALLS(elsewhere_nothing_is_given),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
