/* The cases of OTP's supervisor_SUITE, by their names there: what they assert, in weir's terms. Those that are missing
 * are in docs/internals/cases.md, with the reason. */
#include "unit/supervisor_fixture.h"

#define OURS .on_event = on_event
#define CHILDREN(...) .children = WEIR_CHILDREN(__VA_ARGS__)

static weir_ref of_kids(int strategy, int max_restarts)
{
  return weir_supervise(OURS, .strategy = strategy, .max_restarts = max_restarts,
                        CHILDREN(KID("a", .capacity = 8), KID("b", .capacity = 8), KID("c", .capacity = 8)));
}
/* A supervisor of dynamic kids. */
static weir_ref of_many(int restart, int max_restarts)
{
  return weir_supervise(OURS, .strategy = WEIR_DYNAMIC, .max_restarts = max_restarts,
                        CHILDREN({&kid, .restart = restart}));
}
static int add(weir_ref tree, const char *name, weir_ref *ref)
{
  return weir_start_child(tree, WEIR_SECONDS(20), ref, .name = name, .config = WEIR_VALUE(kid_config, .name = name));
}
static void expect_counts(weir_ref tree, uint64_t specs, uint64_t active, uint64_t supervisors, uint64_t workers)
{
  struct weir_child_counts c = counts_of(tree);
  assert_int_equal(c.specs, specs);
  assert_int_equal(c.active, active);
  assert_int_equal(c.supervisors, supervisors);
  assert_int_equal(c.workers, workers);
}
static void expect_end(weir_ref tree)
{
  wait_for_end(tree);
  assert_int_equal(weir_count_children(tree, WEIR_SECONDS(20), NULL), WEIR_EDEAD);
}

/* ---- start ---- */

static void sup_start_normal(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  assert_int_equal(started(tree), WEIR_OK);
  expect_record("+a +b +c");
  weir_stop(tree);
  expect_end(tree);
  expect_record("+a +b +c -c -b -a");
}
static void sup_start_ignore_child(void **state)
{
  (void)state;
  atomic_store(&ignored_starts['b'], 1);
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  assert_int_equal(started(tree), WEIR_OK);
  expect_counts(tree, 3, 2, 0, 3);
  assert_int_equal(state_of_child(tree, "b"), WEIR_CHILD_STOPPED);
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "b", NULL), WEIR_OK);
  expect_counts(tree, 3, 3, 0, 3);
  atomic_store(&ignored_starts['d'], 1);
  assert_int_equal(add(tree, "d", NULL), WEIR_EINVAL); /* no type was given */
  weir_ref d;
  assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), &d, .type = &kid, .name = "d",
                                    .config = WEIR_VALUE(kid_config, .name = "d")),
                   WEIR_ESHUTDOWN);
  expect_counts(tree, 4, 3, 0, 4); /* what is known of it is kept */
}
static void sup_start_ignore_temporary_child(void **state)
{
  (void)state;
  atomic_store(&ignored_starts['t'], 1);
  weir_ref tree = weir_supervise(
      OURS, CHILDREN(KID("a", .capacity = 8), KID("t", .restart = WEIR_TEMPORARY), KID("c", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  expect_counts(tree, 2, 2, 0, 2);
}
static void sup_start_ignore_temporary_child_start_child(void **state)
{
  (void)state;
  atomic_store(&ignored_starts['t'], 1);
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1), t;
  assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), &t, .type = &kid, .name = "t", .restart = WEIR_TEMPORARY,
                                    .config = WEIR_VALUE(kid_config, .name = "t")),
                   WEIR_ESHUTDOWN);
  assert_int_equal(weir_ref_error(t), WEIR_EDEAD);
  expect_counts(tree, 3, 3, 0, 3);
}
static void sup_start_ignore_temporary_child_start_child_simple(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_TEMPORARY, 1);
  atomic_store(&ignored_starts['x'], 1);
  assert_int_equal(add(tree, "x", NULL), WEIR_ESHUTDOWN);
  expect_counts(tree, 1, 0, 0, 0);
}
static void sup_start_ignore_permanent_child_start_child_simple(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, 1);
  atomic_store(&ignored_starts['x'], 1);
  assert_int_equal(add(tree, "x", NULL), WEIR_ESHUTDOWN);
  expect_counts(tree, 1, 0, 0, 0);
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);
  expect_counts(tree, 1, 1, 0, 1);
}
static void sup_start_error_return(void **state)
{
  (void)state;
  atomic_store(&bad_starts['b'], 1);
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  int rc = started(tree);
  assert_true(rc == WEIR_EFAILED || rc == WEIR_EDEAD); /* it may have ended before it was asked */
  if (rc == WEIR_EFAILED) assert_non_null(strstr(weir_error_text(), "b can't start"));
  expect_end(tree);
  expect_record("+a !b -b -a"); /* the end clause of a start that failed runs, too */
  assert_int_equal(atomic_load(&told.not_started), 1);
}
static void sup_start_fail(void **state)
{
  (void)state;
  weir_ref nobody = {0};
  assert_int_equal(weir_count_children(nobody, WEIR_SECONDS(1), NULL), WEIR_EDEAD);
  assert_int_equal(weir_ref_error(weir_supervise(.max_restarts = -5)), WEIR_EINVAL);
}
static void sup_start_child_returns_error(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1), d;
  assert_int_equal(started(tree), WEIR_OK);
  atomic_store(&bad_starts['d'], 1);
  assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), &d, .type = &kid, .name = "d",
                                    .config = WEIR_VALUE(kid_config, .name = "d")),
                   BAD_START);
  assert_non_null(strstr(weir_error_text(), "d can't start"));
  expect_counts(tree, 3, 3, 0, 3);
}
static void sup_start_child_returns_error_simple(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, 1);
  atomic_store(&bad_starts['x'], 1);
  assert_int_equal(add(tree, "x", NULL), BAD_START);
  expect_counts(tree, 1, 0, 0, 0);
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);
}
static void sup_start_restart_child_returns_error(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1), b;
  assert_int_equal(weir_stop_child(tree, WEIR_SECONDS(20), "b"), WEIR_OK);
  atomic_store(&bad_starts['b'], 1);
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "b", &b), BAD_START);
  assert_int_equal(state_of_child(tree, "b"), WEIR_CHILD_STOPPED);
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "b", &b), WEIR_OK);
  assert_true(weir_alive(b));
}

