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

static void wait_until_empty(weir_ref actor)
{
  weir_stats stats;
  while (weir_stats_read(actor, &stats) == WEIR_OK && stats.length) weir_sleep(WEIR_MILLIS(0.2));
}

static void a_mailbox_that_is_emptied_has_all_its_places_again(void **state)
{
  (void)state;
  struct gate g;
  weir_ref tree =
      weir_supervise(.strategy = WEIR_ONE_FOR_ALL, .max_restarts = 10, .on_event = on_event,
                     .children = WEIR_CHILDREN(KID("a", .capacity = 4, .retries = 1), KID("b", .capacity = 4)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  gate_enter(&g, a);
  while (weir_try_send(a, number, .n = 1) == WEIR_OK) continue;
  assert_int_equal(act("b", CRASH), WEIR_EFAILED); /* a is restarted with it, and flushed */
  while (atomic_load(&starts['a']) < 2) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(get_from(a), 0);
  wait_until_empty(a);
  gate_enter(&g, a);
  while (weir_try_send(a, number, .n = 1) == WEIR_OK) continue;
  weir_stop(a); /* what it had is lost, and it starts again */
  while (atomic_load(&starts['a']) < 3) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(get_from(a), 0);
  wait_until_empty(a);
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

/* A handler began with it once, whatever comes of the next time. */
static void a_request_that_is_to_be_tried_again_is_in_doubt_when_its_time_is_over(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.max_restarts = 10, .on_event = on_event,
                     .backoff = {.first = WEIR_SECONDS(100), .most = WEIR_SECONDS(100)},
                     .children = WEIR_CHILDREN(KID("a", .retries = 2), KID("b", .retries = 2), KID("c", .retries = 2)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  assert_int_equal(weir_ask(a, WEIR_MILLIS(100), NULL, act_now, .act = CRASH), WEIR_EINDOUBT);
  assert_non_null(strstr(weir_error_text(), "had begun"));
  assert_int_equal(weir_ask(a, WEIR_MILLIS(1), NULL, act_now, .act = WAIT),
                   WEIR_ETIMEDOUT); /* that one was not begun */
  weir_pending late = weir_ask_begin(weir_find("b"), WEIR_MILLIS(100), act_now, .act = CRASH);
  weir_pending left = weir_ask_begin(weir_find("c"), WEIR_SECONDS(100), act_now, .act = CRASH);
  assert_int_equal(weir_await(late, NULL, act_now), WEIR_EINDOUBT);
  wait_until_told(&told.failed, 3);
  weir_stop(tree);
  assert_int_equal(weir_await(left, NULL, act_now), WEIR_EFAILED);
}

static void trouble_29_a_restart_waits_longer_each_time(void **state)
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
  assert_int_equal(weir_ref_error(weir_supervise(.children = WEIR_CHILDREN({&kid, .name = ""}))), WEIR_EINVAL);
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

static void trouble_26_a_child_ends_with_its_supervisor_whoever_holds_its_ref(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a");
  weir_kill(tree); /* no end clause ends its children in order: they end all the same */
  wait_for_end(tree);
  wait_for_end(a);
  assert_int_equal(weir_send(a, number, .n = 1), WEIR_EDEAD);
}

static void trouble_27_who_does_not_end_in_time_is_named_and_killed(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN({&kid, .name = "a", .shutdown = WEIR_MILLIS(20),
                                                                      .config = WEIR_VALUE(kid_config, .name = "a")},
                                                                     KID("b", .shutdown = WEIR_MILLIS(20))));
  assert_int_equal(started(tree), WEIR_OK);
  weir_send(weir_find("a"), act_now, .act = IGNORE_STOP);
  weir_send(weir_find("b"), act_now, .act = WAIT); /* this one heeds */
  weir_sleep(WEIR_MILLIS(5));
  weir_stop(tree);
  wait_for_end(tree);
  assert_true(atomic_load(&told.killed) <= 1); /* 0: it was told before it had begun */
}

static void trouble_28_the_last_that_started_ends_first_through_all_levels(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.on_event = on_event,
                     .children = WEIR_CHILDREN(
                         KID("a", .capacity = 8),
                         {.name = "m",
                          .tree =
                              WEIR_TREE(.on_event = on_event,
                                        .children = WEIR_CHILDREN(
                                            KID("b", .capacity = 8),
                                            {.name = "n",
                                             .tree = WEIR_TREE(.on_event = on_event,
                                                               .children = WEIR_CHILDREN(KID("c", .capacity = 8),
                                                                                         KID("d", .capacity = 8)))}))},
                         KID("e", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_stop(tree);
  wait_for_end(tree);
  expect_record("+a +b +c +d +e -e -d -c -b -a");
}

static void trouble_29_one_fault_counts_once(void **state)
{
  (void)state;
  /* With the default, one restart in five seconds, one fault is survived, and its asker is told of it as well. */
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  assert_int_equal(get_from(weir_find("a")), 0);
  assert_int_equal(atomic_load(&told.failed), 1);
  assert_true(weir_alive(tree));
  assert_int_equal(act("a", CRASH), WEIR_EFAILED); /* the second one is not */
  wait_for_end(tree);
  assert_int_equal(atomic_load(&told.group_spent), 1);
}

static void old_restarts_are_forgotten(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .within = WEIR_MILLIS(20),
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(act("a", CRASH), WEIR_EFAILED);
    assert_int_equal(get_from(weir_find("a")), 0);
    weir_sleep(WEIR_MILLIS(40));
  }
  assert_true(weir_alive(tree));
}

static void trouble_29_a_bad_child_with_a_budget_of_its_own_leaves_its_siblings_alone(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .max_restarts = WEIR_NO_RESTARTS,
                                 .children = WEIR_CHILDREN(KID("a", .max_restarts = 2),
                                                           KID("p", .max_restarts = 1, .when_spent = WEIR_PARK),
                                                           KID("z", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref a = weir_find("a"), p = weir_find("p"), z = weir_find("z");
  for (int i = 0; i < 3; i++)
    assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, act_now, .act = CRASH), WEIR_EFAILED);
  wait_for_end(a); /* left down: who sends is told at once */
  assert_int_equal(weir_send(a, number, .n = 1), WEIR_EDEAD);
  assert_int_equal(state_of_child(tree, "a"), WEIR_CHILD_STOPPED);
  for (int i = 0; i < 2; i++)
    assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, act_now, .act = CRASH), WEIR_EFAILED);
  wait_until_told(&told.child_spent, 2);
  assert_int_equal(state_of_child(tree, "p"), WEIR_CHILD_PARKED);
  assert_int_equal(weir_send(p, number, .n = 7), WEIR_OK); /* it waits there */
  assert_int_equal(weir_ask(p, WEIR_MILLIS(10), NULL, get), WEIR_ETIMEDOUT);
  weir_ref again;
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "p", &again), WEIR_OK);
  assert_true(again.bits == p.bits);
  assert_int_equal(get_from(p), 7);
  assert_int_equal(weir_restart_child(tree, WEIR_SECONDS(20), "a", &again), WEIR_OK);
  assert_true(again.bits != a.bits);
  assert_int_equal(get_from(z), 0);
  assert_int_equal(atomic_load(&starts['z']), 1);
  assert_int_equal(atomic_load(&told.group_spent), 0);
}

