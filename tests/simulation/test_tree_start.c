/* The start of a tree of supervisors in which a child may fail to start in any way, and at any place: those before it are
 * ended, in reverse order, and nothing is left of them. So also when the tree is ended while it starts. */
#include "family.h"

static weir_ref start_tree(void)
{
  siblings(0, 2); /* child 5 belongs to them, behind the others */
  siblings(2, 5);
  int strategy = (int)between(family.rt, WEIR_ONE_FOR_ONE, WEIR_REST_FOR_ONE);
  return weir_supervise(.name = "root", .strategy = strategy, .on_event = kid_told,
                        .children = WEIR_CHILDREN(
                            KID(0, .restart = WEIR_PERMANENT), KID(1, .restart = WEIR_TRANSIENT),
                            {.name = "inner",
                             .tree = WEIR_TREE(.on_event = kid_told,
                                               .children = WEIR_CHILDREN(KID(2, .capacity = 8),
                                                                         KID(3, .restart = WEIR_TEMPORARY),
                                                                         KID(4, .capacity = 8)))},
                            KID(5, .restart = WEIR_PERMANENT)));
}

/* Learns why the tree ended. */
static struct weir_down news;
struct watched {
  weir_ref who;
};
WEIR_MESSAGE(watched, WEIR_FIELD(who));
struct witness {
  char nothing;
};
static int witness_start(struct witness *w, const struct watched *m)
{
  (void)w;
  news = (struct weir_down){0};
  return weir_monitor(m->who).error;
}
static int witness_down(struct witness *w, const struct weir_down *m)
{
  (void)w;
  news = (struct weir_down){.watch = 1, .code = m->code};
  return WEIR_STOP;
}
WEIR_ACTOR(witness, WEIR_ON_START(watched, witness_start) WEIR_ON(weir_down, witness_down));

/* Over all seeds. */
static int64_t whole, failed_at[KIDS];

/* The first whose start failed; KIDS: none. */
static int who_failed(void)
{
  int i = 0;
  while (i < KIDS && !family.kid[i].falls) i++;
  return i;
}

static int all_start_or_none(weir_runtime *rt)
{
  family_begins(rt);
  family.bad_start_in = (int)between(rt, 3, 12);
  family.refused_start_in = (int)between(rt, 0, 1) * 8;
  family.slow_in = 3;
  weir_ref root = start_tree();
  MUST(weir_ref_error(root) == WEIR_OK);
  weir_ref w = weir_spawn(&witness, .config = WEIR_VALUE(watched, .who = root));
  int rc = weir_count_children(root, WEIR_FOREVER, NULL);
  int failed = who_failed();
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST((rc == WEIR_OK) == (failed == KIDS));
  MUST(weir_alive(root) == (failed == KIDS));
  for (int i = 0; i < KIDS; i++) MUST(family.kid[i].begun_starts == (i <= failed ? 1 : 0));
  for (int i = failed + 1; i < KIDS; i++) MUST(weir_ref_error(weir_find(kid_names[i])) == WEIR_EDEAD);
  if (failed < KIDS) {
    failed_at[failed]++;
    MUST(!weir_alive(w) && news.watch && (news.code == BAD_START || news.code == WEIR_EDEAD));
    MUST(family_is_gone() == WEIR_OK);
    return WEIR_OK;
  }
  whole++;
  MUST(family.failed + family.not_started == 0);
  for (int i = 0; i < KIDS; i++) MUST(family.kid[i].lives == (family.kid[i].starts == 1));
  return family_stops();
}

static int the_start_is_broken_off(weir_runtime *rt)
{
  family_begins(rt);
  family.slow_in = 2;
  family.bad_start_in = (int)between(rt, 0, 1) * 8;
  weir_ref root = start_tree();
  MUST(weir_sleep((weir_duration){between(rt, 0, 8) * 1000000}) == WEIR_OK);
  int how = (int)between(rt, 0, 3);
  family.disorderly = how >= 2; /* no end clause, or the runtime, ends them: all at once */
  if (how == 0) weir_stop(root);
  if (how == 1) weir_exit(root, FELL);
  if (how == 2) weir_kill(root);
  if (how < 3) {
    MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
    MUST(!weir_alive(root) && family_is_gone() == WEIR_OK);
  }
  return family_stops();
}

static void a_tree_starts_as_a_whole_or_not_at_all(void **state)
{
  (void)state;
  simulate(NULL, all_start_or_none);
  if (getenv("WEIR_SEED")) return;
  assert_true(whole > 10);
  for (int i = 0; i < KIDS; i++) assert_true(failed_at[i] > 0);
}
static void a_tree_that_is_ended_while_it_starts_leaves_nothing(void **state)
{
  (void)state;
  simulate(NULL, the_start_is_broken_off);
}
static void the_same_seed_is_the_same_start(void **state)
{
  (void)state;
  struct scenario s = {all_start_or_none};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_tree_starts_as_a_whole_or_not_at_all),
      cmocka_unit_test(a_tree_that_is_ended_while_it_starts_leaves_nothing),
      cmocka_unit_test(the_same_seed_is_the_same_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
