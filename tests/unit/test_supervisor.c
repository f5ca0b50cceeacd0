/* Restarts: what a child keeps, what it loses, and what others see of it. */
#include "unit/supervisor_fixture.h"

static void a_child_that_fails_starts_again_with_its_ref_and_its_name(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.name = "tree", .max_restarts = 5, .on_event = on_event,
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 8), KID("b", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  assert_int_equal(weir_ref_error(a), WEIR_OK);
  weir_send(a, number, .n = 5);
  assert_int_equal(get_from(a), 5);
  for (int i = 1; i <= 3; i++) {
    assert_int_equal(act("a", CRASH), WEIR_EFAILED);
    assert_non_null(strstr(weir_error_text(), "a broke"));
    assert_int_equal(get_from(a), 0); /* its state is new */
    assert_true(weir_find("a").bits == a.bits);
    assert_int_equal(atomic_load(&starts['a']), i + 1);
  }
  expect_record("+a +b -a +a -a +a -a +a");
  assert_int_equal(atomic_load(&told.failed), 3);
  weir_stop(tree);
  wait_until_gone(tree);
  expect_record("+a +b -a +a -a +a -a +a -b -a");
  assert_false(weir_alive(a));
  assert_int_equal(weir_ref_error(weir_find("a")), WEIR_EDEAD);
}

static void trouble_23_what_is_queued_outlives_a_restart_in_order(void **state)
{
  (void)state;
  struct gate g;
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a", .restart = WEIR_TRANSIENT)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  gate_enter(&g, a);
  weir_send(a, number, .n = 1);
  weir_send(a, number, .n = -1); /* it fails here */
  for (int i = 0; i < 20; i++) weir_send(a, number, .n = 100);
  gate_open(&g);
  assert_int_equal(get_from(a), 2000);
  assert_int_equal(atomic_load(&starts['a']), 2);
}

static int send_many(void *arg)
{
  weir_ref *to = arg;
  for (int i = 0; i < 100; i++) {
    int rc = weir_send(*to, number, .n = 1);
    if (rc) return rc;
  }
  return WEIR_OK;
}

static void who_waits_for_a_place_waits_through_a_restart(void **state)
{
  (void)state;
  struct gate g;
  int result = -1;
  weir_ref tree = weir_supervise(.on_event = on_event,
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 2, .restart = WEIR_PERMANENT)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  gate_enter(&g, a);
  weir_send(a, number, .n = -1);
  weir_task *task = weir_task_start(runtime, send_many, &a);
  weir_sleep(WEIR_MILLIS(2));
  gate_open(&g);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_OK);
  assert_int_equal(get_from(a), 100);
}

static void a_poisonous_message_is_tried_again_and_then_set_aside(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.max_restarts = 10, .on_event = on_event, .children = WEIR_CHILDREN(KID("a", .retries = 2)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  struct gate g;
  gate_enter(&g, a);
  weir_send(a, number, .n = 1);
  weir_send(a, number, .n = -7);
  weir_send(a, number, .n = 30);
  gate_open(&g);
  assert_int_equal(get_from(a), 30); /* what came before is lost with the state, what is behind comes */
  assert_int_equal(atomic_load(&starts['a']), 4);
  /* An asker waits through the retries. */
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, act_now, .act = CRASH), WEIR_EFAILED);
  assert_int_equal(get_from(a), 0);
  assert_int_equal(atomic_load(&starts['a']), 7);
}

static void a_restart_waits_longer_each_time(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.max_restarts = 10, .on_event = on_event,
                                 .backoff = {.first = WEIR_MILLIS(10), .most = WEIR_MILLIS(30)},
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  const int64_t least_ms[] = {10, 20, 30, 30};
  weir_ref a = weir_find("a");
  for (int i = 0; i < 4; i++) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(act("a", CRASH), WEIR_EFAILED);
    assert_int_equal(get_from(a), 0); /* waits until it is up again */
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(ms + 1 >= least_ms[i]);
  }
}

static void monitors_and_links_of_a_child_do_not_see_its_restarts(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.max_restarts = 5, .on_event = on_event, .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  assert_int_equal(get_from(a), 0);
  assert_true(weir_alive(a));
}

static void a_child_that_was_stopped_by_hand_comes_again_if_it_is_permanent(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.max_restarts = 5, .on_event = on_event,
                     .children = WEIR_CHILDREN(KID("a", .capacity = 8), KID("t", .restart = WEIR_TRANSIENT)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a"), t = weir_find("t");
  weir_stop(a);
  weir_stop(t);
  wait_for_end(t);
  while (atomic_load(&starts['a']) < 2) weir_sleep(WEIR_MILLIS(0.2));
  while (weir_send(a, number, .n = 3)) weir_sleep(WEIR_MILLIS(0.2)); /* its mailbox opens again */
  assert_int_equal(get_from(a), 3);
  assert_int_equal(state_of_child(tree, "t"), WEIR_CHILD_STOPPED);
}

static void a_child_can_be_killed_and_comes_again(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.max_restarts = 5, .on_event = on_event, .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  weir_kill(a);
  while (atomic_load(&starts['a']) < 2) weir_sleep(WEIR_MILLIS(0.2));
  assert_true(weir_alive(a));
  while (weir_send(a, number, .n = 3)) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(get_from(a), 3);
}

static void options_that_make_no_sense_are_refused(void **state)
{
  (void)state;
  assert_int_equal(weir_ref_error(weir_supervise(.strategy = 9)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.strategy = WEIR_DYNAMIC)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.max_restarts = -2)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.within = WEIR_SECONDS(-1))), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.backoff = {.jitter = 2})), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({.name = "x"}))), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .restart = 7}))), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .significant = true}))), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .retries = 64}))), WEIR_EINVAL);
  assert_int_equal(
      weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .retries = 1, .overflow = WEIR_DROP_OLDEST}))),
      WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .name = "x"}, {&kid, .name = "x"}))),
                   WEIR_EEXIST);
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({.tree = WEIR_TREE(.strategy = 5)}))),
                   WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_FAMILY(a_child_that_fails_starts_again_with_its_ref_and_its_name),
      WITH_FAMILY(trouble_23_what_is_queued_outlives_a_restart_in_order),
      WITH_FAMILY(who_waits_for_a_place_waits_through_a_restart),
      WITH_FAMILY(a_poisonous_message_is_tried_again_and_then_set_aside),
      WITH_FAMILY(a_restart_waits_longer_each_time),
      WITH_FAMILY(monitors_and_links_of_a_child_do_not_see_its_restarts),
      WITH_FAMILY(a_child_that_was_stopped_by_hand_comes_again_if_it_is_permanent),
      WITH_FAMILY(a_child_can_be_killed_and_comes_again),
      WITH_FAMILY(options_that_make_no_sense_are_refused),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
