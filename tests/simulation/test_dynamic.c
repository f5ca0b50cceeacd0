/* Children that are started and ended at run time by several at once, while they fail to start and fail: what a supervisor
 * says of them is true, and none is left when it has ended. */
#include "family.h"

enum { CLIENTS = 2, OWN = KIDS / CLIENTS, DEEDS = 8 };

static int64_t started, not_started, stopped; /* over all seeds */

struct client {
  weir_ref tree;
  int first; /* its children: OWN from there on */
  weir_ref child[OWN];
  int code;
};

static bool gone(const struct client *c) { return !weir_alive(c->tree); }

static int start_one(struct client *c, int i)
{
  struct kid_seen *kid_seen = &family.kid[c->first + i];
  int falls = kid_seen->falls;
  int rc = weir_start_child(c->tree, WEIR_FOREVER, &c->child[i], .config = WEIR_VALUE(kid_plan, .id = c->first + i));
  if (rc == WEIR_OK) {
    started++;
    MUST(kid_seen->starts > 0 && weir_ref_error(c->child[i]) == WEIR_OK);
    return WEIR_OK;
  }
  MUST(!kid_seen->lives || gone(c) || weir_cancelled());
  if (rc == BAD_START) not_started++;
  if (rc == BAD_START || rc == WEIR_EKILLED) MUST(kid_seen->falls == falls + 1);
  MUST(rc == BAD_START || rc == WEIR_EKILLED || rc == WEIR_ESHUTDOWN || rc == WEIR_EDEAD || rc == WEIR_EFAILED ||
       rc == WEIR_ECANCELED || rc == WEIR_EINDOUBT);
  c->child[i].bits = 0;
  return WEIR_OK;
}

static int stop_one(struct client *c, int i)
{
  struct kid_seen *kid_seen = &family.kid[c->first + i];
  int rc = weir_stop_child_ref(c->tree, WEIR_FOREVER, c->child[i]);
  stopped += rc == WEIR_OK;
  /* WEIR_EDEAD: it had ended for good by itself, or its supervisor has. */
  MUST(rc == WEIR_OK || rc == WEIR_EDEAD || rc == WEIR_EFAILED || rc == WEIR_ECANCELED);
  if (rc == WEIR_OK || (rc == WEIR_EDEAD && !gone(c)))
    MUST(!kid_seen->lives && kid_seen->begun_starts == kid_seen->ends && !weir_alive(c->child[i]));
  c->child[i].bits = 0;
  return WEIR_OK;
}

static int client(struct client *c)
{
  for (int n = 0; n < DEEDS && !gone(c); n++) {
    int i = (int)between(family.rt, 0, OWN - 1);
    int rc = !c->child[i].bits ? start_one(c, i)
             : chance(3)       ? stop_one(c, i)
                               : weir_try_send(c->child[i], unit, .from = 0, .n = UNITS - 1);
    MUST(rc == WEIR_OK || rc == WEIR_EDEAD || rc == WEIR_EFULL);
    if (weir_yield()) return WEIR_OK;
  }
  return WEIR_OK;
}

/* What is known of children is what lives; those that are about to be restarted apart. */
static int check_list(weir_ref tree)
{
  struct weir_child_list *list = NULL;
  struct weir_child_counts counts;
  MUST(weir_which_children(tree, WEIR_FOREVER, &list) == WEIR_OK);
  for (size_t i = 0; i < list->count; i++) MUST(list->children[i].state == WEIR_CHILD_RUNS);
  int listed = (int)list->count;
  weir_free(list);
  MUST(listed == kids_living());
  MUST(weir_count_children(tree, WEIR_FOREVER, &counts) == WEIR_OK);
  MUST(counts.specs == 1 && (int)counts.active == listed && (int)counts.workers == listed);
  return WEIR_OK;
}

static int children_come_and_go(weir_runtime *rt)
{
  struct client clients[CLIENTS];
  weir_task *tasks[CLIENTS];
  int result;
  family_begins(rt);
  family.bad_start_in = family.bad_restart_in = 5;
  family.refused_start_in = 10;
  family.fall_in = (int)between(rt, 2, 6);
  family.slow_in = 4;
  family.attempts = 1 << 20; /* all are the same unit */
  for (int i = 0; i < KIDS; i++) family.at_once[i] = true;
  bool spends = chance(4), ends = chance(4);
  weir_ref tree =
      weir_supervise(.strategy = WEIR_DYNAMIC, .max_restarts = spends ? 2 : 1 << 20, .on_event = kid_told,
                     .children = WEIR_CHILDREN({&kid, .restart = (int)between(rt, WEIR_PERMANENT, WEIR_TEMPORARY)}));
  for (int i = 0; i < CLIENTS; i++) {
    clients[i] = (struct client){.tree = tree, .first = i * OWN};
    tasks[i] = weir_task_start(rt, client, &clients[i]);
  }
  if (ends) {
    MUST(weir_sleep((weir_duration){between(rt, 0, 5) * 1000000}) == WEIR_OK);
    weir_stop(tree);
  }
  for (int i = 0; i < CLIENTS; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  if (weir_alive(tree)) {
    MUST(!ends && !family.group_spent && check_list(tree) == WEIR_OK);
    weir_stop(tree);
    MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  } else {
    MUST(ends || family.group_spent == 1);
  }
  return family_is_gone();
}

static void children_that_come_and_go_are_as_their_supervisor_says(void **state)
{
  (void)state;
  simulate(NULL, children_come_and_go);
  if (!getenv("WEIR_SEED"))
    assert_true(started > (int64_t)seeds() && not_started > (int64_t)seeds() / 20 && stopped > (int64_t)seeds() / 20);
}
static void the_same_seed_is_the_same_run(void **state)
{
  (void)state;
  struct scenario s = {children_come_and_go};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 300, run_scenario, &s), WEIR_OK);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(children_that_come_and_go_are_as_their_supervisor_says),
      cmocka_unit_test(the_same_seed_is_the_same_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
