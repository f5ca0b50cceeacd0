/* Trees that are ended while children fail, are being restarted, or wait to be: whoever ends it and whenever, all of it
 * ends, in order where the order is the supervisor's, and within the time that children are given. */
#include "family.h"

enum how { STOPPED, TOLD_TO_EXIT, KILLED, RUNTIME_STOPS, RUNTIME_DRAINS, HOWS };

static int64_t by_force; /* over all seeds */

static weir_ref start_tree(weir_backoff backoff)
{
  siblings(0, 2);
  siblings(2, 5);
  const weir_duration time = WEIR_MILLIS(20);
  int outer = (int)between(family.rt, WEIR_ONE_FOR_ONE, WEIR_REST_FOR_ONE);
  int inner = (int)between(family.rt, WEIR_ONE_FOR_ONE, WEIR_REST_FOR_ONE);
  return weir_supervise(.name = "root", .strategy = outer, .max_restarts = 1 << 20, .within = WEIR_FOREVER,
                        .backoff = backoff, .on_event = kid_told,
                        .children = WEIR_CHILDREN(
                            KID(0, .shutdown = time), KID(1, .shutdown = time),
                            {.name = "inner",
                             .tree = WEIR_TREE(.strategy = inner, .max_restarts = (int)between(family.rt, 1, 20),
                                               .backoff = backoff, .on_event = kid_told,
                                               .children = WEIR_CHILDREN(KID(2, .shutdown = time),
                                                                         KID(3, .shutdown = WEIR_AT_ONCE),
                                                                         KID(4, .shutdown = WEIR_FOREVER)))}));
}

static int end_it(weir_ref root, enum how how)
{
  switch (how) {
  case STOPPED:
    return weir_stop(root);
  case TOLD_TO_EXIT:
    return weir_exit(root, FELL);
  case KILLED:
    return weir_kill(root);
  default: { /* all are told at once */
    int rc = weir_runtime_stop(family.rt, how == RUNTIME_DRAINS ? WEIR_MILLIS(1) : WEIR_MILLIS(0));
    return rc == WEIR_ETIMEDOUT ? WEIR_OK : rc;
  }
  }
}

static int ended_meanwhile(weir_runtime *rt)
{
  enum how how = (enum how)between(rt, 0, HOWS - 1);
  weir_backoff none = {0}, some = {.first = WEIR_MILLIS(1), .most = WEIR_MILLIS(20), .jitter = 0.5};
  family_begins(rt);
  family.slow_in = 3;
  weir_ref root = start_tree(chance(2) ? none : some);
  MUST(weir_count_children(root, WEIR_FOREVER, NULL) == WEIR_OK);
  family.fall_in = (int)between(rt, 3, 8);
  family.bad_restart_in = 4;
  family.bad_end_in = 8;
  family.kills = true;
  load_begins(5);
  MUST(weir_sleep((weir_duration){between(rt, 0, 12) * 1000000}) == WEIR_OK);
  family.disorderly = how >= KILLED;
  family.hangs = how != KILLED && chance(4); /* without its supervisor nobody would end that one */
  MUST(end_it(root, how) == WEIR_OK);
  if (how < RUNTIME_STOPS) {
    MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
    MUST(!weir_alive(root) && family_is_gone() == WEIR_OK);
    for (int i = 0; i < 5; i++) MUST(weir_ref_error(weir_find(kid_names[i])) == WEIR_EDEAD);
    MUST(weir_runtime_stop(rt, WEIR_MILLIS(0)) == WEIR_OK);
  }
  by_force += family.killed;
  return family_is_gone();
}

static void a_tree_that_is_ended_during_restarts_ends_whole(void **state)
{
  (void)state;
  simulate(NULL, ended_meanwhile);
  if (!getenv("WEIR_SEED")) assert_true(by_force > 0);
}
static void so_does_one_whose_parts_are_late(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.delay = {.one_in = 10}, .delay_most = WEIR_MILLIS(5)}, ended_meanwhile);
}
/* What the scenario does itself may fail, too; but nothing is left, and nothing stands still. */
static void so_does_one_that_lacks_memory(void **state)
{
  (void)state;
  const weir_simulation_options options = {.no_memory = {.one_in = 40}};
  struct scenario scenario = {ended_meanwhile};
  for (uint64_t seed = 1; seed <= seeds(); seed++) {
    weir_runtime *rt;
    weir_accounts a;
    assert_int_equal(weir_simulation_start(seed, &options, &rt), WEIR_OK);
    family_begins(rt);
    int rc = run_scenario(rt, &scenario);
    if (rc && weir_runtime_here() == rt) assert_int_not_equal(weir_runtime_stop(rt, WEIR_MILLIS(0)), WEIR_EFAILED);
    weir_accounts_read(&a);
    if (a.live || kids_living()) print_error("seed %llu: %s\n", (unsigned long long)seed, what_broke);
    assert_int_equal(a.live, 0);
    assert_int_equal(kids_living(), 0);
  }
}
static void the_same_seed_is_the_same_end(void **state)
{
  (void)state;
  struct scenario s = {ended_meanwhile};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_tree_that_is_ended_during_restarts_ends_whole),
      cmocka_unit_test(so_does_one_whose_parts_are_late),
      cmocka_unit_test(so_does_one_that_lacks_memory),
      cmocka_unit_test(the_same_seed_is_the_same_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