/* ---- stop ---- */

static weir_ref of_one(weir_duration shutdown, bool hangs_at_end)
{
  return weir_supervise(OURS, CHILDREN({&kid, .name = "a", .shutdown = shutdown,
                                        .config = WEIR_VALUE(kid_config, .name = "a", .hangs_at_end = hangs_at_end)}));
}
static void sup_stop_infinity(void **state)
{
  (void)state;
  weir_ref tree = of_one(WEIR_FOREVER, false);
  assert_int_equal(started(tree), WEIR_OK);
  struct gate g;
  gate_enter(&g, weir_find("a")); /* a handler that waits is told, and ends at its leisure */
  weir_stop(tree);
  expect_end(tree);
  expect_record("+a -a");
  assert_int_equal(atomic_load(&told.killed), 0);
  weir_promise_drop(g.go);
}
static void sup_stop_timeout(void **state)
{
  (void)state;
  weir_ref tree = of_one(WEIR_MILLIS(20), true);
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  weir_stop(tree);
  expect_end(tree);
  assert_false(weir_alive(a));
  expect_record("+a -a"); /* its end clause began, and was given up */
  assert_int_equal(atomic_load(&told.killed), 1);
}
static void sup_stop_timeout_dynamic(void **state)
{
  (void)state;
  enum { MANY = 8 };
  weir_ref tree = weir_supervise(OURS, .strategy = WEIR_DYNAMIC, CHILDREN({&kid, .shutdown = WEIR_MILLIS(50)}));
  for (int i = 0; i < MANY; i++)
    assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), NULL,
                                      .config = WEIR_VALUE(kid_config, .name = "a", .hangs_at_end = true)),
                     WEIR_OK);
  weir_stop(tree);
  expect_end(tree);
  assert_int_equal(atomic_load(&told.killed), MANY);
}
static void sup_stop_brutal_kill(void **state)
{
  (void)state;
  weir_ref tree = of_one(WEIR_AT_ONCE, true);
  assert_int_equal(started(tree), WEIR_OK);
  weir_stop(tree);
  expect_end(tree);
  expect_record("+a"); /* no end clause */
}
static void sup_stop_brutal_kill_dynamic(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .strategy = WEIR_DYNAMIC, CHILDREN({&kid, .shutdown = WEIR_AT_ONCE}));
  for (int i = 0; i < 8; i++)
    assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), NULL, .config = WEIR_VALUE(kid_config, .name = "a")),
                     WEIR_OK);
  weir_stop(tree);
  expect_end(tree);
  expect_record("+a +a +a +a +a +a +a +a");
}
static int stop_by_hand(void *name)
{
  weir_ref child = weir_find(name);
  return weir_ref_error(child) ? WEIR_OK : weir_stop(child);
}
static void sup_stop_race(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++) {
    weir_ref tree = of_kids(WEIR_ONE_FOR_ALL, 100);
    assert_int_equal(started(tree), WEIR_OK);
    char name[] = "b";
    weir_task *task = weir_task_start(runtime, stop_by_hand, name);
    weir_stop(tree);
    assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK);
    expect_end(tree);
    for (const char *n = "abc"; *n; n++) assert_int_equal(weir_ref_error(weir_find((char[]){*n, 0})), WEIR_EDEAD);
  }
}
static void sup_stop_non_shutdown_exit_dynamic(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_TEMPORARY, 1);
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);
  weir_ref x = weir_find("x");
  struct gate g;
  gate_enter(&g, x);
  weir_send(x, number, .n = -1); /* it fails in the very moment in which it is to end, or before that */
  weir_stop(tree);
  gate_open(&g);
  expect_end(tree);
  assert_false(weir_alive(x));
}

