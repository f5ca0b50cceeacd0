/* Children that fail under load, at restarts, and in their ends, under each strategy: the mailbox is kept through all
 * of that, nothing is lost or doubled, restarts are as many as failures. */
#include "family.h"

enum { CHILDREN = 3 };

static int64_t all_failures, all_bad_restarts; /* over all seeds */

static weir_ref start_family(int strategy, unsigned retries, weir_backoff backoff)
{
  siblings(0, CHILDREN);
  return weir_supervise(.name = "tree", .strategy = strategy, .max_restarts = 1 << 20, .within = WEIR_FOREVER,
                        .backoff = backoff, .on_event = kid_told,
                        .children = WEIR_CHILDREN(KID(0, .mailbox = WEIR_KEEP, .retries = retries),
                                                  KID(1, .mailbox = WEIR_KEEP, .retries = retries),
                                                  KID(2, .mailbox = WEIR_KEEP, .retries = retries)));
}

static weir_backoff some_backoff(void)
{
  weir_backoff none = {0}, some = {.first = WEIR_MILLIS(1), .most = WEIR_MILLIS(20), .jitter = 0.5};
  return chance(2) ? none : some;
}

/* Until all are up again, and have handled what was queued. */
static int settle(weir_ref tree)
{
  for (int i = 0; i < CHILDREN; i++) {
    struct count *c = NULL;
    MUST(weir_ask(weir_find(kid_names[i]), WEIR_FOREVER, &c, get_count) == WEIR_OK);
    weir_free(c);
  }
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  struct weir_child_counts counts;
  MUST(weir_count_children(tree, WEIR_FOREVER, &counts) == WEIR_OK && counts.active == CHILDREN);
  return WEIR_OK;
}

static int count_restarts(weir_ref tree, int64_t *restarts)
{
  struct weir_child_list *list;
  MUST(weir_which_children(tree, WEIR_FOREVER, &list) == WEIR_OK);
  *restarts = 0;
  for (size_t i = 0; i < list->count; i++) *restarts += (int64_t)list->children[i].restarts;
  weir_free(list);
  return WEIR_OK;
}

static int under_load(int strategy, unsigned retries)
{
  int64_t restarts = 0;
  weir_ref tree = start_family(strategy, retries, some_backoff());
  MUST(weir_count_children(tree, WEIR_FOREVER, NULL) == WEIR_OK);
  MUST(load_all(CHILDREN) == WEIR_OK);
  MUST(settle(tree) == WEIR_OK);
  for (int i = 0; i < CHILDREN; i++)
    for (int from = 0; from < SENDERS; from++)
      for (int n = 0; n < UNITS; n++) MUST(family.kid[i].begun[from][n] >= 1);
  MUST(count_restarts(tree, &restarts) == WEIR_OK);
  int64_t starts = 0, begun = 0;
  for (int i = 0; i < CHILDREN; i++) {
    starts += family.kid[i].starts;
    begun += family.kid[i].begun_starts;
  }
  MUST(restarts == starts - CHILDREN);
  MUST(family.not_started <= family.failed);
  all_failures += family.failed;
  all_bad_restarts += family.not_started;
  /* Each start that was begun was the first one, or came after a failure that was told. */
  if (strategy == WEIR_ONE_FOR_ONE) MUST(family.failed == kids_fell() && begun == CHILDREN + family.failed);
  return family_stops();
}

static int alone(weir_runtime *rt)
{
  family_begins(rt);
  family.bad_restart_in = 4;
  family.fall_in = (int)between(rt, 3, 10);
  family.bad_end_in = 6;
  family.slow_in = (int)between(rt, 0, 1) * 6;
  return under_load(WEIR_ONE_FOR_ONE, 0);
}

static int together(weir_runtime *rt)
{
  family_begins(rt);
  family.bad_restart_in = 5;
  family.fall_in = (int)between(rt, 6, 20);
  family.bad_end_in = (int)between(rt, 0, 1) * 6;
  family.slow_in = 6;
  return under_load((int)between(rt, WEIR_ONE_FOR_ALL, WEIR_REST_FOR_ONE), 0);
}

static int tried_again(weir_runtime *rt)
{
  family_begins(rt);
  family.bad_restart_in = 6;
  family.fall_in = 5;
  family.slow_in = 6;
  unsigned retries = (unsigned)between(rt, 1, 3);
  family.attempts = 1 + (int)retries;
  return under_load(WEIR_ONE_FOR_ONE, retries);
}

static void what_is_queued_outlives_restarts_in_its_order(void **state)
{
  (void)state;
  simulate(NULL, alone);
  if (!getenv("WEIR_SEED")) assert_true(all_failures > (int64_t)seeds() && all_bad_restarts > (int64_t)seeds() / 10);
}
static void siblings_that_are_restarted_together_keep_what_they_are_to_keep(void **state)
{
  (void)state;
  simulate(NULL, together);
}
static void messages_that_are_tried_again_keep_their_place_in_the_order(void **state)
{
  (void)state;
  simulate(NULL, tried_again);
}
static void the_same_seed_is_the_same_run(void **state)
{
  (void)state;
  struct scenario s = {alone};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_queued_outlives_restarts_in_its_order),
      cmocka_unit_test(siblings_that_are_restarted_together_keep_what_they_are_to_keep),
      cmocka_unit_test(messages_that_are_tried_again_keep_their_place_in_the_order),
      cmocka_unit_test(the_same_seed_is_the_same_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
