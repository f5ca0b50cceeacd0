/* Actors by name. */
#include "runtime/runtime.h"
#include "unit/actor_fixture.h"

struct named {
  int64_t n;
};
static _Atomic(uint64_t) found_at_the_end; /* a ref */
static int named_number(struct named *a, const struct number *m)
{
  a->n += m->n;
  return WEIR_OK;
}
static int named_get(struct named *a, struct number *reply)
{
  reply->n = a->n;
  return WEIR_OK;
}
static void named_end(struct named *a)
{
  (void)a;
  atomic_store(&found_at_the_end, weir_find("named").bits);
}
WEIR_ACTOR(named, WEIR_ON(number, named_number) WEIR_ON(get, named_get) WEIR_ON_END(named_end));

static void an_actor_is_found_by_its_name(void **state)
{
  (void)state;
  char name[] = "named";
  weir_ref a = weir_spawn(&named, .name = name);
  name[0] = 'x'; /* it was copied */
  assert_true(weir_find("named").bits == a.bits);
  weir_send(weir_find("named"), number, .n = 3);
  assert_int_equal(get_from(a), 3);
}

static void a_name_that_nobody_has_finds_nobody(void **state)
{
  (void)state;
  weir_spawn(&named, .name = "named");
  static const char *const others[] = {"", "name", "named2", "Named"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    weir_ref none = weir_find(others[i]);
    assert_int_equal(weir_ref_error(none), WEIR_EDEAD);
    assert_non_null(strstr(weir_error_text(), others[i]));
    assert_int_equal(weir_send(none, number), WEIR_EDEAD);
  }
  assert_int_equal(weir_ref_error(weir_find(NULL)), WEIR_EDEAD);
}

static void a_name_is_free_again_when_its_actor_has_ended(void **state)
{
  (void)state;
  atomic_store(&found_at_the_end, 0);
  weir_ref a = weir_spawn(&named, .name = "named");
  weir_stop(a);
  wait_until_gone(a);
  assert_true(atomic_load(&found_at_the_end) == a.bits); /* it has its name as long as its end clause runs */
  assert_int_equal(weir_ref_error(weir_find("named")), WEIR_EDEAD);
  weir_ref b = weir_spawn(&named, .name = "named");
  assert_int_equal(weir_ref_error(b), WEIR_OK);
  assert_true(weir_find("named").bits == b.bits);
}

static void many_names_do_not_get_mixed_up(void **state)
{
  (void)state;
  enum { COUNT = 1000 };
  weir_ref actors[COUNT];
  char name[32];
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "actor %d", i);
    actors[i] = weir_spawn(&named, .name = name);
  }
  for (int i = 0; i < COUNT; i += 2) weir_stop(actors[i]);
  for (int i = 0; i < COUNT; i += 2) wait_until_gone(actors[i]);
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "actor %d", i);
    weir_ref found = weir_find(name);
    assert_true(i % 2 ? found.bits == actors[i].bits : weir_ref_error(found) == WEIR_EDEAD);
  }
}

/* So that finding a name costs the same, however many there are. */
static void the_table_grows_with_the_names(void **state)
{
  (void)state;
  enum { COUNT = 3000 };
  char name[32];
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "actor %d", i);
    assert_int_equal(weir_ref_error(weir_spawn(&named, .name = name)), WEIR_OK);
  }
  assert_int_equal(runtime->name_count, COUNT);
  assert_true(runtime->name_chains >= COUNT);
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "actor %d", i);
    weir_ref found = weir_find(name);
    weir_stop(found);
    wait_until_gone(found);
  }
  assert_int_equal(runtime->name_count, 0);
}

static void each_runtime_has_its_own_names(void **state)
{
  (void)state;
  weir_runtime *other;
  if (on_current_thread()) skip(); /* its thread runs one runtime, and no other */
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &other), WEIR_OK);
  weir_ref here = weir_spawn(&named, .name = "named"), there = weir_spawn(&named, .name = "named", .on = other);
  assert_int_equal(weir_ref_error(there), WEIR_OK);
  assert_true(here.bits != there.bits);
  assert_true(weir_find("named").bits == here.bits);
  assert_int_equal(weir_runtime_stop(other, WEIR_MILLIS(0)), WEIR_OK);
  assert_true(weir_find("named").bits == here.bits);
}

/* ---- many at once want one name ---- */

static _Atomic(int) winners;

static int want_the_name(int64_t *times)
{
  for (int64_t i = 0; i < *times; i++) {
    weir_ref a = weir_spawn(&named, .name = "wanted");
    if (weir_ref_error(a)) {
      weir_send(weir_find("wanted"), number, .n = 1); /* whoever has it now, or nobody */
      continue;
    }
    atomic_fetch_add(&winners, 1);
    weir_stop(a);
  }
  return WEIR_OK;
}

static void a_name_has_one_owner_at_a_time(void **state)
{
  (void)state;
  weir_task *tasks[4];
  int64_t times = count_or(2000, 100);
  atomic_store(&winners, 0);
  for (int i = 0; i < 4; i++) assert_non_null(tasks[i] = weir_task_start(NULL, want_the_name, &times));
  for (int i = 0; i < 4; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  assert_true(atomic_load(&winners) > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(an_actor_is_found_by_its_name),
      ON_RUNTIME(a_name_that_nobody_has_finds_nobody),
      ON_RUNTIME(a_name_is_free_again_when_its_actor_has_ended),
      ON_RUNTIME(many_names_do_not_get_mixed_up),
      ON_RUNTIME(the_table_grows_with_the_names),
      ON_RUNTIME(each_runtime_has_its_own_names),
      ON_RUNTIME(a_name_has_one_owner_at_a_time),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