/* ---- administration ---- */

static void child_adm(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1), d = {0}, again;
  const weir_duration t = WEIR_SECONDS(20);
  assert_int_equal(
      weir_start_child(tree, t, &d, .type = &kid, .name = "d", .config = WEIR_VALUE(kid_config, .name = "d")), WEIR_OK);
  assert_true(weir_find("d").bits == d.bits);
  assert_int_equal(weir_start_child(tree, t, &again, .type = &kid, .name = "d"), WEIR_EEXIST);
  assert_int_equal(weir_restart_child(tree, t, "d", &again), WEIR_EBUSY);
  assert_int_equal(weir_delete_child(tree, t, "d"), WEIR_EBUSY);
  assert_int_equal(weir_stop_child(tree, t, "d"), WEIR_OK);
  assert_int_equal(weir_stop_child(tree, t, "d"), WEIR_OK);
  assert_false(weir_alive(d));
  expect_counts(tree, 4, 3, 0, 4);
  assert_int_equal(weir_start_child(tree, t, &again, .type = &kid, .name = "d"), WEIR_EEXIST);
  assert_int_equal(weir_restart_child(tree, t, "d", &again), WEIR_OK);
  assert_true(weir_alive(again));
  assert_int_equal(weir_stop_child_ref(tree, t, again), WEIR_OK);
  assert_int_equal(weir_delete_child(tree, t, "d"), WEIR_OK);
  expect_counts(tree, 3, 3, 0, 3);
  assert_int_equal(weir_stop_child(tree, t, "d"), WEIR_EDEAD);
  assert_int_equal(weir_restart_child(tree, t, "d", NULL), WEIR_EDEAD);
  assert_int_equal(weir_delete_child(tree, t, "d"), WEIR_EDEAD);
  assert_int_equal(weir_stop_child_ref(tree, t, again), WEIR_EDEAD);
  assert_int_equal(weir_stop_child(tree, t, NULL), WEIR_EINVAL);
  assert_int_equal(weir_restart_child(tree, t, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_delete_child(tree, t, NULL), WEIR_EINVAL);
}
static void child_adm_simple(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, 1), x = {0};
  const weir_duration t = WEIR_SECONDS(20);
  assert_int_equal(add(tree, "x", &x), WEIR_OK);
  assert_int_equal(add(tree, "x", NULL), WEIR_EEXIST);
  assert_int_equal(weir_start_child(tree, t, NULL, .type = &kid), WEIR_EINVAL);
  assert_int_equal(weir_start_child(tree, t, NULL, .name = ""), WEIR_EINVAL);
  expect_counts(tree, 1, 1, 0, 1);
  assert_int_equal(weir_restart_child(tree, t, "x", NULL), WEIR_ENOTSUP);
  assert_int_equal(weir_delete_child(tree, t, "x"), WEIR_ENOTSUP);
  assert_int_equal(weir_stop_child_ref(tree, t, x), WEIR_OK);
  assert_int_equal(weir_stop_child_ref(tree, t, x), WEIR_EDEAD);
  expect_counts(tree, 1, 0, 0, 0);
}
static void child_specs(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  const weir_duration t = WEIR_SECONDS(20);
  assert_int_equal(weir_start_child(tree, t, NULL, .name = "d"), WEIR_EINVAL);
  assert_int_equal(weir_start_child(tree, t, NULL, .type = &kid, .name = "d", .restart = 9), WEIR_EINVAL);
  assert_int_equal(weir_start_child(tree, t, NULL, .type = &kid, .name = "d", .mailbox = 9), WEIR_EINVAL);
  assert_int_equal(weir_start_child(tree, t, NULL, .type = &kid, .name = "d", .shutdown = WEIR_SECONDS(-7)),
                   WEIR_EINVAL);
  assert_int_equal(weir_start_child(tree, t, NULL, .type = &kid, .name = "d", .significant = true), WEIR_EINVAL);
  assert_int_equal(
      weir_start_child(tree, t, NULL, .type = &kid, .name = "d", .restart = WEIR_TRANSIENT, .significant = true),
      WEIR_EINVAL); /* the tree's .auto_shutdown is not set */
  expect_counts(tree, 3, 3, 0, 3);
}
static void sup_flags(void **state)
{
  (void)state;
  assert_int_equal(weir_ref_error(weir_supervise(.strategy = -1)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.strategy = 4)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.max_restarts = -2)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.within = WEIR_SECONDS(-1))), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.auto_shutdown = 3)), WEIR_EINVAL);
  weir_ref empty = weir_supervise(OURS);
  assert_int_equal(started(empty), WEIR_OK);
  expect_counts(empty, 0, 0, 0, 0);
}
static void multiple_restarts(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 3);
  assert_int_equal(started(tree), WEIR_OK);
  for (int i = 0; i < 3; i++) assert_int_equal(act("b", CRASH), WEIR_EFAILED), get_from(weir_find("b"));
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_end(tree);
  assert_int_equal(atomic_load(&told.failed), 3);
  assert_int_equal(atomic_load(&told.group_spent), 1);
}
static void which_children(void **state)
{
  (void)state;
  struct weir_child_list *list;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  assert_int_equal(weir_which_children(tree, WEIR_SECONDS(20), &list), WEIR_OK);
  assert_int_equal(list->count, 3);
  for (int i = 0; i < 3; i++) {
    assert_string_equal(list->children[i].name, ((const char[]){(char)('a' + i), 0}));
    assert_string_equal(list->children[i].type, "kid");
    assert_true(list->children[i].ref.bits == weir_find(list->children[i].name).bits);
    assert_int_equal(list->children[i].state, WEIR_CHILD_RUNS);
    assert_false(list->children[i].supervises);
    assert_int_equal(list->children[i].restarts, 0);
  }
  weir_free(list);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  get_from(weir_find("b"));
  assert_int_equal(weir_which_children(tree, WEIR_SECONDS(20), &list), WEIR_OK);
  assert_int_equal(list->children[1].restarts, 1);
  weir_free(list);
  weir_ref empty = weir_supervise(OURS);
  assert_int_equal(weir_which_children(empty, WEIR_SECONDS(20), &list), WEIR_OK);
  assert_int_equal(list->count, 0);
  weir_free(list);
}
static void which_children_simple_one_for_one(void **state)
{
  (void)state;
  struct weir_child_list *list;
  weir_ref tree = of_many(WEIR_TEMPORARY, 1);
  for (int i = 0; i < 5; i++) assert_int_equal(add(tree, NULL, NULL), WEIR_OK);
  assert_int_equal(weir_which_children(tree, WEIR_SECONDS(20), &list), WEIR_OK);
  assert_int_equal(list->count, 5);
  for (int i = 0; i < 5; i++) assert_true(weir_alive(list->children[i].ref));
  weir_free(list);
}
static void count_children(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  expect_counts(tree, 3, 3, 0, 3);
  weir_stop_child(tree, WEIR_SECONDS(20), "a");
  expect_counts(tree, 3, 2, 0, 3);
}
static void count_children_supervisor(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(
      OURS, CHILDREN(KID("a", .capacity = 8), {.tree = WEIR_TREE(OURS), .name = "sub"}, {.tree = WEIR_TREE(OURS)}));
  expect_counts(tree, 3, 3, 2, 1);
}
static void count_restarting_children(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .max_restarts = 1000, .backoff = {.first = WEIR_MILLIS(200)},
                                 CHILDREN(KID("a", .capacity = 8), KID("b", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  atomic_store(&bad_starts['b'], 1);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  wait_until_told(&told.failed, 1);
  expect_counts(tree, 2, 1, 0, 2);
  assert_int_equal(state_of_child(tree, "b"), WEIR_CHILD_RESTARTS);
  wait_until_told(&told.not_started, 1);
  assert_int_equal(state_of_child(tree, "b"), WEIR_CHILD_RESTARTS);
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "b", NULL), WEIR_EBUSY);
  wait_for_active(tree, 2);
}
static void order_of_children(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ALL, 10);
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), NULL, .type = &kid, .name = "d",
                                    .config = WEIR_VALUE(kid_config, .name = "d")),
                   WEIR_OK);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_record("+a +b +c +d -b -d -c -a +a +b +c +d");
  wait_for_active(tree, 4);
  weir_stop(tree);
  expect_end(tree);
  expect_record("+a +b +c +d -b -d -c -a +a +b +c +d -d -c -b -a");
}
static void already_started_outside_supervisor(void **state)
{
  (void)state;
  weir_ref other = weir_spawn(&kid, .name = "b");
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 1);
  expect_end(tree);
  assert_true(weir_alive(other));
  assert_true(weir_find("b").bits == other.bits);
}