static void a_child_may_fail_its_group_when_its_own_restarts_are_spent(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event,
                                 .children = WEIR_CHILDREN(KID("a", .max_restarts = 1, .when_spent = WEIR_ESCALATE)));
  assert_int_equal(started(tree), WEIR_OK);
  for (int i = 0; i < 2; i++) act("a", CRASH);
  wait_for_end(tree);
  assert_int_equal(atomic_load(&told.group_spent), 1);
}

/* A child that has something to say in the end, to a sibling, and waits for a place for it. */
struct mourner {
  WEIR_EMPTY;
};
static _Atomic(int) last_words;
static int mourner_hears(struct mourner *m, const struct number *n)
{
  (void)m, (void)n;
  return WEIR_OK;
}
static void mourner_ends(struct mourner *m)
{
  int rc;
  (void)m;
  do rc = weir_send(weir_find("a"), number, .n = 1);
  while (rc == WEIR_OK);
  atomic_store(&last_words, rc);
}
WEIR_ACTOR(mourner, WEIR_ON(number, mourner_hears) WEIR_ON_END(mourner_ends));

/* That one would have to be started again by the supervisor, which ends: so it is ended first. */
static void what_is_down_keeps_nobody_from_ending(void **state)
{
  (void)state;
  atomic_store(&last_words, 0);
  weir_ref tree =
      weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN(KID("a", .max_restarts = WEIR_NO_RESTARTS,
                                                                         .capacity = 2, .when_spent = WEIR_ESCALATE),
                                                                     {&mourner, .name = "b"}));
  assert_int_equal(started(tree), WEIR_OK);
  act("a", CRASH);
  wait_for_end(tree);
  assert_int_equal(atomic_load(&last_words), WEIR_EDEAD);
  assert_int_equal(atomic_load(&told.killed), 0);
}