/* ---- kinds of ends ---- */

/* A child of that restart type ends in that way. Does it come again? */
static bool comes_again(int restart, int how)
{
  weir_ref tree = weir_supervise(OURS, CHILDREN(KID("a", .restart = restart), KID("z", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  int before = atomic_load(&starts['a']), now = WEIR_CHILD_RUNS;
  act("a", how);
  while (atomic_load(&starts['a']) == before && (now == WEIR_CHILD_RUNS || now == WEIR_CHILD_RESTARTS))
    now = state_of_child(tree, "a");
  bool again = atomic_load(&starts['a']) != before;
  wait_for_active(tree, again ? 2 : 1);
  assert_int_equal(atomic_load(&starts['a']) - before, again);
  expect_counts(tree, restart == WEIR_TEMPORARY ? 1 : 2, again ? 2 : 1, 0, restart == WEIR_TEMPORARY ? 1 : 2);
  weir_stop(tree);
  expect_end(tree);
  return again;
}
static void permanent_normal(void **state)
{
  (void)state;
  assert_true(comes_again(WEIR_PERMANENT, STOP));
}
static void permanent_shutdown(void **state)
{
  (void)state;
  assert_true(comes_again(WEIR_PERMANENT, SHUT_DOWN));
}
static void permanent_abnormal(void **state)
{
  (void)state;
  assert_true(comes_again(WEIR_PERMANENT, CRASH));
}
static void transient_normal(void **state)
{
  (void)state;
  assert_false(comes_again(WEIR_TRANSIENT, STOP));
}
static void transient_shutdown(void **state)
{
  (void)state;
  assert_false(comes_again(WEIR_TRANSIENT, SHUT_DOWN));
}
static void transient_abnormal(void **state)
{
  (void)state;
  assert_true(comes_again(WEIR_TRANSIENT, CRASH));
}
static void temporary_normal(void **state)
{
  (void)state;
  assert_false(comes_again(WEIR_TEMPORARY, STOP));
}
static void temporary_shutdown(void **state)
{
  (void)state;
  assert_false(comes_again(WEIR_TEMPORARY, SHUT_DOWN));
}
static void temporary_abnormal(void **state)
{
  (void)state;
  assert_false(comes_again(WEIR_TEMPORARY, CRASH));
}
static void temporary_bystander(void **state)
{
  (void)state;
  const int strategies[] = {WEIR_ONE_FOR_ALL, WEIR_REST_FOR_ONE};
  for (int i = 0; i < 2; i++) {
    record_clear();
    weir_ref tree = weir_supervise(OURS, .strategy = strategies[i], .max_restarts = 10,
                                   CHILDREN(KID("a", .capacity = 8), KID("t", .restart = WEIR_TEMPORARY)));
    assert_int_equal(started(tree), WEIR_OK);
    assert_int_equal(act("a", CRASH), WEIR_EFAILED);
    expect_record("+a +t -a -t +a");
    wait_for_active(tree, 1);
    expect_counts(tree, 1, 1, 0, 1);
    weir_stop(tree);
    expect_end(tree);
  }
}

/* ---- strategies ---- */

static void one_for_one(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ONE, 10);
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_record("+a +b +c -b +b");
  wait_for_active(tree, 3);
}
static void escalates(int strategy)
{
  weir_ref tree = of_kids(strategy, WEIR_NO_RESTARTS);
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_end(tree);
  expect_record("+a +b +c -b -c -a");
  assert_int_equal(atomic_load(&told.group_spent), 1);
}
static void one_for_one_escalation(void **state)
{
  (void)state;
  escalates(WEIR_ONE_FOR_ONE);
}
static void one_for_all(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ALL, 10);
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_record("+a +b +c -b -c -a +a +b +c");
  wait_for_active(tree, 3);
  assert_true(weir_find("a").bits == a.bits);
}
static void one_for_all_escalation(void **state)
{
  (void)state;
  escalates(WEIR_ONE_FOR_ALL);
}
static void one_for_all_other_child_fails_restart(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_ONE_FOR_ALL, 10);
  assert_int_equal(started(tree), WEIR_OK);
  atomic_store(&bad_starts['c'], 2);
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  wait_until_told(&told.not_started, 2);
  wait_for_active(tree, 3);
  expect_record("+a +b +c -a -c -b +a +b !c -c -b -a +a +b !c -c -b -a +a +b +c");
}
static void rest_for_one(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_REST_FOR_ONE, 10);
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  expect_record("+a +b +c -b -c +b +c");
  wait_for_active(tree, 3);
}
static void rest_for_one_escalation(void **state)
{
  (void)state;
  escalates(WEIR_REST_FOR_ONE);
}
static void rest_for_one_other_child_fails_restart(void **state)
{
  (void)state;
  weir_ref tree = of_kids(WEIR_REST_FOR_ONE, 10);
  assert_int_equal(started(tree), WEIR_OK);
  atomic_store(&bad_starts['b'], 1);
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  wait_until_told(&told.not_started, 1);
  wait_for_active(tree, 3);
  expect_record("+a +b +c -a -c -b +a !b -b +b +c");
}
static void simple_one_for_one(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, 10), x;
  assert_int_equal(add(tree, "x", &x), WEIR_OK);
  assert_int_equal(add(tree, "y", NULL), WEIR_OK);
  assert_int_equal(act("x", CRASH), WEIR_EFAILED);
  expect_record("+x +y -x +x");
  wait_for_active(tree, 2);
  assert_true(weir_find("x").bits == x.bits);
}
static void simple_one_for_one_shutdown(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, 10);
  const char *names[] = {"x", "y", "z"};
  for (int i = 0; i < 3; i++) assert_int_equal(add(tree, names[i], NULL), WEIR_OK);
  weir_stop(tree);
  expect_end(tree);
  for (int i = 0; i < 3; i++) assert_int_equal(weir_ref_error(weir_find(names[i])), WEIR_EDEAD);
}
static void simple_one_for_one_extra(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .strategy = WEIR_DYNAMIC, .max_restarts = 5,
                                 CHILDREN({&kid, .config = WEIR_VALUE(kid_config, .name = "p")}));
  weir_ref p;
  assert_int_equal(weir_start_child(tree, WEIR_SECONDS(20), &p), WEIR_OK); /* as the pattern says */
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);                         /* with something of its own */
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, act_now, .act = CRASH), WEIR_EFAILED);
  get_from(p);
  assert_int_equal(act("x", CRASH), WEIR_EFAILED);
  get_from(weir_find("x"));
  expect_record("+p +x -p +p -x +x");
}
static void simple_one_for_one_escalation(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_PERMANENT, WEIR_NO_RESTARTS);
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);
  assert_int_equal(act("x", CRASH), WEIR_EFAILED);
  expect_end(tree);
}
static void simple_one_for_one_corruption(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_TEMPORARY, 1), other = weir_spawn(&kid), x;
  assert_int_equal(add(tree, "x", &x), WEIR_OK);
  assert_int_equal(weir_stop_child_ref(tree, WEIR_SECONDS(20), other), WEIR_EDEAD);
  assert_int_equal(weir_send(tree, number, .n = 1), WEIR_OK); /* what it does not understand it refuses */
  assert_int_equal(weir_ask(tree, WEIR_SECONDS(20), NULL, act_now), WEIR_EPROTO);
  expect_counts(tree, 1, 1, 0, 1);
  assert_true(weir_alive(other));
}
static void simple_one_for_one_restart_ignore(void **state)
{
  (void)state;
  weir_ref tree = of_many(WEIR_TRANSIENT, 10), x;
  assert_int_equal(add(tree, "x", &x), WEIR_OK);
  atomic_store(&ignored_starts['x'], 1);
  assert_int_equal(act("x", CRASH), WEIR_EFAILED);
  wait_for_end(x);
  wait_for_active(tree, 0);
  expect_counts(tree, 1, 0, 0, 0);
}

/* ---- significant children ---- */

static weir_ref of_significant(int when, int restart)
{
  return weir_supervise(OURS, .auto_shutdown = when, .max_restarts = 5,
                        CHILDREN(KID("a", .restart = restart, .significant = true),
                                 KID("b", .restart = restart, .significant = true), KID("z", .capacity = 8)));
}
static void nonsignificant_temporary(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .auto_shutdown = WEIR_ANY_SIGNIFICANT,
                                 CHILDREN(KID("a", .restart = WEIR_TEMPORARY), KID("z", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  act("a", CRASH);
  wait_for_active(tree, 1);
  assert_true(weir_alive(tree));
}
static void nonsignificant_transient(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .auto_shutdown = WEIR_ANY_SIGNIFICANT,
                                 CHILDREN(KID("a", .restart = WEIR_TRANSIENT), KID("z", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  act("a", STOP);
  wait_for_active(tree, 1);
  assert_true(weir_alive(tree));
}
static void significant_temporary(void **state)
{
  (void)state;
  weir_ref tree = of_significant(WEIR_ANY_SIGNIFICANT, WEIR_TEMPORARY);
  assert_int_equal(started(tree), WEIR_OK);
  act("a", CRASH);
  expect_end(tree);
  expect_record("+a +b +z -a -z -b");
  record_clear();
  tree = of_significant(WEIR_ALL_SIGNIFICANT, WEIR_TEMPORARY);
  assert_int_equal(started(tree), WEIR_OK);
  act("a", STOP);
  wait_for_active(tree, 2);
  act("b", CRASH);
  expect_end(tree);
  expect_record("+a +b +z -a -b -z");
}
static void significant_transient(void **state)
{
  (void)state;
  weir_ref tree = of_significant(WEIR_ANY_SIGNIFICANT, WEIR_TRANSIENT);
  assert_int_equal(started(tree), WEIR_OK);
  act("a", CRASH); /* comes again */
  assert_int_equal(get_from(weir_find("a")), 0);
  assert_true(weir_alive(tree));
  act("a", STOP);
  expect_end(tree);
}
static void significant_simple(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(OURS, .strategy = WEIR_DYNAMIC, .auto_shutdown = WEIR_ALL_SIGNIFICANT,
                                 CHILDREN({&kid, .restart = WEIR_TEMPORARY, .significant = true}));
  assert_int_equal(add(tree, "x", NULL), WEIR_OK);
  assert_int_equal(add(tree, "y", NULL), WEIR_OK);
  act("x", STOP);
  wait_for_active(tree, 1);
  act("y", STOP);
  expect_end(tree);
}
static void significant_bystander(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(OURS, .strategy = WEIR_ONE_FOR_ALL, .auto_shutdown = WEIR_ANY_SIGNIFICANT, .max_restarts = 5,
                     CHILDREN(KID("a", .capacity = 8), KID("t", .restart = WEIR_TEMPORARY, .significant = true)));
  assert_int_equal(started(tree), WEIR_OK);
  act("a", CRASH); /* t is ended by its supervisor: that does not count */
  expect_record("+a +t -a -t +a");
  wait_for_active(tree, 1);
  assert_true(weir_alive(tree));
}
static void significant_escalation(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(OURS, .auto_shutdown = WEIR_ANY_SIGNIFICANT,
                     CHILDREN({.name = "sub",
                               .restart = WEIR_TRANSIENT,
                               .significant = true,
                               .tree = WEIR_TREE(OURS, .auto_shutdown = WEIR_ANY_SIGNIFICANT,
                                                 CHILDREN(KID("a", .restart = WEIR_TRANSIENT, .significant = true)))},
                              KID("z", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  act("a", STOP); /* ends its supervisor with WEIR_ESHUTDOWN, and that the one above */
  expect_end(tree);
  expect_record("+a +z -a -z");
}

/* ---- others ---- */

static void tree(void **state)
{
  (void)state;
  weir_ref top =
      weir_supervise(OURS, .strategy = WEIR_ONE_FOR_ALL, .max_restarts = 5,
                     CHILDREN({.name = "left",
                               .tree = WEIR_TREE(OURS, .max_restarts = WEIR_NO_RESTARTS,
                                                 CHILDREN(KID("a", .capacity = 8), KID("b", .capacity = 8)))},
                              {.name = "right",
                               .tree = WEIR_TREE(OURS, .strategy = WEIR_REST_FOR_ONE, .max_restarts = 5,
                                                 CHILDREN(KID("c", .capacity = 8), KID("d", .capacity = 8)))}));
  assert_int_equal(started(top), WEIR_OK);
  expect_record("+a +b +c +d");
  expect_counts(top, 2, 2, 2, 0);
  assert_int_equal(act("c", CRASH), WEIR_EFAILED);
  expect_record("+a +b +c +d -c -d +c +d");
  weir_ref a = weir_find("a"), left = weir_find("left");
  assert_int_equal(act("b", CRASH), WEIR_EFAILED); /* left gives up, and all is restarted */
  expect_record("+a +b +c +d -c -d +c +d -b -a -d -c +a +b +c +d");
  wait_for_active(top, 2);
  assert_true(weir_find("left").bits == left.bits);
  assert_true(weir_find("a").bits != a.bits); /* its children are new ones */
  weir_stop(top);
  expect_end(top);
  expect_record("+a +b +c +d -c -d +c +d -b -a -d -c +a +b +c +d -d -c -b -a");
}
static void do_not_save_child_specs_for_temporary_children(void **state)
{
  (void)state;
  weir_ref sup = weir_supervise(OURS);
  for (int i = 0; i < 10; i++) {
    weir_ref t;
    assert_int_equal(weir_start_child(sup, WEIR_SECONDS(20), &t, .type = &kid, .name = "t", .restart = WEIR_TEMPORARY,
                                      .config = WEIR_VALUE(kid_config, .name = "t")),
                     WEIR_OK);
    expect_counts(sup, 1, 1, 0, 1);
    act("t", i % 2 ? CRASH : STOP);
    wait_for_active(sup, 0);
    expect_counts(sup, 0, 0, 0, 0);
    assert_int_equal(weir_restart_child(sup, WEIR_SECONDS(20), "t", NULL), WEIR_EDEAD);
  }
}
static void scale_start_stop_many_children(void **state)
{
  (void)state;
  int64_t many = count_or(2000, 200);
  weir_ref sup = of_many(WEIR_TEMPORARY, 1);
  weir_ref *refs = calloc((size_t)many, sizeof *refs);
  for (int64_t i = 0; i < many; i++) assert_int_equal(add(sup, NULL, &refs[i]), WEIR_OK);
  assert_int_equal(counts_of(sup).active, many);
  for (int64_t i = 0; i < many; i += 2) assert_int_equal(weir_stop_child_ref(sup, WEIR_SECONDS(20), refs[i]), WEIR_OK);
  assert_int_equal(counts_of(sup).active, many / 2);
  weir_stop(sup);
  expect_end(sup);
  for (int64_t i = 0; i < many; i++) assert_false(weir_alive(refs[i]));
  free(refs);
}
static void hangs_in_a_loop(int strategy)
{
  weir_ref sup = of_kids(strategy, 200);
  assert_int_equal(started(sup), WEIR_OK);
  atomic_store(&bad_starts['b'], 100);
  assert_int_equal(act("b", CRASH), WEIR_EFAILED);
  /* While it tries again and again it still answers, and a child can be stopped. */
  wait_until_told(&told.not_started, 3);
  assert_int_equal(weir_count_children(sup, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(weir_stop_child(sup, WEIR_SECONDS(20), "b"), WEIR_OK);
  weir_stop(sup);
  expect_end(sup);
}
static void hanging_restart_loop(void **state)
{
  (void)state;
  hangs_in_a_loop(WEIR_ONE_FOR_ONE);
}
static void hanging_restart_loop_rest_for_one(void **state)
{
  (void)state;
  hangs_in_a_loop(WEIR_REST_FOR_ONE);
}
static void hanging_restart_loop_simple(void **state)
{
  (void)state;
  weir_ref sup = of_many(WEIR_PERMANENT, 200), x;
  assert_int_equal(add(sup, "x", &x), WEIR_OK);
  atomic_store(&bad_starts['x'], 100);
  assert_int_equal(act("x", CRASH), WEIR_EFAILED);
  wait_until_told(&told.not_started, 3);
  assert_int_equal(weir_stop_child_ref(sup, WEIR_SECONDS(20), x), WEIR_OK);
  expect_counts(sup, 1, 0, 0, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_FAMILY(sup_start_normal),
      WITH_FAMILY(sup_start_ignore_child),
      WITH_FAMILY(sup_start_ignore_temporary_child),
      WITH_FAMILY(sup_start_ignore_temporary_child_start_child),
      WITH_FAMILY(sup_start_ignore_temporary_child_start_child_simple),
      WITH_FAMILY(sup_start_ignore_permanent_child_start_child_simple),
      WITH_FAMILY(sup_start_error_return),
      WITH_FAMILY(sup_start_fail),
      WITH_FAMILY(sup_start_child_returns_error),
      WITH_FAMILY(sup_start_child_returns_error_simple),
      WITH_FAMILY(sup_start_restart_child_returns_error),
      WITH_FAMILY(sup_stop_infinity),
      WITH_FAMILY(sup_stop_timeout),
      WITH_FAMILY(sup_stop_timeout_dynamic),
      WITH_FAMILY(sup_stop_brutal_kill),
      WITH_FAMILY(sup_stop_brutal_kill_dynamic),
      WITH_FAMILY(sup_stop_race),
      WITH_FAMILY(sup_stop_non_shutdown_exit_dynamic),
      WITH_FAMILY(child_adm),
      WITH_FAMILY(child_adm_simple),
      WITH_FAMILY(child_specs),
      WITH_FAMILY(sup_flags),
      WITH_FAMILY(multiple_restarts),
      WITH_FAMILY(which_children),
      WITH_FAMILY(which_children_simple_one_for_one),
      WITH_FAMILY(count_children),
      WITH_FAMILY(count_children_supervisor),
      WITH_FAMILY(count_restarting_children),
      WITH_FAMILY(order_of_children),
      WITH_FAMILY(already_started_outside_supervisor),
      WITH_FAMILY(permanent_normal),
      WITH_FAMILY(permanent_shutdown),
      WITH_FAMILY(permanent_abnormal),
      WITH_FAMILY(transient_normal),
      WITH_FAMILY(transient_shutdown),
      WITH_FAMILY(transient_abnormal),
      WITH_FAMILY(temporary_normal),
      WITH_FAMILY(temporary_shutdown),
      WITH_FAMILY(temporary_abnormal),
      WITH_FAMILY(temporary_bystander),
      WITH_FAMILY(one_for_one),
      WITH_FAMILY(one_for_one_escalation),
      WITH_FAMILY(one_for_all),
      WITH_FAMILY(one_for_all_escalation),
      WITH_FAMILY(one_for_all_other_child_fails_restart),
      WITH_FAMILY(rest_for_one),
      WITH_FAMILY(rest_for_one_escalation),
      WITH_FAMILY(rest_for_one_other_child_fails_restart),
      WITH_FAMILY(simple_one_for_one),
      WITH_FAMILY(simple_one_for_one_shutdown),
      WITH_FAMILY(simple_one_for_one_extra),
      WITH_FAMILY(simple_one_for_one_escalation),
      WITH_FAMILY(simple_one_for_one_corruption),
      WITH_FAMILY(simple_one_for_one_restart_ignore),
      WITH_FAMILY(nonsignificant_temporary),
      WITH_FAMILY(nonsignificant_transient),
      WITH_FAMILY(significant_temporary),
      WITH_FAMILY(significant_transient),
      WITH_FAMILY(significant_simple),
      WITH_FAMILY(significant_bystander),
      WITH_FAMILY(significant_escalation),
      WITH_FAMILY(tree),
      WITH_FAMILY(do_not_save_child_specs_for_temporary_children),
      WITH_FAMILY(scale_start_stop_many_children),
      WITH_FAMILY(hanging_restart_loop),
      WITH_FAMILY(hanging_restart_loop_rest_for_one),
      WITH_FAMILY(hanging_restart_loop_simple),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