/* A child whose start asks its supervisor. */
struct curious {
  int64_t code;
};
static int curious_start(struct curious *c, const struct weir_none *unused)
{
  (void)unused;
  c->code = weir_count_children(weir_find("tree"), WEIR_SECONDS(20), NULL);
  return c->code == WEIR_EDEADLOCK ? WEIR_OK : BAD_START;
}
static int curious_get(struct curious *c, struct number *reply)
{
  reply->n = c->code;
  return WEIR_OK;
}
WEIR_ACTOR(curious, WEIR_ON_START(weir_none, curious_start) WEIR_ON(get, curious_get));

static void trouble_12_a_start_that_asks_its_supervisor_is_told(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.name = "tree", .on_event = on_event, .children = WEIR_CHILDREN({&curious, .name = "curious"}));
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(get_from(weir_find("curious")), WEIR_EDEADLOCK);
}

/* Who has a child started that does not get on with its start. */
static _Atomic(bool) sleeper_begins;
struct sleeper {
  WEIR_EMPTY;
};
static int sleeper_start(struct sleeper *s, const struct kid_config *config)
{
  (void)s, (void)config;
  atomic_store(&sleeper_begins, true);
  return weir_sleep(WEIR_SECONDS(100));
}
WEIR_ACTOR(sleeper, WEIR_ON_START(kid_config, sleeper_start));
struct adopter {
  weir_ref tree;
};
static int adopter_number(struct adopter *p, const struct number *m)
{
  (void)m;
  p->tree = weir_supervise(.strategy = WEIR_ONE_FOR_ONE);
  return weir_start_child(p->tree, WEIR_FOREVER, NULL, .type = &sleeper, .name = "sleeper",
                          .config = WEIR_VALUE(kid_config, .name = "s"));
}
WEIR_ACTOR(adopter, WEIR_ON(number, adopter_number));

static void who_is_killed_while_its_child_starts_leaves_nothing(void **state)
{
  (void)state;
  atomic_store(&sleeper_begins, false);
  weir_ref p = weir_spawn(&adopter);
  assert_int_equal(weir_send(p, number, .n = 1), WEIR_OK);
  while (!atomic_load(&sleeper_begins)) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(weir_kill(p), WEIR_OK);
  wait_for_end(p); /* and messages add up when the runtime has been stopped */
}

/* Sets messages aside until it fails; then it takes all. */
struct hoards {
  int64_t sum;
};
static _Atomic(int) hoard_open;
static int hoards_number(struct hoards *h, const struct number *m)
{
  if (m->n < 0) weir_fail(BROKEN, "on purpose");
  if (!atomic_load(&hoard_open)) return weir_stash();
  h->sum = h->sum * 10 + m->n;
  return WEIR_OK;
}
static int hoards_get(struct hoards *h, struct number *reply)
{
  reply->n = h->sum;
  return WEIR_OK;
}
WEIR_ACTOR(hoards, WEIR_ON(number, hoards_number) WEIR_ON(get, hoards_get), .keeps_places = true, .capacity = 8);

static void trouble_24_a_stash_outlives_a_restart(void **state)
{
  (void)state;
  atomic_store(&hoard_open, 0);
  weir_ref tree = weir_supervise(.on_event = on_event, .children = WEIR_CHILDREN({&hoards, .name = "h"}));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref h = weir_find("h");
  for (int i = 1; i <= 3; i++) weir_send(h, number, .n = i);
  assert_int_equal(get_from(h), 0); /* they are stashed */
  atomic_store(&hoard_open, 1);
  weir_send(h, number, .n = -1);
  weir_send(h, number, .n = 4);
  assert_int_equal(get_from(h), 1234);
}

static void trouble_31_who_asks_a_child_that_fails_is_told_at_once(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.on_event = on_event, .backoff = {.first = WEIR_SECONDS(100)},
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 8)));
  assert_int_equal(started(tree), WEIR_OK);
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  assert_int_equal(weir_ask(weir_find("a"), WEIR_MILLIS(20), NULL, get), WEIR_ETIMEDOUT); /* it is not up again yet */
}

/* Its child has its name, and must have ended before it comes again. */
struct parent {
  int64_t unused;
};
static int parent_start(struct parent *p, const struct weir_none *unused)
{
  (void)p, (void)unused;
  return weir_ref_error(weir_spawn(&kid, .name = "k", .config = WEIR_VALUE(kid_config, .name = "k")));
}
static int parent_crash(struct parent *p, const struct signal *m)
{
  (void)p, (void)m;
  weir_send(weir_find("k"), act_now, .act = WAIT);
  weir_fail(BROKEN, "on purpose");
}
WEIR_ACTOR(parent, WEIR_ON_START(weir_none, parent_start) WEIR_ON(signal, parent_crash));

static void what_a_child_had_spawned_has_ended_before_it_comes_again(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.on_event = on_event, .max_restarts = 20, .children = WEIR_CHILDREN({&parent, .name = "p"}));
  assert_int_equal(started(tree), WEIR_OK);
  for (int i = 1; i <= 5; i++) {
    weir_send(weir_find("p"), signal);
    while (atomic_load(&starts['k']) < i + 1) weir_sleep(WEIR_MILLIS(0.2));
  }
  assert_int_equal(atomic_load(&told.not_started), 0);
}

static void siblings_that_are_restarted_with_it_are_flushed_unless_they_keep(void **state)
{
  (void)state;
  struct gate gb, gc;
  weir_ref tree = weir_supervise(.on_event = on_event, .strategy = WEIR_ONE_FOR_ALL,
                                 .children = WEIR_CHILDREN(KID("a", .capacity = 8), KID("b", .capacity = 8),
                                                           KID("c", .mailbox = WEIR_KEEP)));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref b = weir_find("b"), c = weir_find("c");
  gate_enter(&gb, b);
  gate_enter(&gc, c);
  weir_send(b, number, .n = 1);
  weir_send(c, number, .n = 1);
  assert_int_equal(act("a", CRASH), WEIR_EFAILED);
  while (atomic_load(&starts['c']) < 2) weir_sleep(WEIR_MILLIS(0.2));
  assert_int_equal(get_from(b), 0);
  assert_int_equal(get_from(c), 1);
  weir_promise_drop(gb.go);
  weir_promise_drop(gc.go);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      WITH_FAMILY(a_child_that_fails_starts_again_with_its_ref_and_its_name),
      WITH_FAMILY(trouble_23_what_is_queued_outlives_a_restart_in_order),
      WITH_FAMILY(who_waits_for_a_place_waits_through_a_restart),
      WITH_FAMILY(a_mailbox_that_is_emptied_has_all_its_places_again),
      WITH_FAMILY(a_poisonous_message_is_tried_again_and_then_set_aside),
      WITH_FAMILY(a_request_that_is_to_be_tried_again_is_in_doubt_when_its_time_is_over),
      WITH_FAMILY(trouble_29_a_restart_waits_longer_each_time),
      WITH_FAMILY(monitors_and_links_of_a_child_do_not_see_its_restarts),
      WITH_FAMILY(a_child_that_was_stopped_by_hand_comes_again_if_it_is_permanent),
      WITH_FAMILY(a_child_can_be_killed_and_comes_again),
      WITH_FAMILY(options_that_make_no_sense_are_refused),
      WITH_FAMILY(trouble_26_a_child_ends_with_its_supervisor_whoever_holds_its_ref),
      WITH_FAMILY(trouble_27_who_does_not_end_in_time_is_named_and_killed),
      WITH_FAMILY(trouble_28_the_last_that_started_ends_first_through_all_levels),
      WITH_FAMILY(trouble_29_one_fault_counts_once),
      WITH_FAMILY(old_restarts_are_forgotten),
      WITH_FAMILY(trouble_29_a_bad_child_with_a_budget_of_its_own_leaves_its_siblings_alone),
      WITH_FAMILY(a_child_may_fail_its_group_when_its_own_restarts_are_spent),
      WITH_FAMILY(what_is_down_keeps_nobody_from_ending),
      WITH_FAMILY(trouble_12_a_start_that_asks_its_supervisor_is_told),
      WITH_FAMILY(who_is_killed_while_its_child_starts_leaves_nothing),
      WITH_FAMILY(trouble_24_a_stash_outlives_a_restart),
      WITH_FAMILY(trouble_31_who_asks_a_child_that_fails_is_told_at_once),
      WITH_FAMILY(what_a_child_had_spawned_has_ended_before_it_comes_again),
      WITH_FAMILY(siblings_that_are_restarted_with_it_are_flushed_unless_they_keep),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
